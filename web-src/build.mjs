// Builds the editor into one file, with the licences of all that is in it and the checksums of both.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const vendor = fileURLToPath(new URL("../src/graph_service/web/static/vendor/", import.meta.url));
const BUNDLE = "sparql-editor.min.js";
const LICENCES = "LICENSES.txt";

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["sparql-editor.js"],
  outfile: vendor + BUNDLE,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  charset: "utf8",
  metafile: true,
});

const inputs = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
const packages = [...new Set(inputs.filter(Boolean))].sort();
const licences = packages.map((name) => {
  const folder = `${here}node_modules/${name}/`;
  const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(folder + file, "utf8").trim() : "The package holds no text of its licence.";
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(vendor + LICENCES, licences.join(`\n${"-".repeat(78)}\n\n`));

const sums = [LICENCES, BUNDLE].map((name) => `${createHash("sha256").update(readFileSync(vendor + name)).digest("hex")}  ${name}\n`);
writeFileSync(`${vendor}SHA256SUMS`, sums.join(""));
