"""Times that the library keeps, and upserts, which keep the time of creation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBBaseModel,
    DynamoDBConnection,
    TransactWriteItem,
    WriteOutcomeUnknownError,
    remove,
)
from dynarepo.testing import FakeTransport, lost_reply
from tests.faked import on_fake

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Account(DynamoDBBaseModel):
    balance: int = 0
    version: int = 0

    class Meta:
        version = "version"


class Dated(DynamoDBBaseModel):
    text: str = ""
    nick: str | None = None
    made: datetime | None = None
    changed: datetime | None = None

    class Meta:
        created_at = "made"
        updated_at = "changed"


class Wider(DynamoDBBaseModel):
    """What another program stores beside the model's own attributes."""

    text: str = ""
    foreign: str | None = None


@pytest.fixture
async def accounts(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Account]:
    await connection.table_admin().create_table(Account)
    return connection.repository(Account)


@pytest.fixture
async def dated(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Dated]:
    await connection.table_admin().create_table(Dated)
    return connection.repository(Dated)


async def times(dated: AsyncDynamoDBRepository[Dated]) -> tuple[datetime, datetime]:
    """Give the stored times."""
    found = await dated.get_one("a", "b")
    assert found is not None
    assert found.made is not None
    assert found.changed is not None
    return found.made, found.changed


async def test_a_new_item_is_created_and_changed_at_one_time(dated: AsyncDynamoDBRepository[Dated]) -> None:
    before = datetime.now(UTC)
    item = Dated(pk="a", sk="b")
    saved = await dated.create(item)
    made, changed = await times(dated)
    assert before <= made == changed <= datetime.now(UTC)
    assert (saved.made, saved.changed) == (made, changed)
    assert (item.made, item.changed) == (None, None)


async def test_every_kind_of_write_sets_the_time_of_change_and_keeps_that_of_creation(
    dated: AsyncDynamoDBRepository[Dated],
) -> None:
    item = await dated.save(Dated(pk="a", sk="b"))
    made, last = await times(dated)
    writes: list[Callable[[], Any]] = [
        lambda: dated.save(item),
        lambda: dated.update("a", "b", {"text": "x"}),
        lambda: dated.update("a", "b", lambda d: [remove(d.nick)]),
        lambda: dated.upsert(Dated(pk="a", sk="b", made=LONG_AGO, changed=LONG_AGO)),
        lambda: dated.batch_write([item]),
        lambda: dated.transact_write([TransactWriteItem.put(item)]),
        lambda: dated.transact_write([TransactWriteItem.update("a", "b", {"text": "y"})]),
    ]
    for write in writes:
        await write()
        still_made, changed = await times(dated)
        assert still_made == made
        assert changed > last
        last = changed


async def test_an_error_leaves_the_callers_instance_as_it_was() -> None:
    item = Dated(pk="a", sk="b", changed=LONG_AGO)
    async with on_fake(FakeTransport.answering(lambda *_: lost_reply()), Dated) as dated:
        for write in (dated.save, dated.create, dated.upsert):
            with pytest.raises(WriteOutcomeUnknownError):
                await write(item)
    assert item == Dated(pk="a", sk="b", changed=LONG_AGO)


async def test_an_upsert_creates_and_then_replaces(dated: AsyncDynamoDBRepository[Dated]) -> None:
    first = await dated.upsert(Dated(pk="a", sk="b", text="one", nick="x"))
    assert first == await dated.get_one("a", "b")
    second = await dated.upsert(Dated(pk="a", sk="b", text="two"))
    assert second == await dated.get_one("a", "b")
    assert (second.text, second.nick, second.made) == ("two", None, first.made)


async def test_an_upsert_keeps_what_others_store_beside_and_a_save_does_not(
    dated: AsyncDynamoDBRepository[Dated], connection: DynamoDBConnection
) -> None:
    wider = connection.repository(Wider)
    await wider.save(Wider(pk="a", sk="b", foreign="x"))
    item = await dated.upsert(Dated(pk="a", sk="b", text="new"))
    assert await wider.get_one("a", "b") == Wider(pk="a", sk="b", text="new", foreign="x")
    await dated.save(item)
    assert await wider.get_one("a", "b") == Wider(pk="a", sk="b", text="new")


async def test_an_upsert_counts_on_from_the_stored_version(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    assert (await accounts.upsert(Account(pk="a", sk="b"))).version == 1
    assert (await accounts.upsert(Account(pk="a", sk="b", version=9))).version == 2


async def test_an_upsert_whose_condition_fails_shows_the_item(
    accounts: AsyncDynamoDBRepository[Account],
) -> None:
    account = await accounts.create(Account(pk="a", sk="b"))
    with pytest.raises(ConditionFailedError) as raised:
        await accounts.upsert(Account(pk="a", sk="b", balance=9), where=lambda a: a.balance > 5)
    assert raised.value.item == account == await accounts.get_one("a", "b")
