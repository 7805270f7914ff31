"""Turns: those who wait, served in turns by client, so that one who asks a lot waits for itself alone."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Things that wait, by client; each client's in the order they came.

    >>> turns = Turns[str]()
    >>> for client, each in (("a", "a1"), ("a", "a2"), ("b", "b1")):
    ...     turns.put(client, each)
    >>> [turns.take() for _ in range(4)]
    ['a1', 'b1', 'a2', None]
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()  # the next client first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return (each for waiting in self._waiting.values() for each in waiting)

    def put(self, client: str, each: T) -> None:
        """Let one wait at the end of its client's line."""
        self._waiting.setdefault(client, deque()).append(each)
        self._count += 1

    def put_back(self, client: str, each: T) -> None:
        """Let one wait that had its turn already, before all others."""
        self._waiting.setdefault(client, deque()).appendleft(each)
        self._waiting.move_to_end(client, last=False)
        self._count += 1

    def take(self, may: Callable[[str], bool] = lambda _: True) -> T | None:
        """The next one, of a client that may; that client is then the last in turn. None where there is none."""
        for client in self._waiting:
            if may(client):
                break
        else:
            return None
        waiting = self._waiting[client]
        found = waiting.popleft()
        self._waiting.move_to_end(client)
        if not waiting:
            del self._waiting[client]
        self._count -= 1
        return found

    def remove(self, client: str, each: T) -> bool:
        """Take out one that no longer wants to wait; false where it does not wait."""
        waiting = self._waiting.get(client, deque())
        if each not in waiting:
            return False
        waiting.remove(each)
        if not waiting:
            del self._waiting[client]
        self._count -= 1
        return True
