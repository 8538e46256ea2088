"""Transactions of one repository and of several: all or nothing, and reasons beside their operations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConfigurationError,
    ConnectionClosedError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBTransactionError,
    InvalidItemError,
    InvalidKeyError,
    InvalidRequestError,
    TransactWriteItem,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
    WriteTransaction,
    attr,
)
from dynarepo._codec import bind
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import on_fake
from tests.models import Setting, User
from tests.recording_logger import RecordingLogger
from tests.repository.kinds import EVERY_KIND, Kind

Write = TransactWriteItem


def user(number: int, age: int = 0) -> User:
    return User(pk="p", sk=str(number), age=age)


def faked(fake: FakeTransport) -> DynamoDBConnection:
    return DynamoDBConnection(
        config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=fake
    )


@pytest.fixture
async def users(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[User]:
    await connection.table_admin().create_table(User)
    return connection.repository(User)


@EVERY_KIND
async def test_every_operation_takes_effect(kind: Kind, connection: DynamoDBConnection) -> None:
    repository = await kind.repository(connection)
    items = [kind.make(number, 1) for number in range(5)]
    pks, sks = zip(*[(*kind.key(item), None)[:2] for item in items], strict=True)
    await repository.batch_write(items[1:])
    await repository.transact_write(
        [
            Write.create(items[0]),
            Write.put(kind.make(1, 5), where=attr(kind.field).eq(1)),
            Write.update(pks[2], sks[2], {kind.field: 6}),
            Write.delete(pks[3], sks[3]),
            Write.check(pks[4], sks[4], where=attr(kind.field).eq(1)),
        ]
    )
    found = await repository.transact_get([kind.key(item) for item in items])
    assert [item and kind.value(item) for item in found] == [1, 5, 6, None, 1]


async def test_when_one_condition_fails_nothing_is_done_and_its_reason_stands_beside_it(
    users: AsyncDynamoDBRepository[User],
) -> None:
    stored, wanted = user(2, age=7), user(2, age=8)
    await users.save(stored)
    operations = [Write.put(user(1)), Write.create(wanted), Write.delete("p", "3")]
    with pytest.raises(DynamoDBTransactionError) as raised:
        await users.transact_write(operations)
    first, second, third = raised.value.reasons
    assert (first, third) == (None, None)
    assert second is not None
    assert (second.index, second.code) == (1, "ConditionalCheckFailed")
    assert second.operation is operations[1]
    assert second.item is wanted
    assert second.old_item == stored
    assert await users.get_one("p", "1") is None
    assert await users.get_one("p", "2") == stored


async def test_every_condition_that_fails_is_reported(users: AsyncDynamoDBRepository[User]) -> None:
    await users.save(user(1, age=1))
    with pytest.raises(DynamoDBTransactionError) as raised:
        await users.transact_write(
            [
                Write.check("p", "1", where=attr("age").gt(5)),
                Write.put(user(2)),
                Write.update("p", "9", {"age": 1}),
            ]
        )
    codes = [reason and reason.code for reason in raised.value.reasons]
    assert codes == ["ConditionalCheckFailed", None, "ConditionalCheckFailed"]
    missing = raised.value.reasons[2]
    assert missing is not None
    assert missing.old_item is None
    assert raised.value.retryable is False


async def test_a_transaction_spans_repositories(connection: DynamoDBConnection) -> None:
    tables = connection.table_admin()
    await tables.create_table(User)
    other = await tables.create_table(Setting, table_name=f"{connection.config.table_name}-settings")
    users = connection.repository(User)
    settings = connection.repository(Setting, table_name=other)
    await settings.save(Setting(name="b", level=1))
    async with connection.transaction() as transaction:
        transaction.create(users, user(1, age=3))
        transaction.put(settings, Setting(name="a"))
        transaction.update(settings, "b", changes={"level": 2}, where=attr("level").eq(1))
        transaction.delete(users, "p", "2")
    assert await users.get_one("p", "1") == user(1, age=3)
    assert await settings.batch_get(["a", "b"]) == [Setting(name="a"), Setting(name="b", level=2)]
    refused_transaction = connection.transaction()
    transaction = await refused_transaction.__aenter__()
    transaction.delete(users, "p", "1")
    transaction.check(settings, "b", where=attr("level").eq(1))
    with pytest.raises(DynamoDBTransactionError) as raised:
        await refused_transaction.__aexit__(None, None, None)
    allowed, refused = raised.value.reasons
    assert allowed is None
    assert refused is not None
    assert refused.old_item == Setting(name="b", level=2)
    assert await users.get_one("p", "1") is not None


class Counted(DynamoDBBaseModel):
    version: int = 0
    changed: datetime | None = None

    class Meta:
        version = "version"
        updated_at = "changed"


async def test_a_transaction_gives_what_is_stored_beside_its_operations(
    connection: DynamoDBConnection,
) -> None:
    await connection.table_admin().create_table(Counted)
    counted = connection.repository(Counted)
    old = await counted.create(Counted(pk="p", sk="1"))
    put, created, deleted, checked = await counted.transact_write(
        [
            Write.put(old),
            Write.create(Counted(pk="p", sk="2")),
            Write.delete("p", "3"),
            Write.check("p", "4", where=attr("pk").not_exists()),
        ]
    )
    assert (deleted, checked) == (None, None)
    assert [put, created] == (await counted.query_by_pk("p")).items
    assert put is not None
    assert created is not None
    assert (old.version, put.version, created.version) == (1, 2, 1)
    assert None not in (put.changed, created.changed)


async def test_a_block_gives_what_is_stored_when_it_has_ended(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Counted, User)
    counted, users = connection.repository(Counted), connection.repository(User)
    async with connection.transaction() as transaction:
        transaction.put(users, user(1, age=3))
        transaction.create(counted, Counted(pk="p", sk="2"))
        transaction.delete(users, "p", "3")
        with pytest.raises(InvalidRequestError, match="not done"):
            _ = transaction.stored
    assert transaction.stored == [user(1, age=3), await counted.get_one("p", "2"), None]


@pytest.mark.parametrize(
    "reply",
    [error_reply("TransactionCanceledException", CancellationReasons=[{"Code": "None"}]), lost_reply()],
    ids=["cancelled", "lost"],
)
async def test_a_block_that_failed_has_stored_nothing_that_it_could_give(reply: Any) -> None:
    transactions: list[WriteTransaction] = []

    async def write(connection: DynamoDBConnection) -> None:
        async with connection.transaction() as transaction:
            transactions.append(transaction)
            transaction.put(connection.repository(User), user(1))

    async with DynamoDBConnection(
        config=DynamoDBConfig(table_name="app", deadline=0.01),
        logger=RecordingLogger(),
        transport=FakeTransport.answering(lambda *_: reply),
    ) as connection:
        with pytest.raises((DynamoDBTransactionError, WriteOutcomeUnknownError)):
            await write(connection)
    with pytest.raises(InvalidRequestError, match="not done"):
        _ = transactions[0].stored


async def test_a_block_that_raises_has_stored_nothing() -> None:
    transactions: list[WriteTransaction] = []

    async def write(connection: DynamoDBConnection) -> None:
        async with connection.transaction() as transaction:
            transactions.append(transaction)
            raise ZeroDivisionError

    async with faked(FakeTransport()) as connection:
        with pytest.raises(ZeroDivisionError):
            await write(connection)
    with pytest.raises(InvalidRequestError, match="not done"):
        _ = transactions[0].stored


async def test_when_the_block_raises_nothing_is_sent_rt164() -> None:
    async def write(connection: DynamoDBConnection) -> None:
        async with connection.transaction() as transaction:
            transaction.put(connection.repository(User), user(1))
            raise ZeroDivisionError

    fake = FakeTransport()
    async with faked(fake) as connection:
        with pytest.raises(ZeroDivisionError):
            await write(connection)
    assert fake.requests == []


async def test_what_comes_after_the_block_is_refused() -> None:
    """It would never be sent."""

    async def fail(connection: DynamoDBConnection) -> None:
        async with connection.transaction() as transaction:
            ended.append(transaction)
            raise ZeroDivisionError

    ended: list[WriteTransaction] = []
    async with faked(FakeTransport({})) as connection:
        users = connection.repository(User)
        async with connection.transaction() as transaction:
            transaction.put(users, user(1))
        ended.append(transaction)
        with pytest.raises(ZeroDivisionError):
            await fail(connection)
        for over in ended:
            with pytest.raises(InvalidRequestError, match="over"):
                over.put(users, user(2))


async def test_a_transaction_takes_repositories_of_its_own_connection() -> None:
    fake = FakeTransport()
    async with faked(fake) as connection, faked(fake) as other:
        transaction_of = connection.transaction()
        transaction = await transaction_of.__aenter__()
        with pytest.raises(ConfigurationError):
            transaction.put(other.repository(User), user(1))
        with pytest.raises(InvalidRequestError):  # it has nothing to send
            await transaction_of.__aexit__(None, None, None)
    assert fake.requests == []


async def test_halves_and_copies_with_options_take_part() -> None:
    fake = FakeTransport({})
    async with faked(fake) as connection, connection.transaction(client_token="token") as transaction:
        transaction.put(connection.write_repository(User), user(1))
        transaction.put(connection.repository(User).with_options(deadline=3), user(2))
    ((operation, payload),) = fake.requests
    assert operation == "TransactWriteItems"
    assert payload["ClientRequestToken"] == "token"
    assert [write["Put"]["Item"]["sk"]["S"] for write in payload["TransactItems"]] == ["1", "2"]


async def test_a_block_does_not_begin_when_the_connection_is_not_open() -> None:
    with pytest.raises(ConnectionClosedError):
        await faked(FakeTransport()).transaction().__aenter__()


@pytest.mark.parametrize(
    ("operations", "error"),
    [
        ([], InvalidRequestError),
        ([Write.put(user(n)) for n in range(101)], InvalidRequestError),
        ([Write.put(user(1)), Write.delete("p", "1")], InvalidRequestError),
        (
            [Write.check("p", "1", where=attr("age").gt(1)), Write.update("p", "1", {"age": 1})],
            InvalidRequestError,
        ),
        ([Write.update("p", "1", {})], InvalidRequestError),
        ([Write.update("p", "1", {"sk": "2"})], InvalidRequestError),
        ([Write.put(user(1)), Write.delete("p")], InvalidKeyError),
        ([Write.put(user(1)), Write.put(User(pk="", sk="s"))], InvalidKeyError),
    ],
)
async def test_a_transaction_that_cannot_be_is_refused_without_a_request(
    operations: list[TransactWriteItem], error: type[Exception]
) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(error):
            await users.transact_write(operations)
    assert fake.requests == []


@pytest.mark.parametrize("token", ["", "t" * 37, 1])
async def test_a_token_that_is_none_is_refused_without_a_request(token: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            await users.transact_write([Write.put(user(1))], client_token=token)
    assert fake.requests == []


async def test_a_transaction_keeps_its_token_over_its_attempts_rt158() -> None:
    conflict = error_reply(
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "TransactionConflict", "Message": "?"}, {"Code": "None"}],
    )
    fake = FakeTransport(conflict, conflict, {}, {})
    async with on_fake(fake, User) as users:
        await users.transact_write([Write.put(user(1)), Write.put(user(2))])
        await users.transact_write([Write.put(user(1)), Write.put(user(2))])
    tokens = [payload["ClientRequestToken"] for _, payload in fake.requests]
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]


async def test_the_error_names_operations_and_no_values() -> None:
    stored = {"pk": {"S": "secret-p"}, "sk": {"S": "secret-s"}, "nick": {"S": "secret-n"}}
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "?", "Item": stored}]
    fake = FakeTransport(error_reply("TransactionCanceledException", CancellationReasons=reasons))
    async with on_fake(fake, User) as users:
        with pytest.raises(DynamoDBTransactionError) as raised:
            await users.transact_write([Write.put(user(1)), Write.create(User(pk="secret-p", sk="secret-s"))])
    assert "operation 1 ConditionalCheckFailed" in str(raised.value)
    assert "secret" not in str(raised.value) + repr(raised.value) + repr(raised.value.reasons)


async def test_items_of_one_moment_come_in_the_order_asked(users: AsyncDynamoDBRepository[User]) -> None:
    await users.batch_write([user(n, age=n) for n in range(0, 20, 2)])
    found = await users.transact_get(("p", str(n)) for n in range(20))
    assert [item and item.age for item in found] == [None if n % 2 else n for n in range(20)]


async def test_a_hundred_operations_are_one_request() -> None:
    fake = FakeTransport({}, {"Responses": [{}] * 100})
    async with on_fake(fake, User) as users:
        await users.transact_write([Write.put(user(n)) for n in range(100)])
        assert await users.transact_get([("p", str(n)) for n in range(100)]) == [None] * 100
    assert [len(payload["TransactItems"]) for _, payload in fake.requests] == [100, 100]


@pytest.mark.parametrize(
    "keys", [[], [("p", str(n)) for n in range(101)], [("p", "1"), ("p", "1")]], ids=["0", "101", "twice"]
)
async def test_keys_that_cannot_be_read_at_once_are_refused_without_a_request(keys: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            await users.transact_get(keys)
    assert fake.requests == []


@pytest.mark.parametrize(
    "responses", [None, [], [{}], [{}] * 3, {}, [1, 2], [{"Item": 1}, {}], [{"Item": []}, {}]]
)
async def test_a_reply_that_has_not_one_response_for_each_key_is_never_not_found(
    responses: Any,
) -> None:
    async with on_fake(FakeTransport({"Responses": responses}), User) as users:
        with pytest.raises((UnexpectedResponseError, InvalidItemError)):
            await users.transact_get([("p", "1"), ("p", "2")])


async def test_a_read_that_a_write_disturbs_is_tried_again() -> None:
    conflict = error_reply(
        "TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict", "Message": "?"}]
    )
    item = bind(User).encode(user(1))
    fake = FakeTransport(conflict, conflict, {"Responses": [{"Item": item}]})
    async with on_fake(fake, User) as users:
        assert await users.transact_get([("p", "1")]) == [user(1)]
    always = FakeTransport.answering(lambda *_: conflict)
    async with on_fake(always, User) as users:
        with pytest.raises(DynamoDBTransactionError) as raised:
            await users.transact_get([("p", "1")])
    assert raised.value.retryable
    assert [reason and reason.code for reason in raised.value.reasons] == ["TransactionConflict"]
