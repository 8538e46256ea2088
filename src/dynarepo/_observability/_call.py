"""One call on its way down: what is asked, until when, and how often it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dynarepo._record import MutableRecord
from dynarepo._request import Deadline, Request
from dynarepo._wire import Payload

__all__ = ["Call", "Sender", "Server"]


class Call(MutableRecord):
    """A request under way; whoever makes an attempt counts it here, and when it was one too many."""

    request: Request
    deadline: Deadline
    log_keys: bool = False
    attempts: int = 0
    throttles: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """Where calls go, as far as it is known."""

    endpoint_url: str | None = None
    region: str | None = None


class Sender(Protocol):
    """Carries a call out; wrappers have the same shape."""

    async def send(self, call: Call) -> Payload:
        """
        Return the reply.

        Raises:
            DynamoDBServiceError: There is none.
        """
        ...
