"""A bound on the attempts that a connection adds to a service in trouble."""

from __future__ import annotations

from typing import Final

__all__ = ["RetryBudget"]

_CAPACITY: Final = 500
_COST: Final = 5


class RetryBudget:
    """
    Tokens that retries take and successes bring back.

    While most calls succeed it never runs out. When nothing does, it allows a hundred retries, and then one
    for each few first attempts that succeed, so that the retries of many callers do not keep a table down.
    """

    def __init__(self, capacity: int = _CAPACITY, cost: int = _COST) -> None:
        self._capacity = capacity
        self._cost = cost
        self._left = capacity

    def take(self) -> bool:
        """Take the tokens of one retry; false where there are not enough."""
        if self._left < self._cost:
            return False
        self._left -= self._cost
        return True

    def succeed(self, *, retried: bool) -> None:
        """Bring back a token, or all of a retry that was worth it."""
        self._left = min(self._capacity, self._left + (self._cost if retried else 1))
