"""
A scan in several segments at once, its pages in the order in which they arrive.

Segments begin in the order of their numbers, and one that has begun is read to its end before the next takes
its place. So where the whole scan stands is told by how many have begun and by the positions of the few that
are not at their end: the cursor of a page says that, and is not longer for more segments.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import field

from dynarepo._pages._cursor import open_any_cursor, seal_cursor
from dynarepo._pages._reader import PageReader
from dynarepo._pages._result import PaginationResult
from dynarepo._record import MutableRecord
from dynarepo._requests import check_segments
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidCursorError, InvalidRequestError

__all__ = ["read_segments"]

R = TypeVar("R")


class _Progress(MutableRecord):
    """
    What of a scan its consumer has been given.

    Attributes:
        total: How many segments there are.
        begun: How many of them have begun: those with the lowest numbers.
        positions: Where those that are not at their end go on; `None` is the beginning.
    """

    total: int
    begun: int = 0
    positions: dict[int, WireItem | None] = field(default_factory=dict)

    @classmethod
    def of(cls, sealed: list[Any]) -> _Progress:
        total, begun, positions = sealed
        return cls(total, begun, {int(number): position for number, position in positions.items()})

    def sealed(self) -> list[Any]:
        return [self.total, self.begun, self.positions]

    @property
    def is_over(self) -> bool:
        return self.begun == self.total and not self.positions

    def begin(self) -> int:
        """Give the next segment that has not begun."""
        number = self.begun
        self.begun += 1
        self.positions[number] = None
        return number

    def reach(self, number: int, position: WireItem | None) -> None:
        """Note that the consumer has what lies before a position; `None` is the end of the segment."""
        if position is None:
            del self.positions[number]
        else:
            self.positions[number] = position


def read_segments(
    reader: PageReader[R],
    segments: int | None,
    cursor: str | None,
    last_evaluated_key: object,
    concurrency: int,
) -> AsyncGenerator[PaginationResult[R], None] | None:
    """
    Read several segments of a scan to their end, at most `concurrency` at once.

    Args:
        reader: Reads the whole listing.
        segments: How many; `None` leaves it to the cursor.
        cursor: Where to go on.
        last_evaluated_key: Refused, as `limit` is: several segments have no position in common.
        concurrency: How many are read at once.

    Returns:
        The pages; `None` where this is a scan in one piece.

    Raises:
        InvalidCursorError: The cursor is not of this listing in so many segments.
        InvalidRequestError: The number of segments is out of range, or something does not go with several.
    """
    total = None if segments is None else check_segments(segments)
    progress = None if total is None or total == 1 else _Progress(total)
    if cursor is not None:
        opened = open_any_cursor(reader.caller.config, reader.listing.fingerprint(), cursor)
        found = _Progress.of(opened) if isinstance(opened, list) else None
        if total is not None and total != (1 if found is None else found.total):
            raise InvalidCursorError("the cursor is of a scan in another number of segments")
        progress = found
    if progress is None:
        return None
    if reader.limit is not None or last_evaluated_key is not None:
        raise InvalidRequestError("limit and last_evaluated_key do not go with several segments")
    return _read(reader, progress, concurrency)


async def _read(
    reader: PageReader[R], progress: _Progress, concurrency: int
) -> AsyncGenerator[PaginationResult[R], None]:
    """
    Read what is left of all segments.

    A segment reads one page ahead of its consumer and no further. When one fails, or the consumer
    leaves, the others are cancelled and awaited before this generator ends.
    """
    waiting = list(progress.positions)
    open_: dict[int, AsyncGenerator[PaginationResult[R], None]] = {}
    running: dict[asyncio.Task[PaginationResult[R]], int] = {}
    try:
        while not progress.is_over:
            while len(running) < concurrency and (waiting or progress.begun < progress.total):
                number = waiting.pop() if waiting else progress.begin()
                if number not in open_:
                    segment = reader.segment(number, progress.total)
                    open_[number] = segment.pages(progress.positions[number])
                running[asyncio.create_task(_next_page(open_[number]))] = number
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                number = running.pop(task)
                page = task.result()
                if page.last_evaluated_key is None:
                    await open_.pop(number).aclose()
                    progress.reach(number, None)
                else:
                    waiting.append(number)
                    progress.reach(number, reader.listing.read_position(page.last_evaluated_key))
                yield replace(page, last_evaluated_key=None, cursor=_cursor(reader, progress))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for pages in open_.values():
            await pages.aclose()


async def _next_page(pages: AsyncGenerator[PaginationResult[R], None]) -> PaginationResult[R]:
    return await anext(pages)


def _cursor(reader: PageReader[Any], progress: _Progress) -> str | None:
    if progress.is_over:
        return None
    return seal_cursor(reader.caller.config, reader.listing.fingerprint(), progress.sealed())
