"""The shapes of DynamoDB JSON 1.0: the only place where values have no Python type of their own."""

from __future__ import annotations

from typing import Any, TypeAlias

#: One tagged value such as `{"S": "ada"}` or `{"M": {...}}`; binary is base64 text.
AttributeValue: TypeAlias = dict[str, Any]

#: An item, or a key, as it travels: attribute name to tagged value.
WireItem: TypeAlias = dict[str, AttributeValue]

#: The body of a request or of a successful reply.
Payload: TypeAlias = dict[str, Any]
