"""Versions count every write once, and an upsert keeps what is to be kept."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from dynarepo import (
    ConditionFailedError,
    DynamoDBBaseModel,
    DynamoDBTransactionError,
    GlobalIndex,
    ItemNotFoundError,
    KeyTemplate,
    TransactWriteItem,
    VersionConflictError,
    increment,
)
from integration.behaviour.stores import Stores


class Account(DynamoDBBaseModel):
    balance: int = 0
    version: int = 0

    class Meta:
        version = "version"


class Page(DynamoDBBaseModel):
    status: str | None = None
    text: str = ""
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    class Meta:
        version = "version"
        created_at = "created_at"
        updated_at = "updated_at"
        gsis = (GlobalIndex("by_status", KeyTemplate("gsi1pk", "STATUS#{status}"), "updated_at"),)


class Mark(DynamoDBBaseModel):
    """Nothing but keys."""


def deposited(account: Account) -> Account:
    return account.model_copy(update={"balance": account.balance + 1})


async def test_sixty_increments_by_ten_tasks_end_at_sixty_with_each_version_once_ru87(
    stores: Stores, pk: str
) -> None:
    accounts = await stores.of(Account)
    await accounts.create(Account(pk=pk, sk="a"))

    async def deposit_six_times() -> list[int]:
        return [(await accounts.mutate(pk, "a", change=deposited)).version for _ in range(6)]

    versions = await asyncio.gather(*(deposit_six_times() for _ in range(10)))
    assert sorted(version for run in versions for version in run) == list(range(2, 62))
    assert await accounts.get_one(pk, "a", consistent=True) == Account(pk=pk, sk="a", balance=60, version=61)


async def test_a_conflict_has_both_versions_and_the_item_ru88(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    mine = await accounts.save(Account(pk=pk, sk="a"))
    theirs = await accounts.update(pk, "a", lambda a: [increment(a.balance, 5)])
    with pytest.raises(VersionConflictError) as raised:
        await accounts.save(mine)
    assert (raised.value.expected, raised.value.found, raised.value.item) == (1, 2, theirs)
    await accounts.delete(pk, "a")
    with pytest.raises(VersionConflictError) as raised:
        await accounts.save(theirs)
    assert (raised.value.expected, raised.value.found, raised.value.item) == (2, None, None)
    assert await accounts.get_one(pk, "a", consistent=True) is None


@pytest.mark.parametrize(("version", "stored"), [(0, None), (0, 0), (3, 3)])
async def test_a_save_holds_to_its_version_and_its_condition_ru89(
    stores: Stores, pk: str, raw: Any, version: int, stored: int | None
) -> None:
    accounts = await stores.of(Account)
    item = {"pk": {"S": pk}, "sk": {"S": "a"}, "balance": {"N": "5"}}
    counted = {} if stored is None else {"version": {"N": str(stored)}}
    await raw.put_item(TableName=accounts.table_name, Item=item | counted)
    account = Account(pk=pk, sk="a", balance=5, version=version)
    with pytest.raises(ConditionFailedError) as failed:
        await accounts.save(account, where=lambda a: (a.balance == 1) | (a.balance == 2))
    assert type(failed.value) is ConditionFailedError
    with pytest.raises(VersionConflictError):
        await accounts.save(account.model_copy(update={"version": 2}), where=lambda a: a.balance == 5)
    saved = await accounts.save(account, where=lambda a: (a.balance == 1) | (a.balance == 5))
    assert saved.version == version + 1
    assert await accounts.get_one(pk, "a", consistent=True) == saved


async def test_an_update_holds_to_a_version_and_another_condition_ru89(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    await accounts.create(Account(pk=pk, sk="a", balance=5))

    async def update(version: int, balance: int) -> Account:
        return await accounts.update(
            pk, "a", {"balance": 9}, where=lambda a: (a.version == version) & (a.balance == balance)
        )

    for version, balance in ((2, 5), (1, 6)):
        with pytest.raises(ConditionFailedError):
            await update(version, balance)
    assert await update(1, 5) == Account(pk=pk, sk="a", balance=9, version=2)


async def test_a_stale_version_of_an_update_or_a_delete_is_a_conflict_ru88(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    await accounts.create(Account(pk=pk, sk="a"))
    current = await accounts.update(pk, "a", {"balance": 5}, version=1)
    assert current == Account(pk=pk, sk="a", balance=5, version=2)
    for write in (
        accounts.update(pk, "a", {"balance": 9}, version=1),
        accounts.update(pk, "a", lambda a: [increment(a.balance, 1)], version=1),
        accounts.delete(pk, "a", version=1),
    ):
        with pytest.raises(VersionConflictError) as raised:
            await write
        assert (raised.value.expected, raised.value.found, raised.value.item) == (1, 2, current)
    assert await accounts.get_one(pk, "a", consistent=True) == current
    assert await accounts.delete(pk, "a", version=2) is True
    with pytest.raises(VersionConflictError) as raised:
        await accounts.delete(pk, "a", version=2)
    assert (raised.value.expected, raised.value.found, raised.value.item) == (2, None, None)
    with pytest.raises(ItemNotFoundError):
        await accounts.update(pk, "a", {"balance": 9}, version=2)
    assert await accounts.get_one(pk, "a", consistent=True) is None


@pytest.mark.parametrize("stored", [None, 0, 3])
async def test_an_update_and_a_delete_hold_to_a_version_and_a_condition_ru89(
    stores: Stores, pk: str, raw: Any, stored: int | None
) -> None:
    accounts = await stores.of(Account)
    item = {"pk": {"S": pk}, "sk": {"S": "a"}, "balance": {"N": "5"}}
    counted = {} if stored is None else {"version": {"N": str(stored)}}
    await raw.put_item(TableName=accounts.table_name, Item=item | counted)
    version = stored or 0
    for write in (
        accounts.update(pk, "a", {"balance": 9}, where=lambda a: a.balance == 1, version=version),
        accounts.delete(pk, "a", where=lambda a: (a.balance == 1) | (a.balance == 2), version=version),
    ):
        with pytest.raises(ConditionFailedError) as failed:
            await write
        assert type(failed.value) is ConditionFailedError
    with pytest.raises(VersionConflictError):
        await accounts.delete(pk, "a", where=lambda a: a.balance == 5, version=version + 1)
    updated = await accounts.update(
        pk, "a", {"balance": 9}, where=lambda a: (a.balance == 1) | (a.balance == 5), version=version
    )
    assert updated == Account(pk=pk, sk="a", balance=9, version=version + 1)
    assert await accounts.delete(pk, "a", where=lambda a: a.balance == 9, version=version + 1) is True


async def test_of_ten_updates_of_one_version_one_is_done(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    await accounts.create(Account(pk=pk, sk="a"))
    results = await asyncio.gather(
        *(accounts.update(pk, "a", {"balance": number}, version=1) for number in range(1, 11)),
        return_exceptions=True,
    )
    (done,) = [result for result in results if isinstance(result, Account)]
    assert sum(isinstance(result, VersionConflictError) for result in results) == 9
    assert await accounts.get_one(pk, "a", consistent=True) == done
    assert done.version == 2


async def test_a_transaction_is_done_on_the_versions_that_it_is_given_rt163(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    for sk in ("1", "2"):
        await accounts.create(Account(pk=pk, sk=sk))

    def operations(first: int, second: int) -> list[TransactWriteItem]:
        return [
            TransactWriteItem.update(pk, "1", {"balance": 5}, version=first),
            TransactWriteItem.delete(pk, "2", version=second),
            TransactWriteItem.create(Account(pk=pk, sk="3")),
        ]

    for first, second, cause in ((2, 1, 0), (1, 2, 1)):
        with pytest.raises(DynamoDBTransactionError) as raised:
            await accounts.transact_write(operations(first, second))
        assert [reason.index for reason in raised.value.reasons if reason] == [cause]
    stored = await accounts.transact_write(operations(1, 1))
    assert stored == [None, None, await accounts.get_one(pk, "3", consistent=True)]
    assert [account.version for account in (await accounts.query_by_pk(pk)).items] == [2, 1]


async def test_a_transaction_counts_versions_only_if_it_is_done_rt163(stores: Stores, pk: str) -> None:
    accounts = await stores.of(Account)
    first = await accounts.create(Account(pk=pk, sk="1"))
    second = await accounts.create(Account(pk=pk, sk="2"))
    outdated = second.model_copy(update={"version": 7})
    with pytest.raises(DynamoDBTransactionError):
        await accounts.transact_write([TransactWriteItem.put(first), TransactWriteItem.put(outdated)])
    assert (first.version, outdated.version) == (1, 7)
    assert await accounts.get_one(pk, "1", consistent=True) == first
    await accounts.transact_write(
        [TransactWriteItem.put(first), TransactWriteItem.update(pk, "2", {"balance": 1})]
    )
    assert [account.version for account in (await accounts.query_by_pk(pk)).items] == [2, 2]


async def test_an_upsert_creates_or_replaces_in_one_request_and_keeps_the_time_of_creation_ru71(
    stores: Stores, pk: str, raw: Any, sent: list[str]
) -> None:
    pages = await stores.of(Page)
    sent.clear()
    first = await pages.upsert(Page(pk=pk, sk="a", status="open", text="one"))
    assert sent == ["UpdateItem"]
    await raw.update_item(
        TableName=pages.table_name,
        Key={"pk": {"S": pk}, "sk": {"S": "a"}},
        UpdateExpression="SET #f = :f",
        ExpressionAttributeNames={"#f": "foreign"},
        ExpressionAttributeValues={":f": {"S": "x"}},
    )
    second = await pages.upsert(Page(pk=pk, sk="a", text="two", version=9))
    assert second == await pages.get_one(pk, "a", consistent=True)
    assert (second.text, second.status, second.version) == ("two", None, 2)
    assert second.created_at == first.created_at
    assert first.updated_at is not None
    assert second.updated_at is not None
    assert second.updated_at > first.updated_at
    stored = await raw.get_item(TableName=pages.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert stored["Item"]["foreign"] == {"S": "x"}
    assert "gsi1pk" not in stored["Item"]


async def test_an_upsert_moves_an_item_in_its_index(stores: Stores, pk: str) -> None:
    pages = await stores.of(Page)
    for status in (f"{pk}-1", f"{pk}-2"):
        await pages.upsert(Page(pk=pk, sk="a", status=status))
    assert await pages.count(f"STATUS#{pk}-1", index="by_status") == 0
    assert await pages.count(f"STATUS#{pk}-2", index="by_status") == 1


@pytest.mark.differs(
    "embedded", reason="moto answers 500 to an UpdateItem without UpdateExpression", run=False
)
async def test_an_upsert_of_nothing_but_keys_creates_the_item_once(stores: Stores, pk: str) -> None:
    marks = await stores.of(Mark)
    for _ in range(2):
        assert await marks.upsert(Mark(pk=pk, sk="a")) == Mark(pk=pk, sk="a")
    assert await marks.count(pk) == 1
