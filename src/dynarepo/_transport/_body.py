"""
The body of a request, and the knowledge whether any of it was written.

A request whose body was not begun is incomplete at the service whatever became of its
connection, so it cannot have acted. That is certain for every kind of failure, on new and on
reused connections; after the first byte nothing is.
"""

from __future__ import annotations

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload as AiohttpPayload

from dynarepo._transport._protocol import AttemptError
from dynarepo.exceptions import ConnectionFailedError, DeadlineExceededError, UnexpectedResponseError

__all__ = ["SentBody", "overdue", "unanswered"]


class SentBody(AiohttpPayload):
    """Bytes that remember whether they were sent."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content = content
        self.begun = False

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the text; required by aiohttp."""
        return self.content.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything."""
        self.begun = True
        await writer.write(self.content)

    def failed(self, operation: str, cause: Exception) -> AttemptError:
        """Say what a failure of the connection means for this request."""
        if not self.begun:
            # aiohttp's texts here name host, port and the system's reason, and nothing of the request.
            failure = ConnectionFailedError(f"no connection to the endpoint: {cause}", operation=operation)
            return AttemptError(failure, may_have_acted=False)
        if isinstance(cause, aiohttp.ClientResponseError):
            reply = UnexpectedResponseError("the reply is not HTTP: check the endpoint", operation=operation)
            return AttemptError(reply, may_have_acted=True)
        lost = ConnectionFailedError(
            f"the connection broke before the whole reply was there ({type(cause).__name__})",
            operation=operation,
        )
        return AttemptError(lost, may_have_acted=True)


def overdue(operation: str, *, begun: bool) -> AttemptError:
    """Say that the time for an attempt ran out, before or after the request began."""
    error = DeadlineExceededError("the deadline of the call ran out", operation=operation)
    return AttemptError(error, may_have_acted=begun)


def unanswered(operation: str, attempt: AttemptError, seconds: float) -> AttemptError:
    """Say that one attempt was not answered in its time, though the call has more."""
    error = ConnectionFailedError(f"there was no reply within {seconds:g} s", operation=operation)
    return AttemptError(error, may_have_acted=attempt.may_have_acted)
