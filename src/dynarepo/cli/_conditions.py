"""
`--where NAME OPERATOR VALUE` and keys, for a table by its name and for a model.

Of a table by its name, types are not known: a value that is JSON is that value, such as `18`, `true` or
`"18"`, and any other is text. Keys have the types that the table says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from dynarepo._expressions import Condition, attr
from dynarepo._wire import AttributeValue, Payload, WireItem
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._models import field_value
from dynarepo.cli._plain_json import content_of, value_of

__all__ = ["Expressions", "Where", "key_item", "model_condition"]

#: A name, an operator and a value, as given.
Where: TypeAlias = tuple[str, str, str]

_SYMBOLS: Final[Mapping[str, str]] = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FUNCTIONS: Final = frozenset({"begins_with", "contains"})
_EXISTS: Final = "exists"
_OPERATORS: Final = (*_SYMBOLS, *sorted(_FUNCTIONS), _EXISTS)


@dataclass(slots=True)
class Expressions:
    """Expressions of one request, whose names and values stand beside them."""

    members: Payload = field(default_factory=dict)

    def condition(self, name: str, operator: str, value: AttributeValue) -> str:
        """Write one condition."""
        attribute, operand = self._name(name), self._value(value)
        if operator in _FUNCTIONS:
            return f"{operator}({attribute}, {operand})"
        return f"{attribute} {_SYMBOLS[operator]} {operand}"

    def filter(self, wheres: Sequence[Where]) -> None:
        """Filter by all of some conditions."""
        if wheres:
            self.members["FilterExpression"] = " AND ".join(self._where(*where) for where in wheres)

    def key(self, key_types: Mapping[str, str], pk: str, sort: Sequence[tuple[str, str]]) -> None:
        """Ask for a partition, and for a part of it by conditions on the sort key."""
        (partition, tag), *rest = key_types.items()
        conditions = [self.condition(partition, "eq", _key_value(partition, tag, pk))]
        if sort and not rest:
            raise CommandError("there is no sort key: give the partition key alone", Exit.USAGE)
        for operator, text in sort:
            ((name, sort_tag),) = rest
            conditions.append(self.condition(name, operator, _key_value(name, sort_tag, text)))
        self.members["KeyConditionExpression"] = " AND ".join(conditions)

    def project(self, names: str | None) -> None:
        """Ask for some attributes only, given with commas between."""
        if names is not None:
            self.members["ProjectionExpression"] = ", ".join(
                self._name(name.strip()) for name in names.split(",")
            )

    def _where(self, name: str, operator: str, text: str) -> str:
        _check(operator)
        if operator == _EXISTS:
            function = "attribute_exists" if _is_yes(text) else "attribute_not_exists"
            return f"{function}({self._name(name)})"
        return self.condition(name, operator, _operand(text))

    def _name(self, name: str) -> str:
        names: dict[str, str] = self.members.setdefault("ExpressionAttributeNames", {})
        alias = next((alias for alias, stored in names.items() if stored == name), f"#{len(names)}")
        names[alias] = name
        return alias

    def _value(self, value: AttributeValue) -> str:
        values: WireItem = self.members.setdefault("ExpressionAttributeValues", {})
        alias = f":{len(values)}"
        values[alias] = value
        return alias


def key_item(key_types: Mapping[str, str], pk: str, sk: str | None) -> WireItem:
    """Make a key of its values as text, of the types that the table says."""
    given = [pk] if sk is None else [pk, sk]
    if len(given) != len(key_types):
        raise CommandError(
            f"the key of the table is {' and '.join(key_types)}: give {len(key_types)} values", Exit.USAGE
        )
    return {
        name: _key_value(name, tag, text) for (name, tag), text in zip(key_types.items(), given, strict=True)
    }


def model_condition(model: type[BaseModel], wheres: Sequence[Where]) -> Condition | None:
    """Make the condition on a model's fields that all hold; `None` for none."""
    conditions = [_of_field(model, *where) for where in wheres]
    return reduce(lambda one, other: one & other, conditions) if conditions else None


def _of_field(model: type[BaseModel], name: str, operator: str, text: str) -> Condition:
    _check(operator)
    if operator == _EXISTS:
        return attr(name).exists() if _is_yes(text) else attr(name).not_exists()
    value = field_value(model, name, text, element=operator == "contains")
    compare: Callable[[Any], Condition] = getattr(attr(name), operator)
    return compare(value)


def _check(operator: str) -> None:
    if operator not in _OPERATORS:
        raise CommandError(f"--where has no operator {operator}; it has {', '.join(_OPERATORS)}", Exit.USAGE)


def _is_yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise CommandError("--where NAME exists takes yes or no", Exit.USAGE)
    return text == "yes"


def _operand(text: str) -> AttributeValue:
    try:
        return value_of(text)
    except ValueError:
        return {"S": text}


def _key_value(name: str, tag: str, text: str) -> AttributeValue:
    if tag == "S":
        return {"S": text}
    try:
        return content_of(tag, text if tag == "N" else f'"{text}"')
    except ValueError:
        kind = "a number" if tag == "N" else "binary as base64"
        raise CommandError(f"the key {name} is {kind}", Exit.USAGE) from None
