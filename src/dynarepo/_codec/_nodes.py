"""
The shape that all converters share.

A node is compiled from one declared type. It encodes only values that it would decode to the same
value of the same type, and refuses all others. Nodes hold no state and know no model but their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from dynarepo._codec._paths import Path, show
from dynarepo._limits import MAX_DEPTH
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidValueError

__all__ = [
    "ALL_TAGS",
    "DecodeError",
    "Node",
    "check_depth",
    "check_stored_depth",
    "content_of",
    "refusal",
    "tag_of",
    "wrong_type",
]

ALL_TAGS: Final = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})


class DecodeError(Exception):
    """A stored value does not fit its type; it knows where and why, and never the value."""

    def __init__(self, reason: str, path: Path = ()) -> None:
        super().__init__(reason)
        self.problems: tuple[tuple[Path, str], ...] = ((path, reason),)

    @classmethod
    def of(cls, problems: tuple[tuple[Path, str], ...]) -> DecodeError:
        """Make one error of several problems."""
        error = cls("several")
        error.problems = problems
        return error

    def under(self, step: str | int) -> DecodeError:
        """Say that all of it happened inside a field or element."""
        self.problems = tuple(((step, *path), reason) for path, reason in self.problems)
        return self


class Node(ABC):
    """
    One compiled converter for one declared type.

    Attributes:
        tags: Every DynamoDB type it can produce; NULL only where the declared type allows `None`.
        rank: Its place when a union tries to decode: the smaller, the fewer values it takes.
    """

    __slots__ = ()

    tags: frozenset[str]
    rank: int

    @abstractmethod
    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode a value, or raise `InvalidValueError` with the path."""

    @abstractmethod
    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Give the Python value, ready for the model's validation; `DecodeError` says what does not fit."""

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the stored step and the node of a field, index or key; `LookupError` if there is none."""
        raise LookupError(step)


def refusal(reason: str, path: Path) -> InvalidValueError:
    """Make the error for a value that cannot be stored."""
    return InvalidValueError(reason, path=show(path))


def wrong_type(expected: str, value: object, path: Path) -> InvalidValueError:
    """Make the error for a value that is not of the declared type."""
    return refusal(f"is declared as {expected}, but holds a value of type {type(value).__name__}", path)


def check_depth(path: Path) -> None:
    """Refuse a container that stands deeper than DynamoDB nests; also ends self-containing values."""
    if len(path) >= MAX_DEPTH:
        raise refusal(f"is nested deeper than DynamoDB's {MAX_DEPTH} levels", path[:2])


def check_stored_depth(depth: int) -> None:
    """Refuse a reply that is nested deeper than DynamoDB can nest."""
    if depth >= MAX_DEPTH:
        raise DecodeError("nested too deeply")


def tag_of(wire: AttributeValue) -> str:
    """Give the one type tag of a stored value."""
    if type(wire) is dict and len(wire) == 1:
        (tag,) = wire
        if tag in ALL_TAGS:
            return tag
    raise DecodeError("not a DynamoDB value")


def content_of(wire: AttributeValue, tag: str, kind: type) -> object:
    """Give the content of a stored value that must have this tag."""
    if tag_of(wire) != tag:
        raise DecodeError(f"stored as {tag_of(wire)}, not as {tag}")
    content = wire[tag]
    if type(content) is not kind:
        raise DecodeError("not a DynamoDB value")
    return content
