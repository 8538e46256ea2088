"""What is answered to requests, in order or by one function, for a transport and a server alike."""

from __future__ import annotations

import inspect
from collections import deque
from typing import Any, Generic, TypeVar

from dynarepo._wire import Payload

__all__ = ["Script", "settled"]

EntryT = TypeVar("EntryT")


class Script(Generic[EntryT]):
    """
    Gives an entry for each request.

    Args:
        entries: Those of the first requests.
    """

    def __init__(self, *entries: EntryT) -> None:
        self._entries = deque(entries)
        self._always: EntryT | None = None
        self._asked = 0

    def extend(self, *entries: EntryT) -> None:
        """Add to the end."""
        self._entries.extend(entries)

    def repeat(self, entry: EntryT) -> None:
        """Give this entry for every request."""
        self._always = entry

    @property
    def upcoming(self) -> EntryT | None:
        """The entry that `next` would give, if there is one."""
        return self._entries[0] if self._always is None and self._entries else self._always

    def next(self, operation: str) -> EntryT:
        """
        Give the entry of a request.

        Raises:
            AssertionError: There is none.
        """
        self._asked += 1
        entry = self.upcoming
        if entry is None:
            raise AssertionError(f"the script has no reply for {operation}, request {self._asked}")
        if self._always is None:
            self._entries.popleft()
        return entry


async def settled(entry: Any, operation: str, payload: Payload) -> Any:
    """Ask an entry that is a function until it gives what is none."""
    while callable(entry):
        entry = entry(operation, payload)
        entry = await entry if inspect.isawaitable(entry) else entry
    return entry
