"""
Expressions as DynamoDB reads them: every name and value behind a private placeholder.

No text of a caller ever stands in an expression, so reserved words, odd names and hostile input
need no care, and a placeholder that nothing uses cannot arise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from dynarepo._expressions._conditions import (
    And,
    AttributeType,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    Exists,
    FieldReference,
    In,
    Not,
    NotExists,
    Or,
    SizeComparison,
)
from dynarepo._expressions._paths import Path, show_path
from dynarepo._limits import MAX_EXPRESSION_BYTES, MAX_EXPRESSION_OPERATORS
from dynarepo._record import Record
from dynarepo._wire import AttributeValue, Payload, sort_value
from dynarepo.exceptions import ExpressionTooLongError, InvalidRequestError

__all__ = ["Clause", "ExpressionWriter", "FieldResolver", "check_bounds", "check_length"]

_AND: Final = " AND "
_OR: Final = " OR "


class FieldResolver(Protocol):
    """What a condition must know of the model: where a field is stored and how its values are."""

    def stored_path(self, path: Path) -> Path:
        """Give attribute names for field names; `InvalidRequestError` for an unknown field."""
        ...

    def operand(self, condition: Condition, path: Path, value: object) -> AttributeValue:
        """Encode a value as the field at the path stores it, if the condition suits the field."""
        ...

    def check_fields(self, condition: Condition, path: Path, other: Path) -> None:
        """Refuse to compare a field with itself, or with one that never holds a value of the same type."""
        ...


class Clause(Record, frozen=True):
    """A condition of the library's own, written already, with its number of operators."""

    text: str
    operators: int = 1
    is_or: bool = False


class ExpressionWriter:
    """Collects the names and values of all expressions of one request."""

    def __init__(self, resolver: FieldResolver) -> None:
        self._resolver = resolver
        self._names: dict[str, str] = {}
        self._values: dict[str, AttributeValue] = {}
        self._operators = 0

    def attribute(self, name: str) -> str:
        """Give the placeholder of an attribute name; the same name has one placeholder."""
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def value(self, wire: AttributeValue) -> str:
        """Give a placeholder for a value."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = wire
        return placeholder

    def stored(self, path: Path) -> str:
        """Write the path to a field as it is stored."""
        return self.path(self._resolver.stored_path(path))

    def path(self, stored: Path) -> str:
        """Write a stored path."""
        text = ""
        for step in stored:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                text += ("." if text else "") + self.attribute(step)
        return text

    def conjunction(self, clauses: Sequence[Clause], condition: Condition | None) -> str:
        """
        Write what the library demands and what the caller does, without redundant parentheses.

        Returns:
            The text; empty where nothing is demanded.
        """
        parts = [(clause.text, clause.is_or) for clause in clauses]
        if condition is not None:
            beside = sum(clause.operators + 1 for clause in clauses)
            parts.append((self.condition(condition, beside=beside), isinstance(condition, Or)))
        alone = len(parts) == 1
        return check_length(_AND.join(f"({text})" if is_or and not alone else text for text, is_or in parts))

    def condition(self, condition: Condition, *, beside: int = 0) -> str:
        """Write a condition, without redundant parentheses, `beside` so many operators of the caller's."""
        if not isinstance(condition, Condition):
            raise InvalidRequestError("where= takes a condition such as attr('age').gt(5), or None")
        self._operators = beside
        return check_length(self._write(condition))

    def into(self, payload: Payload) -> Payload:
        """Add the collected names and values to a request."""
        if self._names:
            payload["ExpressionAttributeNames"] = {alias: name for name, alias in self._names.items()}
        if self._values:
            payload["ExpressionAttributeValues"] = dict(self._values)
        return payload

    def _write(self, condition: Condition) -> str:
        # Counted on the way down, so that no depth of nesting meets Python's own limit first.
        self._operators += _own_operators(condition)
        if self._operators > MAX_EXPRESSION_OPERATORS:
            raise ExpressionTooLongError(f"an expression has at most {MAX_EXPRESSION_OPERATORS} operators")
        match condition:
            case And(conditions):
                return self._joined(_AND, (And,), conditions)
            case Or(conditions):
                return self._joined(_OR, (And, Or), conditions)
            case Not(inner):
                text = self._write(inner)
                return f"NOT ({text})" if isinstance(inner, And | Or) else f"NOT {text}"
            case _:
                return self._write_leaf(condition)

    def _joined(self, word: str, bare: tuple[type[Condition], ...], parts: Iterable[Condition]) -> str:
        written = []
        for part in parts:
            text = self._write(part)
            needs_parentheses = isinstance(part, And | Or) and not isinstance(part, bare)
            written.append(f"({text})" if needs_parentheses else text)
        return word.join(written)

    def _write_leaf(self, condition: Condition) -> str:
        match condition:
            case Comparison(path, comparator, operand):
                return f"{self.stored(path)} {comparator} {self._operand(condition, path, operand)}"
            case SizeComparison(path, comparator, size):
                return f"size({self.stored(path)}) {comparator} {self.value(_size(size))}"
            case Between(path, low, high):
                return f"{self.stored(path)} BETWEEN {self._bounds(condition, path, low, high)}"
            case In(path, operands):
                written = ", ".join(self._operand(condition, path, operand) for operand in operands)
                return f"{self.stored(path)} IN ({written})"
        return self._write_function(condition)

    def _write_function(self, condition: Condition) -> str:
        match condition:
            case BeginsWith(path, prefix):
                return f"begins_with({self.stored(path)}, {self._operand(condition, path, prefix)})"
            case Contains(path, operand):
                return f"contains({self.stored(path)}, {self._operand(condition, path, operand)})"
            case Exists(path):
                return f"attribute_exists({self.stored(path)})"
            case NotExists(path):
                return f"attribute_not_exists({self.stored(path)})"
            case AttributeType(path, tag):
                return f"attribute_type({self.stored(path)}, {self.value({'S': tag})})"
        raise InvalidRequestError("an unknown kind of condition")

    def _bounds(self, condition: Condition, path: Path, low: object, high: object) -> str:
        if not isinstance(low, FieldReference) and not isinstance(high, FieldReference):
            check_bounds(
                show_path(path),
                self._resolver.operand(condition, path, low),
                self._resolver.operand(condition, path, high),
            )
        return f"{self._operand(condition, path, low)} AND {self._operand(condition, path, high)}"

    def _operand(self, condition: Condition, path: Path, operand: object) -> str:
        if isinstance(operand, FieldReference):
            self._resolver.check_fields(condition, path, operand.path)
            return self.stored(operand.path)
        return self.value(self._resolver.operand(condition, path, operand))


def _own_operators(condition: Condition) -> int:
    """Count as the service does: each AND, OR, NOT, comparison and function is one."""
    if isinstance(condition, And | Or):
        return len(condition.conditions) - 1
    return 2 if isinstance(condition, SizeComparison) else 1


def check_bounds(where: str, low: AttributeValue, high: AttributeValue) -> None:
    """Refuse a range whose ends are of two types or in the wrong order, as the service would."""
    if low.keys() != high.keys() or sort_value(low) > sort_value(high):  # type: ignore[operator]
        raise InvalidRequestError(f"{where}: between takes two values of one type, the lower one first")


def check_length(expression: str) -> str:
    """Refuse an expression longer than the service takes."""
    if len(expression) > MAX_EXPRESSION_BYTES:
        raise ExpressionTooLongError(
            f"the expression has {len(expression)} bytes, the service takes {MAX_EXPRESSION_BYTES}; "
            "use fewer values or several requests"
        )
    return expression


def _size(size: object) -> AttributeValue:
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise InvalidRequestError("size() is compared with a whole number from 0")
    return {"N": str(size)}
