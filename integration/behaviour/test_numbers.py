"""Numbers survive the server: exact, in range, of their own type."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    DynamoDBBaseModel,
    InvalidItemError,
    InvalidValueError,
    RejectedError,
    add_to_set,
    increment,
)
from integration.behaviour.stores import Stores


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Numbers(DynamoDBBaseModel):
    whole: int | None = None
    exact: Decimal | None = None
    real: float | None = None
    flag: bool | None = None
    level: Level | None = None
    numbers: set[Decimal] = Field(default_factory=set)
    listed: list[Decimal] = Field(default_factory=list)


class Reading(BaseModel):
    pk: str
    at: Decimal

    class Meta:
        partition_key = "pk"
        sort_key = "at"


DIGITS = 10**38 - 1
LARGEST = f"{DIGITS}E+88"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("whole", value) for value in (DIGITS, -DIGITS, 10**38, 10**125, -(10**125), 2**53 + 1, 0)],
        *[("exact", Decimal(text)) for text in (LARGEST, f"-{LARGEST}", "1E-130", "-1E-130")],
        *[("exact", Decimal(text)) for text in ("1.10", "1E3", "-0", "0.1", "123.456")],
        *[("real", value) for value in (0.1, 1 / 3, 1e22, -2.5e-100, 1e125, 0.0)],
        ("flag", True),
        ("flag", False),
        ("level", Level.HIGH),
        ("numbers", {Decimal("1.5"), Decimal(10**38), Decimal("-1E-130")}),
        ("listed", [Decimal("1.50"), Decimal("1E3")]),
    ],
    ids=lambda value: f"{value}"[:24],
)
async def test_a_number_comes_back_equal_and_of_its_type_rn21_rn22_rn25_rn26_rn27_rn28(
    stores: Stores, pk: str, field: str, value: object
) -> None:
    numbers = await stores.of(Numbers)
    await numbers.save(Numbers.model_validate({"pk": pk, "sk": "a", field: value}))
    read = await numbers.get_one(pk, "a")
    assert read is not None
    back = getattr(read, field)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exact", Decimal("1E+126")),
        ("exact", Decimal("1E-131")),
        ("whole", 10**126),
        ("whole", 10**38 + 1),
        ("exact", Decimal("NaN")),
        ("exact", Decimal("Infinity")),
        ("exact", Decimal("-Infinity")),
        ("real", float("nan")),
        ("real", float("inf")),
        ("real", float("-inf")),
        ("real", 5e-324),
        ("real", sys.float_info.max),
    ],
    ids=lambda value: f"{value}"[:24],
)
async def test_a_number_dynamodb_cannot_hold_is_refused_unsent_rn23_rn24_rn25(
    stores: Stores, sent: list[str], pk: str, field: str, value: Any
) -> None:
    numbers = await stores.of(Numbers)
    sent.clear()
    with pytest.raises(InvalidValueError) as caught:
        await numbers.save(Numbers.model_construct(pk=pk, sk="a", **{field: value}))
    assert caught.value.path == field
    assert sent == []


@pytest.mark.parametrize("key", [Decimal("1E3"), Decimal("1000.00"), 1000, 1000.0])
async def test_a_number_key_is_found_however_it_is_written_rn29(stores: Stores, pk: str, key: object) -> None:
    readings = await stores.of(Reading)
    await readings.save(Reading(pk=pk, at=Decimal(1000)))
    assert await readings.get_one(pk, key) == Reading(pk=pk, at=Decimal(1000))


async def test_number_keys_sort_as_numbers_rn30(stores: Stores, pk: str) -> None:
    readings = await stores.of(Reading)
    values = [Decimal(text) for text in ("-5", "-1", "0", "2", "10", "10.5")]
    await readings.batch_write(Reading(pk=pk, at=value) for value in reversed(values))
    assert [reading.at for reading in (await readings.query_by_pk(pk)).items] == values


@pytest.mark.parametrize("text", ["1" + "0" * 100, "1E100", "+1e+100"])
async def test_a_number_that_another_program_wrote_is_read_exactly_rn33(
    stores: Stores, pk: str, raw: Any, text: str
) -> None:
    numbers = await stores.of(Numbers)
    item = {"pk": {"S": pk}, "sk": {"S": "a"}, "whole": {"N": text}, "exact": {"N": text}}
    await raw.put_item(TableName=numbers.table_name, Item=item)
    read = await numbers.get_one(pk, "a")
    assert read is not None
    assert (read.whole, read.exact) == (10**100, Decimal("1E100"))
    assert type(read.whole) is int


@pytest.mark.differs("embedded", reason="moto answers 500 where a sum is too large")
async def test_an_increment_beyond_the_largest_number_changes_nothing_rn32(stores: Stores, pk: str) -> None:
    numbers = await stores.of(Numbers)
    largest = Numbers(pk=pk, sk="a", exact=Decimal("9E+125"), whole=1)
    await numbers.save(largest)
    with pytest.raises(RejectedError) as caught:
        await numbers.update(
            pk, "a", lambda n: [increment(n.whole, 1), increment(n.exact, Decimal("9E+125"))]
        )
    assert caught.value.code == "ValidationException"
    assert await numbers.get_one(pk, "a", consistent=True) == largest


async def test_equal_numbers_are_one_element_of_a_set_rn35(stores: Stores, pk: str, raw: Any) -> None:
    numbers = await stores.of(Numbers)
    await numbers.save(Numbers.model_validate({"pk": pk, "sk": "a", "numbers": [1, 1.0, Decimal("1.00")]}))
    updated = await numbers.update(pk, "a", lambda n: [add_to_set(n.numbers, {Decimal("1.000"), Decimal(2)})])
    assert updated.numbers == {Decimal(1), Decimal(2)}
    stored = await raw.get_item(TableName=numbers.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert sorted(stored["Item"]["numbers"]["NS"]) == ["1", "2"]


async def test_a_fraction_in_a_field_of_whole_numbers_is_no_item_of_the_model(
    stores: Stores, pk: str, raw: Any
) -> None:
    numbers = await stores.of(Numbers)
    item = {"pk": {"S": pk}, "sk": {"S": "a"}, "whole": {"N": "1.5"}}
    await raw.put_item(TableName=numbers.table_name, Item=item)
    with pytest.raises(InvalidItemError) as caught:
        await numbers.get_one(pk, "a")
    assert caught.value.fields == ("whole",)
