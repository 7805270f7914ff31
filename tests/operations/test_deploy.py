"""Deploy: what is shipped for operators names what exists, and is sound where its own tools can tell."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graph_service.cli.arguments import parser
from graph_service.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OURS = ("README.md", "graph-service.service", "Containerfile", "nginx.conf")
SETTINGS = {each.name for each in dataclasses.fields(Settings)} - {"origins"}
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.parametrize("name", OURS)
def test_every_setting_and_command_that_is_named_exists(name: str):
    """In the unit, the image, the proxy's file and the words about them."""
    text = (DEPLOY / name).read_text()
    commands = set(parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]

    assert {each.lower() for each in re.findall(r"GRAPH_SERVICE_([A-Z_]+)", text)} - {"home"} <= SETTINGS
    assert set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) <= SETTINGS | figures()
    assert set(re.findall(r"(?:^|/|exec graph )graph-service ([a-z]+)\b", text, re.MULTILINE)) <= commands


def figures() -> set[str]:
    """The figures of /metrics, and the members of JSON that the words about them name."""
    text = (DEPLOY.parent / "src/graph_service/web/metrics.py").read_text()
    counted = set(re.findall(r'"(graph_service_\w+)"', text))
    return counted | {f"{each}_total" for each in counted} | {"request_id", "proxy_buffering"}


def test_every_limit_of_this_room_is_explained():
    """What an operator can set of processes, connections and logs stands in the README."""
    told = (DEPLOY / "README.md").read_text()
    names = "workers stop_wait_s request_wait_s answer_wait_s max_header_bytes max_connections min_free_mb log_level"

    assert [each for each in names.split() if f"`{each}`" not in told] == []


def test_the_unit_is_sound_and_gives_few_rights(tmp_path: Path):
    """systemd reads it without a word; its exposure is rated "OK" or better, without network isolation."""
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "graph-service"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (DEPLOY / "graph-service.service").read_text()
    unit = tmp_path / "graph-service.service"
    unit.write_text(text.replace("/opt/graph-service/bin/graph-service", str(program)))
    read = subprocess.run([ANALYZE, "verify", str(unit)], capture_output=True, text=True)
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")

    rated = subprocess.run([ANALYZE, "security", "--offline=yes", str(unit)], capture_output=True, text=True)
    level = re.search(r"exposure level for \S+: ([\d.]+)", rated.stdout)
    assert level is not None, rated.stderr
    assert float(level[1]) <= 2.0


def test_the_time_to_stop_suffices():
    """The supervisor waits for longer than the service does for its requests and workers."""
    unit = (DEPLOY / "graph-service.service").read_text()
    waits = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)

    assert waits is not None
    assert int(waits[1]) > Settings.__dataclass_fields__["stop_wait_s"].default + 10
    assert "KillMode=mixed" in unit
