"""
Long work in pieces, so that the event loop stays free.

Parsing and decoding hold the interpreter, in a thread as well as in the loop. So what takes longer than a
piece is done in several, and the loop has a turn between any two. Each turn has one piece of long work:
however many calls have some, the loop is late by one piece.

A reply is parsed, and then models are made of it. Calls do that one after the other, not by turns: pages that
are half done fill the memory, and the caches forget each before it is gone on with. So one call begins at a
time, and goes on before another begins.

Short work never waits. That a page is short is found out by a look at the clock for each item.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, TypeVar
from weakref import WeakValueDictionary

__all__ = ["begin_in_turns", "make_all"]

M = TypeVar("M")
P = TypeVar("P")
R = TypeVar("R")

#: So many parts, which a page of ordinary size has, are made in one if that does not take longer than this.
_FEW: Final = 100
_SHORT_SECONDS: Final = 0.002
#: How long a piece of long work takes. What the loop has to do waits for two at most.
_PIECE_SECONDS: Final = 0.0005


@dataclass(slots=True, weakref_slot=True)
class _Line:
    """
    The long work on one event loop.

    Attributes:
        entry: Held by who begins. So only one waits for the turn to begin, and whoever goes on is before it.
        turn: Held by who works.
    """

    entry: asyncio.Lock = field(default_factory=asyncio.Lock)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


#: Kept for as long as there is such work.
_lines: Final[WeakValueDictionary[asyncio.AbstractEventLoop, _Line]] = WeakValueDictionary()


async def begin_in_turns(work: Generator[None, None, R]) -> R:
    """Do work that yields after each of its pieces, and give its result."""
    line = _line()
    async with line.entry, line.turn:
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: R = end.value
                return result
            await asyncio.sleep(0)


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
        line = _line()  # held: with nobody to hold it, the next call would have another
        async with line.turn:
            while parts:
                await asyncio.sleep(0)
                _make_some(make, parts, made, _PIECE_SECONDS, clock)
    return made


def _make_some(
    make: Callable[[P], M], parts: list[P], made: list[M], seconds: float, clock: Callable[[], float]
) -> None:
    ends = clock() + seconds
    take, add = parts.pop, made.append
    while parts:
        add(make(take()))
        if clock() >= ends:
            return


def _line() -> _Line:
    return _lines.setdefault(asyncio.get_running_loop(), _Line())
