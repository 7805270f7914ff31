"""Settings: each knows its origin, and a value that makes no sense is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_service.cli import main
from graph_service.errors import SettingError
from graph_service.settings import read_settings


def test_the_environment_beats_the_file_and_the_file_beats_the_default(tmp_path: Path):
    """Each value tells where it comes from."""
    config = tmp_path / "my.toml"
    config.write_text('port = 81\nhost = "::1"\n')

    settings = read_settings({"GRAPH_SERVICE_CONFIG": str(config), "GRAPH_SERVICE_PORT": "82"})

    assert (settings.port, settings.host, settings.keep_releases) == (82, "::1", 20)
    assert settings.origin("port") == "environment, GRAPH_SERVICE_PORT"
    assert settings.origin("host") == str(config)
    assert settings.origin("keep_releases") == "default"


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"GRAPH_SERVICE_PORT": "many"}, "port .*GRAPH_SERVICE_PORT.*'many' is not a whole number"),
        ({"GRAPH_SERVICE_PORT": "70000"}, "between 0 and 65535"),
        ({"GRAPH_SERVICE_KEEP_RELEASES": "-1"}, "at least 1"),
        ({"GRAPH_SERVICE_DEFAULT_GRAPH": "both"}, "'both' is not one of union, separate"),
        ({"GRAPH_SERVICE_ENGINE": "distant"}, "engine .*'distant' is not one of embedded, remote"),
        ({"GRAPH_SERVICE_ENGINE": "remote"}, "engine .*GRAPH_SERVICE_ENGINE.*remote_query_url"),
        ({"GRAPH_SERVICE_REMOTE_QUERY_URL": "ftp://a/b"}, "remote_query_url .*'ftp://a/b' is not an address, such as"),
        ({"GRAPH_SERVICE_REMOTE_UPDATE_URL": "http://ana:x@a/"}, "remote_update_url .* is not an address"),
        ({"GRAPH_SERVICE_REMOTE_TIMEOUT": "timeout=5"}, r"remote_timeout .*\{s\} or \{ms\}"),
        (
            {
                "GRAPH_SERVICE_ENGINE": "remote",
                "GRAPH_SERVICE_REMOTE_QUERY_URL": "http://127.0.0.1:1/query",
                "GRAPH_SERVICE_DEFAULT_GRAPH": "separate",
            },
            "engine .*remote needs default_graph to be union",
        ),
        ({"GRAPH_SERVICE_COLOUR": "red"}, "there is no such setting"),
        ({"GRAPH_SERVICE_PROJECT": "/"}, "does not hold the folders"),
        ({"GRAPH_SERVICE_CONFIG": "/nowhere.toml"}, "there is no file"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name_and_origin(environment: dict[str, str], problem: str):
    """The message names the setting, where it was set, and what is allowed."""
    with pytest.raises(SettingError, match=problem):
        read_settings(environment)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path):
    """The message names the file."""
    config = tmp_path / "bad.toml"
    config.write_text("port = = 1")

    with pytest.raises(SettingError, match=r"bad\.toml.*not valid TOML"):
        read_settings({"GRAPH_SERVICE_CONFIG": str(config)})


def test_secrets_are_not_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Only that they are set."""
    monkeypatch.setenv("GRAPH_SERVICE_REMOTE_PASSWORD", "hidden")

    assert main(["settings"]) == 0

    shown = capsys.readouterr().out
    assert "remote_password = (set)" in shown
    assert "hidden" not in shown
    assert "hidden" not in repr(read_settings())
