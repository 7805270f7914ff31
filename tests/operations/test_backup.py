"""Backups: taken while others write, whole or not there, the same content when brought back, checked to the byte."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from graph_service import backup as backups
from graph_service.backup import backup, check, restore
from graph_service.cli import main
from graph_service.errors import BackupDamaged, HomeError, NoRelease
from graph_service.home import Home
from graph_service.publishing import Publisher, quad_digest
from graph_service.releases import Releases
from graph_service.store.protocol import Dataset
from graph_service.tokens import Tokens
from graph_service.writing import update

GRAPH, SEE = "https://w3id.org/elpaccto/graph/notes", "http://www.w3.org/2000/01/rdf-schema#seeAlso"


def write(home: Path, number: int) -> None:
    """Publish one more release."""
    text = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <https://w3id.org/elpaccto/id/country/SN> <{SEE}> <urn:x:{number}> }} }}"
    Publisher(home).write(update(text, Dataset(union=True)), who="ana", reason=f"note {number}")


def content(home: Path) -> tuple[int, str]:
    """Number and digest of the current release, computed from what can be read."""
    release = Releases(home).current()
    digest = quad_digest(release.store.quads())
    assert digest == release.record.digest
    return release.number, digest


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder with their bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("**/*") if path.is_file()}


def test_a_backup_taken_while_others_write_holds_one_release_whole(own_home: Path, tmp_path: Path):
    """Each holds a release that was current meanwhile, with its digest; what is restored elsewhere is the same."""
    secret = Tokens(own_home).new("ana", "write")
    over, written = threading.Event(), []

    def write_on() -> None:
        while not over.is_set():
            write(own_home, len(written))
            written.append(content(own_home))

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        kept = []
        while len(kept) < 2 or len(written) < 2:
            target = tmp_path / f"backup{len(kept)}"
            kept.append((target, backup(Home(own_home), target)))
    finally:
        over.set()
        writer.join()

    for target, manifest in kept:
        elsewhere = tmp_path / "elsewhere" / target.name
        restore(target, Home(elsewhere))
        assert content(elsewhere) == content(target) == (manifest.release, manifest.digest)
        assert content(elsewhere) in [*written, content_of_first(own_home)]
        assert Tokens(elsewhere).check(secret).name == "ana"
        assert [each.number for each in Home(elsewhere).records()] == list(range(manifest.release, 0, -1))
        assert manifest.releases == tuple(range(max(1, manifest.releases[0]), manifest.release + 1))


def content_of_first(home: Path) -> tuple[int, str]:
    """Number and digest of release 1."""
    return 1, Home(home).record(1).digest


def test_what_is_restored_goes_on_by_itself(own_home: Path, tmp_path: Path):
    """Neither the home nor the backup sees what is written afterwards, although they share files."""
    write(own_home, 1)
    backup(Home(own_home), tmp_path / "kept")
    restore(tmp_path / "kept", Home(tmp_path / "elsewhere"))
    before = files(own_home), files(tmp_path / "kept")

    write(tmp_path / "elsewhere", 2)
    Tokens(tmp_path / "elsewhere").new("eva", "write")
    assert content(tmp_path / "elsewhere")[0] == 3

    assert (files(own_home), files(tmp_path / "kept")) == before
    assert content(own_home)[0] == content(tmp_path / "kept")[0] == 2


def test_a_backup_can_be_served_as_it_is(own_home: Path, tmp_path: Path, monkeypatch, capfd):
    """It is a home folder."""
    monkeypatch.setenv("GRAPH_SERVICE_HOME", str(own_home))
    assert main(["backup", str(tmp_path / "kept")]) == 0
    monkeypatch.setenv("GRAPH_SERVICE_HOME", str(tmp_path / "kept"))
    assert main(["releases"]) == 0
    assert main(["backup", str(tmp_path / "kept")]) == 3
    monkeypatch.setenv("GRAPH_SERVICE_HOME", str(tmp_path / "elsewhere"))
    assert main(["restore", str(tmp_path / "kept")]) == 0
    out, err = capfd.readouterr()

    assert "Kept in" in out and "Restored in" in out
    assert "is not an empty folder" in err


def other_disk(tmp_path: Path) -> Path | None:
    """A folder on another disk than that of the tests."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and memory.stat().st_dev != tmp_path.stat().st_dev else None


def test_on_another_disk_what_releases_share_is_copied_once(own_home: Path, tmp_path: Path):
    """Ten releases of one content take the room of one."""
    place = other_disk(tmp_path)
    if place is None:
        pytest.skip("there is no other disk here")
    write(own_home, 1)
    write(own_home, 2)
    target = place / f"backup-{os.getpid()}"
    try:
        manifest = backup(Home(own_home), target)
        assert content(target) == content(own_home)
        assert check(target) == manifest
        shared = {path.stat().st_ino for path in target.glob("releases/*/project/**/*") if path.is_file()}
        assert len(shared) * 3 == sum(path.is_file() for path in target.glob("releases/*/project/**/*"))
    finally:
        shutil.rmtree(target, ignore_errors=True)


def spoil(path: Path) -> None:
    """Change one byte, in a copy of the file: the original shares it."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda kept: spoil(max((kept / "releases/1/store").glob("*.sst"), key=lambda p: p.stat().st_size)), "sst is"),
        (lambda kept: spoil(kept / "history/1.nq.gz"), r"history/1\.nq\.gz is not as it was written"),
        (lambda kept: (kept / "history/1.json").unlink(), r"history/1\.json is missing"),
        (lambda kept: (kept / "backup.json").unlink(), "There is no backup"),
        (lambda kept: (kept / "backup.json").write_text("{}"), "cannot be read"),
        (lambda kept: (kept / "backup.json").write_text("[1]"), "cannot be read"),
        (lambda kept: (kept / "backup.json").write_bytes(b"\xff\x00"), "cannot be read"),
    ],
    ids=["store", "delta", "record", "no list", "empty list", "no object", "no text"],
)
def test_a_damaged_backup_is_told_and_not_restored(
    own_home: Path, tmp_path: Path, damage: Callable[[Path], object], told: str
):
    """It names the file; nothing is left where it should have gone."""
    backup(Home(own_home), tmp_path / "kept")
    damage(tmp_path / "kept")

    with pytest.raises(BackupDamaged, match=told):
        restore(tmp_path / "kept", Home(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_made_for_other_software_is_refused(own_home: Path, tmp_path: Path):
    """It says which version wrote it."""
    backup(Home(own_home), tmp_path / "kept")
    path = tmp_path / "kept" / "backup.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99, "software": "9.9"}))

    with pytest.raises(BackupDamaged, match=r"version 9\.9"):
        check(tmp_path / "kept")


def test_it_appears_whole_or_not_at_all(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that is full in the middle leaves nothing; what is there already is left alone."""

    def full(path: Path) -> str:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(backups, "_sha256", full)
    place = tmp_path / "place"
    with pytest.raises(HomeError, match="No space left"):
        backup(Home(own_home), place / "kept")
    assert list(place.iterdir()) == []

    (place / "other").mkdir()
    (place / "other" / "file").write_text("mine")
    for target in (place / "other", place / "other" / "file"):
        with pytest.raises(HomeError, match="is not an empty folder"):
            backup(Home(own_home), target)
    assert files(place) == {"other/file": b"mine"}


def test_an_empty_home_has_nothing_to_keep(tmp_path: Path):
    """It says what to do first."""
    with pytest.raises(NoRelease, match="graph-service load"):
        backup(Home(tmp_path / "none"), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_release_that_goes_meanwhile_is_left_out(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Old ones are pruned by writers; the backup holds the current one in any case."""
    for number in range(3):
        write(own_home, number)
    real = backups._Copy.folder

    def prune_before(self, name: str) -> None:
        if name == "releases/2":
            shutil.rmtree(own_home / "releases" / "2" / "store")
        real(self, name)
        if name == "releases/3":
            shutil.rmtree(own_home / "releases" / "3")

    monkeypatch.setattr(backups._Copy, "folder", prune_before)
    manifest = backup(Home(own_home), tmp_path / "kept")

    assert manifest.release == 4
    assert 4 in manifest.releases
    assert check(tmp_path / "kept") == manifest
    assert content(tmp_path / "kept")[0] == 4
