"""The editor as it is shipped: what was built, from which packages, under which licences; the wheel needs no Node."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "web-src"
VENDOR = PROJECT / "src" / "graph_service" / "web" / "static" / "vendor"
BUNDLE = "sparql-editor.min.js"
PACKAGE = re.compile(r"^(\S+) (\d\S*) \((.+)\)$", re.MULTILINE)


def lock() -> dict[str, dict]:
    """The packages of the lock file, by name."""
    found = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    return {path.removeprefix("node_modules/"): entry for path, entry in found.items() if path}


def node(script: str) -> str:
    """What a script prints that is run in the folder of the editor's source."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("there is no Node: install nodejs to test the editor's own functions")
    run = subprocess.run(
        [command, "--input-type=module", "--eval", script], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_each_file_has_its_checksum():
    """What `make editor` wrote is what is here, and nothing else is."""
    told = dict(reversed(line.split("  ")) for line in (VENDOR / "SHA256SUMS").read_text().splitlines())

    assert set(told) == {path.name for path in VENDOR.iterdir()} - {"SHA256SUMS"}
    for name, digest in told.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_the_licence_of_each_part_is_told_with_its_text():
    """The packages are those of the lock file, in the same versions; each licence allows to ship it."""
    parts = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    packages = {name: (version, licence) for name, version, licence in PACKAGE.findall(parts)}

    assert {"@codemirror/view", "@codemirror/autocomplete", "codemirror-lang-sparql"} <= set(packages)
    for name, (version, licence) in packages.items():
        assert version == lock()[name]["version"], name
        assert licence == "MIT", name
    assert parts.count("Permission is hereby granted") == len(packages)


def test_versions_are_exact_and_the_lock_names_no_host():
    """The same build anywhere: content is told by its digest, not by where it was fetched from."""
    asked = json.loads((SOURCE / "package.json").read_text())

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in asked["devDependencies"].values())
    assert "dependencies" not in asked
    assert all(entry["integrity"].startswith("sha512-") for entry in lock().values())
    assert not re.search(
        r"https?://(?!opencollective|github\.com/sponsors)", (SOURCE / "package-lock.json").read_text()
    )


def test_building_again_gives_the_same_bytes():
    """Left out where the packages are not installed: `make editor` installs them."""
    if not (SOURCE / "node_modules").is_dir():
        pytest.skip("web-src/node_modules is not there: `make editor` installs it")
    before = {path.name: path.read_bytes() for path in VENDOR.iterdir()}
    node("await import('./build.mjs')")

    assert {path.name: path.read_bytes() for path in VENDOR.iterdir()} == before


def test_the_editor_is_in_the_wheel_and_its_source_is_not():
    """Python alone serves it."""
    files = {each.distribution_path for each in WheelBuilder(str(PROJECT)).recurse_included_files()}

    assert {f"graph_service/web/static/vendor/{path.name}" for path in VENDOR.iterdir()} <= files
    assert not [name for name in files if "web-src" in name or "node_modules" in name]


def test_the_editor_loads_nothing_from_elsewhere():
    """The only address in it is the name of a namespace; it makes no code from text."""
    bundle = (VENDOR / BUNDLE).read_text(encoding="utf-8")

    assert set(re.findall(r"https?://[\w./-]+", bundle)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\beval\(|new Function\b|importScripts|XMLHttpRequest|WebSocket", bundle)


def test_it_is_kept_for_ever_under_an_address_with_its_digest(client):
    """A page names the digest; without it, or with another, the client asks again each time."""
    page = client.get("/sparql", headers={"Accept": "text/html"}).text
    address = re.search(r'<script src="(/static/vendor/[^"]+)" defer></script>', page)
    assert address is not None
    kept, plain = client.get(address[1]), client.get(f"/static/vendor/{BUNDLE}")

    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Content-Type"].startswith("text/javascript")
    assert kept.content == plain.content == (VENDOR / BUNDLE).read_bytes()
    assert plain.headers["Cache-Control"] == "no-cache"
    assert client.get(address[1], headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "path", ["vendor/../../app.py", "vendor/", "vendor/none.js", "../style.css", "vendor%2f..%2fx"]
)
def test_only_files_of_the_pages_are_served(client, path: str):
    assert client.get(f"/static/{path}").status_code == 404


KNOWN = """
const known = {
  prefixes: {},
  classes: [{name: "elp:Country", label: "país"}, {name: "elp:Mandate", label: "mandato"}],
  properties: [{name: "elp:country", label: "país", classes: ["elp:Institution"]},
               {name: "elp:city", label: "ciudad", classes: ["elp:Event"]}],
  records: [{name: "country:PE", label: "Perú"}, {name: "axis:corruption", label: "Corrupción"}],
};
const { fit, fold, kinds, place, ranked } = await import("./completions.js");
const offered = (typed, before) =>
  ranked(known, fold(typed), kinds(place(before)), before).map(([, each]) => each.name);
"""


@pytest.mark.parametrize(
    ("typed", "before", "names"),
    [
        ("pais", "SELECT * { ?s a ", ["elp:Country"]),  # behind `a` stand classes alone
        ("corrupcion", "SELECT * { ?s elp:axis ", ["axis:corruption"]),  # by name, without accents
        ("elp:c", "SELECT * { ?s a elp:Institution ; ", ["elp:country", "elp:city"]),  # usual for the class: first
        ("elp:c", "SELECT * { ?s a elp:Event ; ", ["elp:city", "elp:country"]),
        ("per", "SELECT * { ?s elp:country ?c . ", ["country:PE"]),  # a new pattern starts with a record
        ("zz", "SELECT * { ?s ", []),
    ],
)
def test_names_are_offered_that_can_stand_at_the_place(typed: str, before: str, names: list[str]):
    """Classes behind `a`, properties behind a subject, records elsewhere; the likeliest first."""
    script = f"{KNOWN}\nconsole.log(JSON.stringify(offered({json.dumps(typed)}, {json.dumps(before)})))"

    assert json.loads(node(script)) == names
