"""A table as it is on the service: described, and watched until it is as wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from dynarepo._connection import Channel
from dynarepo._request import Deadline
from dynarepo._requests import read_table, read_ttl
from dynarepo._wire import Payload
from dynarepo.exceptions import TableNotFoundError

__all__ = ["LiveTable"]

_POLL_SECONDS: Final = 0.2


class LiveTable:
    """
    The table of a name, whether there is one or not.

    Args:
        channel: Where to ask.
        name: The table's name.
        patience: The most seconds to watch it.
    """

    def __init__(self, channel: Channel, name: str, patience: float) -> None:
        self.name = name
        self._channel = channel
        self._patience = patience

    async def change(self, operation: str, payload: Payload) -> None:
        """Send what changes it."""
        await self._channel.control(operation, payload)

    async def described(self) -> Payload:
        """Give what DescribeTable says; `TableNotFoundError` where there is no such table."""
        return read_table(await self._channel.control("DescribeTable", {"TableName": self.name}))

    async def exists(self) -> bool:
        """Tell whether DescribeTable knows it, in whatever state."""
        try:
            await self._channel.control("DescribeTable", {"TableName": self.name})
        except TableNotFoundError:
            return False
        return True

    async def ttl(self) -> str | None:
        """Give the attribute by which its items expire."""
        return read_ttl(await self._channel.control("DescribeTimeToLive", {"TableName": self.name}))

    async def wait_until(self, reached: Callable[[Payload], bool], *, may_be_missing: bool = False) -> None:
        """
        Watch it until its description is as wanted.

        Raises:
            TableNotFoundError: There is no such table, and it may not be missing.
            DeadlineExceededError: The patience is at its end.
        """
        deadline = Deadline.after(self._patience)
        while True:
            try:
                if reached(await self.described()):
                    return
            except TableNotFoundError:
                if not may_be_missing:
                    raise
            await _pause(deadline)

    async def wait_until_gone(self) -> None:
        """Watch it until there is no such table; `DeadlineExceededError` at the end of the patience."""
        deadline = Deadline.after(self._patience)
        while await self.exists():
            await _pause(deadline)


async def _pause(deadline: Deadline) -> None:
    await asyncio.sleep(min(_POLL_SECONDS, deadline.remaining()))
