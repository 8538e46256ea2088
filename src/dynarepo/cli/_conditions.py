"""
`--where NAME OPERATOR VALUE` and keys, for a table by its name and for a model.

Of a table by its name, types are not known: a value that is JSON is that value, such as `18`, `true` or
`"18"`, and any other is text. Keys have the types that the table says.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from dynarepo._expressions import AttributePath, Condition, Path
from dynarepo._limits import MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES
from dynarepo._wire import AttributeValue, Payload, WireItem
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._models import field_value
from dynarepo.cli._paths import path_of, paths_of
from dynarepo.cli._plain_json import content_of, value_or_text

__all__ = ["Expressions", "Where", "key_item", "model_condition"]

#: A name, an operator and a value, as given.
Where: TypeAlias = tuple[str, str, str]

_SYMBOLS: Final[Mapping[str, str]] = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FUNCTIONS: Final = frozenset({"begins_with", "contains"})
_EXISTS: Final = "exists"
_OPERATORS: Final = (*_SYMBOLS, *sorted(_FUNCTIONS), _EXISTS)

#: The types that operators take which do not take every one, and how they are called.
_ORDERED: Final = (frozenset({"S", "N", "B"}), "text, a number or binary")
_TAKEN: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    **dict.fromkeys(("lt", "le", "gt", "ge"), _ORDERED),
    "begins_with": (frozenset({"S", "B"}), "text or binary"),
}
_KEY_BYTES: Final = (MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES)
_KEY_KINDS: Final[Mapping[str, str]] = {"S": "text", "N": "a number", "B": "binary as base64"}


@dataclass(slots=True)
class Expressions:
    """Expressions of one request, whose names and values stand beside them."""

    members: Payload = field(default_factory=dict)

    def condition(self, path: Path, operator: str, value: AttributeValue) -> str:
        """Write one condition."""
        attribute, operand = self._path(path), self._value(value)
        if operator in _FUNCTIONS:
            return f"{operator}({attribute}, {operand})"
        return f"{attribute} {_SYMBOLS[operator]} {operand}"

    def filter(self, wheres: Sequence[Where], keys: Collection[str] = ()) -> None:
        """Filter by all of some conditions, which name none of the keys that a query asks for."""
        if wheres:
            self.members["FilterExpression"] = " AND ".join(self._where(keys, *where) for where in wheres)

    def key(self, key_types: Mapping[str, str], pk: str, sort: Sequence[tuple[str, str]]) -> None:
        """Ask for a partition, and for a part of it by conditions on the sort key."""
        (partition, tag), *rest = key_types.items()
        most, sort_most = _KEY_BYTES
        conditions = [self.condition((partition,), "eq", _key_value(partition, tag, pk, most))]
        if sort and not rest:
            raise CommandError("there is no sort key: give the partition key alone", Exit.USAGE)
        for operator, text in sort:
            ((name, sort_tag),) = rest
            value = _key_value(name, sort_tag, text, sort_most)
            _check_taken(f"--sort-key {operator}", operator, value, f"and {name} is {_KEY_KINDS[sort_tag]}")
            conditions.append(self.condition((name,), operator, value))
        self.members["KeyConditionExpression"] = " AND ".join(conditions)

    def project(self, names: str | None) -> None:
        """Ask for some attributes only, given with commas between."""
        if names is not None:
            self.members["ProjectionExpression"] = ", ".join(map(self._path, paths_of(names)))

    def _where(self, keys: Collection[str], name: str, operator: str, text: str) -> str:
        _check(operator)
        path = path_of(name)
        if path[0] in keys:
            raise CommandError(
                f"--where cannot name {path[0]}, a key of what is queried: PK and --sort-key ask for keys",
                Exit.USAGE,
            )
        if operator == _EXISTS:
            function = "attribute_exists" if _is_yes(text) else "attribute_not_exists"
            return f"{function}({self._path(path)})"
        value = value_or_text(text)
        _check_taken(f"--where {operator}", operator, value, "and JSON is text in quotes, '\"18\"'")
        return self.condition(path, operator, value)

    def _path(self, path: Path) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{self._name(step)}" for step in path)
        return "".join(steps).removeprefix(".")

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
    parts = zip(key_types.items(), given, _KEY_BYTES, strict=False)
    return {name: _key_value(name, tag, text, most) for (name, tag), text, most in parts}


def model_condition(model: type[BaseModel], wheres: Sequence[Where]) -> Condition | None:
    """Make the condition on a model's fields that all hold; `None` for none."""
    conditions = [_of_field(model, *where) for where in wheres]
    return reduce(lambda one, other: one & other, conditions) if conditions else None


def _of_field(model: type[BaseModel], name: str, operator: str, text: str) -> Condition:
    _check(operator)
    attribute = AttributePath(path_of(name))
    if operator == _EXISTS:
        return attribute.exists() if _is_yes(text) else attribute.not_exists()
    value = field_value(model, attribute.path, text, element=operator == "contains")
    compare: Callable[[Any], Condition] = getattr(attribute, operator)
    return compare(value)


def _check(operator: str) -> None:
    if operator not in _OPERATORS:
        raise CommandError(f"--where has no operator {operator}; it has {', '.join(_OPERATORS)}", Exit.USAGE)


def _is_yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise CommandError("--where NAME exists takes yes or no", Exit.USAGE)
    return text == "yes"


def _check_taken(what: str, operator: str, value: AttributeValue, remark: str) -> None:
    tags, kinds = _TAKEN.get(operator, (value.keys(), ""))
    if not value.keys() <= tags:
        raise CommandError(f"{what} takes {kinds}, {remark}", Exit.USAGE)


def _key_value(name: str, tag: str, text: str, most: int) -> AttributeValue:
    try:
        value = content_of(tag, text if tag == "N" else json.dumps(text))
    except ValueError:
        raise CommandError(f"the key {name} is {_KEY_KINDS[tag]}", Exit.USAGE) from None
    if tag != "N" and not 0 < len(b64decode(text) if tag == "B" else text.encode()) <= most:
        raise CommandError(f"the key {name} has 1 to {most:,} bytes", Exit.USAGE)
    return value
