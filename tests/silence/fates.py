"""How a request can end: by each error of the service, a reply that is none, an item that fits nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from dynarepo._transport._errors import MEANINGS
from dynarepo._wire import Payload
from dynarepo.exceptions import DeadlineExceededError
from dynarepo.testing import connection_refused, error_reply, lost_reply, success_reply
from dynarepo.testing._fake import Answer
from tests.silence.calls import serve
from tests.silence.canaries import BLOB, NUMBER, STORED, TEXT

__all__ = ["FATES", "ODD_ITEMS"]

ITEM: Final[Payload] = STORED["app"]
#: Codes of reasons that are the cause of a cancelled transaction.
CAUSES: Final = (
    "ConditionalCheckFailed",
    "ValidationError",
    "TransactionConflict",
    "ThrottlingError",
    "Unknown",
)


CONDITION_ITEMS: Final[dict[str, Any]] = {
    "no item": None,
    "odd item": ITEM | {"number": {"S": TEXT}},
    "other version": ITEM | {"version": {"N": "9"}},
    "odd version": ITEM | {"version": {"S": TEXT}},
    "other kind": ITEM | {"kind": {"S": TEXT}},
    "no dict": TEXT,
}


def _error(code: str, status: int, cause: str = "ConditionalCheckFailed") -> Answer:
    reasons = [
        {"Code": cause, "Message": TEXT, "Item": ITEM},
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": TEXT, "Item": {"pk": {"S": TEXT}}},
    ]
    reply = error_reply(
        code, status=status, message=TEXT, Message=TEXT, Item=ITEM, CancellationReasons=reasons
    )
    return lambda *_: reply


def _errors() -> Iterator[tuple[str, Answer]]:
    for code in [*MEANINGS, "SomethingNewException"]:
        yield code, _error(code, 400)
    for code in ("ConditionalCheckFailedException", "TransactionCanceledException", "SomethingNewException"):
        yield f"{code}, 500", _error(code, 500)
    for cause in CAUSES:
        yield f"cancelled, {cause}", _error("TransactionCanceledException", 400, cause)
    for name, item in CONDITION_ITEMS.items():
        failed = error_reply("ConditionalCheckFailedException", message=TEXT, Item=item)
        yield f"condition, {name}", lambda *_, reply=failed: reply
    too_large = error_reply("ValidationException", message=f"Item size of {TEXT}")
    yield "too large", lambda *_: too_large
    yield "lost", lambda *_: lost_reply()
    yield "refused", lambda *_: connection_refused()
    yield "late", lambda *_: DeadlineExceededError("the deadline of the call ran out")


def _no_replies() -> Iterator[tuple[str, Answer]]:
    """Give replies that are not DynamoDB's."""
    whole = success_reply({"Item": ITEM, "Items": [ITEM], "message": TEXT})
    text = TEXT.encode()
    bare = {name: value for name, value in whole.headers.items() if name != "x-amz-crc32"}
    yield "no JSON", lambda *_: replace(whole, headers=bare, body=b"<html>" + text)
    yield "broken JSON", lambda *_: replace(whole, headers=bare, body=b'{"Item": "' + text)
    yield "a list", lambda *_: replace(whole, headers=bare, body=b'["' + text + b'"]')
    yield "not UTF-8", lambda *_: replace(whole, headers=bare, body=b'{"Item": "\xff' + text + b'"}')
    yield "no checksum", lambda *_: replace(whole, body=whole.body + b" ")
    yield "HTML", lambda *_: replace(whole, headers=bare | {"content-type": "text/html"})
    yield "no request id", lambda *_: replace(whole, headers={"content-type": bare["content-type"]})
    for status in (201, 302, 404, 413, 429, 502, 503):
        headers = bare | {"location": f"http://{TEXT}/", "date": TEXT}
        yield f"status {status}", lambda *_, s=status, h=headers: replace(whole, status=s, headers=h)
    for member in (TEXT, str(NUMBER), [TEXT], {"text": TEXT}, [{"text": TEXT}], None, True, [[TEXT]]):
        body: Payload = dict.fromkeys(MEMBERS, member)
        yield f"members {str(member)[:9]}", lambda *_, body=body: body
        counted = body | {"Count": 1, "ScannedCount": 1}
        yield f"counted {str(member)[:9]}", lambda *_, body=counted: body
    yield "counts", lambda *_: {"Count": TEXT, "ScannedCount": {TEXT: NUMBER}}


MEMBERS: Final = (
    "Item", "Items", "Attributes", "Responses", "UnprocessedItems", "UnprocessedKeys", "LastEvaluatedKey",
    "Count", "ScannedCount", "ConsumedCapacity", "Table", "TableNames", "TimeToLiveDescription",
)  # fmt: skip


def _odd_items() -> Iterator[tuple[str, Answer]]:
    """Give items that fit no model, or another one."""
    odd: list[Any] = [
        {"S": TEXT},
        {"N": str(NUMBER)},
        {"N": TEXT},
        {"N": str(NUMBER) * 50},
        {"B": base64.b64encode(BLOB).decode()},
        {"B": TEXT},
        {"L": [{"S": TEXT}, {"N": TEXT}]},
        {"M": {TEXT: {"S": TEXT}, "text": {"N": TEXT}, "number": {"S": TEXT}}},
        {"SS": [TEXT, TEXT]},
        {"NS": [TEXT]},
        {"BOOL": TEXT},
        {"NULL": TEXT},
        {TEXT: TEXT},
        {"S": TEXT, "N": str(NUMBER)},
        {},
        TEXT,
        NUMBER,
        [TEXT],
        None,
    ]
    for number, value in enumerate(odd):
        for place, name in enumerate(ITEM):
            if (place + number) % 8 == 0:
                yield f"{name} is odd {number}", _served(ITEM | {name: value})
        yield f"all is odd {number}", _served({name: ITEM[name] if name in KEYS else value for name in ITEM})
        yield f"beside is odd {number}", _served(ITEM | {"beside": value})
    for name in ITEM:
        yield f"{name} is missing", _served({each: ITEM[each] for each in ITEM if each != name})
    yield "another kind", _served(ITEM | {"kind": {"S": TEXT}})


KEYS: Final = ("pk", "sk", "kind")


def _served(item: Payload) -> Answer:
    """Put an item wherever a stored one stands in a reply."""
    return lambda operation, payload: _replaced(serve(operation, payload), item)


def _replaced(reply: Any, item: Payload) -> Any:
    if any(reply is stored for stored in STORED.values()):
        return item
    if isinstance(reply, dict):
        return {name: _replaced(part, item) for name, part in reply.items()}
    return [_replaced(part, item) for part in reply] if isinstance(reply, list) else reply


def _left_undone(operation: str, payload: Payload) -> Payload:
    match operation:
        case "BatchWriteItem":
            return {"UnprocessedItems": payload["RequestItems"]}
        case "BatchGetItem":
            return {"Responses": {}, "UnprocessedKeys": payload["RequestItems"]}
    return serve(operation, payload)


def _foreign_undone(operation: str, payload: Payload) -> Payload:
    foreign = {table: [{"PutRequest": {"Item": ITEM | {"sk": {"S": TEXT + "9"}}}}] for table in STORED}
    return {"UnprocessedItems": foreign, "UnprocessedKeys": {TEXT: {"Keys": [ITEM]}}, "Responses": foreign}


#: By name, how every request of a call ends.
FATES: Final[dict[str, Answer]] = {
    "success": serve,
    "empty": lambda *_: {},
    "left undone": _left_undone,
    "foreign undone": _foreign_undone,
    **dict(_errors()),
    **dict(_no_replies()),
}

#: By name, the items that a call is answered with instead.
ODD_ITEMS: Final[dict[str, Answer]] = dict(_odd_items())
