"""1,000 generated instances go through the server and come back equal, in value and type."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from dynarepo import DynamoDBBaseModel
from integration.behaviour.stores import Stores
from tests.codec import strategies

INSTANCES = 4


class Size(Enum):
    SMALL = "s"
    LARGE = 1


class Part(BaseModel):
    name: str
    weight: Decimal | None = None
    inner: list[Part] = Field(default_factory=list)


class Everything(DynamoDBBaseModel):
    text: str
    binary: bytes
    whole: int
    real: float
    exact: Decimal
    flag: bool
    moment: datetime
    day: date
    clock: time
    span: timedelta
    uuid: UUID
    size: Size
    literal: Literal["a", "b"]
    optional: int | None = None
    mixed: int | str | bytes | None = None
    texts: set[str] = Field(default_factory=set)
    wholes: frozenset[int] = frozenset()
    binaries: set[bytes] = Field(default_factory=set)
    listed: list[int | None] = Field(default_factory=list)
    row: tuple[int, str] = (0, "")
    mapped: dict[str, list[str]] = Field(default_factory=dict)
    numbered: dict[int, bool] = Field(default_factory=dict)
    part: Part
    anything: Any = None


parts = st.recursive(
    st.builds(Part, name=strategies.texts, weight=st.none() | strategies.decimals),
    lambda inner: st.builds(Part, name=strategies.texts, inner=st.lists(inner, max_size=2)),
    max_leaves=4,
)
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=strategies.zones)  # noqa: DTZ001
fields = st.fixed_dictionaries(
    {
        "text": strategies.texts,
        "binary": st.binary(max_size=20),
        "whole": strategies.ints,
        "real": strategies.floats,
        "exact": strategies.decimals,
        "flag": st.booleans(),
        "moment": moments,
        "day": st.dates(),
        "clock": strategies.times,
        "span": st.timedeltas(),
        "uuid": st.uuids(),
        "size": st.sampled_from(Size),
        "literal": st.sampled_from(["a", "b"]),
        "part": parts,
    },
    optional={
        "optional": st.none() | strategies.ints,
        "mixed": st.none() | strategies.ints | strategies.texts | st.binary(max_size=5),
        "texts": st.sets(strategies.texts, max_size=3),
        "wholes": st.frozensets(strategies.ints, max_size=3),
        "binaries": st.sets(st.binary(max_size=5), max_size=3),
        "listed": st.lists(st.none() | strategies.ints, max_size=3),
        "row": st.tuples(strategies.ints, strategies.texts),
        "mapped": st.dictionaries(strategies.names, st.lists(strategies.texts, max_size=2), max_size=3),
        "numbered": st.dictionaries(strategies.ints, st.booleans(), max_size=3),
        "anything": strategies.plain,
    },
)


@settings(max_examples=1000 // INSTANCES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_a_generated_instance_comes_back_the_same(stores: Stores, data: st.DataObject) -> None:
    repository = await stores.of(Everything)
    pk = secrets.token_hex(8)
    drawn = [data.draw(fields) for _ in range(INSTANCES)]
    written = [Everything(pk=pk, sk=f"{number:03}", **each) for number, each in enumerate(drawn)]
    await repository.batch_write(written)
    read = [item async for item in repository.iter_query_items(pk)]
    assert read == written
    assert [shape(item) for item in read] == [shape(item) for item in written]


def shape(value: Any) -> Any:
    """Give the types of a value at every level, in an order that does not depend on a set's."""
    match value:
        case BaseModel():
            return type(value), [(name, shape(held)) for name, held in value]
        case dict():
            return dict, {key: (type(key), shape(held)) for key, held in value.items()}
        case list() | tuple():
            return type(value), [shape(each) for each in value]
        case set() | frozenset():
            return type(value), {each: type(each) for each in value}
    return type(value)
