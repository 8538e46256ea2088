"""A connection with the options of one repository: what pages and batches send through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._request import Deadline, Request
from dynarepo._wire import Payload

__all__ = ["Caller"]

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends requests with one repository's options."""

    channel: Channel
    config: DynamoDBConfig

    def deadline(self) -> Deadline:
        """Start the time of one public call."""
        return Deadline.after(self.config.deadline)

    async def send(self, request: Request, deadline: Deadline | None = None) -> Payload:
        """Send a request within a call's deadline, or one of its own."""
        return await self.channel.send(request, config=self.config, deadline=deadline)

    async def pause(self, rounds: int, deadline: Deadline) -> None:
        """Wait before what the service left undone is sent again, the longer the more rounds it took."""
        await self.channel.pause(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(rounds, 10)), deadline)
