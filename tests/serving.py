"""Serving: an app behind a real server, for browsers and for programs that are not ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from graph_service.web.front import Front


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port; yields its origin."""
    config = uvicorn.Config(app, http=Front, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)  # uvicorn tells of its start by a flag alone
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
