"""
Units that come back at a rate: what may be consumed, what is reserved for requests under way, and debts.

`level` and what is reserved are together never more than the burst. So whatever moment a window begins at,
requests that are under way then and those that begin in it consume at most the burst and what comes back
meanwhile, as long as no request takes more than was reserved for it. One that does leaves a debt: nothing
begins until it is paid.
"""

from __future__ import annotations

from math import inf
from typing import Final

__all__ = ["Bucket"]

_TOLERANCE: Final = 1e-9


class Bucket:
    """
    A token bucket that is told afterwards what was consumed.

    Args:
        rate: Units that come back in a second.
        burst: The most units that are kept.
        now: The time; later calls give later ones.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._reserved = 0.0
        self._at = now

    @property
    def burst(self) -> float:
        """The most units that are kept."""
        return self._burst

    def reserve(self, units: float, now: float) -> bool:
        """Set units aside; false where there are not enough. More than the burst needs a full bucket."""
        self._refill(now)
        if self._level + _TOLERANCE * self._burst < min(units, self._burst):
            return False
        self._level -= units
        self._reserved += units
        return True

    def settle(self, reserved: float, consumed: float, now: float) -> None:
        """Replace what was reserved by what was consumed."""
        self._refill(now)
        self._reserved -= reserved
        self._level += reserved - consumed

    def ready_at(self, units: float, now: float) -> float:
        """Tell when units could be reserved; infinity where what is reserved has to be settled before."""
        self._refill(now)
        wanted = min(units, self._burst)
        if wanted > self._burst - self._reserved + _TOLERANCE * self._burst:
            return inf
        return now + max(0.0, wanted - self._level) / self._rate

    def forecast(self, units: float, now: float) -> float:
        """Tell when so many units will have come back beyond debts and what is reserved."""
        self._refill(now)
        return now + max(0.0, units - self._level) / self._rate

    def _refill(self, now: float) -> None:
        most = max(self._level, self._burst - self._reserved)
        self._level = min(most, self._level + self._rate * (now - self._at))
        self._at = now
