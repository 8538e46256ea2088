"""The transport that keeps what passes it."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Literal

import pytest

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBConnection, TransactWriteItem
from dynarepo._transport import AttemptError
from dynarepo._wire import Payload
from dynarepo.exceptions import ConnectionFailedError
from dynarepo.testing import (
    FakeTransport,
    Fault,
    FaultServer,
    RecordingTransport,
    RequestLog,
    SentRequest,
    error_reply,
)
from dynarepo.testing._network import NetworkTransport
from tests.models import User
from tests.recording_logger import RecordingLogger

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


@pytest.mark.parametrize("kind", ["direct", "aioboto3"])
async def test_what_is_sent_to_a_server_arrives_there_and_is_kept(
    embedded_config: DynamoDBConfig, kind: Literal["direct", "aioboto3"]
) -> None:
    config = embedded_config.model_copy(update={"transport": kind})
    transport = RecordingTransport(config)
    async with DynamoDBConnection(config=config, logger=RecordingLogger(), transport=transport) as connection:
        await connection.table_admin().create_table(User)
        users = connection.repository(User)
        user = await users.save(User(pk="a", sk="b"))
        assert await users.get_one("a", "b") == user
    assert transport.requests.operations == ["CreateTable", "DescribeTable", "PutItem", "GetItem"]
    operation, payload = transport.requests[-1]
    assert (operation, payload["TableName"], payload["Key"]) == ("GetItem", config.table_name, KEY)


async def test_what_another_transport_sends_is_kept_with_every_attempt() -> None:
    transport = RecordingTransport(FakeTransport(error_reply("ThrottlingException"), {}))
    async with AsyncDynamoDBRepository(
        User, config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=transport
    ) as users:
        await users.get_one("a", "b")
    assert transport.requests.operations == ["GetItem", "GetItem"]


async def test_a_transport_around_it_sees_plain_data_only(embedded_config: DynamoDBConfig) -> None:
    seen: list[object] = []

    class Looking(RecordingTransport):
        async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
            reply = await super().send(operation, payload, timeout=timeout)
            seen.append(json.loads(json.dumps([payload, reply])))
            return reply

    users = [User(pk="a", sk=sk) for sk in "bc"]
    logger, transport = RecordingLogger(), Looking(embedded_config)
    async with DynamoDBConnection(config=embedded_config, logger=logger, transport=transport) as connection:
        await connection.table_admin().create_table(User)
        repository = connection.repository(User)
        await repository.batch_write(users)
        await repository.transact_write(list(map(TransactWriteItem.put, users)))
        assert await repository.batch_get([("a", "b"), ("a", "c")]) == users
        assert await repository.transact_get([("a", "b")]) == users[:1]
        assert (await repository.query_by_pk("a")).items == (await repository.scan()).items == users
        assert await repository.get_one("a", "b") == users[0]
    assert len(seen) == len(transport.requests)


async def test_a_request_that_fails_is_kept() -> None:
    transport = RecordingTransport(FakeTransport(error_reply("ValidationException")))
    with pytest.raises(AttemptError):
        await transport.send("GetItem", {"Key": KEY}, timeout=5)
    assert transport.requests == [SentRequest("GetItem", {"Key": KEY})]


async def test_closing_it_closes_what_sends() -> None:
    fake = FakeTransport()
    await RecordingTransport(fake).close()
    assert fake.closed


async def test_it_opens_the_way_once_when_it_is_needed_or_before(embedded_config: DynamoDBConfig) -> None:
    transport = RecordingTransport(embedded_config)
    await transport.open()
    await asyncio.gather(*(transport.send("ListTables", {}, timeout=5) for _ in range(3)), transport.open())
    await transport.close()
    await RecordingTransport(FakeTransport()).open()  # there is nothing to open


async def test_nothing_is_sent_after_it_was_closed(embedded_config: DynamoDBConfig) -> None:
    transport = RecordingTransport(embedded_config)
    await transport.close()
    with pytest.raises(AttemptError) as raised:
        await transport.send("ListTables", {}, timeout=5)
    assert isinstance(raised.value.error, ConnectionFailedError)
    assert not raised.value.may_have_acted


async def test_a_scripted_server_keeps_requests_in_the_same_way() -> None:
    async with FaultServer(Fault.RESET_AFTER, {}) as server:
        async with AsyncDynamoDBRepository(User, config=server.config, logger=RecordingLogger()) as users:
            await users.get_one("a", "b")
        assert server.requests.operations == ["GetItem", "GetItem"]
        assert [payload["Key"] for payload in server.requests.payloads("GetItem")] == [KEY, KEY]


def test_payloads_are_those_of_one_operation() -> None:
    log = RequestLog([SentRequest("GetItem", {"n": 1}), SentRequest("PutItem", {"n": 2})])
    assert log.payloads("PutItem") == [{"n": 2}]
    assert log.payloads("DeleteItem") == []


@pytest.mark.parametrize("kind", ["direct", "aioboto3"])
async def test_streams_are_read_through_it(
    embedded_config: DynamoDBConfig, kind: Literal["direct", "aioboto3"]
) -> None:
    config = embedded_config.model_copy(update={"transport": kind})
    transport = RecordingTransport(config)
    async with DynamoDBConnection(config=config, logger=RecordingLogger(), transport=transport) as connection:
        await connection.table_admin().create_table(User, stream="new_and_old_images")
        users = connection.repository(User)
        user = await users.save(User(pk="a", sk="b"))
        changes = users.changes(start="oldest", poll_interval=0.1)
        async with asyncio.timeout(20), aclosing(changes):
            assert (await anext(changes)).new == user
    assert "GetRecords" in transport.requests.operations


async def test_closing_it_while_it_opens_leaves_nothing(embedded_config: DynamoDBConfig) -> None:
    transport = NetworkTransport(embedded_config)
    opening = asyncio.create_task(transport.open())
    await asyncio.sleep(0)
    await transport.close()
    await asyncio.gather(opening, return_exceptions=True)
    assert not transport._stack._exit_callbacks  # type: ignore[attr-defined]


async def test_once_it_is_closed_it_cannot_be_opened(embedded_config: DynamoDBConfig) -> None:
    transport = RecordingTransport(embedded_config)
    await transport.close()
    with pytest.raises(ConnectionFailedError, match="closed"):
        await transport.open()
