"""Whatever a declared type holds comes back equal in value and type."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from types import GenericAlias
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    Base64Bytes,
    BaseModel,
    Json,
    PlainSerializer,
    WrapSerializer,
    create_model,
)

from dynarepo._codec import compile_model
from dynarepo._codec._sameness import same
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidValueError
from tests.codec import strategies
from tests.codec.cases import CASES, NOON, Cat, Dog, Meters


@pytest.mark.parametrize(("declared", "value", "stored"), CASES, ids=lambda value: str(value)[:40])
def test_a_value_comes_back_the_same(declared: Any, value: Any, stored: AttributeValue | None) -> None:
    plan = compile_model(create_model("Item", field=(declared, ...)))
    item = plan.model(field=value)
    wire = plan.encode(item)
    assert stored is None or wire == {"field": stored}
    assert same(plan.decode(wire), item)
    assert {tag for value in wire.values() for tag in value} <= plan.fields["field"].node.tags


@pytest.mark.parametrize(("declared", "value", "stored"), CASES, ids=lambda value: str(value)[:40])
def test_a_value_comes_back_the_same_in_a_list(
    declared: Any, value: Any, stored: AttributeValue | None
) -> None:
    listed: Any = GenericAlias(list, (declared,))
    plan = compile_model(create_model("Item", field=(listed, ...)))
    item = plan.model(field=[value])
    assert same(plan.decode(plan.encode(item)), item)


PROPERTIES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, strategies.texts),
    (bytes, st.binary()),
    (int, strategies.ints),
    (float, strategies.floats),
    (Decimal, strategies.decimals),
    (date, st.dates()),
    (time, strategies.times),
    (timedelta, st.timedeltas()),
    (UUID, st.uuids()),
    (set[int], st.sets(strategies.ints)),
    (frozenset[str], st.frozensets(strategies.texts)),
    (dict[str, list[int | None]], st.dictionaries(strategies.names, st.lists(st.none() | strategies.ints))),
    (dict[int, bool], st.dictionaries(strategies.ints, st.booleans())),
    (tuple[int, str | None], st.tuples(strategies.ints, st.none() | strategies.texts)),
    (Any, strategies.plain),
    (int | str | None, st.none() | strategies.ints | strategies.texts),
]


@pytest.mark.parametrize(("declared", "values"), PROPERTIES, ids=lambda value: str(value)[:40])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_every_value_comes_back_the_same(
    declared: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    plan = _plan_of(declared)
    item = plan.model(field=data.draw(values))
    assert same(plan.decode(plan.encode(item)), item)


@given(strategies.datetimes)
@settings(max_examples=200, deadline=None)
def test_instants_come_back_or_are_out_of_range_in_utc(value: datetime) -> None:
    plan = _plan_of(datetime)
    try:
        value.astimezone(UTC)
    except OverflowError:
        return
    assert plan.decode(plan.encode(plan.model(field=value))).field == value


@given(strategies.datetimes, strategies.datetimes)
@settings(max_examples=200, deadline=None)
def test_the_text_of_instants_sorts_as_they_do(first: datetime, second: datetime) -> None:
    encode = _plan_of(datetime).fields["field"].node.encode
    try:
        texts = [encode(value, ("field",))["S"] for value in (first, second)]
    except ValueError:
        return
    assert (texts[0] < texts[1]) == (first < second)


_PLANS: dict[Any, Any] = {}


def _plan_of(declared: Any) -> Any:
    if declared not in _PLANS:
        _PLANS[declared] = compile_model(create_model("Item", field=(declared, ...)))
    return _PLANS[declared]


def test_a_serializer_decides_what_is_stored() -> None:
    class Item(BaseModel):
        plain: Annotated[datetime, PlainSerializer(lambda value: value.isoformat(), return_type=str)]
        wrapped: Annotated[int, WrapSerializer(lambda value, handler: str(handler(value)))]
        nullable: Annotated[int | None, PlainSerializer(lambda value: value)] = 3
        only_json: Annotated[int, PlainSerializer(str, when_used="json")]
        binary: Base64Bytes

    item = Item(plain=NOON, wrapped=5, nullable=None, only_json=1, binary=b"aGk=")
    plan = compile_model(Item)
    wire = plan.encode(item)
    assert wire == {
        "plain": {"S": "2026-01-31T12:00:00+00:00"},
        "wrapped": {"S": "5"},
        "nullable": {"NULL": True},
        "only_json": {"N": "1"},
        "binary": {"B": "YUdrPQ=="},
    }
    assert plan.decode(wire) == item


def test_a_type_without_equality_comes_back_if_it_dumps_alike() -> None:
    plan = compile_model(create_model("Item", field=(Meters, ...)))
    item = plan.model(field=5)
    wire = plan.encode(item)
    assert wire == {"field": {"N": "5"}}
    assert plan.decode(wire).field.length == 5  # type: ignore[attr-defined]
    with pytest.raises(InvalidValueError, match="read back"):
        plan.encode(plan.model.model_construct(field=Meters(500)))


def test_a_serializer_without_annotations_gives_whatever_comes() -> None:
    dump = PlainSerializer(partial(divmod, 7))
    plan = compile_model(create_model("Item", field=(Annotated[int, dump], ...)))
    assert plan.encode(plan.model(field=5)) == {"field": {"L": [{"N": "1"}, {"N": "2"}]}}


def test_a_structure_may_lack_the_literal_that_tells_it_apart() -> None:
    plan = compile_model(create_model("Item", field=(Cat | Dog, ...)))
    stored: WireItem = {"field": {"M": {"lives": {"N": "9"}}}}
    assert plan.decode(stored) == plan.model(field=Cat(lives=9))


def test_json_is_stored_as_its_text() -> None:
    plan = compile_model(create_model("Item", field=(Json[list[int]], ...)))
    item = plan.model(field="[1, 2]")
    assert plan.encode(item) == {"field": {"S": "[1,2]"}}
    assert plan.decode(plan.encode(item)) == item
