"""What several commands need: the releases and the publisher of the settings, key=value, bytes to stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from graph_service import errors
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.publishing import Publisher
    from graph_service.releases import Releases

NO = 1  # the exit code of a command whose answer is no
Command = Callable[[argparse.Namespace, Settings], int]


def followed(settings: Settings) -> Releases:
    from graph_service.mirroring import mirror_of
    from graph_service.releases import Releases

    return Releases(settings.home, union=settings.default_graph == "union", mirror=mirror_of(settings))


@contextmanager
def publisher_of(settings: Settings) -> Iterator[Publisher]:
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
    bring_up(settings)


def bring_up(settings: Settings) -> None:
    """Bring a remote engine, where there is one, to what is published; say so on stderr where that fails."""
    from graph_service.mirroring import mirror_of

    mirror = mirror_of(settings)
    try:
        if mirror is not None:
            mirror.catch_up()
    except errors.GraphServiceError as error:
        print(f"graph-service: warning: {error}", file=sys.stderr)


def pairs(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise errors.ParameterError(f"Write {text!r} as key=value.", parameter=text)
        yield name, value


def write_out(chunks: Iterable[bytes]) -> int:
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0
