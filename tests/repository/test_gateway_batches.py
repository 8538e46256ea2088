"""Native batches: any number of dicts, in chunks, with an account of what was not done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from dynarepo import (
    ConfigurationError,
    ConnectionClosedError,
    DeadlineExceededError,
    DynamoDBBatchOperationError,
    DynamoDBConfig,
    DynamoDBConnection,
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    RejectedError,
    TableGateway,
    TableNotFoundError,
    UnexpectedResponseError,
)
from dynarepo._connection import Channel
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import SkippedTime, longest
from tests.models import Reading, User
from tests.pages.batch_store import BatchStore
from tests.recording_logger import RecordingLogger

Item = dict[str, object]

TABLE = {
    "Table": {
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    }
}


@asynccontextmanager
async def on(fake: FakeTransport, **options: Any) -> AsyncIterator[TableGateway]:
    """Open a gateway on a fake, where waiting takes no time."""
    config = DynamoDBConfig(**{"table_name": "app"} | options)
    async with Channel(
        config, RecordingLogger(), transport=fake, sleep=SkippedTime().sleep, jitter=longest
    ) as channel:
        yield TableGateway(config=config, logger=RecordingLogger(), channel=channel)


def stored(store: BatchStore) -> FakeTransport:
    """Answer from a store, whose table can be described."""

    def answer(operation: str, payload: Payload) -> Any:
        return TABLE if operation == "DescribeTable" else store(operation, payload)

    return FakeTransport.answering(answer)


def operations(fake: FakeTransport) -> list[str]:
    return [operation for operation, _ in fake.requests]


def items(number: int, **fields: object) -> list[Item]:
    return [{"pk": "p", "sk": f"{n:04}", **fields} for n in range(number)]


async def test_nothing_is_no_request() -> None:
    fake = FakeTransport()
    async with on(fake) as gateway:
        assert await gateway.batch_write_items() == 0
        assert await gateway.batch_get_items([]) == []
    assert fake.requests == []


@pytest.mark.parametrize(("number", "chunks"), [(1, [1]), (25, [25]), (26, [1, 25]), (51, [1, 25, 25])])
async def test_puts_and_deletes_go_in_chunks_of_25(number: int, chunks: list[int]) -> None:
    store = BatchStore()
    async with on(stored(store)) as gateway:
        assert await gateway.batch_write_items(items(number)) == number
        assert len(store.items) == number
        assert await gateway.batch_write_items(deletes=(item for item in items(number))) == number
    assert sorted(store.sizes) == sorted(chunks * 2)
    assert store.items == {}


async def test_a_chunk_is_cut_at_16_mb() -> None:
    store = BatchStore()
    async with on(stored(store)) as gateway:
        assert await gateway.batch_write_items(items(25, text='"' * 380_000)) == 25
    assert sorted(store.sizes) == [3, 22]


async def test_a_table_is_described_once_before_its_first_puts() -> None:
    fake = stored(BatchStore())
    async with on(fake) as gateway:
        await gateway.batch_write_items(deletes=items(1))
        await gateway.batch_write_items(items(2), items(1))
        await gateway.batch_write_items(items(1))
        await gateway.batch_write_items(items(1), table_name="other")
    described = [payload for operation, payload in fake.requests if operation == "DescribeTable"]
    assert described == [{"TableName": "app"}, {"TableName": "other"}]
    assert operations(fake)[0] == "BatchWriteItem"


class SlowToDescribe:
    """Describes a table after some seconds, which are skipped; keeps the time that each request was given."""

    def __init__(self, seconds: float) -> None:
        self.given: list[tuple[str, float]] = []
        self._seconds = seconds

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        self.given.append((operation, timeout))
        if operation == "DescribeTable":
            await SkippedTime().sleep(self._seconds)
            return TABLE
        return {"UnprocessedItems": {}}

    async def close(self) -> None:
        pass


@asynccontextmanager
async def on_slow(slow: SlowToDescribe) -> AsyncIterator[TableGateway]:
    config = DynamoDBConfig(table_name="app", deadline=20, attempt_timeout=60)
    async with Channel(config, RecordingLogger(), transport=slow) as channel:
        own = config.model_copy(update={"deadline": 10})
        yield TableGateway(config=own, logger=RecordingLogger(), channel=channel)


async def test_what_it_takes_to_describe_the_table_is_time_of_the_first_batch() -> None:
    slow = SlowToDescribe(7)
    async with on_slow(slow) as gateway:
        await gateway.batch_write_items(items(30))
        await gateway.batch_write_items(items(1))
    assert [operation for operation, _ in slow.given] == ["DescribeTable", *["BatchWriteItem"] * 3]
    assert slow.given[0][1] <= 10
    assert max(given for _, given in slow.given[1:3]) <= 3
    assert slow.given[3][1] > 3


async def test_nothing_is_written_when_describing_takes_all_the_time() -> None:
    slow = SlowToDescribe(10)
    async with on_slow(slow) as gateway:
        with pytest.raises(DeadlineExceededError):
            await gateway.batch_write_items(items(1))
    assert [operation for operation, _ in slow.given] == ["DescribeTable"]


async def test_of_writes_to_one_key_the_last_put_wins_and_a_delete_over_all() -> None:
    store = BatchStore()
    writes = [{"pk": "p", "sk": "a", "n": n} for n in range(60)]
    async with on(stored(store)) as gateway:
        assert await gateway.batch_write_items(writes) == 1
        assert [item["n"] for item in store.items.values()] == [{"N": "59"}]
        assert await gateway.batch_write_items(writes, [{"sk": "a", "pk": "p"}]) == 1
    assert store.items == {}


@pytest.mark.parametrize(
    ("number", "chunks"), [(1, [1]), (100, [100]), (101, [1, 100]), (250, [50, 100, 100])]
)
async def test_items_come_in_the_order_asked_with_gaps_marked(number: int, chunks: list[int]) -> None:
    store = BatchStore()
    async with on(stored(store)) as gateway:
        await gateway.batch_write_items(items(number)[::2])
        store.sizes.clear()
        found = await gateway.batch_get_items(reversed(items(number)))
    expected = [item if int(str(item["sk"])) % 2 == 0 else None for item in reversed(items(number))]
    assert found == expected
    assert sorted(store.sizes) == chunks


async def test_a_key_asked_for_twice_is_fetched_once() -> None:
    """Also where its attributes stand in another order."""
    store = BatchStore()
    async with on(stored(store)) as gateway:
        await gateway.batch_write_items(items(1, n=Decimal("1.5")))
        asked = [{"pk": "p", "sk": "0000"}, {"pk": "p", "sk": "none"}, {"sk": "0000", "pk": "p"}]
        found = await gateway.batch_get_items(asked)
    assert found == [*items(1, n=Decimal("1.5")), None, *items(1, n=Decimal("1.5"))]
    assert store.sizes == [1, 2]


@pytest.mark.parametrize("configured", [True, False])
async def test_the_configuration_decides_on_consistency(configured: bool) -> None:
    fake = stored(BatchStore())
    async with on(fake, consistent_read=configured) as gateway:
        await gateway.batch_get_items(items(1))
        await gateway.batch_get_items(items(1), consistent=not configured, table_name="other")
    requests = [payload["RequestItems"] for _, payload in fake.requests]
    assert requests[0]["app"].get("ConsistentRead", False) is configured
    assert requests[1]["other"].get("ConsistentRead", False) is not configured


async def test_what_is_left_undone_is_sent_again() -> None:
    rounds = 0

    def first_half(entries: list[Payload]) -> list[Payload]:
        nonlocal rounds
        rounds += 1
        return entries[: len(entries) // 2] if rounds % 3 else []

    store = BatchStore(first_half)
    async with on(stored(store)) as gateway:
        assert await gateway.batch_write_items(items(20)) == 20
        assert await gateway.batch_get_items(items(20)) == items(20)
    assert len(store.sizes) > 2


async def test_a_batch_that_fails_lists_the_dicts_that_were_given() -> None:
    puts, deletes = items(25), [{"pk": "p", "sk": f"d{n}"} for n in range(3)]
    fake = FakeTransport(TABLE, {"UnprocessedItems": {}}, error_reply("ValidationException"))
    async with on(fake, batch_concurrency=1) as gateway:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await gateway.batch_write_items(puts, deletes)
    assert raised.value.successful_count == 25
    assert raised.value.failed_items == tuple(deletes)
    assert raised.value.unknown_items == ()
    assert isinstance(raised.value.__cause__, RejectedError)


async def test_a_batch_whose_reply_is_lost_is_unknown() -> None:
    async with on(FakeTransport(TABLE, lost_reply())) as gateway:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await gateway.batch_write_items(items(2))
    assert raised.value.unknown_items == tuple(items(2))
    assert raised.value.table_name == "app"


@pytest.mark.parametrize("key", [{}, {"pk": {"S": "p"}}, {"pk": {"S": "p"}, "sk": {"S": "zzz"}}])
async def test_items_left_undone_that_were_not_sent_are_an_error(key: Payload) -> None:
    reply = {"UnprocessedItems": {"app": [{"DeleteRequest": {"Key": key}}]}}
    async with on(FakeTransport(reply)) as gateway:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await gateway.batch_write_items(deletes=items(1))
    assert isinstance(raised.value.__cause__, UnexpectedResponseError)


async def test_an_item_that_dynamodb_cannot_have_is_an_error() -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "0000"}, "n": {"N": "x"}}
    async with on(FakeTransport({"Responses": {"app": [item]}, "UnprocessedKeys": {}})) as gateway:
        with pytest.raises(UnexpectedResponseError):
            await gateway.batch_get_items(items(1))


async def test_what_is_wrong_in_the_call_is_refused_before_anything_is_sent() -> None:
    async with on(FakeTransport()) as gateway:
        for call, error in (
            (gateway.batch_write_items([{}]), InvalidRequestError),
            (gateway.batch_write_items([*items(1), {"pk": 1.5}]), InvalidValueError),
            (gateway.batch_write_items(items(1), [{}]), InvalidKeyError),
            (gateway.batch_write_items(deletes=[{"pk": "a"}, {"sk": "b"}]), InvalidKeyError),
            (gateway.batch_write_items(items(1), table_name=""), InvalidRequestError),
            (gateway.batch_get_items([{"pk": "a"}, {"sk": "b"}]), InvalidKeyError),
            (gateway.batch_get_items(items(1), projection_expression="a b"), InvalidRequestError),
            (gateway.batch_get_items(items(1), names={"#a": "a"}), InvalidRequestError),
        ):
            with pytest.raises(error):
                await call


async def test_a_put_without_the_key_of_the_table_stops_the_batch_before_it_begins() -> None:
    fake = FakeTransport(TABLE)
    async with on(fake) as gateway:
        with pytest.raises(InvalidKeyError, match=r"^puts\[1\] lacks sk"):
            await gateway.batch_write_items([*items(1), {"pk": "p"}])
    assert operations(fake) == ["DescribeTable"]


async def test_a_table_that_is_not_there_is_not_remembered() -> None:
    fake = FakeTransport(error_reply("ResourceNotFoundException"), TABLE, {"UnprocessedItems": {}})
    async with on(fake) as gateway:
        with pytest.raises(TableNotFoundError):
            await gateway.batch_write_items(items(1))
        assert await gateway.batch_write_items(items(1)) == 1


async def test_a_table_must_be_named_somewhere() -> None:
    async with on(FakeTransport(), table_name=None) as gateway:
        for call in (gateway.batch_write_items(items(1)), gateway.batch_get_items(items(1))):
            with pytest.raises(ConfigurationError):
                await call


@pytest.mark.parametrize("number", [0, 1])
async def test_nothing_is_done_when_it_is_not_open(number: int) -> None:
    fake = FakeTransport()
    gateway = TableGateway(config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=fake)
    for call in (gateway.batch_write_items(items(number)), gateway.batch_get_items(items(number))):
        with pytest.raises(ConnectionClosedError):
            await call
    assert fake.requests == []


async def test_many_dicts_are_written_read_and_deleted(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    gateway = connection.table_gateway()
    written = [{"pk": "p", "sk": f"{n:04}", "n": n, "text": "x"} for n in range(130)]
    keys = [{"pk": item["pk"], "sk": item["sk"]} for item in written]
    assert await gateway.batch_write_items(written) == 130
    assert await gateway.batch_get_items([*keys[::-1], {"pk": "p", "sk": "none"}]) == [*written[::-1], None]
    numbers = await gateway.batch_get_items(keys[:2], projection_expression="#n", names={"#n": "n"})
    assert numbers == [{**key, "n": n} for n, key in enumerate(keys[:2])]
    assert await gateway.batch_write_items(written[:1], keys[1:]) == 130
    assert await gateway.batch_get_items(keys) == [written[0]] + [None] * 129


async def test_keys_that_are_numbers_are_the_same_however_they_are_written(
    connection: DynamoDBConnection,
) -> None:
    await connection.table_admin().create_table(Reading)
    gateway = connection.table_gateway()
    puts = [{"sensor": "s", "at": at, "level": n} for n, at in enumerate([1000, Decimal("1E3"), 5])]
    assert await gateway.batch_write_items(puts, [{"sensor": "s", "at": Decimal("5.0")}]) == 2
    found = await gateway.batch_get_items([{"sensor": "s", "at": at} for at in (Decimal("1000.0"), 5)])
    assert found == [{"sensor": "s", "at": 1000, "level": 1}, None]
