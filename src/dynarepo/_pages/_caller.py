"""A connection with the options of one repository: what pages and batches send through."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from dynarepo._config import CapacityLimit, DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger
from dynarepo._pages._cursor import check_cursors
from dynarepo._record import Record
from dynarepo._request import Deadline, Request
from dynarepo._wire import Payload

__all__ = ["Caller", "NotSentError", "RecordingChannel"]

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class Caller(Record, frozen=True):
    """Sends requests with one repository's options."""

    channel: Channel
    config: DynamoDBConfig

    def __post_init__(self) -> None:
        check_cursors(self.config)

    def deadline(self) -> Deadline:
        """Start the time of one public call."""
        return Deadline.after(self.config.deadline)

    def until(self, deadline: Deadline) -> Caller:
        """Give a caller with what is left of a deadline; `DeadlineExceededError` if nothing is."""
        return replace(self, config=self.config.model_copy(update={"deadline": deadline.remaining()}))

    def check_open(self) -> None:
        """Raise `ConnectionClosedError` unless requests can be sent from here and now."""
        self.channel.check_open()

    async def send(self, request: Request, deadline: Deadline | None = None) -> Payload:
        """Send a request within a call's deadline, or one of its own."""
        return await self.channel.send(request, config=self.config, deadline=deadline)

    async def pause(self, rounds: int, deadline: Deadline) -> None:
        """Wait before what the service left undone is sent again, the longer the more rounds it took."""
        await self.channel.pause(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(rounds, 10)), deadline)


class NotSentError(Exception):
    """A request was kept instead of sent."""


class RecordingChannel(Channel):
    """
    Keeps the requests that a call makes, and sends none; it need not be open.

    A call ends at its first request. Whatever the call derives from a repository on this channel, a copy with
    other options too, sends nothing either.
    """

    def __init__(self, config: DynamoDBConfig, logger: Logger) -> None:
        super().__init__(config, logger)
        self.requests: list[Request] = []

    def check_open(self) -> None:
        """Nothing need be open."""

    def governed(self, limit: CapacityLimit | None) -> Channel:  # noqa: ARG002
        """Nothing is consumed."""
        return self

    async def send(
        self,
        request: Request,
        *,
        config: DynamoDBConfig | None = None,  # noqa: ARG002
        deadline: Deadline | None = None,  # noqa: ARG002
    ) -> Payload:
        """Keep a request for items; the call ends here."""
        self.requests.append(request)
        raise NotSentError

    async def control(
        self,
        operation: str,
        params: Payload,
        *,
        deadline: Deadline | None = None,  # noqa: ARG002
    ) -> Payload:
        """Keep a request for tables."""
        return await self.send(Request(operation, params, table_name=params.get("TableName")))

    async def stream(self, request: Request, *, config: DynamoDBConfig | None = None) -> Payload:  # noqa: ARG002
        """Keep a request for streams."""
        return await self.send(request)
