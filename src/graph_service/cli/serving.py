"""The command that serves."""

from __future__ import annotations

import argparse
import logging
import socket
from typing import TYPE_CHECKING

from graph_service import errors
from graph_service.cli.changing import load
from graph_service.cli.common import followed
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.release import Release


def serve(chosen: argparse.Namespace, settings: Settings) -> int:
    """Serve over HTTP; publishes the project first where nothing is published yet."""
    import uvicorn

    from graph_service.home import Home
    from graph_service.web.app import create_app
    from graph_service.web.front import Front

    host, port = chosen.host or settings.host, settings.port if chosen.port is None else chosen.port
    listening = _listen(host, port)
    if Home(settings.home).current() is None:
        load(argparse.Namespace(paths=[], reason=None), settings)
    app = create_app(followed(settings), settings)
    _greet(host, listening.getsockname()[1], followed(settings).current())
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    # httptools takes the body of a request that offers HTTP/2, as those of Java do, for another request
    config = uvicorn.Config(app, http=Front, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def _is_news(record: logging.LogRecord) -> bool:
    """Not that some client offered another protocol, as those written in Java do with each request."""
    return not record.getMessage().startswith(("Unsupported upgrade request", "No supported WebSocket library"))


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
