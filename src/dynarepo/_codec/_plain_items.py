"""
Items and keys of no model: plain Python values, one for each of DynamoDB's types.

There is no declaration to say what a number was, so a whole one reads back as an `int` and any other as
a `Decimal`, equal to what was written. Everything else reads back in its own type, or is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from dynarepo._codec._dynamic import DynamicNode, decode_dynamic
from dynarepo._codec._keys import check_key_value
from dynarepo._codec._nodes import DecodeError, refusal
from dynarepo._codec._paths import Path
from dynarepo._codec._scalars import SCALARS
from dynarepo._codec._text import encode_name
from dynarepo._limits import MAX_PARTITION_KEY_BYTES
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError, InvalidValueError

__all__ = ["check_attribute_name", "decode_item", "encode_item", "encode_item_key", "encode_operand"]


class _PlainNode(DynamicNode):
    """Any value that DynamoDB has a type for."""

    __slots__ = ()

    def _other(self, value: object, path: Path) -> AttributeValue:
        if type(value) is Decimal:
            return SCALARS[Decimal].encode(value, path)
        if type(value) is float:
            raise refusal("a float is not exact: use Decimal", path)
        raise refusal(
            f"DynamoDB has no {type(value).__name__}: it takes text, numbers, bytes, booleans, None, "
            "lists, dicts and sets",
            path,
        )


_PLAIN: Final = _PlainNode(loose=False)


def encode_item(item: Mapping[str, object], what: str = "item") -> WireItem:
    """
    Encode a dict of attributes.

    Raises:
        InvalidRequestError: It is no dict, or empty, or a name is no text.
        InvalidValueError: A value cannot be stored; `path` names the attribute.
    """
    if not isinstance(item, Mapping) or not item:
        raise InvalidRequestError(f"{what} is a dict with at least one attribute")
    return {check_attribute_name(name, what): _PLAIN.encode(value, (name,)) for name, value in item.items()}


def encode_item_key(key: Mapping[str, object], what: str = "key") -> WireItem:
    """
    Encode a dict of key attributes, of the table or of an index.

    Raises:
        InvalidKeyError: It is no such dict, or a value cannot be a key.
    """
    try:
        wire = encode_item(key, what)
    except (InvalidRequestError, InvalidValueError) as error:
        raise InvalidKeyError(error.message) from None
    # Which is the partition key is not known here, so the longer limit counts.
    return {name: check_key_value(name, value, MAX_PARTITION_KEY_BYTES) for name, value in wire.items()}


def encode_operand(placeholder: str, value: object) -> AttributeValue:
    """Encode a value of an expression; `InvalidValueError` names the placeholder."""
    return _PLAIN.encode(value, (placeholder,))


def check_attribute_name(name: object, what: str) -> str:
    """Refuse what cannot be the name of an attribute."""
    if type(name) is not str:
        raise InvalidRequestError(f"{what}: an attribute's name is text, not of type {type(name).__name__}")
    try:
        return encode_name(name)
    except InvalidValueError as error:
        raise InvalidRequestError(f"{what}: {error.message}") from None


def decode_item(item: object) -> dict[str, object]:
    """Give a stored item as a dict; `DecodeError` if it is none that DynamoDB stores."""
    if type(item) is not dict:
        raise DecodeError("not a map of attributes")
    return {name: decode_dynamic(value) for name, value in item.items()}
