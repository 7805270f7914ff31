"""The commands of whoever runs the service: serve, backup, restore."""

from __future__ import annotations

import argparse
import dataclasses
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from graph_service import errors
from graph_service.cli.changing import load
from graph_service.cli.common import bring_up, followed
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.backup import Manifest
    from graph_service.release import Release


def serve(chosen: argparse.Namespace, settings: Settings) -> int:
    """Serve over HTTP; publishes the project first where nothing is published yet."""
    from graph_service.cli.workers import Workers, serve_here
    from graph_service.home import Home

    workers = settings.workers if chosen.workers is None else chosen.workers
    settings = dataclasses.replace(settings, workers=workers)
    host, port = chosen.host or settings.host, settings.port if chosen.port is None else chosen.port
    listening = _listen(host, port)
    if Home(settings.home).current() is None:
        load(argparse.Namespace(paths=[], reason=None), settings)
    bring_up(settings)
    published = followed(settings)
    _greet(host, listening.getsockname()[1], published.get(published.records()[0].number))
    return serve_here(settings, listening) if settings.workers == 1 else Workers(settings, listening).run()


def back_up(chosen: argparse.Namespace, settings: Settings) -> int:
    """Keep the home folder as it is now, while others read and write."""
    from graph_service.backup import backup
    from graph_service.home import Home

    kept = backup(Home(settings.home), Path(chosen.directory))
    _tell("Kept", kept, chosen.directory)
    return 0


def restore(chosen: argparse.Namespace, settings: Settings) -> int:
    """Bring a backup back into an empty home folder."""
    from graph_service import backup
    from graph_service.home import Home

    _tell("Restored", backup.restore(Path(chosen.directory), Home(settings.home)), str(settings.home))
    return 0


def _tell(done: str, kept: Manifest, folder: str) -> None:
    count = len(kept.releases)
    data = f"data of {count} release{'s' * (count > 1)}"
    print(f"{done} in {folder}: release {kept.release}, with {data}, as of {kept.created}.")


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
