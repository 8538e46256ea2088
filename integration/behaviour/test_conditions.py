"""Conditions mean what DynamoDB says, above all for what is missing and what has another type."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo import (
    Condition,
    ConditionFailedError,
    DynamoDBBaseModel,
    ExpressionTooLongError,
    attr,
)
from integration.behaviour.stores import Stores


class Thing(DynamoDBBaseModel):
    """Fields of no type hold whatever a case needs; the others have the type that a case is about."""

    a: Any = None
    b: Any = None
    number: int | None = None
    text: str | None = None
    binary: bytes | None = None
    listed: list[str] | None = None
    tags: set[str] | None = None
    mapped: dict[str, Any] | None = None
    null: int | None = 1


MISSING = pytest.mark.differs("embedded", reason="moto takes two missing attributes for equal")
TYPES = pytest.mark.differs("embedded", reason="moto answers 500 where types differ", run=False)
BINARY = pytest.mark.differs("embedded", reason="moto knows no beginning of binary values")
SIZE = pytest.mark.differs("embedded", reason="moto answers 500 for the size of a missing one", run=False)


def case(
    name: str, fields: dict[str, Any], where: Condition, holds: bool, *marks: pytest.MarkDecorator
) -> Any:
    return pytest.param(fields, where, holds, id=name, marks=marks)


CASES = [
    case("rc51 missing = 5", {}, attr("number").eq(5), False),
    case("rc51 missing <> 5", {}, attr("number").ne(5), True),
    case("rc51 missing < 5", {}, attr("number").lt(5), False),
    case("rc51 missing >= 5", {}, attr("number").ge(5), False),
    case("rc51 missing between", {}, attr("number").between(1, 5), False),
    case("rc51 missing in", {}, attr("number").in_(1, 5), False),
    case("rc52 missing = missing", {}, attr("a").eq(attr("b")), False, MISSING),
    case("rc52 missing <> missing", {}, attr("a").ne(attr("b")), True, MISSING),
    case("rc52 missing < missing", {}, attr("a").lt(attr("b")), False),
    case("rc53 text < number", {"a": "x"}, attr("a").lt(5), False, TYPES),
    case("rc53 text > number", {"a": "x"}, attr("a").gt(5), False, TYPES),
    case("rc53 text = number", {"a": "5"}, attr("a").eq(5), False),
    case("rc53 text <> number", {"a": "5"}, attr("a").ne(5), True),
    case("rc53 text between numbers", {"a": "5"}, attr("a").between(1, 9), False, TYPES),
    case("rc54 NULL exists", {"null": None}, attr("null").exists(), True),
    case("rc54 NULL not exists", {"null": None}, attr("null").not_exists(), False),
    case("rc54 NULL is NULL", {"null": None}, attr("null").is_type("NULL"), True),
    case("rc55 set in another order", {"tags": {"a", "b", "c"}}, attr("tags").eq({"c", "b", "a"}), True),
    case("rc55 nested set", {"a": {"s": {"a", "b"}}}, attr("a").eq({"s": {"b", "a"}}), True),
    case("rc55 smaller set", {"tags": {"a", "b"}}, attr("tags").eq({"a"}), False),
    case("rc56 bytes order", {"binary": b"\x80"}, attr("binary").gt(b"\x7f\xff"), True),
    case("rc57 text begins", {"text": "adam"}, attr("text").begins_with("ada"), True),
    case("rc57 text begins not", {"text": "adam"}, attr("text").begins_with("dam"), False),
    case("rc57 bytes begin", {"binary": b"\xff\x00"}, attr("binary").begins_with(b"\xff"), True, BINARY),
    case("rc58 text contains", {"text": "adam"}, attr("text").contains("da"), True),
    case("rc58 list contains", {"listed": ["a", "b"]}, attr("listed").contains("b"), True),
    case("rc58 list holds no part", {"listed": ["ab"]}, attr("listed").contains("a"), False),
    case("rc58 set contains", {"tags": {"a", "b"}}, attr("tags").contains("b"), True),
    case("rc58 set holds no part", {"tags": {"ab"}}, attr("tags").contains("a"), False),
    case("rc65 list size", {"listed": ["a", "b"]}, attr("listed").size().eq(2), True),
    case("rc65 set size", {"tags": {"a", "b"}}, attr("tags").size().eq(2), True),
    case("rc65 map size", {"mapped": {"a": 1, "b": 2, "c": 3}}, attr("mapped").size().eq(3), True),
    case("rc65 bytes size", {"binary": b"\0\1\2\3"}, attr("binary").size().eq(4), True),
    case("rc65 size of a missing one", {}, attr("listed").size().ge(0), False, SIZE),
    case("rc66 two fields equal", {"a": 5, "number": 5}, attr("a").eq(attr("number")), True),
    case("rc66 two fields in order", {"a": 5, "number": 6}, attr("a").lt(attr("number")), True),
    case(
        "rc66 between fields",
        {"a": 4, "b": 6, "number": 5},
        attr("number").between(attr("a"), attr("b")),
        True,
    ),
    case("path into a map", {"mapped": {"a": {"b.c": 1}}}, attr("mapped", "a", "b.c").eq(1), True),
    case("path into a list", {"listed": ["a", "b"]}, attr("listed[1]").eq("b"), True),
    case("path beyond a list", {"listed": ["a", "b"]}, attr("listed[2]").exists(), False),
]


@pytest.mark.parametrize(("fields", "where", "holds"), CASES)
async def test_a_filter_and_a_write_condition_agree_rc51_to_rc58_rc65_rc66(
    stores: Stores, pk: str, fields: dict[str, Any], where: Condition, holds: bool
) -> None:
    things = await stores.of(Thing)
    thing = Thing(pk=pk, sk="a", **fields)
    await things.save(thing)
    assert (await things.query_by_pk(pk, where=where)).items == [thing] * holds
    assert (await things.query_by_pk(pk, where=~where)).items == [thing] * (not holds)
    if holds:
        await things.save(thing, where=where)
    else:
        with pytest.raises(ConditionFailedError):
            await things.save(thing, where=where)


@pytest.mark.parametrize(
    "where",
    [
        attr("number").begins_with("a"),
        attr("number").contains(1),
        attr("number").between(2, 1),
        attr("tags").lt({"a"}),
        attr("a").between("a", 1),
        attr("unknown").eq(1),
        attr("number").eq("a"),
    ],
    ids=repr,
)
async def test_a_condition_that_cannot_hold_is_refused_unsent_rc57_rc60(
    stores: Stores, sent: list[str], pk: str, where: Condition
) -> None:
    things = await stores.of(Thing)
    sent.clear()
    with pytest.raises(ValueError, match=r"number|tags|a:|unknown"):
        await things.save(Thing(pk=pk, sk="a"), where=where)
    assert sent == []


@pytest.mark.parametrize("number", [1, 100, 101, 250])
async def test_any_number_of_alternatives_is_one_condition_rc59(stores: Stores, pk: str, number: int) -> None:
    things = await stores.of(Thing)
    last = Thing(pk=pk, sk="a", number=number - 1)
    await things.batch_write([last, Thing(pk=pk, sk="b", number=number)])
    found = await things.query_by_pk(pk, where=attr("number").in_(*range(number)))
    assert found.items == [last]


async def test_no_alternative_never_holds_rc59(stores: Stores, pk: str) -> None:
    things = await stores.of(Thing)
    thing, bare = Thing(pk=pk, sk="a", number=5), Thing(pk=pk, sk="b")
    await things.batch_write([thing, bare])
    never, five = attr("number").in_(), attr("number").eq(5)
    for where, found in (
        (never, []),
        (never & five, []),
        (never | five, [thing]),
        (five & (never | attr("number").exists()), [thing]),
        (~never, [thing, bare]),
        (~never & five, [thing]),
        (~(never | five), [bare]),
    ):
        assert (await things.query_by_pk(pk, where=where)).items == found


async def test_a_write_on_no_alternative_fails_and_on_its_opposite_is_done_rc59(
    stores: Stores, pk: str
) -> None:
    things = await stores.of(Thing)
    thing = Thing(pk=pk, sk="a", number=5)
    await things.save(thing)
    never = attr("number").in_()
    for call in (
        things.save(Thing(pk=pk, sk="a"), where=never),
        things.update(pk, "a", {"number": 6}, where=never & attr("number").eq(5)),
        things.delete(pk, "a", where=never),
        things.delete(pk, "b", where=never),
    ):
        with pytest.raises(ConditionFailedError):
            await call
    assert await things.get_one(pk, "a") == thing
    assert (await things.update(pk, "a", {"number": 6}, where=~never)).number == 6


@pytest.mark.parametrize("number", range(16))
async def test_and_or_not_bind_as_in_python_rc61(stores: Stores, pk: str, number: int) -> None:
    things = await stores.of(Thing)
    a, b, c, d = (bool(number & bit) for bit in (8, 4, 2, 1))
    thing = Thing(pk=pk, sk="a", a=a, b=b, mapped={"c": c, "d": d})
    await things.save(thing)
    is_a, is_b = attr("a").eq(True), attr("b").eq(True)
    is_c, is_d = attr("mapped.c").eq(True), attr("mapped.d").eq(True)
    for where, holds in (
        ((is_a & is_b) | ~(is_c & is_d), (a and b) or not (c and d)),
        (is_a & (is_b | is_c) & ~is_d, a and (b or c) and not d),
        (~(is_a | ~(is_b & ~is_c)) | is_d, not (a or not (b and not c)) or d),
    ):
        assert (await things.query_by_pk(pk, where=where)).count == holds


async def test_an_expression_too_long_for_the_service_is_refused_unsent_rc64(
    stores: Stores, sent: list[str], pk: str
) -> None:
    things = await stores.of(Thing)
    sent.clear()
    with pytest.raises(ExpressionTooLongError):
        await things.query_by_pk(pk, where=attr("number").in_(*range(1000)))
    assert sent == []


async def test_a_failed_condition_has_the_stored_model_rc69(stores: Stores, pk: str) -> None:
    things = await stores.of(Thing)
    stored = Thing(pk=pk, sk="a", number=1)
    await things.save(stored)
    where = attr("number").eq(2)
    for call in (
        things.save(Thing(pk=pk, sk="a"), where=where),
        things.update(pk, "a", {"number": 3}, where=where),
        things.delete(pk, "a", where=where),
    ):
        with pytest.raises(ConditionFailedError) as caught:
            await call
        assert caught.value.item == stored
    assert await things.get_one(pk, "a") == stored


async def test_a_condition_on_an_item_that_is_not_there_fails_without_one_rc69(
    stores: Stores, pk: str
) -> None:
    things = await stores.of(Thing)
    with pytest.raises(ConditionFailedError) as caught:
        await things.delete(pk, "a", where=attr("number").eq(2))
    assert caught.value.item is None
