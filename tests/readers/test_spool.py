"""Spool: what is put in comes out, once and in order, however slowly it is taken."""

from __future__ import annotations

import asyncio
import random

import pytest

from graph_service.errors import QueryStopped
from graph_service.readers import spool
from graph_service.readers.spool import Spool


@pytest.mark.parametrize("seed", range(5))
def test_bytes_come_out_as_they_went_in(seed: int, monkeypatch: pytest.MonkeyPatch):
    """Through memory and file, with a taker that falls behind and catches up."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(spool, "READ_BYTES", 300)
    chance = random.Random(seed)
    parts = [chance.randbytes(chance.randrange(1, 500)) for _ in range(200)]

    async def work() -> bytes:
        answer = Spool()

        async def put() -> None:
            for part in parts:
                answer.put(part)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
            answer.end()

        putting = asyncio.ensure_future(put())
        found = b""
        async for part in answer:
            found += part
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
        await putting
        return found

    assert asyncio.run(work()) == b"".join(parts)


def test_an_answer_that_breaks_off_says_so_at_its_end():
    """What came before is given out first."""

    async def work() -> list[bytes]:
        answer = Spool()
        answer.put(b"half")
        answer.end(QueryStopped("the rest is missing"))
        await answer.ready()
        assert answer.whole() is None
        found = []
        with pytest.raises(QueryStopped, match="the rest"):
            async for part in answer:
                found.append(part)
        return found

    assert asyncio.run(work()) == [b"half"]


def test_a_short_answer_is_had_at_once():
    """Whole, where all of it is there."""

    async def work() -> bytes | None:
        answer = Spool()
        answer.put(b"a")
        answer.put(b"b")
        assert answer.whole() is None
        answer.end()
        return answer.whole()

    assert asyncio.run(work()) == b"ab"


def test_spools_hold_no_more_on_the_disk_than_they_may(monkeypatch: pytest.MonkeyPatch):
    """The answer that would need more is broken off, others are not; what it held is free once it is closed."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 10)
    monkeypatch.setattr(spool, "DISK_BYTES", 100)

    async def work() -> tuple[bytes, bytes]:
        large, small = Spool(), Spool()
        for _ in range(20):
            large.put(b"0123456789")
        small.put(b"short")
        small.end()
        found = b""
        with pytest.raises(QueryStopped, match="no room"):
            async for part in large:
                found += part
        large.close()
        return found, b"".join([part async for part in small])

    assert asyncio.run(work()) == (b"0123456789" * 11, b"short")
    assert Spool.on_disk_bytes == 0


def test_a_full_disk_breaks_an_answer_off(monkeypatch: pytest.MonkeyPatch):
    """It is no fault of the process that takes it in."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 10)

    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.tempfile, "TemporaryFile", full)

    async def work() -> None:
        answer = Spool()
        for _ in range(3):
            answer.put(b"0123456789")
        with pytest.raises(QueryStopped, match="No space left"):
            async for _ in answer:
                pass

    asyncio.run(work())
