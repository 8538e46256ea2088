"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

__all__ = ["FakeClock"]


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeClock:
    """Has the time and the timers of an event loop, without the waiting."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now
        self._timers: list[tuple[float, int, _Timer]] = []
        self._numbers = count()

    def time(self) -> float:
        """Give the time."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> _Timer:
        """Call something at a time."""
        timer = _Timer(callback)
        heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    @property
    def timers(self) -> int:
        """How many timers are set."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    def fire(self) -> None:
        """Do all that is planned before anybody else has a turn."""
        for _, _, timer in list(self._timers):
            if not timer.cancelled:
                timer.callback()

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        over = asyncio.get_running_loop().create_future()

        def end() -> None:
            if not over.done():
                over.set_result(None)

        self.call_at(self.now + seconds, end)
        await over

    async def advance(self, seconds: float) -> None:
        """Let so much time pass; what is due is done at its time."""
        until = self.now + seconds
        await _settle()
        while self._timers and self._timers[0][0] <= until:
            await self.step()
        self.now = until
        await _settle()

    async def step(self) -> bool:
        """Go on to the next timer; false where there is none."""
        await _settle()
        if not self._timers:
            return False
        when, _, timer = heappop(self._timers)
        if not timer.cancelled:
            self.now = max(self.now, when)
            timer.callback()
            await _settle()
        return True


async def _settle() -> None:
    """Let everything that is ready run."""
    for _ in range(12):
        await asyncio.sleep(0)
