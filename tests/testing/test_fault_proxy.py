"""The proxy in front of a server: what each fault does, what is counted, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, TableAdmin, increment
from dynarepo._transport import AttemptError
from dynarepo.exceptions import (
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    ServiceUnavailableError,
    ThrottledError,
    TransientError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import Fault, FaultProxy
from tests.faked import other_tasks, turns
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.testing.exchanging import LIST, exchange
from tests.transport.rigs import real_transport

Users = AsyncDynamoDBRepository[User]

USER = User(pk="a", sk="b", age=1)
DONE = {
    Fault.RESET_AFTER,
    Fault.CLOSE_AFTER,
    Fault.TRUNCATED,
    Fault.ERROR_AFTER,
    Fault.SILENT_AFTER,
    Fault.LATE,
    Fault.WRONG_CHECKSUM,
}
NOT_DONE = set(Fault) - DONE - {Fault.UNPROCESSED, Fault.EMPTY_PAGE}


@asynccontextmanager
async def troubled(
    config: DynamoDBConfig, *, attempt_timeout: float = 4.0, **options: Any
) -> AsyncIterator[tuple[FaultProxy, Users]]:
    """Give a proxy, and a repository through it with a table that is there."""
    async with TableAdmin(config=config, logger=RecordingLogger()) as tables:
        await tables.create_table(User)
    troubled = config.model_copy(update={"attempt_timeout": attempt_timeout})
    async with FaultProxy(troubled, random=Random(1), **options) as proxy:  # noqa: S311
        async with AsyncDynamoDBRepository(User, config=proxy.config, logger=RecordingLogger()) as users:
            yield proxy, users
        await proxy.drained()


async def stored(config: DynamoDBConfig) -> list[User]:
    async with AsyncDynamoDBRepository(User, config=config, logger=RecordingLogger()) as users:
        return sorted([user async for user in users.iter_scan_items()], key=lambda user: (user.pk, user.sk))


async def age(config: DynamoDBConfig) -> int:
    return (await stored(config))[0].age


async def test_without_a_fault_everything_passes(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        await users.save(USER)
        assert await users.get_one("a", "b") == USER
        assert proxy.seen == proxy.applied == {"PutItem": 1, "GetItem": 1}
        assert not proxy.faults


@pytest.mark.parametrize("fault", sorted(DONE, key=str), ids=lambda fault: fault.name)
async def test_after_these_faults_the_request_is_done(fault: Fault, embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config, attempt_timeout=0.5) as (proxy, users):
        await users.save(USER)
        proxy.fault_next(fault)
        with pytest.raises(WriteOutcomeUnknownError):
            await users.update("a", "b", lambda u: [increment(u.age, 1)])
    assert await age(embedded_config) == 2
    assert proxy.faults == {fault: 1}


@pytest.mark.parametrize("fault", sorted(NOT_DONE, key=str), ids=lambda fault: fault.name)
async def test_after_these_faults_the_request_is_not_done(
    fault: Fault, embedded_config: DynamoDBConfig
) -> None:
    async with troubled(embedded_config) as (proxy, users):
        await users.save(USER)
        proxy.fault(lambda operation, number: fault)
        with pytest.raises(DynamoDBServiceError):
            await users.with_options(deadline=0.2).update("a", "b", lambda u: [increment(u.age, 1)])
        assert proxy.applied == {"PutItem": 1}
    assert await age(embedded_config) == 1
    assert proxy.faults.keys() == {fault}


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (Fault.RESET_BEFORE, ConnectionFailedError, "the connection broke"),
        (Fault.TRUNCATED, ConnectionFailedError, "the connection broke"),
        (Fault.ERROR_BEFORE, ServiceUnavailableError, "fault"),
        (Fault.UNAVAILABLE, ServiceUnavailableError, "fault"),
        (Fault.THROTTLED, ThrottledError, "no more requests"),
        (Fault.THROUGHPUT_EXCEEDED, ThrottledError, "no more requests"),
        (Fault.SILENT, DeadlineExceededError, "deadline"),
        (Fault.WRONG_CHECKSUM, UnexpectedResponseError, "checksum"),
        (Fault.HTML, UnexpectedResponseError, "not application/x-amz-json"),
        (Fault.REDIRECT, UnexpectedResponseError, "redirect"),
    ],
)
async def test_a_client_sees_the_fault(
    fault: Fault, error: type[DynamoDBServiceError], message: str, embedded_config: DynamoDBConfig
) -> None:
    async with (
        FaultProxy(embedded_config) as proxy,
        real_transport("direct", str(proxy.config.endpoint_url)) as transport,
    ):
        proxy.fault_next(fault)
        with pytest.raises(AttemptError) as raised:
            await transport.send("ListTables", {}, timeout=0.5 if fault is Fault.SILENT else 10)
    assert type(raised.value.error) is error
    assert message in raised.value.error.message


async def test_nobody_follows_the_redirect(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.fault_next(Fault.REDIRECT)
        with pytest.raises(UnexpectedResponseError):
            await users.get_one("a", "b")
    assert proxy.redirected == 0


async def test_who_follows_the_redirect_is_counted(embedded_config: DynamoDBConfig) -> None:
    async with FaultProxy(embedded_config) as proxy:
        proxy.fault_next(Fault.REDIRECT)
        head, _ = await exchange(proxy, LIST)
        location = head.partition(b"location: http://127.0.0.1:")[2].partition(b"/")[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(location))
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert proxy.redirected == 1


async def test_faults_come_in_the_order_of_the_script(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.fault_next(Fault.THROTTLED, None, Fault.UNAVAILABLE)
        await users.save(USER)
        assert proxy.seen["PutItem"] == 2
        assert await users.get_one("a", "b") == USER
        assert proxy.seen["GetItem"] == 2


async def test_a_function_chooses_by_operation_and_number(embedded_config: DynamoDBConfig) -> None:
    asked = []

    def choose(operation: str, number: int) -> Fault | None:
        asked.append((operation, number))
        return Fault.THROTTLED if operation == "PutItem" and number == 1 else None

    async with troubled(embedded_config) as (proxy, users):
        proxy.fault(choose)
        await users.save(USER)
        await users.get_one("a", "b")
        proxy.fault(None)
        await users.get_one("a", "b")
    assert asked == [("PutItem", 1), ("PutItem", 2), ("GetItem", 1)]


async def test_a_request_under_way_ends_with_the_proxy(embedded_config: DynamoDBConfig) -> None:
    async with (
        FaultProxy(embedded_config) as proxy,
        real_transport("direct", str(proxy.config.endpoint_url)) as transport,
    ):
        proxy.fault_next(Fault.SILENT)
        asking = asyncio.create_task(transport.send("ListTables", {}, timeout=60))
        while not proxy.seen:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await proxy.__aexit__(None, None, None)
        with pytest.raises(AttemptError):
            await asking


async def test_one_seed_draws_the_same_faults(embedded_config: DynamoDBConfig) -> None:
    drawn = []
    for _ in range(2):
        async with FaultProxy(embedded_config, random=Random(7)) as proxy:  # noqa: S311
            proxy.fault_randomly({Fault.THROTTLED: 0.4, Fault.UNAVAILABLE: 0.3})
            heads = [(await exchange(proxy, LIST))[0] for _ in range(20)]
            drawn.append([head.split()[1] for head in heads])
    assert drawn[0] == drawn[1]
    assert {b"400", b"503"} <= set(drawn[0])


async def test_a_part_of_a_batch_is_left_undone(embedded_config: DynamoDBConfig) -> None:
    users_ = [User(pk="a", sk=str(number)) for number in range(20)]
    keys = [("a", user.sk) for user in users_]
    async with troubled(embedded_config) as (proxy, users):
        proxy.fault_next(Fault.UNPROCESSED, Fault.UNPROCESSED)
        assert await users.batch_write(users_) == 20
        assert proxy.seen == {"BatchWriteItem": 3}
        proxy.fault_next(Fault.UNPROCESSED, Fault.UNPROCESSED)
        assert await users.batch_get(keys) == users_
        assert proxy.seen["BatchGetItem"] == 3
    assert len(await stored(embedded_config)) == 20


async def test_at_least_one_entry_of_a_batch_is_done(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config, unprocessed=1.0) as (proxy, users):
        proxy.fault(lambda operation, number: Fault.UNPROCESSED)
        assert await users.batch_write([User(pk="a", sk=str(number)) for number in range(3)]) == 3
        assert proxy.applied == {"BatchWriteItem": 3}


async def test_pages_come_back_empty_and_short(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        await users.batch_write([User(pk="a", sk=str(number)) for number in range(5)])
        proxy.fault_next(Fault.EMPTY_PAGE, Fault.EMPTY_PAGE, Fault.EMPTY_PAGE)
        pages = [page.count async for page in users.iter_query("a")]
        assert pages == [1, 0, 0, 4]
        proxy.fault_next(Fault.EMPTY_PAGE, Fault.EMPTY_PAGE)
        assert await users.count("a") == 5


async def test_a_fault_that_does_not_fit_an_operation_lets_it_pass(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.fault_next(Fault.UNPROCESSED, Fault.EMPTY_PAGE)
        await users.save(USER)
        await users.get_one("a", "b")
        assert proxy.seen == {"PutItem": 1, "GetItem": 1}
        assert not proxy.faults


async def test_connections_can_be_refused_until_they_are_accepted(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.refuse()
        with pytest.raises(TransientError):
            await users.with_options(deadline=0.2).save(USER)
        assert not proxy.seen
        await proxy.accept()
        await proxy.accept()
        await users.save(USER)
        assert proxy.seen == {"PutItem": 1}


async def test_connections_can_be_refused_for_a_while(embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.refuse(0.05)
        await users.save(USER)
        assert proxy.seen == {"PutItem": 1}


async def test_a_request_under_way_is_answered_before_connections_are_refused(
    embedded_config: DynamoDBConfig,
) -> None:
    async with FaultProxy(embedded_config) as proxy:

        def refuse(operation: str, number: int) -> None:
            proxy.refuse()

        proxy.fault(refuse)
        head, rest = await exchange(proxy, LIST + LIST)
        assert b"200" in head.partition(b"\r\n")[0]
        assert rest.count(b"HTTP/1.1") == 0
        assert proxy.seen.total() == 1


async def test_what_a_client_still_sends_into_silence_is_not_read(embedded_config: DynamoDBConfig) -> None:
    async with FaultProxy(embedded_config) as proxy:
        proxy.fault_next(Fault.SILENT)
        asking = asyncio.create_task(exchange(proxy, LIST + LIST))
        while not proxy.seen:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await turns()
        assert proxy.seen.total() == 1
    await asking


async def test_it_can_do_without_holding_its_port(
    embedded_config: DynamoDBConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynarepo.testing._loopback._CAN_HOLD", False)
    async with FaultProxy(embedded_config) as proxy:
        proxy.refuse()
        await proxy.accept()
        assert (await exchange(proxy, LIST))[0].startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("fault", [None, *Fault], ids=lambda fault: fault and fault.name)
async def test_nothing_is_left_of_it(fault: Fault | None, embedded_config: DynamoDBConfig) -> None:
    async with troubled(embedded_config) as (proxy, users):
        proxy.fault(lambda operation, number: fault)
        left = asyncio.create_task(users.get_one("a", "b"))
        while not proxy.seen:  # noqa: ASYNC110
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        port = int(str(proxy.config.endpoint_url).rpartition(":")[2])
    await asyncio.sleep(0)
    assert other_tasks() == set()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


@pytest.mark.parametrize("endpoint", [None, "https://127.0.0.1:8000"])
async def test_it_needs_a_local_server(endpoint: str | None) -> None:
    with pytest.raises(ConfigurationError, match="endpoint_url"):
        FaultProxy(DynamoDBConfig(endpoint_url=endpoint))
