"""Transactions: all or nothing, reasons beside their operations, once for each token."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from dynarepo import (
    Condition,
    DynamoDBBaseModel,
    DynamoDBTransactionError,
    IdempotencyMismatchError,
    InvalidRequestError,
    RejectedError,
    TransactWriteItem,
    attr,
    increment,
)
from integration.behaviour.stores import Stores


class Balance(DynamoDBBaseModel):
    amount: int = 0
    memo: str = ""


class Entry(DynamoDBBaseModel):
    amount: int


def balances(pk: str, number: int) -> list[Balance]:
    return [Balance(pk=pk, sk=f"{at:03}", amount=at) for at in range(number)]


async def test_put_update_delete_and_check_are_done_together_rt146(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    await repository.batch_write(balances(pk, 4))
    await repository.transact_write(
        [
            TransactWriteItem.put(Balance(pk=pk, sk="000", amount=100)),
            TransactWriteItem.update(pk, "001", {"amount": 101}, where=attr("amount").eq(1)),
            TransactWriteItem.delete(pk, "002"),
            TransactWriteItem.check(pk, "003", where=attr("amount").eq(3)),
            TransactWriteItem.create(Balance(pk=pk, sk="004", amount=104)),
        ]
    )
    stored = (await repository.query_by_pk(pk)).items
    assert [(item.sk, item.amount) for item in stored] == [
        ("000", 100),
        ("001", 101),
        ("003", 3),
        ("004", 104),
    ]


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {3}, {0, 3}, {1, 2}])
async def test_each_failed_condition_is_reported_in_its_place_and_nothing_is_done_rt147_rt148_rt149(
    stores: Stores, pk: str, failing: set[int]
) -> None:
    repository = await stores.of(Balance)
    stored = balances(pk, 4)
    await repository.batch_write(stored)
    conditions = [attr("amount").eq(-1 if place in failing else place) for place in range(4)]
    operations = [
        TransactWriteItem.put(Balance(pk=pk, sk="000", amount=100), where=conditions[0]),
        TransactWriteItem.update(pk, "001", {"amount": 101}, where=conditions[1]),
        TransactWriteItem.delete(pk, "002", where=conditions[2]),
        TransactWriteItem.check(pk, "003", where=conditions[3]),
    ]
    with pytest.raises(DynamoDBTransactionError) as caught:
        await repository.transact_write(operations)
    reasons = caught.value.reasons
    assert [place for place, reason in enumerate(reasons) if reason is not None] == sorted(failing)
    assert len(reasons) == 4
    assert not caught.value.retryable
    for reason in filter(None, reasons):
        assert reason.code == "ConditionalCheckFailed"
        assert reason.operation is operations[reason.index]
        assert reason.old_item == stored[reason.index]
    assert (await repository.query_by_pk(pk)).items == stored


async def test_create_and_update_demand_absence_and_presence_rt147(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    (existing,) = balances(pk, 1)
    await repository.save(existing)
    with pytest.raises(DynamoDBTransactionError) as caught:
        await repository.transact_write(
            [TransactWriteItem.create(existing), TransactWriteItem.update(pk, "missing", {"amount": 1})]
        )
    created, updated = caught.value.reasons
    assert created is not None
    assert created.old_item == created.item == existing
    assert updated is not None
    assert updated.old_item is None
    assert (await repository.query_by_pk(pk)).items == [existing]


async def test_one_item_twice_is_refused_unsent_rt150(stores: Stores, sent: list[str], pk: str) -> None:
    repository = await stores.of(Balance)
    sent.clear()
    with pytest.raises(InvalidRequestError, match="0 and 1"):
        await repository.transact_write(
            [TransactWriteItem.delete(pk, "a"), TransactWriteItem.put(Balance(pk=pk, sk="a"))]
        )
    with pytest.raises(InvalidRequestError, match="0 and 1"):
        await repository.transact_get([(pk, "a"), (pk, "a")])
    assert sent == []


async def test_100_operations_are_done_rt151(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    items = balances(pk, 100)
    await repository.transact_write([TransactWriteItem.put(item) for item in items])
    assert (await repository.query_by_pk(pk)).items == items


@pytest.mark.parametrize("number", [0, 101])
async def test_none_and_101_are_refused_unsent_rt151(
    stores: Stores, sent: list[str], pk: str, number: int
) -> None:
    repository = await stores.of(Balance)
    items = balances(pk, number)
    sent.clear()
    with pytest.raises(InvalidRequestError, match="1 to 100"):
        await repository.transact_write([TransactWriteItem.put(item) for item in items])
    with pytest.raises(InvalidRequestError, match="1 to 100"):
        await repository.transact_get((item.pk, item.sk) for item in items)
    assert sent == []


@pytest.mark.differs("embedded", reason="moto takes transactions of more than 4 MB")
async def test_a_transaction_of_more_than_4_mb_is_a_typed_error_rt152(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    items = [item.model_copy(update={"memo": "x" * 300_000}) for item in balances(pk, 17)]
    with pytest.raises((RejectedError, DynamoDBTransactionError)):
        await repository.transact_write([TransactWriteItem.put(item) for item in items])
    assert (await repository.query_by_pk(pk)).items == []


async def test_deleting_5_mb_is_a_small_transaction_rt152(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    items = [item.model_copy(update={"memo": "x" * 100_000}) for item in balances(pk, 50)]
    await repository.batch_write(items)
    await repository.transact_write([TransactWriteItem.delete(item.pk, item.sk) for item in items])
    assert (await repository.query_by_pk(pk)).items == []


@pytest.mark.differs("embedded", reason="moto ignores client tokens")
async def test_a_token_used_twice_is_done_once_rt153(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    token = str(uuid4())
    operations = [TransactWriteItem.create(Balance(pk=pk, sk="a"))]
    await repository.transact_write(operations, client_token=token)
    await repository.transact_write(operations, client_token=token)
    await repository.delete(pk, "a")
    await repository.transact_write(operations, client_token=token)
    assert await repository.get_one(pk, "a") is None


@pytest.mark.differs("embedded", reason="moto ignores client tokens")
async def test_a_token_of_another_transaction_is_a_mismatch_rt154(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    token = str(uuid4())
    await repository.transact_write([TransactWriteItem.put(Balance(pk=pk, sk="a"))], client_token=token)
    with pytest.raises(IdempotencyMismatchError):
        await repository.transact_write([TransactWriteItem.put(Balance(pk=pk, sk="b"))], client_token=token)
    assert await repository.get_one(pk, "b") is None


async def test_a_token_of_36_characters_is_taken_and_one_of_37_refused_unsent_rt155(
    stores: Stores, sent: list[str], pk: str
) -> None:
    repository = await stores.of(Balance)
    operations = [TransactWriteItem.put(Balance(pk=pk, sk="a"))]
    await repository.transact_write(operations, client_token=f"{pk:x<36}")
    sent.clear()
    for token in ("x" * 37, ""):
        with pytest.raises(InvalidRequestError, match="36"):
            await repository.transact_write(operations, client_token=token)
    assert sent == []


async def test_two_tables_are_written_together_or_not_at_all_rt156(stores: Stores, pk: str) -> None:
    repository, entries = await stores.of(Balance), await stores.of(Entry)

    async def write_both(amount: int) -> None:
        async with stores.connection.transaction() as transaction:
            transaction.put(repository, Balance(pk=pk, sk="a", amount=amount))
            transaction.create(entries, Entry(pk=pk, sk="a", amount=amount))

    await write_both(1)
    assert await repository.get_one(pk, "a") == Balance(pk=pk, sk="a", amount=1)
    with pytest.raises(DynamoDBTransactionError) as caught:
        await write_both(2)
    nothing, reason = caught.value.reasons
    assert nothing is None
    assert reason is not None
    assert reason.old_item == Entry(pk=pk, sk="a", amount=1)
    assert await repository.get_one(pk, "a") == Balance(pk=pk, sk="a", amount=1)


@pytest.mark.parametrize(
    "number",
    [1, pytest.param(100, marks=pytest.mark.differs("embedded", reason="moto reads 25 items at most"))],
)
async def test_a_read_keeps_the_order_and_marks_what_is_missing_rt162(
    stores: Stores, pk: str, number: int
) -> None:
    repository = await stores.of(Balance)
    items = balances(pk, number)
    await repository.batch_write(items[::2])
    found: list[Any] = await repository.transact_get((item.pk, item.sk) for item in reversed(items))
    assert found == [item if item.amount % 2 == 0 else None for item in reversed(items)]


async def test_no_read_sees_half_a_transfer_rt165(stores: Stores, pk: str) -> None:
    repository = await stores.of(Balance)
    accounts = [Balance(pk=pk, sk=f"{number}", amount=100) for number in range(10)]
    await repository.batch_write(accounts)
    keys = [(account.pk, account.sk) for account in accounts]
    outcomes: list[str] = []
    sums: list[int] = []

    async def transfer(chosen: Random) -> None:
        for _ in range(10):
            (giver, taker), amount = chosen.sample(keys, 2), chosen.randint(1, 60)
            try:
                await repository.transact_write(
                    [
                        moved(giver, -amount, where=attr("amount").ge(amount)),
                        moved(taker, amount, where=attr("amount").exists()),
                    ]
                )
            except DynamoDBTransactionError as error:
                outcomes.append(",".join("-" if reason is None else reason.code for reason in error.reasons))
            else:
                outcomes.append("done")

    async def read() -> None:
        for _ in range(20):
            found: list[Any] = await repository.transact_get(keys)
            sums.append(sum(account.amount for account in found))

    transfers = [transfer(Random(number)) for number in range(8)]  # noqa: S311 - a choice, no secret
    await asyncio.gather(read(), *transfers)
    assert set(sums) == {1000}
    assert "done" in outcomes
    assert set(outcomes) <= {"done", "ConditionalCheckFailed,-"}
    stored = (await repository.query_by_pk(pk, consistent=True)).items
    assert sum(account.amount for account in stored) == 1000
    assert min(account.amount for account in stored) >= 0


def moved(key: tuple[str, str], amount: int, where: Condition) -> TransactWriteItem:
    return TransactWriteItem.update(*key, lambda b: [increment(b.amount, amount)], where=where)


async def test_a_failed_transaction_leaves_the_models_in_memory_as_they_were_rt163(
    stores: Stores, pk: str
) -> None:
    repository = await stores.of(Balance)
    item = Balance(pk=pk, sk="a", amount=1)
    before = item.model_copy(deep=True)
    with pytest.raises(DynamoDBTransactionError):
        await repository.transact_write(
            [TransactWriteItem.put(item), TransactWriteItem.check(pk, "b", where=attr("amount").exists())]
        )
    assert item == before
    assert await repository.get_one(pk, "a") is None
