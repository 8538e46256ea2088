"""Values of one DynamoDB scalar: text, numbers, binary, BOOL and NULL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from os import fspath
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from pydantic import Secret, SecretBytes, SecretStr

from dynarepo._codec._nodes import DecodeError, Node, content_of, refusal, wrong_type
from dynarepo._codec._numbers import (
    decode_decimal,
    decode_float,
    decode_int,
    encode_decimal,
    encode_float,
    encode_int,
)
from dynarepo._codec._paths import Path
from dynarepo._codec._text import decode_binary, encode_binary, encode_text
from dynarepo._codec._times import (
    read_date,
    read_datetime,
    read_epoch,
    read_epoch_seconds,
    read_time,
    read_timedelta,
    write_datetime,
    write_epoch,
    write_epoch_seconds,
    write_time,
    write_timedelta,
)
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidValueError

__all__ = [
    "BOOL",
    "EPOCHS",
    "KEY_BOOL",
    "NULL",
    "SCALARS",
    "OptionalNode",
    "ScalarNode",
    "SecretNode",
    "in_zone",
    "path_node",
]

_TEXT_RANK: Final = 9


@dataclass(frozen=True, slots=True)
class ScalarNode(Node):
    """
    A type whose values are one text: `write` and `read` are each other's inverse.

    `takes_int` is for `price: float = 0`, a default that Pydantic leaves as it is.
    """

    kind: type
    tag: str
    write: Callable[[Any], str]
    read: Callable[[str], object]
    rank: int
    tags: frozenset[str]
    takes_int: bool = False

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode a value of exactly this type."""
        if type(value) is not self.kind:
            if not (self.takes_int and type(value) is int and _is_exact(self.kind, value)):
                raise wrong_type(self.kind.__name__, value, path)
            value = self.kind(value)
        try:
            return {self.tag: self.write(value)}
        except InvalidValueError as error:
            raise refusal(error.message, path) from None

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        """Read the text."""
        if type(wire) is dict and len(wire) == 1:
            content = wire.get(self.tag)
            if type(content) is str:
                try:
                    return self.read(content)
                except ValueError:
                    raise DecodeError(f"not a stored {self.kind.__name__}") from None
        return content_of(wire, self.tag, str)


@dataclass(frozen=True, slots=True)
class _BoolNode(Node):
    rank: int = 0
    tags: frozenset[str] = frozenset({"BOOL"})

    def encode(self, value: object, path: Path) -> AttributeValue:
        if type(value) is not bool:
            raise wrong_type("bool", value, path)
        return {"BOOL": value}

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        return content_of(wire, "BOOL", bool)


@dataclass(frozen=True, slots=True)
class _NullNode(Node):
    rank: int = 0
    tags: frozenset[str] = frozenset({"NULL"})

    def encode(self, value: object, path: Path) -> AttributeValue:
        if value is not None:
            raise wrong_type("None", value, path)
        return {"NULL": True}

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        if content_of(wire, "NULL", bool) is not True:
            raise DecodeError("not a DynamoDB value")
        return None


@dataclass(frozen=True, slots=True)
class OptionalNode(Node):
    """A type, or `None`."""

    inner: Node
    rank: int
    tags: frozenset[str]

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the value, or NULL."""
        return {"NULL": True} if value is None else self.inner.encode(value, path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode the value, or NULL."""
        if type(wire) is dict and "NULL" in wire:
            return NULL.decode(wire)
        return self.inner.decode(wire, depth)

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the part of the value."""
        return self.inner.child(step)


@dataclass(frozen=True, slots=True)
class SecretNode(Node):
    """A secret, stored as what it hides."""

    kind: Callable[[Any], Secret[Any] | SecretStr | SecretBytes]
    inner: Node
    rank: int
    tags: frozenset[str]

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the hidden value."""
        if not isinstance(value, Secret | SecretStr | SecretBytes) or type(value) is not self.kind:
            raise wrong_type("a secret", value, path)
        return self.inner.encode(value.get_secret_value(), path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Hide the value again."""
        return self.kind(self.inner.decode(wire, depth))


def _is_exact(kind: type, value: int) -> bool:
    try:
        return bool(kind(value) == value)
    except OverflowError:
        return False


def _scalar(
    kind: type, tag: str, write: Callable[[Any], str], read: Callable[[str], object], rank: int
) -> ScalarNode:
    return ScalarNode(kind, tag, write, read, rank, frozenset({tag}), kind in {float, Decimal})


def in_zone(node: ScalarNode, zone: tzinfo) -> ScalarNode:
    """Make the node of datetimes that are read in a time zone; they are stored in UTC all the same."""

    def read(text: str) -> object:
        instant: Any = node.read(text)
        try:
            return instant.astimezone(zone)
        except OverflowError:
            raise ValueError("out of range in the time zone") from None

    return replace(node, read=read)


def path_node(kind: type[PurePath]) -> ScalarNode:
    """Make the node of a kind of path; `Path` is `PosixPath` or `WindowsPath` in the flesh."""
    return _scalar(type(kind()), "S", lambda path: encode_text(fspath(path)), kind, _TEXT_RANK)


def _read_uuid(text: str) -> UUID:
    value = UUID(text)
    if str(value) != text.lower():
        raise ValueError("not a plain UUID")
    return value


def _read_key_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("neither true nor false")
    return text == "true"


BOOL: Final = _BoolNode()
NULL: Final = _NullNode()

#: A boolean in a key attribute, which can only be text, a number or binary.
KEY_BOOL: Final = _scalar(bool, "S", lambda value: "true" if value else "false", _read_key_bool, 0)

#: The types that the attribute of the time to live may have.
EPOCHS: Final[Mapping[type, ScalarNode]] = {
    datetime: _scalar(datetime, "N", write_epoch, read_epoch, 2),
    int: _scalar(int, "N", write_epoch_seconds, read_epoch_seconds, 2),
}

SCALARS: Final[Mapping[type, Node]] = {
    bool: BOOL,
    str: _scalar(str, "S", encode_text, str, _TEXT_RANK),
    bytes: _scalar(bytes, "B", encode_binary, decode_binary, _TEXT_RANK),
    int: _scalar(int, "N", encode_int, decode_int, 2),
    Decimal: _scalar(Decimal, "N", encode_decimal, decode_decimal, 5),
    float: _scalar(float, "N", encode_float, decode_float, 5),
    timedelta: _scalar(timedelta, "N", write_timedelta, read_timedelta, 5),
    datetime: _scalar(datetime, "S", write_datetime, read_datetime, 2),
    date: _scalar(date, "S", date.isoformat, read_date, 2),
    time: _scalar(time, "S", write_time, read_time, 2),
    UUID: _scalar(UUID, "S", str, _read_uuid, 1),
}
