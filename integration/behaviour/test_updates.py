"""Partial updates change an item that exists, by the model's own rules, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from dynarepo import (
    DynamoDBBaseModel,
    InvalidRequestError,
    InvalidValueError,
    ItemNotFoundError,
    attr,
)
from integration.behaviour.stores import Stores


class Account(DynamoDBBaseModel):
    name: str = "Ada"
    age: Annotated[int, Field(ge=0)] = 36
    nickname: str | None = None
    settings: dict[str, Any] = Field(default={"theme": "dark", "size": 10})
    tags: set[str] = Field(default_factory=set)


async def test_an_update_of_a_missing_item_makes_none_ru70(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    with pytest.raises(ItemNotFoundError) as caught:
        await accounts.update(pk, "a", {"age": 37})
    assert caught.value.item is None
    assert await accounts.get_one(pk, "a") is None


async def test_a_condition_does_not_make_a_missing_item_either_ru70(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    with pytest.raises(ItemNotFoundError):
        await accounts.update(pk, "a", {"age": 37}, where=attr("age").not_exists())
    assert await accounts.get_one(pk, "a") is None


async def test_none_removes_a_field_whose_default_it_is_ru72(stores: Stores, pk: str, raw: Any) -> None:
    accounts = await stores.of(Account)
    await accounts.save(Account(pk=pk, sk="a", nickname="Countess"))
    updated = await accounts.update(pk, "a", {"nickname": None, "age": 37})
    assert updated == Account(pk=pk, sk="a", age=37)
    stored = await raw.get_item(TableName=accounts.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert "nickname" not in stored["Item"]


async def test_a_set_updated_to_empty_disappears_and_reads_as_empty_ru85(
    stores: Stores, pk: str, raw: Any
) -> None:
    accounts = await stores.of(Account)
    await accounts.save(Account(pk=pk, sk="a", tags={"x"}))
    assert (await accounts.update(pk, "a", {"tags": set()})).tags == set()
    stored = await raw.get_item(TableName=accounts.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert "tags" not in stored["Item"]


@pytest.mark.parametrize(
    ("changes", "error", "name"),
    [
        ({}, InvalidRequestError, "nothing"),
        ({"pk": "other"}, InvalidRequestError, "pk"),
        ({"sk": "other"}, InvalidRequestError, "sk"),
        ({"is_admin": True}, InvalidRequestError, "Account"),
        ({"settings.theme": "light"}, InvalidRequestError, "Account"),
        ({"age": "many"}, InvalidValueError, "age"),
        ({"age": -1}, InvalidValueError, "age"),
        ({"age": None}, InvalidValueError, "age"),
        ({"settings": {"a": float("nan")}}, InvalidValueError, "settings"),
    ],
    ids=repr,
)
async def test_a_change_that_does_not_fit_is_refused_unsent_ru73_ru77_ru78_ru79(
    stores: Stores,
    sent: list[str],
    pk: str,
    changes: dict[str, object],
    error: type[Exception],
    name: str,
) -> None:
    accounts = await stores.of(Account)
    await accounts.save(Account(pk=pk, sk="a"))
    sent.clear()
    with pytest.raises(error, match=name):
        await accounts.update(pk, "a", changes)
    assert sent == []
    assert await accounts.get_one(pk, "a") == Account(pk=pk, sk="a")


async def test_an_update_returns_the_whole_model_ru86(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    await accounts.save(Account(pk=pk, sk="a", nickname="Countess", tags={"x"}))
    updated = await accounts.update(pk, "a", {"settings": {"theme": "light"}})
    assert updated == Account(pk=pk, sk="a", nickname="Countess", tags={"x"}, settings={"theme": "light"})
    assert await accounts.get_one(pk, "a") == updated


async def test_a_condition_sees_the_item_as_it_was(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    await accounts.save(Account(pk=pk, sk="a"))
    where = attr("age").eq(36) | attr("age").eq(99)
    assert (await accounts.update(pk, "a", {"age": 37}, where=where)).age == 37
