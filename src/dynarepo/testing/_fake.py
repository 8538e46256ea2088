"""A transport that answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeAlias
from zlib import crc32

from pydantic_core import to_json

from dynarepo._transport import AttemptError, WireReply, read_reply
from dynarepo._wire import Payload
from dynarepo.exceptions import ConnectionFailedError, DeadlineExceededError, DynamoDBServiceError
from dynarepo.testing._request_log import RequestLog, SentRequest
from dynarepo.testing._script import Script, settled

__all__ = ["FakeTransport", "connection_refused", "error_reply", "lost_reply", "success_reply"]

Entry: TypeAlias = "Payload | WireReply | Exception | Answer"
Answer: TypeAlias = "Callable[[str, Payload], Entry | Awaitable[Entry]]"


class FakeTransport:
    """
    Answers requests from a script, and reads its replies as a real transport does.

    Args:
        script: For each request in turn, the body of a successful reply, a `WireReply`, an exception
            to raise, or a function of operation and payload that gives one of these, also a coroutine.

    Attributes:
        requests: Operation and payload of every request, in order.
        closed: Whether it was closed.
    """

    def __init__(self, *script: Entry) -> None:
        self._script = Script(*script)
        self.requests: RequestLog[SentRequest] = RequestLog()
        self.closed = False

    @classmethod
    def answering(cls, answer: Answer) -> Self:
        """Answer every request by one function of operation and payload."""
        fake = cls()
        fake.answer_all(answer)
        return fake

    def answer_next(self, *script: Entry) -> None:
        """Add to the script."""
        self._script.extend(*script)

    def answer_all(self, answer: Answer) -> None:
        """Answer every request from now on by one function of operation and payload."""
        self._script.repeat(answer)

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Answer one request."""
        self.requests.append(SentRequest(operation, payload))
        scripted = connection_refused() if self.closed else self._script.next(operation)
        try:
            async with asyncio.timeout(timeout):
                entry = await settled(scripted, operation, payload)
        except TimeoutError:
            overdue = DeadlineExceededError("the deadline of the call ran out", operation=operation)
            raise AttemptError(overdue, may_have_acted=True) from None
        if isinstance(entry, DynamoDBServiceError):
            raise AttemptError(entry, may_have_acted=False)
        if isinstance(entry, Exception):
            raise entry
        reply = entry if isinstance(entry, WireReply) else success_reply(entry)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return read_reply(operation, reply.status, headers, reply.body)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def success_reply(body: Payload) -> WireReply:
    """Make the reply that DynamoDB would send with this body."""
    return _reply(200, body)


def error_reply(code: str, *, status: int = 400, **members: Any) -> WireReply:
    """Make DynamoDB's error of this code, with other members such as `Item` or `CancellationReasons`."""
    return _reply(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **members})


def lost_reply() -> AttemptError:
    """Make the failure of a request that was sent and whose reply never came."""
    return AttemptError(ConnectionFailedError("the connection broke"), may_have_acted=True)


def connection_refused() -> AttemptError:
    """Make the failure of a request that could not be sent."""
    return AttemptError(ConnectionFailedError("no connection to the endpoint"), may_have_acted=False)


def _reply(status: int, body: Payload) -> WireReply:
    text = to_json(body)
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amzn-requestid": "FAKE0REQUEST0ID",
        "x-amz-crc32": str(crc32(text)),
    }
    return WireReply(status, headers, text)
