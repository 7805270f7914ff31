"""The list of commands and what each is given."""

from __future__ import annotations

import argparse

from graph_service.cli.changing import import_, list_tokens, load, new_token, revoke_token, rollback, update
from graph_service.cli.checking import check, validate
from graph_service.cli.common import Command
from graph_service.cli.reading import export, query, releases, roadmap, show_settings
from graph_service.cli.serving import back_up, restore, serve
from graph_service.settings import MOST_WORKERS

LOADING = """Publish the project, or the given files, as a new release. Files may be N-Quads, TriG, N-Triples, Turtle,
RDF/XML or JSON-LD, plain or compressed (.gz .bz2 .zst), and of any size. Each graph that they name then holds what they
say of it and nothing else; statements that name no graph go into that of the file's stem. It is all or nothing: a load
that fails or is interrupted leaves everything as it was, and can simply be run again."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `run` is the command that was chosen."""
    whole = argparse.ArgumentParser(prog="graph-service", description="The sourced graph of a cooperation programme.")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Command, summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    graph_formats = ("ttl", "nt", "nq", "trig", "rdf", "jsonld")
    made = command("serve", serve, "serve the graph over HTTP; loads the project first where nothing is published")
    made.add_argument("--host", help="address to listen on (setting host)")
    made.add_argument("--port", type=int, help="port to listen on (setting port); 0 takes a free one")
    made.add_argument("--workers", type=_workers, metavar="N", help="web processes on that address (setting workers)")
    made = command("load", load, "publish the project, or the given files, as a new release")
    made.description = LOADING
    made.add_argument("paths", nargs="*", metavar="PATH", help="files, or folders of them; none: the project")
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
    roadmap_formats = ("json", "csv", "ttl", "jsonld", "nt", "rdf", "html", "md")
    made.add_argument("--format", default="json", choices=roadmap_formats, help="json by default")
    made = command("export", export, "write the graph to stdout")
    choices = (*graph_formats, "csv.zip", "xlsx")
    made.add_argument("--format", choices=choices, help="trig, or ttl for one graph")
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
    made = command("backup", back_up, "keep releases, history and tokens in a new folder, also while serving")
    made.add_argument("directory", metavar="DIR", help="a folder that is empty or not there yet")
    made = command("restore", restore, "check a backup and bring it back into an empty home folder")
    made.add_argument("directory", metavar="DIR", help="what `backup` wrote")
    made = command("check", check, "check that data, queries, links and translations are in order")
    made.add_argument("--fix", action="store_true", help="format the data files")
    made.add_argument(
        "--text", action="append", metavar="SOURCE=FILE", help="hold every quote of a source against its text"
    )
    command("settings", show_settings, "list each setting with its value and origin")
    return whole


def _workers(text: str) -> int:
    """How many web processes, within the limits of the setting."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number between 1 and {MOST_WORKERS}")
    return int(text)


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
