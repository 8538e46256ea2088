"""Key conditions of a Query: one partition, and a range of its sort keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from dynarepo._codec import KeyAttribute
from dynarepo._expressions import ExpressionWriter, SortKeyCondition, check_bounds
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError

__all__ = ["Ranges", "partition_values", "sort_conditions"]

#: For each key range the conditions that must all hold.
Ranges: TypeAlias = list[list[str]]

_COMPARATORS: Final = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def partition_values(keys: Sequence[KeyAttribute], pk: object) -> dict[str, AttributeValue]:
    """Encode the partition key that a caller gives."""
    values = pk if len(keys) > 1 and isinstance(pk, tuple) else (pk,)
    if len(values) != len(keys):
        names = ", ".join(key.attribute for key in keys)
        raise InvalidKeyError(f"the partition key of the index is a tuple of all of {names}")
    return {key.attribute: key.encode(value) for key, value in zip(keys, values, strict=True)}


def sort_conditions(
    writer: ExpressionWriter, keys: Sequence[KeyAttribute], condition: SortKeyCondition | None
) -> tuple[Ranges, tuple[str, AttributeValue] | None]:
    """
    Write the condition on a sort key as one key range, or two for `ne`.

    Returns:
        The conditions of each range, and the attribute and value between two ranges.
    """
    if condition is None:
        return [[]], None
    if not isinstance(condition, SortKeyCondition):
        raise InvalidRequestError("the sort key condition is a SortKeyCondition, such as .eq(value)")
    if not keys:
        raise InvalidRequestError("a sort key condition was given, but the table or index has no sort key")
    *leading, last = _leading(keys, condition.value)
    fixed = [_compare(writer, key, "=", key.encode(value)) for key, value in leading]
    key, value = last
    name = writer.attribute(key.attribute)
    match condition.operator:
        case "ne":
            if len(keys) > 1:
                raise InvalidRequestError("ne needs a sort key of one attribute")
            wire = key.encode(value)
            placeholder = writer.value(wire)
            ranges = [[f"{name} < {placeholder}"], [f"{name} > {placeholder}"]]
            return ranges, (key.attribute, wire)
        case "begins_with":
            return [[*fixed, f"begins_with({name}, {writer.value(key.encode_prefix(value))})"]], None
        case "between":
            low, high = key.encode(value), key.encode(_upper(condition))
            check_bounds(key.attribute, low, high)
            return [[*fixed, f"{name} BETWEEN {writer.value(low)} AND {writer.value(high)}"]], None
        case operator:
            return [[*fixed, _compare(writer, key, _COMPARATORS[operator], key.encode(value))]], None


def _compare(writer: ExpressionWriter, key: KeyAttribute, comparator: str, wire: AttributeValue) -> str:
    return f"{writer.attribute(key.attribute)} {comparator} {writer.value(wire)}"


def _leading(keys: Sequence[KeyAttribute], value: object) -> list[tuple[KeyAttribute, object]]:
    values = value if len(keys) > 1 and isinstance(value, tuple) else (value,)
    if not 1 <= len(values) <= len(keys):
        raise InvalidKeyError(f"the sort key of the index has {len(keys)} attributes")
    return list(zip(keys, values, strict=False))


def _upper(condition: SortKeyCondition) -> object:
    low, high = condition.value, condition.upper
    if not (isinstance(low, tuple) and isinstance(high, tuple)):
        return high
    if low[:-1] != high[:-1] or len(low) != len(high):
        raise InvalidKeyError("between takes two tuples that differ in their last value only")
    return high[-1]
