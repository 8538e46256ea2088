"""
Long work in pieces, so that the event loop stays free.

Making models holds the interpreter, in a thread as well as in the loop. So what takes longer than a piece is
done in several, and the loop has a turn between any two. Calls do that one after the other: however many have
a long page, each turn has one piece, after a first one of each call.

Short work never waits. That a page is short is found out by a look at the clock for each item.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final, TypeVar
from weakref import WeakValueDictionary

__all__ = ["in_turn", "make_all"]

M = TypeVar("M")
P = TypeVar("P")

#: So many parts, which a page of ordinary size has, are made in one if that does not take longer than this.
_FEW: Final = 100
_SHORT_SECONDS: Final = 0.002
#: How long a piece of long work takes. What the loop has to do waits for two at most.
_PIECE_SECONDS: Final = 0.0005


#: Held by who has long work on an event loop; kept for as long as there is some.
_turns: Final[WeakValueDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakValueDictionary()


async def make_all(
    make: Callable[[P], M], parts: list[P], *, clock: Callable[[], float] = perf_counter
) -> list[M]:
    """
    Make something of each part, in their order, and empty the list of parts.

    Each part goes as soon as it was used. That keeps the memory of a page small, and spares the garbage
    collector most of its rounds.
    """
    parts.reverse()
    made: list[M] = []
    first = _SHORT_SECONDS if len(parts) <= _FEW else _PIECE_SECONDS
    _make_some(make, parts, made, first, clock)
    if parts:
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            while parts:
                await asyncio.sleep(0)
                _make_some(make, parts, made, _PIECE_SECONDS, clock)
    return made


async def in_turn(work: Callable[[], M]) -> M:
    """Do one piece of work in a turn of the event loop that has no other such work; give what comes of it."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        await asyncio.sleep(0)
        return work()


def _make_some(
    make: Callable[[P], M], parts: list[P], made: list[M], seconds: float, clock: Callable[[], float]
) -> None:
    ends = clock() + seconds
    take, add = parts.pop, made.append
    while parts:
        add(make(take()))
        if clock() >= ends:
            return
