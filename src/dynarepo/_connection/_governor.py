"""
Keeps what is consumed at a limit, in the order in which requests came.

What a request consumes is known from its reply only. So an estimate is reserved before it is sent, and
replaced by what it was; a kind of request that was never seen reserves all there is, so that one reply tells
about it before a thousand are under way. Requests that do not fit yet wait in line: a timer wakes the first
when enough has come back, and whoever ends, however it ends, looks at the line again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from math import inf
from typing import Protocol

from dynarepo._connection._bucket import Bucket
from dynarepo._connection._estimates import Estimates
from dynarepo._record import MutableRecord, Record
from dynarepo.exceptions import CapacityLimitError

__all__ = ["Clock", "Governor", "Reservation"]


class Timer(Protocol):
    """Something that will be done."""

    def cancel(self) -> None:
        """Do not do it."""
        ...


class Clock(Protocol):
    """Tells the time and does things later; event loops do."""

    def time(self) -> float:
        """Give the time in seconds."""
        ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        """Call something at a time."""
        ...


class Reservation(Record, frozen=True):
    """Units that are set aside for one request, and those that it will probably take."""

    kind: Hashable
    items: int
    units: float
    expected: float


class _Waiter(MutableRecord, eq=False):
    kind: Hashable
    items: int
    expected: float
    until: float
    granted: asyncio.Future[Reservation | None]


class Governor:
    """
    Lets requests of one kind of units through at a rate.

    Args:
        rate: Units for each second.
        burst: Units that may be consumed at once.
        clock: The event loop, or another clock in tests.
    """

    def __init__(self, rate: float, burst: float, clock: Clock) -> None:
        self._clock = clock
        self._bucket = Bucket(rate, burst, clock.time())
        self._estimates = Estimates()
        self._line: deque[_Waiter] = deque()
        self._expected_in_line = 0.0
        self._to_come = 0.0
        self._timer: Timer | None = None

    async def admit(self, kind: Hashable, items: int, until: float) -> Reservation:
        """
        Wait until a request may be sent; whoever is let through must `settle`.

        Args:
            kind: What it has in common with requests that consume alike.
            items: How many items it is about.
            until: When it must have been let through.

        Raises:
            CapacityLimitError: It cannot be, or could not.
        """
        self._look()
        expected = self._expected(kind, items)
        if not self._line and (at_once := self._reserve(kind, items, expected)) is not None:
            return at_once
        waiter = _Waiter(kind, items, expected, until, asyncio.get_running_loop().create_future())
        if self._is_hopeless(waiter, self._expected_in_line):
            raise _refused()
        return await self._wait(waiter)

    def settle(self, reservation: Reservation, consumed: float | None) -> None:
        """
        Say what a request consumed.

        Args:
            reservation: What `admit` gave.
            consumed: The units; `None` where nobody knows.
        """
        if consumed is not None:
            self._estimates.learn(reservation.kind, consumed / max(reservation.items, 1))
        spent = reservation.expected if consumed is None else consumed
        self._return(reservation, spent)

    def release(self, reservation: Reservation) -> None:
        """Say that a request consumed nothing, which tells nothing about others of its kind."""
        self._return(reservation, 0.0)

    def close(self) -> None:
        """Let go whoever waits; their requests meet what is closed below."""
        for waiter in list(self._line):
            self._refuse(waiter)

    def charge(self, units: float) -> None:
        """Take units that were consumed unforeseen."""
        self._bucket.settle(0.0, units, self._clock.time())

    def _return(self, reservation: Reservation, spent: float) -> None:
        self._to_come -= reservation.units - reservation.expected
        self._bucket.settle(reservation.units, spent, self._clock.time())
        self._look()

    def _expected(self, kind: Hashable, items: int) -> float:
        known = self._estimates.of(kind)
        return (1.0 if known is None else known) * items

    def _reserve(self, kind: Hashable, items: int, expected: float) -> Reservation | None:
        units = self._units(kind, expected)
        if not self._bucket.reserve(units, self._clock.time()):
            return None
        self._to_come += units - expected
        return Reservation(kind, items, units, expected)

    def _units(self, kind: Hashable, expected: float) -> float:
        return max(expected, self._bucket.burst) if self._estimates.of(kind) is None else expected

    async def _wait(self, waiter: _Waiter) -> Reservation:
        self._line.append(waiter)
        self._expected_in_line += waiter.expected
        overdue = self._clock.call_at(waiter.until, partial(self._refuse, waiter))
        self._set_timer()
        try:
            reservation = await waiter.granted
        except BaseException:
            self._give_up(waiter)
            raise
        finally:
            overdue.cancel()
        if reservation is None:
            raise _refused()
        return reservation

    def _look(self) -> None:
        """Let through whoever is first in line while there is enough."""
        while self._line:
            first = self._line[0]
            if not first.granted.done():
                reservation = self._reserve(first.kind, first.items, self._expected(first.kind, first.items))
                if reservation is not None:
                    self._expected_in_line -= first.expected
                    first.granted.set_result(reservation)
                elif self._is_hopeless(first, 0.0):
                    self._expected_in_line -= first.expected
                    first.granted.set_result(None)
                else:
                    break
            self._line.popleft()
        else:
            self._expected_in_line = 0.0
        self._set_timer()

    def _refuse(self, waiter: _Waiter) -> None:
        if not waiter.granted.done():
            self._expected_in_line -= waiter.expected
            waiter.granted.set_result(None)
            self._look()

    def _give_up(self, waiter: _Waiter) -> None:
        """End the waiting of one that was cancelled, perhaps when it had been let through already."""
        if waiter.granted.cancel() or waiter.granted.cancelled():
            self._expected_in_line -= waiter.expected
            self._look()
        elif (reservation := waiter.granted.result()) is not None:
            self.release(reservation)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._line:
            first = self._line[0]
            units = self._units(first.kind, self._expected(first.kind, first.items))
            ready_at = self._bucket.ready_at(units, self._clock.time())
            # Where it depends on a request under way, that one's end looks at the line.
            if ready_at < inf:
                self._timer = self._clock.call_at(ready_at, self._look)

    def _is_hopeless(self, waiter: _Waiter, ahead: float) -> bool:
        """Tell whether a request would come too late, if what is under way takes what is expected."""
        units = ahead + min(waiter.expected, self._bucket.burst) - self._to_come
        return self._bucket.forecast(units, self._clock.time()) > waiter.until


def _refused() -> CapacityLimitError:
    return CapacityLimitError("the capacity limit would let this through after the deadline only")
