"""Enumerations and literals: a finite table of values, each with its stored form."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import Enum, Flag
from typing import Any

from dynarepo._codec._dynamic import LOOSE, decode_dynamic
from dynarepo._codec._nodes import DecodeError, Node, tag_of, wrong_type
from dynarepo._codec._numbers import decode_number
from dynarepo._codec._paths import Path
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import SchemaError

__all__ = ["EnumNode", "LiteralNode", "enum_node", "literal_node"]


@dataclass(frozen=True, slots=True)
class EnumNode(Node):
    """An enumeration, stored by value; `by_value` where the model holds values instead of members."""

    kind: type[Enum]
    members: dict[Hashable, Enum]
    by_value: bool
    tags: frozenset[str]
    rank: int = 0

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode a member's value."""
        if type(value) is self.kind:
            return LOOSE.encode(value.value, path)
        if self.by_value and any(
            type(value) is type(each.value) and value == each.value for each in self.kind
        ):
            return LOOSE.encode(value, path)
        raise wrong_type(self.kind.__name__, value, path)

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        """Give the member; one that the table lacks may be a combination of flags."""
        try:
            return self.members[_fingerprint(wire)]
        except KeyError:
            pass
        try:
            return self.kind(decode_dynamic(wire))
        except (ValueError, TypeError):
            raise DecodeError(f"not a value of {self.kind.__name__}") from None


@dataclass(frozen=True, slots=True)
class LiteralNode(Node):
    """The values of a `Literal`."""

    wires: dict[tuple[type, Hashable], AttributeValue]
    values: dict[Hashable, object]
    tags: frozenset[str]
    rank: int = 0

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode one of the values."""
        try:
            return dict(self.wires[type(value), value])
        except (KeyError, TypeError):
            raise wrong_type("a Literal", value, path) from None

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        """Give the value of this stored form."""
        try:
            return self.values[_fingerprint(wire)]
        except KeyError:
            raise DecodeError("not one of the declared literals") from None


def enum_node(kind: type[Enum], *, by_value: bool, where: str) -> EnumNode:
    """Compile an enumeration; `SchemaError` if a value of it cannot be stored."""
    wires = {member: _stored(member, where) for member in kind}
    tags = {"N"} if issubclass(kind, Flag) else {tag_of(wire) for wire in wires.values()}
    members = {_fingerprint(wire): member for member, wire in wires.items()}
    return EnumNode(kind, members, by_value, frozenset(tags))


def literal_node(values: Iterable[Any], where: str) -> LiteralNode:
    """Compile a literal; `SchemaError` if two of its values are stored alike."""
    wires: dict[tuple[type, Hashable], AttributeValue] = {}
    stored: dict[Hashable, object] = {}
    for value in values:
        wire = _stored(value, where)
        wires[type(value), value] = wire
        if stored.setdefault(_fingerprint(wire), value) is not value:
            raise SchemaError(f"{where}: two values of the Literal are stored alike")
    return LiteralNode(wires, stored, frozenset(tag_of(wire) for wire in wires.values()))


def _stored(value: object, where: str) -> AttributeValue:
    try:
        return LOOSE.encode(value, ())
    except ValueError:
        raise SchemaError(f"{where}: a value of {type(value).__name__} cannot be stored") from None


def _fingerprint(wire: AttributeValue) -> Hashable:
    tag = tag_of(wire)
    content = wire[tag]
    if tag == "N" and isinstance(content, str):
        try:
            return tag, decode_number(content)
        except ValueError:
            raise DecodeError("not a valid N") from None
    if isinstance(content, str | bool):
        return tag, content
    try:
        return tag, json.dumps(content, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise DecodeError("not a DynamoDB value") from None
