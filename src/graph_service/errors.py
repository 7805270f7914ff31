"""Errors: what is wrong, where, and how to mend it. No HTTP status and no exit code: the doors add those.

Every error that a user can cause is a GraphServiceError; its text is one plain sentence or two.
`web/problems.py` gives each class an HTTP status, `cli.py` an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from graph_service.terms import Iri, Triple
    from graph_service.validation import ValidationReport


def nearest(given: str, known: Sequence[str], count: int = 3) -> tuple[str, ...]:
    """Return up to `count` of the known names that look like the given one, best first.

    >>> nearest("corupcion", ["corruption", "gender"])
    ('corruption',)
    """
    folded = {name.casefold(): name for name in known}
    found = get_close_matches(given.casefold(), list(folded), n=count, cutoff=0.5)
    return tuple(folded[name] for name in sorted(found, key=found.index))


class GraphServiceError(Exception):
    """The base of all errors that a user or an operator can mend.

    `slug` names the kind of problem in addresses (RFC 9457 `type`), `title` in words.
    """

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as it is: the constructors make texts from parts, and the text is made already."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[GraphServiceError], args: tuple[object, ...]) -> GraphServiceError:
    error = kind.__new__(kind)
    error.args = args
    return error


class UnknownTerm(GraphServiceError):
    """The name is not in the list it should come from; `near` holds up to three close names."""

    slug, title = "unknown-term", "Unknown name"

    def __init__(self, kind: str, *, given: str, near: Sequence[str] = (), parameter: str | None = None) -> None:
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"There is no {kind} {given!r}.{hint}")
        self.kind, self.given, self.near, self.parameter = kind, given, tuple(near), parameter


class MalformedValue(GraphServiceError):
    """A parameter's value cannot be read as what it should be."""

    slug, title = "malformed-value", "Value cannot be read"

    def __init__(self, parameter: str, *, given: str, expected: str) -> None:
        super().__init__(f"The value {given!r} of {parameter!r} cannot be read: {expected}.")
        self.parameter, self.given = parameter, given


class ParameterError(GraphServiceError):
    """A parameter is missing, given twice or not known to the query."""

    slug, title = "parameter", "Parameter missing or not known"

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class SparqlSyntaxError(GraphServiceError):
    """The engine cannot parse the query; line and column count from 1 where the engine tells them.

    `declarations` are lines that the query lacks, one for each well-known prefix that it uses undeclared.
    """

    slug, title = "sparql-syntax", "The query has a syntax error"

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        text: str = "",
        declarations: Sequence[str] = (),
    ) -> None:
        place = f" at line {line}, column {column}" if line else ""
        hint = f" Add at the top: {' '.join(declarations)}" if declarations else ""
        super().__init__(f"The query has a syntax error{place}: {message}{hint}")
        self.declarations = tuple(declarations)
        lines = text.splitlines()
        self.line, self.column = line, column
        self.source_line = lines[line - 1] if line and line <= len(lines) else ""


class QueryRefused(GraphServiceError):
    """The query asks for something that this service does not do, such as fetching from elsewhere."""

    slug, title = "query-refused", "The query is refused"


class QueryFailed(GraphServiceError):
    """The engine could not evaluate a query that it had understood."""

    slug, title = "query-failed", "The query cannot be evaluated"


class QueryStopped(GraphServiceError):
    """There is no whole answer: the query took more than it may, or could not be run to its end."""

    slug, title = "query-stopped", "The query was stopped"


class QueryTimeout(QueryStopped):
    """The query ran longer than a query may."""

    slug, title = "query-timeout", "The query took too long"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"The query was stopped after {timeout_s:g} s. Ask for less: fewer patterns without a shared variable, "
            "a LIMIT, one country or one graph."
        )
        self.timeout_s = timeout_s


class QueryTooLarge(QueryStopped):
    """The query took more memory than a query may."""

    slug, title = "query-memory", "The query takes too much memory"

    def __init__(self, memory_mb: int) -> None:
        super().__init__(
            f"The query was stopped: it needs more than {memory_mb} MB of memory (setting query_memory_mb). "
            "Ask for less: sort, group or compare fewer rows, or fetch a whole graph from /exports."
        )
        self.memory_mb = memory_mb


class WorkTimeout(QueryStopped):
    """What was sent took longer to work on than it may."""

    slug, title = "work-timeout", "The work took too long"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"The work was stopped after {timeout_s:g} s. Send less, or simpler queries in shapes.")
        self.timeout_s = timeout_s


class WorkTooLarge(QueryStopped):
    """What was sent took more memory than it may."""

    slug, title = "work-memory", "The work takes too much memory"

    def __init__(self, memory_mb: int) -> None:
        super().__init__(
            f"The work was stopped: it needs more than {memory_mb} MB of memory (setting query_memory_mb). Send less, "
            "or simpler queries in shapes."
        )
        self.memory_mb = memory_mb


class WriteStopped(GraphServiceError):
    """A write was ended before it was done; nothing is published, unless its text says that this is not known."""

    slug, title = "write-stopped", "The write was stopped"


class WriteTimeout(WriteStopped):
    """A write took longer than it may; nothing is published."""

    slug, title = "write-timeout", "The write took too long"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"The write was stopped after {timeout_s:g} s, and nothing was published. Ask for less: fewer patterns "
            "without a shared variable, one graph at a time, or several smaller writes."
        )
        self.timeout_s = timeout_s


class WriteTooLarge(WriteStopped):
    """A write took more memory than it may; nothing is published."""

    slug, title = "write-memory", "The write takes too much memory"

    def __init__(self, memory_mb: int) -> None:
        super().__init__(
            f"The write was stopped: it needs more than {memory_mb} MB of memory (setting update_memory_mb), and "
            "nothing was published. Ask for less: sort, group or combine fewer rows, or make several smaller writes."
        )
        self.memory_mb = memory_mb


class AnswerTooLarge(QueryStopped):
    """The answer is longer than an answer may be."""

    slug, title = "answer-size", "The answer is too large"

    def __init__(self, max_answer_mb: int) -> None:
        super().__init__(
            f"The answer was stopped: it is longer than {max_answer_mb} MB (setting max_answer_mb). "
            "Ask for less with LIMIT and OFFSET, or fetch a whole graph from /exports."
        )
        self.max_answer_mb = max_answer_mb


class ReadersBusy(QueryStopped):
    """As many queries wait as may wait, or this one has waited too long."""

    slug, title = "readers-busy", "Too many queries are running"


class ReadersDown(QueryStopped):
    """The process that ran a query ended, and so did the one that tried it again."""

    slug, title = "readers-down", "The query was broken off"


class EngineUnavailable(GraphServiceError):
    """The graph store that answers queries is away: it does not answer, or what comes is no answer."""

    slug, title = "engine-away", "The graph store is away"


class EngineRefused(EngineUnavailable):
    """The graph store is there, and will not take what it is to hold."""


class EngineMissing(EngineRefused):
    """The graph store lacks something that is needed, such as an address that takes updates."""


class EngineMoved(EngineUnavailable):
    """The graph store went on to another release while it was asked; to be asked again."""


class RdfSyntaxError(GraphServiceError):
    """A file or body is not well-formed RDF; file, line and column say where."""

    slug, title = "rdf-syntax", "The RDF cannot be read"

    def __init__(self, message: str, *, file: str, line: int | None = None, column: int | None = None) -> None:
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {message}")
        self.file, self.line, self.column = file, line, column


class GraphRefused(GraphServiceError):
    """A graph that cannot be written: the unnamed default graph where it is a union, or the derived one."""

    slug, title = "graph-refused", "This graph cannot be written"


class DatasetConflict(GraphServiceError):
    """Both the request and its update say which graphs to use (SPARQL 1.1 Protocol, 2.2.3)."""

    slug, title = "dataset-conflict", "The graphs to use are given twice"


class LostUpdate(GraphServiceError):
    """The data has changed since the client read it, so its write would undo what somebody else did."""

    slug, title = "lost-update", "The data has changed in the meantime"


class Unauthorised(GraphServiceError):
    """A write without a token, or with one that is unknown or has ended; `reason` is RFC 6750's error code."""

    slug, title = "unauthorised", "A token is needed"

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.challenge = 'Bearer realm="graph-service"' + (f', error="{reason}"' if reason else "")


class Forbidden(GraphServiceError):
    """The token does not allow this, or writing is not switched on."""

    slug, title = "forbidden", "This write is not allowed"


class DataRefused(GraphServiceError):
    """The data is well-formed, yet cannot be published as it is (blank nodes, rewritten literals, doubled triples)."""

    slug, title = "data-refused", "The data is refused"


class DoesNotConform(GraphServiceError):
    """The SHACL shapes find violations; the report is kept."""

    slug, title = "does-not-conform", "The data does not conform to the shapes"

    def __init__(self, report: ValidationReport) -> None:
        count = len(report.violations)
        first = report.violations[0]
        more = f" and {count - 1} more" if count > 1 else ""
        super().__init__(f"{count} violation{'s' if count != 1 else ''}: {first.sentence()}{more}")
        self.report = report


class ShapesError(GraphServiceError):
    """The shapes themselves are wrong: unknown `sh:` terms, or not valid SHACL."""

    slug, title = "shapes", "The shapes are not valid"


class CatalogueError(GraphServiceError):
    """A query file's header and text do not agree, or it cannot be bound soundly."""

    slug, title = "query-file", "A query file is not sound"

    def __init__(self, message: str, *, file: str, line: int = 1) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file, self.line = file, line


@dataclass(frozen=True, slots=True)
class TableFinding:
    """One cell or row of a table that cannot be imported; rows count from 1, the header being row 1."""

    file: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, column {self.column}: {self.message}"


class TablesRefused(GraphServiceError):
    """Some rows of the tables cannot become statements; nothing was written."""

    slug, title = "tables-refused", "The tables are refused"

    def __init__(self, findings: Sequence[TableFinding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


class SettingError(GraphServiceError):
    """A setting makes no sense; its name and origin are told."""

    slug, title = "setting", "A setting cannot be used"

    def __init__(self, name: str, *, origin: str, problem: str) -> None:
        super().__init__(f"The setting {name} ({origin}) cannot be used: {problem}.")


class UnknownRelease(GraphServiceError):
    """No release has that number."""

    slug, title = "unknown-release", "Unknown release"


class ReleasePruned(GraphServiceError):
    """The release existed; its record is kept, its data is not. `near` names the nearest release that is kept."""

    slug, title = "release-pruned", "The data of this release is no longer kept"

    def __init__(self, message: str, *, near: Sequence[str] = (), parameter: str | None = None) -> None:
        super().__init__(message)
        self.near, self.parameter = tuple(near), parameter


class RecordWithdrawn(GraphServiceError):
    """A record stood in an earlier release and was taken back since, or the data says that it was.

    `last_release` is the last one in which it stood, None where it stood in none of this home, and `kept` says whether
    that one's data is kept; `replaced_by` is what took its place, `reason` why it went, `statements` what the data
    says of its going.
    """

    slug, title = "record-withdrawn", "This record was withdrawn"

    def __init__(
        self,
        record: Iri,
        *,
        last_release: int | None = None,
        kept: bool = False,
        withdrawn: str = "",
        replaced_by: Sequence[Iri] = (),
        reason: str = "",
        statements: Sequence[Triple] = (),
    ) -> None:
        when = f" with release {last_release + 1}, of {withdrawn}" if last_release else ""
        instead = f" It was replaced by {' and '.join(replaced_by)}." if replaced_by else ""
        why = f" The reason given: {reason}" if reason else ""
        super().__init__(f"The record {record} was withdrawn{when}.{instead}{why}")
        self.record, self.last_release, self.kept, self.withdrawn = record, last_release, kept, withdrawn
        self.replaced_by, self.reason, self.statements = tuple(replaced_by), reason, tuple(statements)


class NoRelease(GraphServiceError):
    """Nothing has been published yet."""

    slug, title = "no-release", "Nothing is published yet"


class HomeError(GraphServiceError):
    """The home folder cannot be used: not writable, full, damaged, or written by a newer version."""

    slug, title = "home", "The home folder cannot be used"


class DiskFull(HomeError):
    """There is no room on the disk of the home folder; nothing was published."""

    slug = "disk-full"


class BackupDamaged(GraphServiceError):
    """A folder holds no backup, or not what was written into it."""

    slug, title = "backup", "The backup cannot be used"


class WriterBusy(GraphServiceError):
    """Another writer holds the lock for longer than this one would wait."""

    slug, title = "writer-busy", "Another write is under way"


class ServeError(GraphServiceError):
    """The server cannot start, for example because the port is in use."""

    slug, title = "serve", "The server cannot start"


class RangeNotSatisfiable(GraphServiceError):
    """The part of a file that is asked for lies beyond its end (RFC 9110, 15.5.17)."""

    slug, title = "range", "The range lies beyond the end of the file"

    def __init__(self, given: str, size_bytes: int) -> None:
        super().__init__(f"The range {given!r} lies beyond the end of the file, which has {size_bytes} bytes.")
        self.size_bytes = size_bytes
