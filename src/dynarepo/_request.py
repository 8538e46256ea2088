"""One request as the layers above build it, and the time it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from typing import Self

from dynarepo._record import Record
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import DeadlineExceededError

__all__ = ["Deadline", "Repeat", "Request", "Verdict"]


class Verdict(Enum):
    """What an item that a failed condition returned tells about an earlier attempt without a reply."""

    DONE = auto()
    NOT_DONE = auto()
    UNKNOWN = auto()


def _unknown(_: WireItem | None) -> Verdict:
    return Verdict.UNKNOWN


class Repeat(Record, frozen=True):
    """
    Whether a write may be sent again after an attempt whose reply was lost.

    Args:
        is_safe: Doing it twice is the same as once, or its condition fails the second time.
        recognise: Judges by the item that is stored when the condition of a later attempt fails.
        seconds: For how long, from the first attempt on, it may be sent again.
    """

    is_safe: bool = False
    recognise: Callable[[WireItem | None], Verdict] = _unknown
    seconds: float = inf


class Request(Record, frozen=True):
    """
    An operation with its payload, ready to send.

    Args:
        operation: DynamoDB's name of the operation, such as `PutItem`.
        payload: The body of the request.
        table_name: The table it is about, for errors and log events.
        pk: The partition key value of the one item it is about, as the caller gave it.
        sk: The sort key value, likewise.
        repeat: Whether it may be sent again when a reply was lost; reads always may.
    """

    shown = ("operation", "table_name")

    operation: str
    payload: Payload
    table_name: str | None = None
    pk: object = None
    sk: object = None
    repeat: Repeat = Repeat()


class Deadline(Record, frozen=True):
    """The moment, on the running event loop's clock, at which a call must end; it may cover many requests."""

    ends_at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Start a deadline that ends in so many seconds."""
        return cls(asyncio.get_running_loop().time() + seconds)

    @property
    def left(self) -> float:
        """Seconds until the end; negative after it."""
        return self.ends_at - asyncio.get_running_loop().time()

    def remaining(self, spared: float = 0.0) -> float:
        """
        Seconds until the end, or until so many before it.

        Raises:
            DeadlineExceededError: There are none left.
        """
        left = self.left - spared
        if left <= 0:
            raise DeadlineExceededError("the deadline of the call ran out")
        return left
