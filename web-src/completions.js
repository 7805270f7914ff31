// What completes a query: its own variables, keywords, and the names in the graph, by prefixed name or by label.
const KEYWORDS = (
  "ASK BASE BIND CONSTRUCT COUNT DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP_CONCAT HAVING LANG LIMIT MINUS NOT " +
  "OFFSET OPTIONAL PREFIX SELECT UNION VALUES WHERE"
).split(" ").concat("GROUP BY", "ORDER BY");
const SHOWN = 60;

/** Without accents and capitals, so that names are found however they are typed. */
export const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Where in a triple pattern the text ends: after how many of its terms, and the last of them. */
export function place(before) {
  const words = before.replace(/#[^\n]*$/gm, "").trimEnd().split(/\s+/);
  let count = 0;
  for (let at = words.length - 1; at >= 0; at--, count++) {
    const ends = words[at].at(-1);
    if (ends === ";") return { terms: count + 1, last: count ? words.at(-1) : "" };
    if ("{}.".includes(ends ?? "{")) return { terms: count, last: count ? words.at(-1) : "" };
  }
  return { terms: count, last: words.at(-1) };
}

/** The kinds of names that can stand at a place, the likeliest first. */
export function kinds({ terms, last }) {
  if (last === "a" || last === "rdf:type") return ["classes"];
  return [["records"], ["properties"]][terms] ?? ["records", "classes", "properties"];
}

/** How well a name fits what is typed: the lower the better; undefined where it does not. */
export function fit(typed, { name, label }) {
  const whole = fold(name);
  const local = whole.slice(whole.indexOf(":") + 1);
  const words = fold(label);
  if (whole.startsWith(typed) || local.startsWith(typed)) return 0;
  if (words.startsWith(typed)) return 1;
  if (words.includes(` ${typed}`)) return 2;
  return typed.length > 2 && (whole.includes(typed) || words.includes(typed)) ? 3 : undefined;
}

/** Names that fit, best first; a property of a class that the query names comes before others. */
export function ranked(known, typed, wanted, text) {
  const found = [];
  for (const [order, kind] of wanted.entries()) {
    for (const each of known[kind]) {
      const rank = fit(typed, each);
      if (rank === undefined) continue;
      const usual = kind === "properties" && each.classes.some((name) => text.includes(name));
      found.push([rank + order / 4 - (usual ? 0.5 : 0), each]);
    }
  }
  return found.sort((one, other) => one[0] - other[0] || one[1].name.localeCompare(other[1].name)).slice(0, SHOWN);
}

/** What reads the names in the graph from an address: once, when they are first asked for; undefined where it fails. */
export function namesAt(address) {
  let reading;
  return () => (reading ??= fetch(address).then((answer) => (answer.ok ? answer.json() : undefined), () => undefined));
}

/** A source of completions from such names. */
export function completions(names) {
  return async (context) => {
    const variable = context.matchBefore(/[?$]\w*/);
    const text = context.state.doc.toString();
    if (variable) return { from: variable.from, options: variables(text, variable), validFor: /^[?$]\w*$/ };
    const word = context.matchBefore(/[\p{L}\p{N}_-]*:?[\p{L}\p{N}_.-]*/u);
    const before = text.slice(0, word.from);
    if ((word.from === word.to && !context.explicit) || /<[^>\s]*$|"[^"\n]*$/.test(before)) return null;
    const known = await names();
    if (!known || context.aborted) return null;
    const typed = fold(word.text);
    if (/\bPREFIX\s+$/i.test(before)) return { from: word.from, filter: false, options: prefixes(known, typed) };
    const options = ranked(known, typed, kinds(place(before)), text).map(([, each]) => option(each, known.prefixes));
    const keywords = KEYWORDS.filter((each) => typed && each.toLowerCase().startsWith(typed));
    return { from: word.from, filter: false, options: [...keywords.map((label) => ({ label })), ...options] };
  };
}

function variables(text, { from, text: typed }) {
  const others = text.slice(0, from) + text.slice(from + typed.length);
  return [...new Set(others.match(/[?$]\w+/g))].map((label) => ({ label }));
}

function prefixes(known, typed) {
  const fitting = Object.entries(known.prefixes).filter(([prefix]) => prefix.startsWith(typed.replace(":", "")));
  return fitting.map(([prefix, space]) => ({ label: `${prefix}:`, detail: space, apply: `${prefix}: <${space}>\n` }));
}

/** One name to choose; choosing it also declares its prefix where the query does not. */
function option({ name, label }, known) {
  const prefix = name.slice(0, name.indexOf(":"));
  return {
    label: name,
    detail: label,
    apply(view, _, from, to) {
      const declared = new RegExp(`PREFIX\\s+${prefix}:`, "i").test(view.state.doc.toString());
      const head = declared ? "" : `PREFIX ${prefix}: <${known[prefix]}>\n`;
      const changes = [{ from, to, insert: name }, ...(head ? [{ from: 0, insert: head }] : [])];
      view.dispatch({ changes, selection: { anchor: head.length + from + name.length }, userEvent: "input.complete" });
    },
  };
}
