"""Versions: what is stored, what comes back, and what a lost race looks like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DeadlineExceededError,
    DynamoDBConnection,
    DynamoDBTransactionError,
    InvalidItemError,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    TransactWriteItem,
    VersionConflictError,
    WriteOutcomeUnknownError,
    increment,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import on_fake
from tests.models import User
from tests.repository.accounts import Account, Old, OldWithField, stored


async def test_every_save_gives_a_copy_with_the_next_version(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    new = Account(pk="a", sk="b", balance=5)
    first = await accounts.create(new)
    second = await accounts.save(first)
    assert (new.version, first.version, second.version) == (0, 1, 2)
    assert await accounts.get_one("a", "b") == second == Account(pk="a", sk="b", balance=5, version=2)


async def test_an_update_by_dict_or_actions_counts_the_version(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await stored(accounts, 1)
    assert (await accounts.update("a", "b", {"balance": 1})).version == 2
    assert (await accounts.update("a", "b", lambda a: [increment(a.balance, 1)])).version == 3
    with pytest.raises(ConditionFailedError):
        await accounts.update("a", "b", {"balance": 9}, where=lambda a: a.version == 2)
    assert await accounts.get_one("a", "b") == Account(pk="a", sk="b", balance=2, version=3)


async def test_a_conflict_tells_both_versions_and_has_the_stored_item(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    mine = await stored(accounts, 1)
    theirs = await accounts.save(mine.model_copy(update={"balance": 7}))
    with pytest.raises(VersionConflictError) as raised:
        await accounts.save(mine)
    assert (raised.value.expected, raised.value.found) == (1, 2)
    assert raised.value.item == theirs == await accounts.get_one("a", "b")
    assert mine.version == 1


async def test_a_new_instance_does_not_replace_a_counted_item(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await stored(accounts, 2)
    new = Account(pk="a", sk="b")
    with pytest.raises(VersionConflictError) as raised:
        await accounts.save(new)
    assert (raised.value.expected, raised.value.found) == (0, 2)
    with pytest.raises(ItemAlreadyExistsError):
        await accounts.create(new)
    assert new.version == 0


async def test_a_save_of_a_deleted_item_conflicts_and_makes_none(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    account = await stored(accounts, 2)
    assert await accounts.delete("a", "b", where=lambda a: a.version == 2) is True
    with pytest.raises(VersionConflictError, match="there is no item") as raised:
        await accounts.save(account)
    assert (raised.value.expected, raised.value.found, raised.value.item) == (2, None, None)
    assert await accounts.get_one("a", "b") is None


@pytest.mark.parametrize("version", [0, 2])
async def test_a_condition_that_fails_under_the_right_version_is_no_conflict(
    accounts: AsyncDynamoDBRepository[Account], version: int
) -> None:
    account = await stored(accounts, version)
    with pytest.raises(ConditionFailedError) as raised:
        await accounts.save(account, where=lambda a: a.balance == 99)
    assert type(raised.value) is ConditionFailedError
    assert raised.value.item == (account if version else None)


@pytest.mark.parametrize("model", [Old, OldWithField])
@pytest.mark.parametrize("how", ["save", "update", "upsert", "mutate"])
async def test_an_item_from_before_versions_were_counted_is_counted_from_now_on(
    accounts: AsyncDynamoDBRepository[Account], connection: DynamoDBConnection, model: type[Old], how: str
) -> None:
    await connection.repository(model).save(model(pk="a", sk="b", balance=5))
    found = await accounts.get_one("a", "b")
    assert found is not None
    assert found == Account(pk="a", sk="b", balance=5)
    writes: dict[str, Callable[[], Any]] = {
        "save": lambda: accounts.save(found),
        "update": lambda: accounts.update("a", "b", {"balance": 5}),
        "upsert": lambda: accounts.upsert(found),
        "mutate": lambda: accounts.mutate("a", "b", change=lambda account: account),
    }
    assert (await writes[how]()).version == 1
    assert await accounts.get_one("a", "b") == Account(pk="a", sk="b", balance=5, version=1)


async def test_sixty_increments_by_ten_tasks_end_at_sixty_with_each_version_once(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await stored(accounts, 1)

    async def increment_six_times() -> list[int]:
        return [
            (
                await accounts.mutate(
                    "a", "b", change=lambda a: a.model_copy(update={"balance": a.balance + 1})
                )
            ).version
            for _ in range(6)
        ]

    versions = await asyncio.gather(*(increment_six_times() for _ in range(10)))
    assert sorted(version for run in versions for version in run) == list(range(2, 62))
    assert await accounts.get_one("a", "b") == Account(pk="a", sk="b", balance=60, version=61)


async def test_mutate_keeps_the_version_that_it_read_whatever_the_change_does_to_it(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await stored(accounts, 3)

    def change_in_place(account: Account) -> Account:
        account.version, account.balance = 17, 4
        return account

    assert await accounts.mutate("a", "b", change=change_in_place) == Account(
        pk="a", sk="b", balance=4, version=4
    )


async def test_mutate_of_a_missing_item_makes_none(accounts: AsyncDynamoDBRepository[Account]) -> None:
    with pytest.raises(ItemNotFoundError) as raised:
        await accounts.mutate("a", "b", change=lambda account: account)
    assert (raised.value.pk, raised.value.sk, raised.value.table_name) == ("a", "b", accounts.table_name)
    assert await accounts.get_one("a", "b") is None


def wire(version: int) -> Payload:
    return {"pk": {"S": "a"}, "sk": {"S": "b"}, "balance": {"N": "0"}, "version": {"N": str(version)}}


def conflict(item: Payload | None) -> Any:
    code = "ConditionalCheckFailedException"
    return error_reply(code) if item is None else error_reply(code, Item=item)


async def test_mutate_changes_what_the_conflict_brought_and_reads_once() -> None:
    fake = FakeTransport({"Item": wire(1)}, conflict(wire(5)), {})
    seen = []
    async with on_fake(fake, Account) as accounts:
        changed = await accounts.mutate("a", "b", change=lambda a: seen.append(a.version) or a)  # type: ignore[func-returns-value]
    assert seen == [1, 5]
    assert changed.version == 6
    assert [operation for operation, _ in fake.requests] == ["GetItem", "PutItem", "PutItem"]
    assert fake.requests[0][1]["ConsistentRead"] is True


async def test_mutate_of_an_item_that_is_deleted_meanwhile_makes_none() -> None:
    fake = FakeTransport({"Item": wire(1)}, conflict(None), {})
    async with on_fake(fake, Account) as accounts:
        with pytest.raises(ItemNotFoundError):
            await accounts.mutate("a", "b", change=lambda account: account)
    assert [operation for operation, _ in fake.requests] == ["GetItem", "PutItem", "GetItem"]


async def test_mutate_of_an_item_that_becomes_unreadable_says_so() -> None:
    broken = wire(2) | {"balance": {"S": "canary"}}
    fake = FakeTransport({"Item": wire(1)}, conflict(broken), {"Item": broken})
    async with on_fake(fake, Account) as accounts:
        with pytest.raises(InvalidItemError, match="balance") as raised:
            await accounts.mutate("a", "b", change=lambda account: account)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda account: account.model_copy(update={"pk": "other"}),
        lambda account: account.model_copy(update={"sk": "other"}),
        lambda account: Old(pk="a", sk="b"),
        lambda account: None,
    ],
)
async def test_mutate_refuses_another_key_or_another_model_and_saves_nothing(
    change: Callable[[Account], Any],
) -> None:
    fake = FakeTransport({"Item": wire(1)})
    async with on_fake(fake, Account) as accounts:
        with pytest.raises(InvalidRequestError):
            await accounts.mutate("a", "b", change=change)
    assert [operation for operation, _ in fake.requests] == ["GetItem"]


async def test_mutate_needs_a_version() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError, match="User declares no version; use update"):
            await users.mutate("a", "b", change=lambda user: user)
    assert fake.requests == []


async def test_the_deadline_ends_a_mutate_that_always_loses() -> None:
    version = 1

    async def somebody_wrote_first(operation: str, _: Payload) -> Any:
        nonlocal version
        await asyncio.sleep(0)
        version += 1
        return {"Item": wire(version)} if operation == "GetItem" else conflict(wire(version))

    async with on_fake(FakeTransport.answering(somebody_wrote_first), Account, deadline=0.05) as accounts:
        # A write that is under way when the time is over may have been done.
        with pytest.raises((DeadlineExceededError, WriteOutcomeUnknownError)):
            await accounts.mutate("a", "b", change=lambda account: account)
    assert version > 2


async def test_mutate_recognises_its_own_write_after_a_lost_reply() -> None:
    failed = error_reply("ConditionalCheckFailedException", Item=wire(2))
    fake = FakeTransport({"Item": wire(1)}, lost_reply(), failed)
    async with on_fake(fake, Account) as accounts:
        stored = await accounts.mutate("a", "b", change=lambda account: account)
    assert stored.version == 2
    assert len(fake.requests) == 3


async def test_an_error_leaves_the_callers_instance_as_it_was() -> None:
    account = Account(pk="a", sk="b", version=3)
    async with on_fake(FakeTransport.answering(lambda *_: lost_reply()), Account) as accounts:
        for write in (accounts.save, accounts.create, accounts.upsert):
            with pytest.raises(WriteOutcomeUnknownError):
                await write(account)
    assert account == Account(pk="a", sk="b", version=3)


async def test_a_transaction_counts_versions_only_if_it_is_done(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    first = await accounts.create(Account(pk="a", sk="1"))
    second = await accounts.create(Account(pk="a", sk="2"))
    outdated = Account(pk="a", sk="2")
    with pytest.raises(DynamoDBTransactionError) as raised:
        await accounts.transact_write([TransactWriteItem.put(first), TransactWriteItem.put(outdated)])
    assert [reason and reason.code for reason in raised.value.reasons] == [None, "ConditionalCheckFailed"]
    assert raised.value.reasons[1] is not None
    assert raised.value.reasons[1].item is outdated
    assert raised.value.reasons[1].old_item == second
    assert (first.version, outdated.version) == (1, 0)
    assert await accounts.get_one("a", "1") == first
    await accounts.transact_write(
        [
            TransactWriteItem.put(first),
            TransactWriteItem.update("a", "2", {"balance": 1}),
            TransactWriteItem.create(Account(pk="a", sk="3")),
        ]
    )
    page = await accounts.query_by_pk("a")
    assert [account.version for account in page.items] == [2, 2, 1]
    assert first.version == 1


async def test_a_batch_of_versioned_models_is_refused_and_sends_nothing() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Account) as accounts:
        with pytest.raises(InvalidRequestError, match="transact_write"):
            await accounts.batch_write([Account(pk="a", sk="b")])
        with pytest.raises(InvalidRequestError, match="transact_write"):
            async with accounts.batch() as batch:
                await batch.save(Account(pk="a", sk="b"))
    assert fake.requests == []
