"""
What a table is declared to be, against what it is.

Both sides have DynamoDB's own shape, the parameters of CreateTable and the reply of DescribeTable, and
are read by the same code into aspects: the partition key, the sort key, what an index holds. An aspect
is compared by names, and shown with the types of its own side; types are compared once for each attribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dynarepo._config import DynamoDBConfig
from dynarepo._requests._table_replies import is_on_demand
from dynarepo._requests._target import unexpected
from dynarepo._wire import Payload

__all__ = ["TableDifference", "billing_differences", "table_differences", "ttl_differences"]


@dataclass(frozen=True, slots=True)
class TableDifference:
    """
    One thing in which a table is not as models declare it; its `str` is a sentence for people.

    Attributes:
        kind: `missing` where the table lacks what is declared, `unexpected` where it has what no model
            declares, `different` where both have it in different ways.
        what: What it is about: `table key`, `attribute placed_at`, `index by_status`, `ttl` or `billing`.
        declared: What the models say, such as `sort key placed_at (S)`; `None` where it is unexpected.
        live: What the table has, likewise; `None` where it is missing.
    """

    kind: Literal["missing", "unexpected", "different"]
    what: str
    declared: str | None
    live: str | None

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"{self.what}: missing, declared with {self.declared}"
        if self.kind == "unexpected":
            return f"{self.what}: unexpected, the table has it with {self.live}"
        return f"{self.what}: declared with {self.declared}, the table has {self.live}"


def table_differences(definition: Payload, table: Payload) -> Iterator[TableDifference]:
    """
    Compare the keys, attribute types and indexes of a CreateTable with those of a described table.

    Raises:
        UnexpectedResponseError: The description is no table's.
    """
    declared = _layout(definition)
    try:
        live = _layout(table)
    except (AttributeError, KeyError, TypeError):
        raise unexpected("DescribeTable", "does not describe a table") from None
    yield from _compared("table key", declared.key, live.key)
    for name, tag in declared.types.items():
        other = live.types.get(name, tag)
        if other != tag:
            yield TableDifference("different", f"attribute {name}", f"type {tag}", f"type {other}")
    for name, index in declared.indexes.items():
        if name in live.indexes:
            yield from _compared(f"index {name}", index, live.indexes[name])
        else:
            yield TableDifference("missing", f"index {name}", _shown(index), None)
    for name, index in live.indexes.items():
        if name not in declared.indexes:
            yield TableDifference("unexpected", f"index {name}", None, _shown(index))


def ttl_differences(declared: str | None, live: str | None) -> Iterator[TableDifference]:
    """Compare the attribute by which items shall expire with the one by which they do."""
    if declared == live:
        return
    kind: Literal["missing", "unexpected", "different"] = (
        "missing" if live is None else "unexpected" if declared is None else "different"
    )
    yield TableDifference(kind, "ttl", declared and f"attribute {declared}", live and f"attribute {live}")


def billing_differences(config: DynamoDBConfig, table: Payload) -> Iterator[TableDifference]:
    """Compare the billing of a described table with a configuration that states capacities."""
    if config.read_capacity is not None and is_on_demand(table):
        yield TableDifference("different", "billing", "provisioned capacity", "capacity on demand")


@dataclass(frozen=True, slots=True)
class _Aspect:
    """One side of a key, or another property; two are equal by their values, whatever they show."""

    noun: str
    values: tuple[str, ...]
    text: str = field(compare=False)


_Aspects: TypeAlias = Sequence[_Aspect]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is compared of a table; the aspects stand in one order on both sides."""

    types: Mapping[str, str]
    key: _Aspects
    indexes: Mapping[str, _Aspects]


def _layout(table: Payload) -> _Layout:
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    key = list(_key(table["KeySchema"], types))
    table_names = {name for aspect in key for name in aspect.values}
    indexes: dict[str, _Aspects] = {}
    for member, scope in (("GlobalSecondaryIndexes", "global"), ("LocalSecondaryIndexes", "local")):
        for index in table.get(member, ()):
            # One that is being deleted can no longer be queried.
            if index.get("IndexStatus") != "DELETING":
                indexes[index["IndexName"]] = list(_index(index, scope, types, table_names))
    return _Layout(types, key, indexes)


def _index(index: Payload, scope: str, types: Mapping[str, str], table_names: set[str]) -> Iterator[_Aspect]:
    yield _Aspect("scope", (scope,), f"{scope} scope")
    names = set(table_names)
    for side in _key(index["KeySchema"], types):
        names.update(side.values)
        yield side
    yield _projection(index["Projection"], names)


def _key(key_schema: Sequence[Payload], types: Mapping[str, str]) -> Iterator[_Aspect]:
    for noun, kind in (("partition key", "HASH"), ("sort key", "RANGE")):
        names = tuple(each["AttributeName"] for each in key_schema if each["KeyType"] == kind)
        shown = " and ".join(f"{name} ({types.get(name, '?')})" for name in names)
        yield _Aspect(noun, names, f"{noun} {shown}")


def _projection(projection: Payload, keys: set[str]) -> _Aspect:
    kind = projection["ProjectionType"]
    # Keys are held in any case, whether they are named or not.
    names = sorted(set(projection.get("NonKeyAttributes", ())) - keys)
    if kind == "INCLUDE" and names:
        return _Aspect("projection", (kind, *names), f"projection INCLUDE ({', '.join(names)})")
    held = "KEYS_ONLY" if kind == "INCLUDE" else kind
    return _Aspect("projection", (held,), f"projection {held}")


def _compared(what: str, declared: _Aspects, live: _Aspects) -> Iterator[TableDifference]:
    for ours, theirs in zip(declared, live, strict=True):
        if ours != theirs:
            stated = ours.text if ours.values else f"no {ours.noun}"
            found = theirs.text if theirs.values else "none"
            yield TableDifference("different", what, stated, found)


def _shown(aspects: _Aspects) -> str:
    return ", ".join(aspect.text for aspect in aspects if aspect.values)
