"""Settings: read once from the environment and a TOML file; each value knows its origin.

The only module that reads the environment. A setting `port` is `GRAPH_SERVICE_PORT` in the environment and
`port` in the file, which is `graph-service.toml` in the working folder or named by `GRAPH_SERVICE_CONFIG`.
The environment beats the file, the file beats the default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from graph_service.errors import SettingError

PREFIX = "GRAPH_SERVICE_"
_URL, _EXPECTED = r"(https?://[^/?#\s@]+([/?][^\s#]*)?)?", "an address, such as http://127.0.0.1:3030/ds/query"
_PARAMETERS = r"([\w.~-]+(=[^&#\s]*)?(&[\w.~-]+(=[^&#\s]*)?)*)?"
MOST_WORKERS = 64


def shipped_project() -> Path:
    """The folder with `ontology/ data/ queries/` that comes with the program: in the wheel, or in a checkout."""
    here = Path(__file__).resolve().parent
    packed = here / "project"
    return packed if packed.is_dir() else here.parents[1]


def _cores() -> int:
    return max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can choose. Paths are absolute, sizes and times carry their unit in the name."""

    home: Path = field(default=Path("var"), metadata={"help": "folder of the releases; made at first start"})
    project: Path = field(
        default_factory=shipped_project, metadata={"help": "folder that holds ontology/, data/ and queries/"}
    )
    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8000, metadata={"help": "port to listen on", "min": 0, "max": 65535})
    base_url: str = field(
        default="",
        metadata={
            "help": "scheme and host at which the service is reached from outside; empty: as each request says",
            "pattern": r"(https?://[^/?#\s@]+)?",
            "expected": "scheme and host alone, such as https://data.example.org",
        },
    )
    contact: str = field(
        default="",
        metadata={
            "help": "e-mail address to which readers report errors; empty: none is told",
            "pattern": r"([\w.+-]+@[\w-]+(\.[\w-]+)+)?",
            "expected": "an e-mail address, such as data@example.org",
        },
    )
    default_graph: str = field(
        default="union",
        metadata={"help": "what a query without GRAPH sees: all graphs, or none", "one_of": ("union", "separate")},
    )
    keep_releases: int = field(
        default=20, metadata={"help": "releases whose data is kept, besides the last one of each day", "min": 1}
    )
    writer_wait_s: int = field(default=60, metadata={"help": "how long a write waits for another one", "min": 0})
    update_timeout_s: int = field(
        default=60, metadata={"help": "how long a write over HTTP may take until it is published", "min": 1}
    )
    update_memory_mb: int = field(default=2000, metadata={"help": "memory that a write over HTTP may take", "min": 100})
    max_body_bytes: int = field(default=1_000_000, metadata={"help": "largest request body", "min": 1})
    query_timeout_s: int = field(default=30, metadata={"help": "how long anybody's query may run", "min": 1})
    query_memory_mb: int = field(
        default=1000, metadata={"help": "memory that anybody's query may take beside the graph", "min": 50}
    )
    max_answer_mb: int = field(default=4000, metadata={"help": "longest answer of anybody's query", "min": 1})
    readers: int = field(
        default_factory=_cores, metadata={"help": "processes for quick queries; as many for slow ones", "min": 1}
    )
    max_waiting: int = field(default=200, metadata={"help": "queries that may wait for a process", "min": 0})
    memory_mb: int = field(
        default=2000, metadata={"help": "memory for a copy of the graph; a larger one is read from disk", "min": 0}
    )
    cache_mb: int = field(default=200, metadata={"help": "memory for answers that are ready to send", "min": 0})
    workers: int = field(
        default=1,
        metadata={
            "help": "web processes, all on one address, following the same releases",
            "min": 1,
            "max": MOST_WORKERS,
        },
    )
    stop_wait_s: int = field(
        default=20, metadata={"help": "how long running requests may take to finish when the server stops", "min": 0}
    )
    request_wait_s: int = field(
        default=30, metadata={"help": "how long a request may take to arrive, headers and body", "min": 1}
    )
    answer_wait_s: int = field(
        default=60, metadata={"help": "how long a client may take next to nothing of its answer", "min": 1}
    )
    max_header_bytes: int = field(
        default=65_536, metadata={"help": "longest request line and headers together", "min": 1024}
    )
    max_connections: int = field(default=2000, metadata={"help": "connections of each web process", "min": 10})
    min_free_mb: int = field(
        default=100, metadata={"help": "room on the disk of the home below which the service is not ready", "min": 0}
    )
    log: str = field(
        default="off",
        metadata={
            "help": "a line for each request, without who asked: as text, as JSON, or none; messages come in any case",
            "one_of": ("text", "json", "off"),
        },
    )
    log_level: str = field(
        default="warning",
        metadata={"help": "messages to log, from this level on", "one_of": ("debug", "info", "warning", "error")},
    )
    engine: str = field(
        default="embedded",
        metadata={
            "help": "what answers: the engine within, or a SPARQL 1.1 store that the service keeps filled",
            "one_of": ("embedded", "remote"),
        },
    )
    remote_query_url: str = field(
        default="", metadata={"help": "where the remote engine takes queries", "pattern": _URL, "expected": _EXPECTED}
    )
    remote_update_url: str = field(
        default="", metadata={"help": "where it takes updates", "pattern": _URL, "expected": _EXPECTED}
    )
    remote_store_url: str = field(
        default="",
        metadata={"help": "where it takes graphs (Graph Store Protocol)", "pattern": _URL, "expected": _EXPECTED},
    )
    remote_user: str = field(default="", metadata={"help": "name under which to ask it"})
    remote_password: str = field(default="", repr=False, metadata={"help": "password of that name", "secret": True})
    remote_token: str = field(
        default="", repr=False, metadata={"help": "bearer token, in the place of name and password", "secret": True}
    )
    remote_union: str = field(
        default="",
        metadata={
            "help": "parameters with which its queries see all graphs as one, such as union-default-graph for Oxigraph",
            "pattern": _PARAMETERS,
            "expected": "parameters of an address, such as default-graph-uri=urn:x-arq:UnionGraph",
        },
    )
    remote_timeout: str = field(
        default="",
        metadata={
            "help": "the parameter that takes a deadline: timeout={s} for Fuseki or GraphDB, timeout={ms} for Stardog",
            "pattern": rf"({_PARAMETERS}\{{m?s\}}\w*)?",
            "expected": "a parameter of an address with {s} or {ms} in it, such as timeout={s}",
        },
    )
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def origin(self, name: str) -> str:
        """Where a setting's value comes from."""
        return self.origins.get(name, "default")


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings.

    Raises:
        SettingError: a value makes no sense, or a name is unknown; tells the name and where it stands.
    """
    config = Path(environment.get(PREFIX + "CONFIG", "graph-service.toml"))
    given: dict[str, tuple[object, str]] = {
        name: (value, str(config)) for name, value in _file(config, PREFIX + "CONFIG" in environment).items()
    }
    for key, text in environment.items():
        if key.startswith(PREFIX) and key != PREFIX + "CONFIG":
            given[key.removeprefix(PREFIX).lower()] = (text, f"environment, {key}")
    known = {item.name: item for item in fields(Settings) if item.name != "origins"}
    values: dict[str, Any] = {}
    for name, (value, origin) in given.items():
        if name not in known:
            raise SettingError(name, origin=origin, problem=f"there is no such setting; known are {', '.join(known)}")
        values[name] = _read(name, value, origin, known[name].metadata)
    settings = Settings(**values, origins={name: origin for name, (_, origin) in given.items()})
    _check_engine(settings)
    return _absolute(settings)


def share_metrics(folder: Path) -> None:
    """Have the processes that are started from now on keep what they count in a folder, so that it can be summed.

    The Prometheus client knows the folder by the environment alone, and reads it once.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _file(path: Path, must_exist: bool) -> Mapping[str, object]:
    if not path.is_file():
        if must_exist:
            raise SettingError("config", origin=f"environment, {PREFIX}CONFIG", problem=f"there is no file {path}")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError("config", origin=str(path), problem=f"not valid TOML: {error}") from None


def _read(name: str, value: object, origin: str, rules: Mapping[str, Any]) -> object:
    kind = {item.name: item.type for item in fields(Settings)}[name]
    if kind == "Path":
        return Path(str(value))
    if kind == "int":
        return _integer(name, value, origin, rules)
    if (allowed := rules.get("one_of")) and value not in tuple(allowed):
        raise SettingError(name, origin=origin, problem=f"{value!r} is not one of {', '.join(allowed)}")
    if (pattern := rules.get("pattern")) and not re.fullmatch(pattern, str(value)):
        raise SettingError(name, origin=origin, problem=f"{value!r} is not {rules['expected']}")
    return str(value)


def _integer(name: str, value: object, origin: str, rules: Mapping[str, object]) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise SettingError(name, origin=origin, problem=f"{value!r} is not a whole number") from None
    low, high = rules.get("min"), rules.get("max")
    if (isinstance(low, int) and number < low) or (isinstance(high, int) and number > high):
        limits = f"at least {low}" if high is None else f"between {low} and {high}"
        raise SettingError(name, origin=origin, problem=f"{number} is out of range, it must be {limits}")
    return number


def _check_engine(settings: Settings) -> None:
    """Refuse what does not go together."""
    if settings.engine != "remote":
        return
    origin = settings.origin("engine")
    if not settings.remote_query_url:
        problem = "remote needs the address at which the engine takes queries, remote_query_url"
        raise SettingError("engine", origin=origin, problem=problem)
    if settings.default_graph != "union":
        raise SettingError("engine", origin=origin, problem="remote needs default_graph to be union")


def _absolute(settings: Settings) -> Settings:
    project = settings.project.resolve()
    if not all((project / folder).is_dir() for folder in ("ontology", "data", "queries")):
        raise SettingError(
            "project",
            origin=settings.origin("project"),
            problem=f"{project} does not hold the folders ontology, data and queries",
        )
    values = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    return Settings(**{**values, "home": settings.home.absolute(), "project": project})
