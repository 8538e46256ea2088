"""A scan in several segments at once, each going on where it was left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from dynarepo._pages import all_at_once
from dynarepo._requests import Page
from dynarepo._wire import Payload, WireItem
from dynarepo.cli._checkpoint import Position
from dynarepo.cli._meter import Meter
from dynarepo.cli._options import Bounds
from dynarepo.cli._raw_table import RawTable

__all__ = ["SegmentedScan"]

#: Read units that an item may cost before any was read: one of up to 4 KB, read eventually.
_FIRST_GUESS: Final = 0.5


@dataclass(slots=True)
class SegmentedScan:
    """
    Reads what is left of a table.

    Attributes:
        table: The table.
        members: The index, filter and consistency of each request.
        bounds: How much at once.
        meter: What is consumed.
        read: Items read so far, those that a filter left out included.
    """

    table: RawTable
    members: Payload
    bounds: Bounds
    meter: Meter
    read: int = 0

    async def run(
        self,
        positions: list[Position],
        take: Callable[[Page[WireItem]], Awaitable[None]],
        taken: Callable[[], None],
    ) -> None:
        """
        Read every segment to its end.

        Args:
            positions: Where each is; changed when a page of it was taken, and never before.
            take: Takes a page.
            taken: Is called when the position behind the page is known.
        """
        await all_at_once(
            [
                self._read(number, positions, take, taken)
                for number, position in enumerate(positions)
                if not position.is_done
            ]
        )

    async def _read(
        self,
        number: int,
        positions: list[Position],
        take: Callable[[Page[WireItem]], Awaitable[None]],
        taken: Callable[[], None],
    ) -> None:
        position, total = positions[number], len(positions)
        members = self.members | {"Segment": number, "TotalSegments": total}
        while not position.is_done:
            await self.meter.ready_to_read()
            page = await self.table.page("Scan", members, position.behind, self._page_size(total))
            self.read += page.scanned_count
            await take(page)
            position.behind, position.is_done = page.last_key, page.last_key is None
            taken()

    def _page_size(self, segments: int) -> int | None:
        """Keep what all segments read at once below the units of a second."""
        units = self.meter.reads.units
        if units is None:
            return self.bounds.page_size
        each = self.meter.read_units / self.read if self.read and self.meter.read_units else _FIRST_GUESS
        size = max(1, int(units / segments / each))
        return size if self.bounds.page_size is None else min(size, self.bounds.page_size)
