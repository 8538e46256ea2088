"""
Native requests: plain dicts and the caller's own expressions, for what has no model.

Nothing is known of the table, so only the form is checked: expressions are text of a length that the
service takes, and their placeholders are exactly those that names and values are given for. All else
is the service's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from dynarepo._codec import (
    DecodeError,
    PlainTable,
    check_attribute_name,
    decode_item,
    encode_item,
    encode_item_key,
    encode_operand,
)
from dynarepo._config import is_table_name
from dynarepo._item_text import StoredItem, plain_item
from dynarepo._limits import MAX_EXPRESSION_BYTES
from dynarepo._record import Record
from dynarepo._request import Repeat, Request
from dynarepo._requests._listing_plans import check_segment
from dynarepo._requests._listings import Page
from dynarepo._requests._target import Target, check_flag, is_items, unexpected
from dynarepo._wire import Payload, ReadPayload, WireItem
from dynarepo.exceptions import ConditionFailedError, ExpressionTooLongError, InvalidRequestError

__all__ = [
    "NativeListing",
    "NativeTable",
    "PlainItem",
    "explain_failed_condition",
    "expression_members",
    "read_batched",
    "read_changed",
    "read_got",
]

#: An item as plain Python values, by attribute name.
PlainItem: TypeAlias = dict[str, object]

_MEMBERS: Final[Mapping[str, str]] = {
    "condition_expression": "ConditionExpression",
    "filter_expression": "FilterExpression",
    "key_condition_expression": "KeyConditionExpression",
    "projection_expression": "ProjectionExpression",
    "update_expression": "UpdateExpression",
}
_REQUIRED: Final = frozenset({"key_condition_expression", "update_expression"})

#: Writes that leave the same behind however often they are done.
_WHOLE: Final = frozenset({"PutItem", "DeleteItem"})

#: DynamoDB's own rule: letters of ASCII, digits and underscores.
_PLACEHOLDER: Final = re.compile(r"[#:][A-Za-z0-9_]+")


class NativeTable(Record, frozen=True):
    """A table of which only the name is known; builds the requests on it."""

    name: str
    consistent_read: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not is_table_name(self.name):
            raise InvalidRequestError(
                "table_name is an ARN, or 3 to 255 of the characters A-Z, a-z, 0-9, '_', '.', '-'"
            )

    def target(self, source: PlainTable) -> Target[Any]:
        """Give what batches go to, now that the key is known."""
        return Target(source, self.name, self.consistent_read)

    def put(self, item: Mapping[str, object], members: Payload) -> Request:
        """Build a PutItem."""
        return self._request("PutItem", {}, Item=encode_item(item), **members)

    def get(self, key: Mapping[str, object], members: Payload, *, consistent: bool | None) -> Request:
        """Build a GetItem."""
        members = members | self._consistency(consistent)
        return self._request("GetItem", key, Key=encode_item_key(key), **members)

    def update(self, key: Mapping[str, object], members: Payload) -> Request:
        """Build an UpdateItem that gives the item as it is after."""
        return self._request("UpdateItem", key, Key=encode_item_key(key), ReturnValues="ALL_NEW", **members)

    def delete(self, key: Mapping[str, object], members: Payload) -> Request:
        """Build a DeleteItem that tells what it removed."""
        return self._request("DeleteItem", key, Key=encode_item_key(key), ReturnValues="ALL_OLD", **members)

    def query(
        self, members: Payload, *, index_name: str | None, consistent: bool | None, descending: bool
    ) -> NativeListing:
        """Plan a Query."""
        order = {"ScanIndexForward": False} if check_flag("descending", descending) else {}
        return self._listing("Query", members | order, index_name, consistent)

    def scan(
        self,
        members: Payload,
        *,
        index_name: str | None,
        consistent: bool | None,
        segment: tuple[int, int] | None = None,
    ) -> NativeListing:
        """Plan a Scan, or one segment of a parallel one."""
        if segment is not None:
            number, total = check_segment(segment)
            members = members | {"Segment": number, "TotalSegments": total}
        return self._listing("Scan", members, index_name, consistent)

    def _listing(
        self, operation: str, members: Payload, index_name: str | None, consistent: bool | None
    ) -> NativeListing:
        if index_name is None:
            members = members | self._consistency(consistent)
        else:
            # It may be a global one, which cannot be read consistently: only the call can ask for that.
            consistent = False if consistent is None else consistent
            members = members | {"IndexName": _index_name(index_name)} | self._consistency(consistent)
        return NativeListing(operation, self.name, self._payload(**members))

    def _consistency(self, consistent: bool | None) -> Payload:
        if consistent is None:
            consistent = self.consistent_read
        return {"ConsistentRead": True} if check_flag("consistent", consistent) else {}

    def _request(self, operation: str, key: Mapping[str, object], **members: object) -> Request:
        pk, sk = (*key.values(), None, None)[:2]
        # What an update expression adds up is not known here, nor whose write a failed condition found.
        is_safe = operation in _WHOLE and "ConditionExpression" not in members
        return Request(operation, self._payload(**members), self.name, pk, sk, Repeat(is_safe=is_safe))

    def _payload(self, **members: object) -> Payload:
        return {"TableName": self.name, "ReturnConsumedCapacity": "TOTAL", **members}


class NativeListing(Record, frozen=True):
    """A query or scan, ready to be asked page by page; a position is whatever key the service gave."""

    operation: str
    table_name: str
    payload: Payload

    def start(self, last_evaluated_key: Mapping[str, object] | None) -> WireItem | None:
        """Encode the key to go on behind."""
        if last_evaluated_key is None:
            return None
        return encode_item_key(last_evaluated_key, "last_evaluated_key")

    def request(self, start: WireItem | None, size: int | None) -> Request:
        """Build the request of one page."""
        payload = ReadPayload(self.payload)
        if start is not None:
            payload["ExclusiveStartKey"] = start
        if size is not None:
            payload["Limit"] = size
        return Request(self.operation, payload, self.table_name)

    def read(self, reply: Payload, size: int | None) -> Page[StoredItem]:
        """Read the reply of one page that was to have at most so many items."""
        items, count, scanned = reply.get("Items"), reply.get("Count"), reply.get("ScannedCount")
        if not is_items(items) or type(count) is not int or type(scanned) is not int:
            raise unexpected(self.operation, "lacks its items or counts")
        if len(items) != count:
            raise unexpected(self.operation, "has a count that is not that of its items")
        if size is not None and count > size:
            raise unexpected(self.operation, "has more items than were asked for")
        last_key = reply.get("LastEvaluatedKey") or None
        if last_key is not None:
            self.plain(last_key)
        return Page(items, count, scanned, last_key)

    def plain(self, item: StoredItem) -> PlainItem:
        """Give an item, or a position, as plain values."""
        return _plain(self.operation, item)


def expression_members(
    names: Mapping[str, str] | None, values: Mapping[str, object] | None, /, **expressions: str | None
) -> Payload:
    """
    Check expressions and what their placeholders stand for, and give them as members of a request.

    Args:
        names: Attribute names by placeholder.
        values: Values by placeholder.
        expressions: The expressions by the names of the arguments that they were given as.

    Raises:
        InvalidRequestError: An expression is empty or missing, or the placeholders do not fit.
        InvalidValueError: A value cannot be encoded.
        ExpressionTooLongError: An expression is longer than the service takes.
    """
    given = {
        argument: _text(argument, expression)
        for argument, expression in expressions.items()
        if expression is not None or argument in _REQUIRED
    }
    aliases = {
        _placeholder(alias, "#", "names"): check_attribute_name(name, "names")
        for alias, name in _mapping(names, "names").items()
    }
    operands = {
        (checked := _placeholder(alias, ":", "values")): encode_operand(checked, value)
        for alias, value in _mapping(values, "values").items()
    }
    _check_used(given.values(), {*aliases, *operands})
    members: Payload = {_MEMBERS[argument]: text for argument, text in given.items()}
    if "condition_expression" in given:
        members["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if aliases:
        members["ExpressionAttributeNames"] = aliases
    if operands:
        members["ExpressionAttributeValues"] = operands
    return members


def read_got(reply: Payload) -> PlainItem | None:
    """Read the item of a GetItem, `None` where there is none."""
    item = reply.get("Item")
    return None if item is None else _plain("GetItem", item)


def read_changed(reply: Payload) -> PlainItem:
    """Read the item as it is after an UpdateItem."""
    item = reply.get("Attributes")
    if item is None:
        raise unexpected("UpdateItem", "lacks the Attributes that were asked for")
    return _plain("UpdateItem", item)


def read_batched(item: StoredItem) -> PlainItem:
    """Read an item of a BatchGetItem."""
    return _plain("BatchGetItem", item)


def explain_failed_condition(error: ConditionFailedError) -> ConditionFailedError:
    """Say what a failed condition means, with the stored item as plain values."""
    try:
        item = decode_item(error.item) if error.item else None
    except DecodeError:
        item = None
    return ConditionFailedError(
        "the condition does not hold; nothing was changed",
        item=item,
        operation=error.operation,
        table_name=error.table_name,
        pk=error.pk,
        sk=error.sk,
        code=error.code,
        request_id=error.request_id,
    )


def _plain(operation: str, item: StoredItem) -> PlainItem:
    try:
        return decode_item(plain_item(item))
    except DecodeError:
        raise unexpected(operation, "has an item that DynamoDB cannot store") from None


def _index_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidRequestError("index_name is the name of an index")
    return name


def _text(argument: str, expression: object) -> str:
    if not isinstance(expression, str) or not expression.strip():
        raise InvalidRequestError(f"{argument} is the text of an expression, and not empty")
    try:
        size = len(expression.encode())
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{argument} holds a lone surrogate, which is no text") from None
    if size > MAX_EXPRESSION_BYTES:
        raise ExpressionTooLongError(
            f"{argument} has {size} bytes, the service takes {MAX_EXPRESSION_BYTES}; "
            "use shorter placeholders or several requests"
        )
    return expression


def _mapping(given: object, argument: str) -> Mapping[object, object]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"{argument} is a dict by placeholder")
    return given


def _placeholder(alias: object, sign: str, argument: str) -> str:
    if isinstance(alias, str) and alias.startswith(sign) and _PLACEHOLDER.fullmatch(alias):
        return alias
    raise InvalidRequestError(
        f"a placeholder of {argument} is {sign!r} with letters of ASCII, digits and underscores"
    )


def _check_used(expressions: Iterable[str], given: set[str]) -> None:
    used = {alias for text in expressions for alias in _PLACEHOLDER.findall(text)}
    if used - given:
        raise InvalidRequestError(
            f"the expressions use placeholders that names and values lack: {', '.join(sorted(used - given))}"
        )
    if given - used:
        raise InvalidRequestError(
            f"names and values have placeholders that no expression uses: {', '.join(sorted(given - used))}"
        )
