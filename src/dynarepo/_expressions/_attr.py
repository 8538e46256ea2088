"""`attr("age").gt(5)`: conditions from names that are known only at run time."""

from __future__ import annotations

from dynarepo._expressions._conditions import (
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
    Contains,
    Exists,
    FieldReference,
    NotExists,
    SizeComparison,
    TypeTag,
    in_condition,
    type_condition,
)
from dynarepo._expressions._paths import Path, parse_path
from dynarepo._record import Record
from dynarepo.exceptions import InvalidRequestError

__all__ = ["AttributePath", "AttributeSize", "attr"]


def attr(path: str, *steps: str | int) -> AttributePath:
    """
    Name a field of the model to state a condition on it.

    Args:
        path: Field names with dots and list indices, such as `address.lines[2]`.
        steps: Further steps, taken as they are: dict keys that hold dots, or list indices.

    Raises:
        InvalidRequestError: The path is malformed. That the model has such a field is checked when
            the condition is used, before anything is sent.
    """
    for step in steps:
        is_index = type(step) is int and step >= 0
        if not is_index and not (isinstance(step, str) and step):
            raise InvalidRequestError("a further step of a path is a dict's key or a list's index from 0")
    return AttributePath((*parse_path(path), *steps))


class AttributePath(Record, frozen=True):
    """A field of a model, by name; its methods are conditions."""

    shown = ("path",)

    path: Path

    def eq(self, value: object) -> Condition:
        """Equal to a value, or to another `attr(...)`."""
        return self._compare("=", value)

    def ne(self, value: object) -> Condition:
        """Different from a value; also true where the attribute is missing."""
        return self._compare("<>", value)

    def lt(self, value: object) -> Condition:
        """Less than a value."""
        return self._compare("<", value)

    def le(self, value: object) -> Condition:
        """At most a value."""
        return self._compare("<=", value)

    def gt(self, value: object) -> Condition:
        """More than a value."""
        return self._compare(">", value)

    def ge(self, value: object) -> Condition:
        """At least a value."""
        return self._compare(">=", value)

    def between(self, low: object, high: object) -> Condition:
        """From `low` to `high`, both included."""
        return Between(self.path, _operand(low), _operand(high))

    def in_(self, *values: object) -> Condition:
        """Equal to one of the values; of no values, a condition that never holds."""
        return in_condition(self.path, [_operand(value) for value in values])

    def begins_with(self, prefix: object) -> Condition:
        """Text or bytes that begin with a prefix."""
        return BeginsWith(self.path, prefix)

    def contains(self, value: object) -> Condition:
        """Text with this part, or a list or set with this element."""
        return Contains(self.path, value)

    def exists(self) -> Condition:
        """The attribute is there; a stored NULL is there."""
        return Exists(self.path)

    def not_exists(self) -> Condition:
        """The attribute is not there."""
        return NotExists(self.path)

    def is_type(self, tag: TypeTag) -> Condition:
        """The attribute has a DynamoDB type, such as `S`, `N` or `NULL`."""
        return type_condition(self.path, tag)

    def size(self) -> AttributeSize:
        """Its size: characters of text, bytes of binary, elements of a list, set or map."""
        return AttributeSize(self.path)

    def _compare(self, comparator: Comparator, value: object) -> Condition:
        return Comparison(self.path, comparator, _operand(value))


class AttributeSize(Record, frozen=True):
    """The size of a field; its methods are conditions."""

    shown = ("path",)

    path: Path

    def eq(self, size: int) -> Condition:
        """Equal to a size."""
        return SizeComparison(self.path, "=", size)

    def ne(self, size: int) -> Condition:
        """Different from a size."""
        return SizeComparison(self.path, "<>", size)

    def lt(self, size: int) -> Condition:
        """Less than a size."""
        return SizeComparison(self.path, "<", size)

    def le(self, size: int) -> Condition:
        """At most a size."""
        return SizeComparison(self.path, "<=", size)

    def gt(self, size: int) -> Condition:
        """More than a size."""
        return SizeComparison(self.path, ">", size)

    def ge(self, size: int) -> Condition:
        """At least a size."""
        return SizeComparison(self.path, ">=", size)


def _operand(value: object) -> object:
    return FieldReference(value.path) if isinstance(value, AttributePath) else value
