"""Work shared between this process and others, with the same results in the same order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def shared_out(
    function: Callable[[T], R], items: Sequence[T], pool: Executor | None
) -> Iterator[R]:
    """Yield ``function`` of each item, in order; this process works beside those of ``pool``.

    They begin with the first items and it with the last, until they meet. It works on copies,
    as they do, so that nothing changes while an item is on its way to them.
    """
    if pool is None:
        yield from map(function, items)
        return
    sent = [pool.submit(function, item) for item in items]
    own = taken_back(sent, lambda place: function(pickle.loads(pickle.dumps(items[place]))))
    for place, future in enumerate(sent):
        yield own[place] if place in own else future.result()


def taken_back(sent: Sequence[Future[R]], make: Callable[[int], R]) -> dict[int, R]:
    """Return by place what was made here: the last of those sent that nobody had begun."""
    own: dict[int, R] = {}
    for place in reversed(range(len(sent))):
        if not sent[place].cancel():
            break
        own[place] = make(place)
    return own
