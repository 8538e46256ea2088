"""
What requests consume, and how fast they may.

A connection's own capacity limit keeps requests apart that are under way at once, and lets them wait within
their deadlines. Work of many requests also waits here, before the next page or chunk, until what was consumed
is paid for by time, so that a large page leaves no debt to be waited for within a deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dynarepo._config import CapacityLimit
from dynarepo._observability import Usage

__all__ = ["Meter", "Pace"]


class Pace:
    """
    At most so many units for each second, on average.

    Args:
        units: Units for each second; unbounded without it.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        units: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.units = units
        self._clock = clock
        self._sleep = sleep
        self._seen = 0.0
        self._looked_at = self._paid_at = clock()

    async def ready(self, consumed: float) -> None:
        """Wait until everything that was consumed is paid for."""
        if self.units is None:
            return
        # Time that passed unused before it was consumed does not count.
        self._paid_at = max(self._paid_at, self._looked_at) + (consumed - self._seen) / self.units
        self._seen, self._looked_at = consumed, self._clock()
        while (left := self._paid_at - self._clock()) > 0:
            await self._sleep(left)


@dataclass(slots=True)
class Meter:
    """Capacity units consumed so far over some connections, and their bounds."""

    reads: Pace = field(default_factory=Pace)
    writes: Pace = field(default_factory=Pace)
    usages: list[Usage] = field(default_factory=list)

    @property
    def read_units(self) -> float:
        """The read units consumed."""
        return sum(usage.read_units for usage in self.usages)

    @property
    def write_units(self) -> float:
        """The write units consumed."""
        return sum(usage.write_units for usage in self.usages)

    @property
    def limit(self) -> CapacityLimit | None:
        """The bounds as a connection keeps them."""
        if self.reads.units is None and self.writes.units is None:
            return None
        return CapacityLimit(read=self.reads.units, write=self.writes.units)

    def chunk(self, written: int, most: int) -> int:
        """Say how many items to write at once, so that they consume less than the units of a second."""
        if self.writes.units is None:
            return most
        each = self.write_units / written if written and self.write_units else 1.0
        return max(1, min(most, int(self.writes.units / each)))

    async def ready_to_read(self) -> None:
        """Wait until the next page may be read."""
        await self.reads.ready(self.read_units)

    async def ready_to_write(self) -> None:
        """Wait until the next chunk may be written."""
        await self.writes.ready(self.write_units)
