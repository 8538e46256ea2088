"""What was sent: one list for everything here that answers requests or passes them on."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

from dynarepo._wire import Payload

__all__ = ["RequestLog", "SentRequest"]


class SentRequest(NamedTuple):
    """
    A request as a transport was given it.

    Args:
        operation: Its operation, such as `PutItem`.
        payload: Its body as data.
    """

    operation: str
    payload: Payload


class _Request(Protocol):
    @property
    def operation(self) -> str: ...

    @property
    def payload(self) -> Payload: ...


RequestT = TypeVar("RequestT", bound=_Request)


class RequestLog(list[RequestT]):
    """The requests that came, in order; one that is repeated is there again."""

    @property
    def operations(self) -> list[str]:
        """Their operations, such as `["GetItem", "PutItem"]`."""
        return [request.operation for request in self]

    def payloads(self, operation: str) -> list[Payload]:
        """Give the bodies of the requests of one operation."""
        return [request.payload for request in self if request.operation == operation]
