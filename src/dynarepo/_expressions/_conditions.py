"""
Conditions as immutable values: what must hold of an item, without how it is written.

A condition has no truth value: `and`, `or`, `not` and `if` on one raise, because a guarded write
must never turn into an unguarded one by a slip of the pen. Its `repr` leaves out the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NoReturn, TypeAlias, get_args

from dynarepo._expressions._paths import Path
from dynarepo._limits import MAX_IN_OPERANDS
from dynarepo._record import Record
from dynarepo.exceptions import InvalidRequestError

__all__ = [
    "And",
    "AttributeType",
    "BeginsWith",
    "Between",
    "Comparator",
    "Comparison",
    "Condition",
    "Contains",
    "Exists",
    "FieldReference",
    "In",
    "Not",
    "NotExists",
    "Or",
    "SizeComparison",
    "TypeTag",
    "in_condition",
    "is_never",
    "type_condition",
]

Comparator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]
TypeTag: TypeAlias = Literal["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]


class Condition(Record, frozen=True):
    """The base of all conditions; combine them with `&`, `|` and `~`."""

    shown = ("path", "comparator", "size", "tag", "conditions", "condition")

    def __and__(self, other: Condition | bool) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return And((*_parts(And, self), *_parts(And, other)))

    def __or__(self, other: Condition | bool) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return Or((*_parts(Or, self), *_parts(Or, other)))

    def __rand__(self, other: bool) -> Condition:
        # To a checker, the comparison of a model's field is a bool; at run time it is a condition.
        return NotImplemented

    def __ror__(self, other: bool) -> Condition:
        return NotImplemented

    def __invert__(self) -> Condition:
        return self.condition if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a condition has no truth value: write & for and, | for or, not_(...) or ~ for not, "
            "between for a chained comparison, in_ for in, not_exists for absence"
        )


class FieldReference(Record, frozen=True):
    """The value of another field, as an operand."""

    shown = ("path",)

    path: Path


class Comparison(Condition, frozen=True):
    """A field compared with a value or another field."""

    path: Path
    comparator: Comparator
    operand: object


class SizeComparison(Condition, frozen=True):
    """A field's size (characters, bytes or elements) compared with a number."""

    path: Path
    comparator: Comparator
    size: int


class Between(Condition, frozen=True):
    """A field from a low to a high value, both included."""

    path: Path
    low: object
    high: object


class In(Condition, frozen=True):
    """A field equal to one of some values."""

    path: Path
    operands: tuple[object, ...]


class BeginsWith(Condition, frozen=True):
    """Text or bytes that begin with a prefix."""

    path: Path
    prefix: object


class Contains(Condition, frozen=True):
    """Text with a part, or a list or set with an element."""

    path: Path
    operand: object


class Exists(Condition, frozen=True):
    """The attribute is there, a NULL included."""

    path: Path


class NotExists(Condition, frozen=True):
    """The attribute is not there."""

    path: Path


class AttributeType(Condition, frozen=True):
    """The attribute has a DynamoDB type."""

    path: Path
    tag: TypeTag


class And(Condition, frozen=True):
    """All of some conditions."""

    conditions: tuple[Condition, ...]


class Or(Condition, frozen=True):
    """At least one of some conditions."""

    conditions: tuple[Condition, ...]


class Not(Condition, frozen=True):
    """The opposite of a condition."""

    condition: Condition


def _parts(kind: type[And | Or], condition: Condition) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, kind) else (condition,)


def type_condition(path: Path, tag: TypeTag) -> Condition:
    """Make an `AttributeType`; refuse what is no DynamoDB type."""
    if tag not in get_args(TypeTag):
        raise InvalidRequestError(f"a DynamoDB type is one of {', '.join(get_args(TypeTag))}")
    return AttributeType(path, tag)


def in_condition(path: Path, operands: Sequence[object]) -> Condition:
    """Make an `In`, several joined by `Or` where the service takes fewer operands, or what never holds."""
    if not operands:
        # The service takes no empty list, and has no word for "false".
        return And((Exists(path), NotExists(path)))
    chunks = [operands[at : at + MAX_IN_OPERANDS] for at in range(0, len(operands), MAX_IN_OPERANDS)]
    conditions = [In(path, tuple(chunk)) for chunk in chunks]
    return Or(tuple(conditions)) if len(conditions) > 1 else conditions[0]


def is_never(condition: Condition) -> bool:
    """Tell whether a condition, of the depth that can be written, is of a kind that no item can meet."""
    match condition:
        case And(conditions):
            absent = [each.path for each in conditions if isinstance(each, NotExists)]
            contradicts = any(isinstance(each, Exists) and each.path in absent for each in conditions)
            return contradicts or any(map(is_never, conditions))
        case Or(conditions):
            return all(map(is_never, conditions))
    return False
