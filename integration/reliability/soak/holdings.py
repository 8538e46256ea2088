"""
What the only writer of some items knows of them, told from what became of its calls.

What was acknowledged is known. After an unknown outcome, or after a call that gave up an attempt, which may
still be on its way and be done late, an item is unsettled: it is left alone, and may be in either state until
nothing is under way any more and it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from pydantic import BaseModel

__all__ = ["Findings", "Holding"]

T = TypeVar("T", bound=BaseModel)

#: Enough to see what is wrong.
_MOST_TEXTS = 20


class Findings:
    """
    What was found wrong, by the columns of the table.

    Attributes:
        columns: How often.
        texts: The first few in words.
    """

    def __init__(self) -> None:
        self.columns: Counter[str] = Counter()
        self.texts: list[str] = []

    def add(self, column: str, text: str) -> None:
        """Add one."""
        self.columns[column] += 1
        if len(self.texts) < _MOST_TEXTS:
            self.texts.append(f"{column}: {text}")


class Holding(Generic[T]):
    """
    The items of one writer.

    Args:
        what: What they are, for messages.
        findings: Where goes what is wrong.
        new_key: Gives a key that was never used.
        size: How many keys are in use at a time.

    Attributes:
        known: The items as they are stored, by key; `None` where there is none.
        unsettled: What an item may be.
    """

    def __init__(self, what: str, findings: Findings, new_key: Callable[[], str], size: int) -> None:
        self._what = what
        self._findings = findings
        self._new_key = new_key
        self._before: dict[str, T | None] = {}
        self.known: dict[str, T | None] = {new_key(): None for _ in range(size)}
        self.unsettled: dict[str, tuple[T | None, ...]] = {}

    def present(self) -> list[str]:
        """Give the keys of the items that are there."""
        return [key for key, item in self.known.items() if item is not None]

    def become(self, key: str, item: T | None, *, is_settled: bool = True) -> None:
        """Note what was acknowledged."""
        self._before[key] = self.known[key]
        if is_settled:
            self.known[key] = item
        else:
            self._unsettle(key, item)

    def become_unknown(self, key: str, item: T | None) -> None:
        """Note that an item is as it was, or as it was to become."""
        self._unsettle(key, self.known[key], item)

    def find(self, key: str, item: T | None, how: str) -> None:
        """Judge what a consistent read found."""
        permitted = self.unsettled.get(key) or (self.known.get(key),)
        if any(item == each for each in permitted):
            return
        is_old = item is None or (key in self._before and item == self._before[key])
        column = "lost" if is_old else "doubled"
        self._findings.add(column, f"{how}: {self._what} {key} is not as acknowledged")

    def find_all(self, items: Mapping[str, T], how: str, *, until: str | None = None) -> None:
        """Judge what a consistent listing found: each item, and that none is missing."""
        missing = [key for key in self.present() if key not in items and (until is None or key <= until)]
        for key in missing:
            self._findings.add("lost", f"{how}: {self._what} {key} is missing")
        for key, item in items.items():
            self.find(key, item, how)

    def settle(self, items: Mapping[str, T]) -> list[str]:
        """
        Judge all that is stored when nothing is under way, and forget what was unsettled.

        Returns:
            The keys that are not used again.
        """
        self.find_all(items, "at rest")
        for key in self.unsettled.keys() - items.keys():
            self.find(key, None, "at rest")
        left = list(self.unsettled)
        self.unsettled.clear()
        self._before = {key: item for key, item in self._before.items() if key in self.known}
        return left

    def keys(self) -> list[str]:
        """Give every key that may have an item."""
        return [*self.known, *self.unsettled]

    def _unsettle(self, key: str, *items: T | None) -> None:
        self.unsettled[key] = items
        del self.known[key]
        self.known[self._new_key()] = None
