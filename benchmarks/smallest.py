"""Smallest: the least ASGI application that returns some bytes, under the same server: what ours is held against.

python benchmarks/smallest.py PORT FILE…     # /0, /1 … answer with the bytes of the files
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn

BODIES = {f"/{number}": Path(name).read_bytes() for number, name in enumerate(sys.argv[2:])}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a body known by its path."""
    body = BODIES[scope["path"]]
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off")
