"""One item: written, replaced, created once, read and deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import (
    DynamoDBBaseModel,
    InvalidItemError,
    InvalidKeyError,
    ItemAlreadyExistsError,
    TableNotFoundError,
    TransactWriteItem,
)
from integration.behaviour.stores import Stores


class Person(DynamoDBBaseModel):
    name: str
    age: int | None = None
    city: str | None = None


class Reserved(BaseModel):
    """Its keys have names that DynamoDB reserves."""

    name: str
    size: int
    value: str = ""

    class Meta:
        partition_key = "name"
        sort_key = "size"


async def test_a_missing_item_is_none_after_one_request_rk01(
    stores: Stores, sent: list[str], pk: str
) -> None:
    people = await stores.of(Person)
    sent.clear()
    assert await people.get_one(pk, "a") is None
    assert sent == ["GetItem"]


async def test_save_replaces_the_whole_item_rk02(stores: Stores, pk: str, raw: Any) -> None:
    people = await stores.of(Person)
    await people.save(Person(pk=pk, sk="a", name="Ada", age=36))
    await people.save(Person(pk=pk, sk="a", name="Ada", city="London"))
    stored = await raw.get_item(TableName=people.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert stored["Item"].keys() == {"pk", "sk", "name", "city"}


async def test_a_key_without_its_sort_key_or_of_another_type_is_refused_unsent_rk03_rk04(
    stores: Stores, sent: list[str], pk: str
) -> None:
    people = await stores.of(Person)
    sent.clear()
    with pytest.raises(InvalidKeyError, match="sk"):
        await people.get_one(pk)
    with pytest.raises(InvalidKeyError, match="pk"):
        await people.get_one(7, "a")
    assert sent == []


async def test_delete_tells_whether_there_was_an_item_rk13_rk14(stores: Stores, pk: str) -> None:
    people = await stores.of(Person)
    await people.save(Person(pk=pk, sk="a", name="Ada"))
    assert await people.delete(pk, "a") is True
    assert await people.delete(pk, "a") is False


async def test_delete_leaves_the_neighbour_in_its_partition_rk15(stores: Stores, pk: str) -> None:
    people = await stores.of(Person)
    stays = Person(pk=pk, sk="b", name="Grace")
    await people.batch_write([Person(pk=pk, sk="a", name="Ada"), stays])
    await people.delete(pk, "a")
    assert (await people.query_by_pk(pk)).items == [stays]


@pytest.mark.parametrize(
    "call",
    [
        lambda people: people.get_one("p", "a"),
        lambda people: people.save(Person(pk="p", sk="a", name="Ada")),
        lambda people: people.create(Person(pk="p", sk="a", name="Ada")),
        lambda people: people.upsert(Person(pk="p", sk="a", name="Ada")),
        lambda people: people.update("p", "a", {"name": "Ada"}),
        lambda people: people.delete("p", "a"),
        lambda people: people.query_by_pk("p"),
        lambda people: people.count("p"),
        lambda people: people.scan(),
        lambda people: people.batch_get([("p", "a")]),
        lambda people: people.transact_get([("p", "a")]),
        pytest.param(
            lambda people: people.transact_write([TransactWriteItem.delete("p", "a")]),
            marks=pytest.mark.differs("embedded", reason="moto cancels a transaction on a missing table"),
        ),
    ],
    ids=[
        "get",
        "save",
        "create",
        "upsert",
        "update",
        "delete",
        "query",
        "count",
        "scan",
        "batch_get",
        "transact_get",
        "transact_write",
    ],
)
async def test_a_missing_table_is_named_rk16(stores: Stores, table_name: str, call: Any) -> None:
    people = stores.connection.repository(Person, table_name=table_name)
    with pytest.raises(TableNotFoundError) as caught:
        await call(people)
    assert caught.value.table_name == table_name
    assert caught.value.code == "ResourceNotFoundException"
    assert caught.value.request_id


async def test_an_item_without_a_required_field_raises_with_its_name_rk17(
    stores: Stores, pk: str, raw: Any
) -> None:
    people = await stores.of(Person)
    await raw.put_item(TableName=people.table_name, Item={"pk": {"S": pk}, "sk": {"S": "a"}})
    for call in (people.get_one(pk, "a"), people.query_by_pk(pk), people.batch_get([(pk, "a")])):
        with pytest.raises(InvalidItemError) as caught:
            await call
        assert caught.value.fields == ("name",)
        assert (caught.value.pk, caught.value.sk) == (pk, "a")
        assert pk not in str(caught.value)


async def test_update_keeps_unknown_attributes_and_save_drops_them_rk18(
    stores: Stores, pk: str, raw: Any
) -> None:
    people = await stores.of(Person)
    key = {"pk": {"S": pk}, "sk": {"S": "a"}}
    await raw.put_item(TableName=people.table_name, Item={**key, "name": {"S": "Ada"}, "foreign": {"S": "x"}})
    updated = await people.update(pk, "a", {"age": 36})
    assert (await raw.get_item(TableName=people.table_name, Key=key))["Item"]["foreign"] == {"S": "x"}
    await people.save(updated)
    assert "foreign" not in (await raw.get_item(TableName=people.table_name, Key=key))["Item"]


async def test_a_create_knows_an_item_by_a_key_of_any_name_rc68(stores: Stores, pk: str) -> None:
    reserved = await stores.of(Reserved)
    first = Reserved(name=pk, size=1, value="first")
    await reserved.create(first)
    with pytest.raises(ItemAlreadyExistsError) as caught:
        await reserved.create(Reserved(name=pk, size=1, value="second"))
    assert caught.value.item == first
    await reserved.create(Reserved(name=pk, size=2))
    assert [item.value for item in (await reserved.query_by_pk(pk)).items] == ["first", ""]


@pytest.mark.parametrize("tasks", [2, 40])
async def test_of_many_creates_of_one_key_one_wins_rk19_rk20(stores: Stores, pk: str, tasks: int) -> None:
    people = await stores.of(Person)
    outcomes = await asyncio.gather(
        *(people.create(Person(pk=pk, sk="a", name=f"n{number}")) for number in range(tasks)),
        return_exceptions=True,
    )
    losers = [outcome for outcome in outcomes if isinstance(outcome, ItemAlreadyExistsError)]
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Person)]
    assert len(losers) == tasks - 1
    assert all(loser.item == winner for loser in losers)
    assert await people.get_one(pk, "a") == winner
