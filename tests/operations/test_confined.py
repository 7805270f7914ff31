"""Confined: as another user who may write one folder, with all else read-only, as the unit and the image have it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import running

from graph_service.tokens import Tokens

NOBODY = 65534
PROJECT = Path(__file__).resolve().parents[2]
NOTE = "INSERT DATA { GRAPH <https://w3id.org/elpaccto/graph/notes> { <https://w3id.org/elpaccto/id/country/SN> "
NOTE += "<http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/> } }"
LARGE = "SELECT ?a ?b ?c ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 30000"  # more than is held in memory for a slow client
# in a mount namespace of its own: what the program is made of is shown again where its folder is closed to others,
# everything is made read-only, but for the home where that is asked, and the user and all rights are given up
CONFINED = """
home=$1 writable=$2 hidden=$3 shown=$4; shift 4
if [ -n "$hidden" ]; then
    place=$(mktemp -d)
    n=0; for each in $shown; do n=$((n+1)); mkdir $place/$n; mount --bind $each $place/$n; done
    mount -t tmpfs -o mode=755 tmpfs "$hidden"
    n=0; for each in $shown; do n=$((n+1)); mkdir -p $each; mount --bind $place/$n $each; done
fi
mount --bind "$home" "$home"
for each in $(awk '$2 !~ "^/(proc|sys|dev)" { print $2 }' /proc/mounts); do
    case "$each" in "$home") ;; *) mount -o remount,bind,ro "$each" 2>/dev/null || true ;; esac
done
[ $writable = yes ] || mount -o remount,bind,ro "$home"
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""


def closed(path: Path) -> Path | None:
    """The uppermost folder above a path that others may not enter."""
    return next((each for each in reversed((path, *path.parents)) if not each.stat().st_mode & 1), None)


def wrapper(home: Path, *, writable: bool) -> tuple[str, ...]:
    """What confines the command behind it."""
    needed = {Path(sys.base_prefix), Path(sys.prefix), PROJECT}
    hidden = {found for each in needed if (found := closed(each))}
    shown = " ".join(str(each) for each in needed if closed(each))
    if len(hidden) > 1:
        pytest.skip(f"the program lies in several folders that others may not enter: {sorted(map(str, hidden))}")
    words = (str(home), "yes" if writable else "no", str(next(iter(hidden), "")), shown)
    return "unshare", "--mount", "--propagation=private", "--", "sh", "-eu", "-c", CONFINED, "sh", *words


@pytest.fixture
def nobodys_home(second_home: Path) -> Iterator[Path]:
    """A home that belongs to a user without rights."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    place = Path(tempfile.mkdtemp(prefix="confined-"))
    try:
        home = Path(shutil.copytree(second_home, place / "home", symlinks=True))
        for path in (place, home, *home.glob("**/*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        done = subprocess.run([*wrapper(home, writable=True), sys.executable, "-c", "import graph_service"])
        if done.returncode:
            pytest.skip("mount namespaces are not to be had here, or another user cannot run the program")
        yield home
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_it_serves_and_writes_with_one_writable_folder(nobodys_home: Path, tmp_path: Path):
    """As nobody, on a read-only root: pages, queries, answers that wait on the disk, and writes."""
    token = Tokens(nobodys_home).new("ana", "write")
    os.chown(nobodys_home / "tokens.json", NOBODY, NOBODY)
    os.chown(nobodys_home / "tokens.lock", NOBODY, NOBODY)
    # the folder of temporary files is read-only as well
    os.environ["TMPDIR"] = str(nobodys_home)
    try:
        confined = wrapper(nobodys_home, writable=True)
        with running(nobodys_home, tmp_path / "log", wrapper=confined, workers=2) as service:
            assert service.get("/health/ready")[0] == 200
            assert service.get("/privacy")[0] == 200
            table = service.get(f"/sparql?{urlencode({'query': LARGE, 'format': 'csv'})}")
            assert table[0] == 200
            assert len(table[2]) > 2_000_000
            connection = http.client.HTTPConnection(service.host, service.port, timeout=60)
            sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
            connection.request("POST", "/update", NOTE, sent)
            assert json.loads(connection.getresponse().read())["release"] == 2
            connection.close()
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in service.family() - {service.process.pid}}
            assert owners == {NOBODY}
            service.signal()
            assert service.wait() == 0
    finally:
        del os.environ["TMPDIR"]


def test_nothing_else_can_be_written(nobodys_home: Path):
    """Not even where anybody may write: so it is the confinement that the other tests have, and not the user alone."""
    for folder, code in ((nobodys_home, 0), (Path(tempfile.gettempdir()), 1)):
        command = ("sh", "-c", f"touch {folder}/confined-{os.getpid()} 2>/dev/null")
        assert subprocess.run([*wrapper(nobodys_home, writable=True), *command]).returncode == code


def test_a_home_that_is_read_only_is_served_and_told(nobodys_home: Path, tmp_path: Path):
    """Reading goes on; ready says what is wrong and how to mend it."""
    with running(nobodys_home, tmp_path / "log", wrapper=wrapper(nobodys_home, writable=False)) as service:
        status, _, told = service.get("/health/ready")
        assert status == 503
        assert f"The folder {nobodys_home} cannot be written" in json.loads(told)["reasons"][0]
        assert service.get("/privacy")[0] == 200
        assert service.get(f"/sparql?{urlencode({'query': 'ASK {}', 'format': 'json'})}")[0] == 200
