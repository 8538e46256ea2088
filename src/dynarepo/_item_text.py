"""
Items that are still JSON text: a reply is taken apart down to its items, and each of these waits to be read.

Whoever makes a model of an item parses its text into just what the model needs. So a page is never in memory
as dicts, and what holds up the event loop is one item at a time. Replies of other transports hold items as
dicts; both are stored items to whoever reads them. The writes of a batch or transaction are text, too, from
when they are taken until they are sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypedDict, TypeGuard

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from dynarepo._json import loads
from dynarepo._wire import Payload, ReadPayload, WireItem
from dynarepo.exceptions import UnexpectedResponseError

__all__ = [
    "Glance",
    "ItemText",
    "StoredItem",
    "glance_at",
    "is_item",
    "loads_around_items",
    "plain_item",
    "plain_payload",
]

#: An item as its JSON text.
ItemText: TypeAlias = Raw

#: An item of a reply, parsed or not.
StoredItem: TypeAlias = WireItem | ItemText

#: Gives some attributes of an item, and any others besides.
Glance: TypeAlias = Callable[[StoredItem], WireItem]


class _Reply(TypedDict, total=False):
    Count: Any
    ScannedCount: Any
    LastEvaluatedKey: Any
    UnprocessedKeys: Any
    ConsumedCapacity: Any


class _One(_Reply, total=False):
    Item: Raw


class _List(_Reply, total=False):
    Items: list[Raw]


class _Tables(_Reply, total=False):
    Responses: dict[str, list[Raw]]


class _Transaction(_Reply, total=False):
    Responses: list[_One]


#: What msgspec raises where text does not fit.
_NOT_READ: Final = (MsgspecError, ValueError, RecursionError)

#: Makes a TypedDict of names that type checkers need not know.
_typed_dict: Final[Any] = TypedDict

_REPLIES: Final[dict[str, Callable[[bytes | bytearray], Any]]] = {
    "GetItem": Decoder(_One).decode,
    "Query": Decoder(_List).decode,
    "Scan": Decoder(_List).decode,
    "BatchGetItem": Decoder(_Tables).decode,
    "TransactGetItems": Decoder(_Transaction).decode,
}


def loads_around_items(operation: str, text: bytes | bytearray) -> Payload:
    """
    Read the JSON text of a reply, and leave its items text; where it is not as it should be, read all of it.

    Raises:
        ValueError: It is no JSON text.
    """
    read = _REPLIES.get(operation)
    # Text that is passed over is looked at for brackets and escapes only.
    if read is not None and _is_unicode(text):
        try:
            reply: Payload = read(text)
        except _NOT_READ:
            pass
        else:
            return reply
    whole: Payload = loads(text)
    return whole


def plain_item(item: StoredItem) -> WireItem:
    """Give an item as a dict; `UnexpectedResponseError` if its text is none."""
    if not isinstance(item, Raw):
        return item
    try:
        parsed = loads(bytes(item))
    except ValueError:
        parsed = None
    if type(parsed) is not dict:
        raise UnexpectedResponseError("the reply has an item that is no JSON object")
    return parsed


def plain_payload(payload: Payload) -> Payload:
    """Give the body of a request without text, and ask for a reply without, for transports of others."""
    if isinstance(payload, ReadPayload):
        return dict(payload)
    if "TransactItems" in payload:
        return payload | {"TransactItems": list(map(plain_item, payload["TransactItems"]))}
    if "RequestItems" in payload:
        tables = {name: list(map(plain_item, writes)) for name, writes in payload["RequestItems"].items()}
        return payload | {"RequestItems": tables}
    return payload


@lru_cache(maxsize=1024)
def glance_at(*names: str) -> Glance:
    """Make a function that gives these attributes of an item, and parses no others."""
    if not all(map(str.isascii, names)):
        return plain_item  # msgspec 0.22 does not find such keys of a TypedDict
    kind = _typed_dict("Some", dict.fromkeys(names, Any), total=False)
    read: Callable[[Raw], WireItem | None] = Decoder(kind).decode

    def glance(item: StoredItem) -> WireItem:
        if not isinstance(item, Raw):
            return item
        try:
            found = read(item)
        except _NOT_READ:
            found = None
        return plain_item(item) if found is None else found

    return glance


def is_item(value: object) -> TypeGuard[StoredItem]:
    """Tell whether a part of a reply is an item."""
    return isinstance(value, dict | Raw)


def _is_unicode(text: bytes | bytearray) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
