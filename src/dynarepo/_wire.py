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


def sort_value(value: AttributeValue) -> Decimal | bytes:
    """Give what DynamoDB sorts a key value by: a number as such, text as UTF-8, binary as bytes."""
    tag, content = next(iter(value.items()))
    if tag == "N":
        return Decimal(content)
    return b64decode(content) if tag == "B" else str(content).encode()
