"""Updates and deletes of one version of an item, alone and in a transaction."""

from __future__ import annotations

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBConnection,
    DynamoDBTransactionError,
    InvalidRequestError,
    ItemNotFoundError,
    TransactWriteItem,
    VersionConflictError,
)
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import User
from tests.repository.accounts import Account, Old, OldWithField, stored


async def test_an_update_of_a_version_is_done_on_that_version_only(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await stored(accounts, 2)
    with pytest.raises(VersionConflictError, match="has version 2, not 1") as raised:
        await accounts.update("a", "b", {"balance": 5}, version=1)
    assert (raised.value.expected, raised.value.found) == (1, 2)
    assert raised.value.item == await accounts.get_one("a", "b") == Account(pk="a", sk="b", version=2)
    updated = await accounts.update("a", "b", {"balance": 5}, version=2)
    assert updated == Account(pk="a", sk="b", balance=5, version=3)


async def test_a_delete_of_a_version_is_done_on_that_version_only(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    account = await stored(accounts, 2)
    for version in (0, 1, 3):
        with pytest.raises(VersionConflictError) as raised:
            await accounts.delete("a", "b", version=version)
        assert (raised.value.expected, raised.value.found, raised.value.item) == (version, 2, account)
    assert await accounts.delete("a", "b", version=2) is True
    assert await accounts.get_one("a", "b") is None


async def test_a_version_of_an_item_that_is_not_there(accounts: AsyncDynamoDBRepository[Account]) -> None:
    with pytest.raises(ItemNotFoundError):
        await accounts.update("a", "b", {"balance": 5}, version=2)
    with pytest.raises(VersionConflictError) as raised:
        await accounts.delete("a", "b", version=2)
    assert (raised.value.expected, raised.value.found, raised.value.item) == (2, None, None)
    assert await accounts.delete("a", "b", version=0) is False
    assert await accounts.get_one("a", "b") is None


async def test_a_condition_that_fails_under_the_right_version_of_an_update_or_delete_is_no_conflict(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    account = await stored(accounts, 2)
    for write in (
        accounts.update("a", "b", {"balance": 5}, where=lambda a: a.balance == 99, version=2),
        accounts.delete("a", "b", where=lambda a: a.balance == 99, version=2),
    ):
        with pytest.raises(ConditionFailedError) as raised:
            await write
        assert type(raised.value) is ConditionFailedError
        assert raised.value.item == account


@pytest.mark.parametrize("model", [Old, OldWithField])
async def test_version_0_is_that_of_an_item_that_nothing_counted(
    accounts: AsyncDynamoDBRepository[Account], connection: DynamoDBConnection, model: type[Old]
) -> None:
    await connection.repository(model).save(model(pk="a", sk="b"))
    with pytest.raises(VersionConflictError):
        await accounts.delete("a", "b", version=1)
    assert (await accounts.update("a", "b", {"balance": 5}, version=0)).version == 1
    with pytest.raises(VersionConflictError):
        await accounts.update("a", "b", {"balance": 5}, version=0)


async def test_a_transaction_is_done_on_the_versions_that_it_is_given(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    await accounts.create(Account(pk="a", sk="1"))
    await accounts.create(Account(pk="a", sk="2"))

    def operations(first: int, second: int) -> list[TransactWriteItem]:
        return [
            TransactWriteItem.update("a", "1", {"balance": 5}, version=first),
            TransactWriteItem.delete("a", "2", version=second),
        ]

    for versions, codes in (
        ((2, 1), ["ConditionalCheckFailed", None]),
        ((1, 2), [None, "ConditionalCheckFailed"]),
    ):
        with pytest.raises(DynamoDBTransactionError) as raised:
            await accounts.transact_write(operations(*versions))
        assert [reason and reason.code for reason in raised.value.reasons] == codes
    await accounts.transact_write(operations(1, 1))
    assert (await accounts.query_by_pk("a")).items == [Account(pk="a", sk="1", balance=5, version=2)]


async def test_a_version_of_a_model_that_counts_none_is_refused_without_a_request() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        for write in (users.update("a", "b", {"age": 1}, version=0), users.delete("a", "b", version=0)):
            with pytest.raises(InvalidRequestError, match="User declares no version"):
                await write
    assert fake.requests == []
