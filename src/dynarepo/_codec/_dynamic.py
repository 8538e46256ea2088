"""
Values of no declared type.

`DYNAMIC` takes exactly the Python values that read back as themselves. `LOOSE` takes what a
serializer may give: it stores any scalar by the rule of its own type and leaves it to the
validation of the model to make the declared type of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from dynarepo._codec._nodes import (
    ALL_TAGS,
    DecodeError,
    Node,
    check_depth,
    check_stored_depth,
    content_of,
    refusal,
    tag_of,
)
from dynarepo._codec._numbers import decode_number
from dynarepo._codec._paths import Entry, Path
from dynarepo._codec._scalars import BOOL, NULL, SCALARS, path_node
from dynarepo._codec._text import decode_binary, encode_name
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidValueError

__all__ = ["DYNAMIC", "LOOSE", "DynamicNode", "decode_dynamic", "encode_dynamic", "encode_map", "encode_set"]

_EXACT: Final = frozenset({bool, str, bytes, int})
_CONTENT: Final[Mapping[str, Callable[[str], object]]] = {"S": str, "N": decode_number, "B": decode_binary}


@dataclass(frozen=True, slots=True)
class DynamicNode(Node):
    """Any value; `loose` ones need not read back as the same type."""

    loose: bool
    rank: int = 99
    tags: frozenset[str] = ALL_TAGS

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode by the type of the value."""
        kind = type(value)
        if value is None:
            return {"NULL": True}
        if kind in _EXACT or (self.loose and kind in SCALARS):
            return SCALARS[kind].encode(value, path)
        if kind is dict:
            check_depth(path)
            return {"M": encode_map(value, str, lambda key, _: encode_name(key), self.encode, path)}  # type: ignore[arg-type]
        if kind is list or (self.loose and kind is tuple):
            check_depth(path)
            return {"L": [self.encode(each, (*path, index)) for index, each in enumerate(value)]}  # type: ignore[arg-type, var-annotated]
        if kind is set or (self.loose and kind is frozenset):
            return encode_set(value, self.encode, path)  # type: ignore[arg-type]
        return self._other(value, path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode by the type tag: a whole number as `int`, another as `Decimal`."""
        return decode_dynamic(wire, depth)

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give itself: whatever is inside has no declared type either."""
        return step, self

    def _other(self, value: object, path: Path) -> AttributeValue:
        if type(value) is Decimal:
            wire = SCALARS[Decimal].encode(value, path)
            if type(decode_number(wire["N"])) is not Decimal:
                raise refusal("a whole Decimal would come back as an int; declare the type as Decimal", path)
            return wire
        if self.loose and isinstance(value, Enum):
            return self.encode(value.value, path)
        if self.loose and isinstance(value, PurePath):
            return path_node(type(value)).encode(value, path)
        raise refusal(
            f"a value of type {type(value).__name__} would not come back as one here; declare its type", path
        )


DYNAMIC: Final = DynamicNode(loose=False)
LOOSE: Final = DynamicNode(loose=True)


def encode_dynamic(value: object, path: Path) -> AttributeValue:
    """Encode a value of no declared type; `InvalidValueError` unless it reads back as the same."""
    return DYNAMIC.encode(value, path)


def decode_dynamic(wire: AttributeValue, depth: int = 1) -> object:
    """Decode a value of no declared type."""
    tag = tag_of(wire)
    content = wire[tag]
    if tag in _CONTENT:
        return _read(tag, content)
    if tag == "BOOL":
        return BOOL.decode(wire)
    if tag == "NULL":
        return NULL.decode(wire)
    if tag == "M":
        return _decode_map(content_of(wire, "M", dict), depth)
    elements: Any = content_of(wire, tag, list)
    if tag == "L":
        return _decode_list(elements, depth)
    return {_read(tag[0], element) for element in elements}


def encode_map(
    value: Mapping[object, object],
    key_kind: type,
    write_key: Callable[[Any, Path], str],
    encode: Callable[[object, Path], AttributeValue],
    path: Path,
) -> dict[str, AttributeValue]:
    """Encode the entries of a dict; a message shows an entry by its ordinal."""
    encoded: dict[str, AttributeValue] = {}
    for ordinal, (key, each) in enumerate(value.items()):
        where = (*path, Entry(ordinal))
        if key_kind is not object and type(key) is not key_kind:
            raise refusal(f"its key is of type {type(key).__name__}, not {key_kind.__name__}", where)
        try:
            name = write_key(key, where)
        except InvalidValueError as error:
            if error.path:
                raise
            raise refusal(f"its key {error.message}", where) from None
        encoded[name] = encode(each, where)
    return encoded


def encode_set(
    value: Iterable[object], encode: Callable[[object, Path], AttributeValue], path: Path
) -> AttributeValue:
    """Encode the elements of a set: one type, no duplicates, not empty; in the order of their text."""
    texts: dict[str, None] = {}
    tags: set[str] = set()
    count = 0
    for element in value:
        ((tag, content),) = encode(element, path).items()
        if tag not in _CONTENT:
            raise refusal("a set holds only text, numbers or binary", path)
        tags.add(tag)
        texts[content] = None
        count += 1
    if not count:
        raise refusal("an empty set cannot be stored here; DynamoDB has none", path)
    if len(tags) > 1:
        raise refusal("a set holds elements of one type only", path)
    if len(texts) < count:
        raise refusal("two elements of the set are stored as the same value", path)
    return {f"{tags.pop()}S": sorted(texts)}


def _read(tag: str, content: object) -> object:
    if type(content) is not str:
        raise DecodeError("not a DynamoDB value")
    try:
        return _CONTENT[tag](content)
    except ValueError:
        raise DecodeError(f"not a valid {tag}") from None


def _decode_list(elements: list[AttributeValue], depth: int) -> list[object]:
    check_stored_depth(depth)
    decoded: list[object] = []
    for index, element in enumerate(elements):
        try:
            decoded.append(decode_dynamic(element, depth + 1))
        except DecodeError as error:
            raise error.under(index) from None
    return decoded


def _decode_map(content: Any, depth: int) -> dict[str, object]:
    check_stored_depth(depth)
    decoded: dict[str, object] = {}
    for ordinal, (name, element) in enumerate(content.items()):
        try:
            decoded[name] = decode_dynamic(element, depth + 1)
        except DecodeError as error:
            raise error.under(Entry(ordinal)) from None
    return decoded
