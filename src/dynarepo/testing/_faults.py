"""The faults that servers here make, which of them comes next, and what some do to a request or reply."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from random import Random
from typing import Any, Final, TypeAlias

from dynarepo._transport import WireReply
from dynarepo._wire import Payload
from dynarepo.testing._fake import error_reply
from dynarepo.testing._http import Message

__all__ = [
    "Chooser",
    "Fault",
    "FaultPlan",
    "at_random",
    "can_meet",
    "cut_short",
    "left_out",
    "reply_of",
    "with_left_out",
]


class Fault(Enum):
    """
    What can go wrong between a client and DynamoDB.

    The names of those after which the request was done end in `AFTER`, but for `TRUNCATED` and
    `WRONG_CHECKSUM`, where it was done, too.
    """

    RESET_BEFORE = "the connection is cut hard, and nothing is done"
    RESET_AFTER = "the request is done, and the connection cut hard before the reply"
    CLOSE_AFTER = "the request is done, and the connection closed in order before the reply"
    TRUNCATED = "the request is done, and half of the reply arrives"
    ERROR_BEFORE = "InternalServerError with status 500, and nothing is done"
    ERROR_AFTER = "the request is done, and the reply is InternalServerError with status 500"
    UNAVAILABLE = "ServiceUnavailable with status 503, and nothing is done"
    THROTTLED = "ThrottlingException, and nothing is done"
    THROUGHPUT_EXCEEDED = "ProvisionedThroughputExceededException, and nothing is done"
    SILENT = "there is no reply, and nothing is done"
    SILENT_AFTER = "the request is done, and there is no reply"
    LATE = "there is no reply, and the request is done once the client has given up"
    WRONG_CHECKSUM = "the request is done, and the reply does not fit its CRC32"
    HTML = "a page with status 200, as of a hotel's network, and nothing is done"
    REDIRECT = "a redirect to another origin, and nothing is done"
    RESTART = "the connection is cut hard, nothing is done, and connections are refused for a while"
    UNPROCESSED = "a part of a batch is left undone; other operations pass"
    EMPTY_PAGE = "a page of a query or scan has no items, or one where it is the first; others pass"


#: Chooses the fault for a request from its operation and its number, the first of an operation being 1.
Chooser: TypeAlias = Callable[[str, int], Fault | None]

_BATCHES: Final = frozenset({"BatchWriteItem", "BatchGetItem"})
_LISTINGS: Final = frozenset({"Query", "Scan"})


class FaultPlan:
    """Says which fault the next request meets: first those of a script, then what a function chooses."""

    def __init__(self) -> None:
        self._script: deque[Fault | None] = deque()
        self._choose: Chooser | None = None

    def extend(self, *faults: Fault | None) -> None:
        """Add to the script."""
        self._script.extend(faults)

    def choose(self, chooser: Chooser | None) -> None:
        """Choose by a function when the script has ended."""
        self._choose = chooser

    def next(self, operation: str, number: int) -> Fault | None:
        """Give the fault of a request."""
        fault = self._choose(operation, number) if self._choose is not None else None
        fault = self._script.popleft() if self._script else fault
        return fault if can_meet(fault, operation) else None


def at_random(rates: Mapping[Fault, float], random: Random) -> Chooser:
    """Choose each fault with its own probability."""

    def choose(_operation: str, _number: int) -> Fault | None:
        drawn = random.random()
        for fault, rate in rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None

    return choose


def can_meet(fault: Fault | None, operation: str) -> bool:
    """Tell whether there is such a fault of an operation."""
    if fault is Fault.UNPROCESSED:
        return operation in _BATCHES
    return operation in _LISTINGS if fault is Fault.EMPTY_PAGE else True


def reply_of(fault: Fault) -> WireReply | None:
    """Give the reply that a fault puts in the place of DynamoDB's."""
    match fault:
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            return error_reply("InternalServerError", status=500)
        case Fault.UNAVAILABLE:
            return error_reply("ServiceUnavailable", status=503)
        case Fault.THROTTLED:
            return error_reply("ThrottlingException")
        case Fault.THROUGHPUT_EXCEEDED:
            return error_reply("ProvisionedThroughputExceededException")
        case Fault.HTML:
            return WireReply(200, {"content-type": "text/html"}, b"<html><body>Welcome</body></html>")
    return None


def left_out(request: Message, random: Random, rate: float) -> tuple[Message, Payload]:
    """
    Leave out some entries of a batch, though never all.

    Args:
        request: The batch.
        random: Draws which.
        rate: The probability of each entry to be left out.

    Returns:
        The batch without them, and what is left out, in the shape of the reply's member.
    """
    payload = request.payload
    left: Payload = {}
    for table, wanted in payload["RequestItems"].items():
        entries = wanted["Keys"] if isinstance(wanted, dict) else wanted
        kept, out = _divided(entries, random, rate)
        if out:
            left[table] = {**wanted, "Keys": out} if isinstance(wanted, dict) else out
            payload["RequestItems"][table] = {**wanted, "Keys": kept} if isinstance(wanted, dict) else kept
    return request.with_payload(payload), left


def _divided(entries: list[Any], random: Random, rate: float) -> tuple[list[Any], list[Any]]:
    drawn = [random.random() < rate for _ in entries]
    if all(drawn):
        drawn[random.randrange(len(drawn))] = False
    kept = [entry for entry, out in zip(entries, drawn, strict=True) if not out]
    return kept, [entry for entry, out in zip(entries, drawn, strict=True) if out]


def with_left_out(reply: Message, operation: str, left: Payload) -> Message:
    """Say in the reply to a batch what was left out."""
    member = "UnprocessedKeys" if operation == "BatchGetItem" else "UnprocessedItems"
    payload = reply.payload
    stated = payload.setdefault(member, {})
    for table, wanted in left.items():
        if isinstance(wanted, dict):
            already = stated.get(table, {}).get("Keys", [])
            stated[table] = {**wanted, "Keys": [*already, *wanted["Keys"]]}
        else:
            stated[table] = [*stated.get(table, []), *wanted]
    return reply.with_payload(payload)


def cut_short(request: Message) -> tuple[Message, Payload | None]:
    """
    Cut the page that a query or scan asks for.

    Returns:
        The request of the first item, for the first page; or the request as it was and the reply without
        items that continues where the page began.
    """
    payload = request.payload
    start = payload.get("ExclusiveStartKey")
    if start is None:
        return request.with_payload({**payload, "Limit": 1}), None
    empty = {"Count": 0, "ScannedCount": 0, "LastEvaluatedKey": start}
    return request, empty if payload.get("Select") == "COUNT" else {"Items": [], **empty}
