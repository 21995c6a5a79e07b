"""Work shared between this process and others, with the same results in the same order."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Helpers:
    """Other processes, and how many of them there are."""

    pool: Executor
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Handed(Generic[T, R]):
    """Items that other processes make from the first on, each given the next when it is free.

    A pool that is given everything at once takes more than it can begin, and who shares the
    work would wait for that at the end. ``left`` are the places of items not yet given away,
    ``sent`` what the pool holds and ``promised`` what becomes of each item.
    """

    function: Callable[[T], R]
    items: Sequence[T]
    helpers: Helpers
    left: deque[int]
    sent: dict[int, Future[R]]
    promised: Sequence[Future[R]]


def handed_out(function: Callable[[T], R], items: Sequence[T], helpers: Helpers) -> Handed[T, R]:
    """Let other processes begin with the first of ``items``, and go on while any are left."""
    places = deque(range(len(items)))
    handed = Handed(function, items, helpers, places, {}, [Future() for _ in items])
    for _ in range(min(helpers.count, len(items))):
        first = places.popleft()
        _send(handed, first)
        Thread(target=_follow, args=(handed, first), daemon=True).start()
    return handed


def shared_out(
    function: Callable[[T], R], items: Sequence[T], helpers: Helpers | None
) -> Iterator[R]:
    """Yield ``function`` of each item, in order; this process works beside ``helpers``.

    They begin with the first items and it with the last, until they meet. It works on copies,
    as they do, so that nothing changes while an item is on its way to them.
    """
    if helpers is None:
        yield from map(function, items)
        return
    yield from taken_back(
        handed_out(function, items, helpers),
        lambda item: function(pickle.loads(pickle.dumps(item))),
    )


def taken_back(handed: Handed[T, R], make: Callable[[T], R]) -> Iterator[R]:
    """Make here the last of the items that nobody has begun; then yield all, in order."""
    own: dict[int, R] = {}
    while (place := _next(handed.left.pop)) is not None:
        own[place] = make(handed.items[place])
    for place in sorted(handed.sent.copy(), reverse=True):
        if handed.sent[place].cancel():
            own[place] = make(handed.items[place])
    for place, promise in enumerate(handed.promised):
        yield own[place] if place in own else promise.result()


def _send(handed: Handed[T, R], place: int) -> None:
    handed.sent[place] = handed.helpers.pool.submit(handed.function, handed.items[place])


def _follow(handed: Handed[T, R], place: int | None) -> None:
    """Keep one process at work: take what it has made, and give it the next item."""
    while place is not None:
        promise = handed.promised[place]
        try:
            if place not in handed.sent:
                _send(handed, place)
            promise.set_result(handed.sent[place].result())
        except CancelledError:
            pass  # made by the process that shares its work
        except Exception as error:
            promise.set_exception(error)
        place = _next(handed.left.popleft)


def _next(take: Callable[[], int]) -> int | None:
    """Return the next place, None where none is left."""
    try:
        return take()
    except IndexError:
        return None
