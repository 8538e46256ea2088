"""The shapes of DynamoDB JSON 1.0: the only place where values have no Python type of their own."""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal
from typing import Any, TypeAlias

#: One tagged value such as `{"S": "ada"}` or `{"M": {...}}`; binary is base64 text.
AttributeValue: TypeAlias = dict[str, Any]

#: An item, or a key, as it travels: attribute name to tagged value.
WireItem: TypeAlias = dict[str, AttributeValue]

#: The body of a request or of a successful reply.
Payload: TypeAlias = dict[str, Any]


class ReadPayload(dict[str, Any]):
    """The payload of a read that takes the items of its reply as text, too; see `_item_text`."""

    __slots__ = ()


def sort_value(value: AttributeValue) -> Decimal | bytes:
    """Give what DynamoDB sorts a key value by: a number as such, text as UTF-8, binary as bytes."""
    tag, content = next(iter(value.items()))
    if tag == "N":
        return Decimal(content)
    return b64decode(content) if tag == "B" else str(content).encode()


def same_value(left: AttributeValue, right: AttributeValue) -> bool:  # noqa: PLR0911 - one for each type
    """Tell whether two stored values are one to DynamoDB, however their numbers and sets are written."""
    if left.keys() != right.keys():
        return False
    ((tag, one),), ((_, other),) = left.items(), right.items()
    match tag:
        case "N":
            return bool(Decimal(one) == Decimal(other))
        case "NS":
            return set(map(Decimal, one)) == set(map(Decimal, other))
        case "SS" | "BS":
            return set(one) == set(other)
        case "L":
            return len(one) == len(other) and all(map(same_value, one, other))
        case "M":
            return same_item(one, other)
    return bool(one == other)


def same_item(left: WireItem, right: WireItem) -> bool:
    """Tell whether two stored items, or maps, are one to DynamoDB."""
    return left.keys() == right.keys() and all(same_value(value, right[name]) for name, value in left.items())
