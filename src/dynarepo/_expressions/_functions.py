"""What a lambda says beside comparisons: `where=lambda u: exists(u.nick) & contains(u.tags, "x")`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast, overload

from dynarepo._expressions._conditions import (
    BeginsWith,
    Between,
    Condition,
    Contains,
    Exists,
    NotExists,
    TypeTag,
    in_condition,
    type_condition,
)
from dynarepo._expressions._standin import SizeStandIn, as_condition, operand_of, stand_in_path, value_of

__all__ = [
    "begins_with",
    "between",
    "contains",
    "exists",
    "in_",
    "is_type",
    "not_",
    "not_exists",
    "present",
    "size",
]

V = TypeVar("V")


def not_(condition: Condition | bool) -> Condition:
    """Give the opposite of a condition, or of a boolean field."""
    return ~as_condition(condition)


@overload
def between(field: str | None, low: str, high: str) -> Condition: ...
@overload
def between(field: float | Decimal | None, low: float | Decimal, high: float | Decimal) -> Condition: ...
@overload
def between(field: datetime | None, low: datetime, high: datetime) -> Condition: ...
@overload
def between(field: date | None, low: date, high: date) -> Condition: ...
@overload
def between(field: bytes | None, low: bytes, high: bytes) -> Condition: ...
def between(field: Any, low: Any, high: Any) -> Condition:
    """A field from a low to a high value, both included."""
    return Between(stand_in_path(field), operand_of(low), operand_of(high))


def in_(field: V | None, values: list[V] | set[V]) -> Condition:
    """A field equal to one of some values, in a list or set; of no values, a condition that never holds."""
    return in_condition(stand_in_path(field), [operand_of(value) for value in values])


@overload
def begins_with(field: str | None, prefix: str) -> Condition: ...
@overload
def begins_with(field: bytes | None, prefix: bytes) -> Condition: ...
def begins_with(field: Any, prefix: Any) -> Condition:
    """Text or bytes that begin with a prefix."""
    return BeginsWith(stand_in_path(field), value_of(prefix))


@overload
def contains(field: str | None, value: str) -> Condition: ...
@overload
def contains(field: bytes | None, value: bytes) -> Condition: ...
@overload
def contains(field: list[V] | set[V] | None, value: V) -> Condition: ...
@overload
def contains(field: frozenset[V] | tuple[V, ...] | None, value: V) -> Condition: ...
def contains(field: Any, value: Any) -> Condition:
    """Text with a part, or a list or set with an element."""
    return Contains(stand_in_path(field), value_of(value))


def exists(field: object) -> Condition:
    """The attribute is there; a stored NULL is there."""
    return Exists(stand_in_path(field))


def not_exists(field: object) -> Condition:
    """The attribute is not there."""
    return NotExists(stand_in_path(field))


def is_type(field: object, tag: TypeTag) -> Condition:
    """The attribute has a DynamoDB type, such as `S`, `N` or `NULL`."""
    return type_condition(stand_in_path(field), tag)


def size(field: object) -> int:
    """The size of a field, to be compared: characters of text, bytes of binary, elements of a collection."""
    return cast("int", SizeStandIn(stand_in_path(field)))


def present(field: V | None) -> V:
    """
    The field itself, which to a type checker is then never `None`: `present(u.weight) > 70.0`.

    It adds nothing to the condition: an order holds only where there is a value anyway.
    """
    stand_in_path(field)
    return cast("V", field)
