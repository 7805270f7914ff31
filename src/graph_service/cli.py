"""The command `graph-service`: parse, call, print, exit code. The only module that prints.

Exit codes: 0 done, 1 the answer is no (does not conform, not found), 2 wrong use, 3 failed.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from graph_service import errors
from graph_service.settings import Settings, read_settings

if TYPE_CHECKING:
    from graph_service.publishing import Publisher
    from graph_service.release import Release
    from graph_service.releases import Releases
    from graph_service.validation import ValidationReport

Command = Callable[[argparse.Namespace, Settings], int]

NO, WRONG_USE, FAILED = 1, 2, 3
EXIT_CODES: dict[type[errors.GraphServiceError], int] = {
    errors.UnknownTerm: NO,
    errors.UnknownRelease: NO,
    errors.ReleasePruned: NO,
    errors.NoRelease: NO,
    errors.DoesNotConform: NO,
    errors.DataRefused: NO,
    errors.GraphRefused: NO,
    errors.LostUpdate: NO,
    errors.Unauthorised: NO,
    errors.Forbidden: NO,
    errors.RdfSyntaxError: NO,
    errors.RangeNotSatisfiable: NO,
    errors.ShapesError: NO,
    errors.TablesRefused: NO,
    errors.CatalogueError: NO,
    errors.SparqlSyntaxError: WRONG_USE,
    errors.MalformedValue: WRONG_USE,
    errors.ParameterError: WRONG_USE,
    errors.SettingError: WRONG_USE,
    errors.QueryRefused: WRONG_USE,
    errors.DatasetConflict: WRONG_USE,
    errors.QueryFailed: FAILED,
    errors.HomeError: FAILED,
    errors.WriterBusy: FAILED,
    errors.ServeError: FAILED,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. Every mendable error is told on stderr, without a traceback."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen, read_settings()))
    except errors.GraphServiceError as error:
        print(f"graph-service: {error}", file=sys.stderr)
        return EXIT_CODES[type(error)]
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file of the user's that cannot be read or written
        print(f"graph-service: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def serve(chosen: argparse.Namespace, settings: Settings) -> int:
    """Serve over HTTP; publishes the project first where nothing is published yet."""
    import uvicorn

    from graph_service.home import Home
    from graph_service.web.app import create_app

    host, port = chosen.host or settings.host, settings.port if chosen.port is None else chosen.port
    listening = _listen(host, port)
    if Home(settings.home).current() is None:
        load(argparse.Namespace(paths=[], reason=None), settings)
    app = create_app(_releases(settings), settings)
    _greet(host, listening.getsockname()[1], _releases(settings).current())
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def load(chosen: argparse.Namespace, settings: Settings) -> int:
    """Publish the project, or some files."""
    from graph_service.publishing import user_name
    from graph_service.staging import expand_paths

    with _publisher(settings) as publisher:
        paths = expand_paths(map(Path, chosen.paths))
        if paths:
            done = publisher.load_files(paths, who=user_name(), reason=chosen.reason or "load of files")
        else:
            reason = chosen.reason or "load of the project"
            done = publisher.load_project(settings.project, who=user_name(), reason=reason)
    record = done.record
    if not done.new:
        print(f"Nothing to do: release {record.number} already holds this.")
        return 0
    findings = ", ".join(f"{count} {name.lower()}" for name, count in record.report.items() if count) or "none"
    print(
        f"Release {record.number}: {record.quads} statements in {len(record.graphs)} graphs "
        f"(+{record.added} -{record.removed}). SHACL findings: {findings}."
    )
    return 0


def import_(chosen: argparse.Namespace, settings: Settings) -> int:
    """Turn a folder of tables into the Turtle files of the project."""
    from graph_service.tables import import_tables

    report = import_tables(Path(chosen.directory), settings.project, prune=chosen.prune, dry_run=chosen.dry_run)
    print("\n".join(report.lines()))
    return 0


def validate(chosen: argparse.Namespace, settings: Settings) -> int:
    """Validate files against the project's shapes, together with the project's data."""
    from graph_service.staging import expand_paths, validate_files

    report = validate_files(expand_paths(map(Path, chosen.paths)), settings.project)
    _print_report(report, chosen.language, every=chosen.all)
    return 0 if report.conforms else NO


def query(chosen: argparse.Namespace, settings: Settings) -> int:
    """Run a query of the catalogue, or a file."""
    from graph_service import formats

    release = _releases(settings).current()
    values = dict(_pairs(chosen.values))
    if Path(chosen.name).is_file():
        return _query_file(Path(chosen.name), chosen.format, release)
    form = release.catalogue.get(chosen.name).form
    if form == "CONSTRUCT":
        triples = release.construct(chosen.name, values)
        return _write([formats.graph_bytes(triples, chosen.format or "ttl", release.file("ontology/context.jsonld"))])
    return _write([formats.table_bytes(release.ask(chosen.name, values), chosen.format or "csv", release.number)])


def roadmap(chosen: argparse.Namespace, settings: Settings) -> int:
    """Print the roadmap of a country."""
    from graph_service.web.roadmaps import written

    release = _releases(settings).current()
    return _write([written(release, chosen.country, chosen.format, chosen.as_of or "")])


def export(chosen: argparse.Namespace, settings: Settings) -> int:
    """Write the whole graph, one named graph, or the tables to stdout."""
    from graph_service import exporting, formats
    from graph_service.terms import graph_iri

    release = _releases(settings).current()
    if chosen.format in exporting.TABLES_IN:
        if chosen.graph is not None:
            problem = f"The tables ({chosen.format}) hold all graphs: leave --graph out, or choose an RDF format."
            raise errors.ParameterError(problem, parameter="graph")
        return _write([exporting.TABLES_IN[chosen.format](release)])
    if chosen.graph is None:
        return _write(release.dump(chosen.format))
    graph = graph_iri(chosen.graph.removeprefix(graph_iri("")))
    if graph not in release.store.graphs():
        known = [name.removeprefix(graph_iri("")) for name in release.store.graphs()]
        raise errors.UnknownTerm("graph", given=chosen.graph, near=errors.nearest(chosen.graph, known))
    context = release.file("ontology/context.jsonld")
    return _write([formats.graph_bytes(tuple(release.store.graph(graph)), chosen.format, context)])


def releases(chosen: argparse.Namespace, settings: Settings) -> int:
    """List the releases, newest first."""
    for record in _releases(settings).records():
        kept = "" if (settings.home / "releases" / str(record.number)).is_dir() else " (data no longer kept)"
        change = f"+{record.added} -{record.removed}"
        print(f"{record.number}\t{record.created}\t{record.who}\t{record.quads}\t{change}\t{record.reason}{kept}")
    return 0


def rollback(chosen: argparse.Namespace, settings: Settings) -> int:
    """Publish an earlier release again."""
    from graph_service.publishing import user_name

    with _publisher(settings) as publisher:
        done = publisher.rollback(chosen.number, who=user_name(), reason=chosen.reason or "")
    print(f"Release {done.record.number} now holds the content of release {chosen.number}.")
    return 0


def update(chosen: argparse.Namespace, settings: Settings) -> int:
    """Run a SPARQL update, from a file or stdin, and publish what it makes."""
    from graph_service import writing
    from graph_service.publishing import user_name
    from graph_service.store.protocol import Dataset

    text = sys.stdin.read() if chosen.file == "-" else Path(chosen.file).read_text(encoding="utf-8")
    change = writing.update(text, Dataset(union=settings.default_graph == "union"))
    with _publisher(settings) as publisher:
        reason = chosen.reason or f"update by {Path(chosen.file).name}"
        done = publisher.write(change, who=user_name(), reason=reason, dry_run=chosen.dry_run)
    for warning in done.warnings:
        print(f"graph-service: warning: {warning}", file=sys.stderr)
    if not done.new:
        print(f"Nothing to do: release {done.record.number} already holds this.")
    else:
        verb = "would be" if chosen.dry_run else "is"
        print(f"Release {done.record.number} {verb} published: +{done.added} -{done.removed} statements.")
    return 0


def new_token(chosen: argparse.Namespace, settings: Settings) -> int:
    """Make a token and print it, alone and for the only time."""
    from graph_service.tokens import Tokens

    print(Tokens(settings.home).new(chosen.name, chosen.scope, days=chosen.days))
    return 0


def list_tokens(chosen: argparse.Namespace, settings: Settings) -> int:
    """List the tokens: name, scope, when made, when it ends."""
    from graph_service.tokens import Tokens

    for token in Tokens(settings.home).all():
        ends = f"{'ended' if token.ended else 'ends'} {token.ends}" if token.ends else "no end"
        print(f"{token.name}\t{token.scope}\t{token.created}\t{ends}")
    return 0


def revoke_token(chosen: argparse.Namespace, settings: Settings) -> int:
    """Forget a token."""
    from graph_service.tokens import Tokens

    Tokens(settings.home).revoke(chosen.name)
    print(f"The token {chosen.name} is revoked.")
    return 0


def check(chosen: argparse.Namespace, settings: Settings) -> int:
    """Check that data, queries, links and translations are all in order."""
    from graph_service.checking import check_project_files, fix_format

    texts = {source: Path(file) for source, file in _pairs(chosen.text or [])}
    if chosen.fix:
        for name in fix_format(settings.project):
            print(f"formatted {name}")
    problems = check_project_files(settings.project, texts)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found.")
    return NO if problems else 0


def show_settings(chosen: argparse.Namespace, settings: Settings) -> int:
    """List each setting with its value and origin."""
    for item in fields(Settings):
        if item.name != "origins":
            print(
                f"{item.name} = {getattr(settings, item.name)}\t({settings.origin(item.name)}) {item.metadata['help']}"
            )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="graph-service", description="The sourced graph of a cooperation programme.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Command, summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    graph_formats = ("ttl", "nt", "nq", "trig", "rdf", "jsonld")
    made = command("serve", serve, "serve the graph over HTTP; loads the project first where nothing is published")
    made.add_argument("--host", help="address to listen on (setting host)")
    made.add_argument("--port", type=int, help="port to listen on (setting port); 0 takes a free one")
    made = command("load", load, "publish the project, or the given files, as a new release")
    made.add_argument("paths", nargs="*", metavar="PATH", help="Turtle files or folders of them; none: the project")
    made.add_argument("--reason", help="why, for the record of the release")
    made = command("validate", validate, "validate the project together with the given files; publishes nothing")
    made.add_argument("paths", nargs="*", metavar="PATH", help="Turtle files or folders of them")
    made.add_argument("--language", default="en", choices=("en", "es", "fr", "pt"), help="language of the messages")
    made.add_argument("--all", action="store_true", help="list advice (Info) as well")
    made = command("query", query, "run a query of the catalogue, or a SPARQL file")
    made.add_argument("name", metavar="NAME|FILE", help="such as institutions/by-axis")
    made.add_argument("values", nargs="*", metavar="key=value", help="parameters of the query")
    made.add_argument("--format", choices=("csv", "json", *graph_formats), help="csv, or ttl for a graph")
    made = command("roadmap", roadmap, "print the roadmap of a country")
    made.add_argument("country", metavar="COUNTRY", help="ISO 3166 code")
    made.add_argument("--as-of", help="date, month or year; today when left out")
    roadmap_formats = ("json", "csv", "ttl", "jsonld", "nt", "rdf", "html")
    made.add_argument("--format", default="json", choices=roadmap_formats, help="json by default")
    made = command("export", export, "write the graph to stdout")
    choices = (*graph_formats, "csv.zip", "xlsx")
    made.add_argument("--format", default="trig", choices=choices, help="trig by default")
    made.add_argument("--graph", help="one named graph, by the stem of its file")
    made = command("import", import_, "turn a folder of tables (CSV, described by CSVW) into the project's data files")
    made.add_argument("directory", metavar="PATH")
    made.add_argument("--prune", action="store_true", help="remove records that the tables no longer have")
    made.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
    command("releases", releases, "list the releases, newest first")
    made = command("rollback", rollback, "publish the content of an earlier release as a new one")
    made.add_argument("number", type=int, metavar="N")
    made.add_argument("--reason", help="why, for the record of the release")
    made = command("update", update, "run a SPARQL update; what it makes is validated and published as a new release")
    made.add_argument("file", metavar="FILE", help="a file with the update; - reads it from stdin")
    made.add_argument("--reason", help="why, for the record of the release")
    made.add_argument("--dry-run", action="store_true", help="say what would change, publish nothing")
    _token_commands(commands)
    made = command("check", check, "check that data, queries, links and translations are in order")
    made.add_argument("--fix", action="store_true", help="format the data files")
    made.add_argument(
        "--text", action="append", metavar="SOURCE=FILE", help="hold every quote of a source against its text"
    )
    command("settings", show_settings, "list each setting with its value and origin")
    return parser


def _token_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "make, list and revoke the tokens that writing over HTTP takes"
    made = commands.add_parser("token", help=summary, description=summary)
    actions = made.add_subparsers(title="actions", metavar="new|list|revoke", required=True)
    made = actions.add_parser("new", help="make a token and print it, once")
    made.add_argument("--scope", required=True, choices=("write", "admin"), help="admin may change the ontology too")
    made.add_argument("--name", required=True, help="who will use it; releases written with it bear this name")
    made.add_argument("--days", type=int, help="how long it is good for; for ever when left out")
    made.set_defaults(run=new_token)
    made = actions.add_parser("list", help="list names, scopes and end dates")
    made.set_defaults(run=list_tokens)
    made = actions.add_parser("revoke", help="forget a token")
    made.add_argument("name", metavar="NAME")
    made.set_defaults(run=revoke_token)


def _releases(settings: Settings) -> Releases:
    from graph_service.releases import Releases

    return Releases(settings.home, union=settings.default_graph == "union")


@contextmanager
def _publisher(settings: Settings) -> Iterator[Publisher]:
    """A publisher that shows its steps after a second, if a person watches."""
    from tqdm import tqdm

    from graph_service.publishing import Publisher

    with tqdm(
        desc="publishing",
        unit=" steps",
        delay=1,
        leave=False,
        miniters=1,
        mininterval=0,
        disable=not sys.stderr.isatty(),
    ) as bar:

        def progress(step: str) -> None:
            bar.set_postfix_str(step, refresh=False)
            bar.update()

        yield Publisher(
            settings.home,
            keep=settings.keep_releases,
            wait_s=settings.writer_wait_s,
            progress=progress,
            union=settings.default_graph == "union",
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)  # who follows the address that is printed is answered as soon as the server is up
    except (OSError, OverflowError) as error:
        listening.close()
        problem = getattr(error, "strerror", None) or error
        raise errors.ServeError(f"Cannot listen on {host}:{port} ({problem}): choose another with --port.") from None
    return listening


def _greet(host: str, port: int, release: Release) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    country = release.members("elp:Country")[0].slug
    axis = release.members("elp:TransversalAxis")[0].slug
    print(
        f"Serving release {release.number} at {address}/ (Ctrl-C stops it). Three things to try:\n"
        f"  a roadmap:   {address}/roadmaps/{country}\n"
        f"  a question:  {address}/ask?axis={axis}&country={country}\n"
        f"  the queries: {address}/queries",
        flush=True,
    )


def _pairs(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise errors.ParameterError(f"Write {text!r} as key=value.", parameter=text)
        yield name, value


def _query_file(path: Path, suffix: str | None, release: Release) -> int:
    from graph_service.formats import RDF_MEDIA_TYPES

    media_types = {**RDF_MEDIA_TYPES, "csv": "text/csv", "json": "application/sparql-results+json"}
    text = path.read_text(encoding="utf-8")
    graph = release.query_form(text) in ("CONSTRUCT", "DESCRIBE")
    _, data = release.sparql(text, media_types[suffix or ("ttl" if graph else "csv")])
    return _write(data)


def _print_report(report: ValidationReport, language: str, *, every: bool) -> None:
    for finding in report.findings:
        if every or finding.severity != "Info":
            print(f"{finding.severity}: {finding.sentence(language)}")
    counts = ", ".join(f"{count} {name.lower()}" for name, count in report.counts.items())
    print(f"{'Conforms' if report.conforms else 'Does not conform'}: {counts}.")


def _write(chunks: Iterable[bytes]) -> int:
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
