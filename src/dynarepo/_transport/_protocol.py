"""What a transport is: it makes one attempt at one request, and says what is known when that fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dynarepo._wire import Payload
from dynarepo.exceptions import DynamoDBServiceError

__all__ = ["AttemptError", "Transport", "WireReply"]


class AttemptError(Exception):
    """
    One attempt failed.

    Args:
        error: What the caller of the library would be told.
        may_have_acted: Whether the service may have carried the request out nevertheless.
    """

    def __init__(self, error: DynamoDBServiceError, *, may_have_acted: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.may_have_acted = may_have_acted


class Transport(Protocol):
    """Carries requests to DynamoDB, one attempt each."""

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """
        Send a request and return the body of its successful reply.

        Raises:
            AttemptError: There is no such reply; no other error leaves a transport.
        """
        ...

    async def close(self) -> None:
        """Release the connections; harmless when done before."""
        ...


@dataclass(frozen=True, slots=True)
class WireReply:
    """A reply as it comes off the wire; the names of the headers are in lower case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
