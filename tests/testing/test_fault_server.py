"""The server with a script: what its entries and faults do, what is recorded, and where a gap leads."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from dynarepo import AsyncDynamoDBRepository
from dynarepo._transport import AttemptError
from dynarepo.exceptions import (
    ConnectionFailedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    RejectedError,
    ServiceUnavailableError,
    ThrottledError,
    TransientError,
    UnexpectedResponseError,
)
from dynarepo.testing import Fault, FaultServer, ReceivedRequest, WireReply, error_reply, success_reply
from tests.faked import other_tasks, turns
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.testing.exchanging import LIST, connect, exchange
from tests.transport.rigs import real_transport

USERS = [User(pk="a", sk=str(number)) for number in range(3)]
ITEMS = [{"pk": {"S": "a"}, "sk": {"S": user.sk}} for user in USERS]
WHOLE = {Fault.UNPROCESSED, Fault.EMPTY_PAGE}
SILENT = {Fault.SILENT, Fault.SILENT_AFTER, Fault.LATE}

SEEN = {
    Fault.RESET_BEFORE: (ConnectionFailedError, "the connection broke"),
    Fault.RESET_AFTER: (ConnectionFailedError, "the connection broke"),
    Fault.CLOSE_AFTER: (ConnectionFailedError, "the connection broke"),
    Fault.RESTART: (ConnectionFailedError, "the connection broke"),
    Fault.TRUNCATED: (ConnectionFailedError, "the connection broke"),
    Fault.ERROR_BEFORE: (ServiceUnavailableError, "fault"),
    Fault.ERROR_AFTER: (ServiceUnavailableError, "fault"),
    Fault.UNAVAILABLE: (ServiceUnavailableError, "fault"),
    Fault.THROTTLED: (ThrottledError, "no more requests"),
    Fault.THROUGHPUT_EXCEEDED: (ThrottledError, "no more requests"),
    Fault.SILENT: (DeadlineExceededError, "deadline"),
    Fault.SILENT_AFTER: (DeadlineExceededError, "deadline"),
    Fault.LATE: (DeadlineExceededError, "deadline"),
    Fault.WRONG_CHECKSUM: (UnexpectedResponseError, "checksum"),
    Fault.HTML: (UnexpectedResponseError, "not application/x-amz-json"),
    Fault.REDIRECT: (UnexpectedResponseError, "redirect"),
}


def repository(server: FaultServer) -> AsyncDynamoDBRepository[User]:
    return AsyncDynamoDBRepository(User, config=server.config, logger=RecordingLogger())


def operations(server: FaultServer) -> list[str]:
    return [request.operation for request in server.requests]


async def send(server: FaultServer, operation: str = "GetItem", timeout: float = 10.0) -> Any:  # noqa: ASYNC109
    async with real_transport("direct", server.url) as transport:
        return await transport.send(operation, {"TableName": "app"}, timeout=timeout)


async def test_entries_of_every_kind_answer_in_order() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R\r\n"

    async def later(operation: str, payload: dict[str, Any]) -> WireReply:
        await asyncio.sleep(0)
        return success_reply({"n": 4})

    async with FaultServer(
        {"n": 1},
        success_reply({"n": 2}),
        lambda operation, payload: {"operation": operation, **payload},
        later,
        lambda operation, payload: later,
        head + b'content-length: 7\r\n\r\n{"n":6}',
    ) as server:
        replies = [await send(server) for _ in range(6)]
    assert replies == [
        {"n": 1},
        {"n": 2},
        {"operation": "GetItem", "TableName": "app"},
        {"n": 4},
        {"n": 4},
        {"n": 6},
    ]


async def test_its_config_leads_a_repository_to_it() -> None:
    async with FaultServer({"Item": ITEMS[0]}, table_name="people") as server, repository(server) as users:
        assert await users.get_one("a", "0") == USERS[0]
        (request,) = server.requests
    assert (request.operation, request.payload["TableName"]) == ("GetItem", "people")
    assert server.config.endpoint_url == server.url


async def test_a_connection_is_used_for_many_requests() -> None:
    async with FaultServer({}, {}) as server:
        _, rest = await exchange(server, LIST + LIST)
        assert rest.count(b"HTTP/1.1 200") == 1
        assert (len(server.requests), server.connections) == (2, 1)


async def test_one_entry_can_answer_everything() -> None:
    async with FaultServer.answering(Fault.THROTTLED, table_name="people") as server:
        for _ in range(2):
            with pytest.raises(AttemptError):
                await send(server)
        assert server.faults == {Fault.THROTTLED: 2}
        assert server.config.table_name == "people"


async def test_the_script_can_go_on() -> None:
    async with FaultServer({"n": 1}) as server:
        server.answer_next({"n": 2}, {"n": 3})
        assert [await send(server) for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_every_fault_is_tried() -> None:
    assert SEEN.keys() == set(Fault) - WHOLE


@pytest.mark.parametrize("fault", SEEN, ids=lambda fault: fault.name)
async def test_a_client_sees_the_fault(fault: Fault) -> None:
    error, message = SEEN[fault]
    async with FaultServer(fault) as server:
        with pytest.raises(AttemptError) as raised:
            await send(server, timeout=0.5 if fault in SILENT else 10)
        assert operations(server) == ["GetItem"]
        assert server.faults == {fault: 1}
    assert type(raised.value.error) is error
    assert message in raised.value.error.message


@pytest.mark.parametrize("fault", sorted(SILENT, key=str), ids=lambda fault: fault.name)
async def test_silence_lasts_until_the_client_leaves(fault: Fault) -> None:
    async with FaultServer(fault) as server:
        reader, writer = await connect(server)
        writer.write(LIST)
        await server.received(1)
        await turns()
        assert not reader.at_eof()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await server.drained()


async def test_a_connection_can_be_cut_before_the_body_of_a_request_is_read() -> None:
    async with FaultServer(Fault.RESET_BEFORE) as server:
        reader, writer = await connect(server)
        writer.write(LIST.removesuffix(b"{}"))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        assert operations(server) == ["ListTables"]
        assert server.requests[0].payload == {}


async def test_a_connection_can_be_cut_after_the_request_is_read() -> None:
    async with FaultServer(Fault.RESET_AFTER) as server:
        reader, writer = await connect(server)
        writer.write(LIST.removesuffix(b"}"))
        await turns()
        assert server.requests == []
        writer.write(b"}")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        assert operations(server) == ["ListTables"]


async def test_a_request_that_breaks_off_is_none() -> None:
    async with FaultServer({}) as server:
        assert await exchange(server, LIST.removesuffix(b"}")) == (b"", b"")
        assert server.requests == []
        assert await send(server) == {}


async def test_who_follows_the_redirect_is_counted() -> None:
    async with FaultServer(Fault.REDIRECT) as server:
        head, _ = await exchange(server, LIST)
        location = head.partition(b"location: http://127.0.0.1:")[2].partition(b"/")[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(location))
        assert await reader.read() == b""
        writer.close()
        assert server.redirected == 1


async def test_all_but_one_entry_of_a_batch_of_writes_are_left_undone() -> None:
    done: dict[str, Any] = {"UnprocessedItems": {}}
    async with FaultServer(Fault.UNPROCESSED, Fault.UNPROCESSED, done) as server, repository(server) as users:
        assert await users.batch_write(USERS) == 3
        sent = [len(request.payload["RequestItems"]["dynarepo"]) for request in server.requests]
    assert sent == [3, 2, 1]


async def test_all_but_one_key_of_a_batch_of_reads_are_left_unread() -> None:
    def find(operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"Responses": {"dynarepo": payload["RequestItems"]["dynarepo"]["Keys"]}, "UnprocessedKeys": {}}

    async with FaultServer(Fault.UNPROCESSED, find) as server, repository(server) as users:
        found = await users.batch_get([("a", user.sk) for user in USERS])
        sent = [len(request.payload["RequestItems"]["dynarepo"]["Keys"]) for request in server.requests]
    assert sent == [3, 2]
    assert found.count(None) == 1


async def test_a_page_without_items_goes_on_where_the_one_before_ended() -> None:
    first = {"Items": ITEMS[:1], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": ITEMS[0]}
    rest = {"Items": ITEMS[1:], "Count": 2, "ScannedCount": 2}
    async with FaultServer(first, Fault.EMPTY_PAGE, rest) as server, repository(server) as users:
        assert [page.count async for page in users.iter_query("a")] == [1, 0, 2]
        starts = [request.payload.get("ExclusiveStartKey") for request in server.requests]
    assert starts == [None, ITEMS[0], ITEMS[0]]


async def test_connections_are_refused_until_they_are_accepted() -> None:
    async with FaultServer({}) as server:
        server.refuse()
        with pytest.raises(AttemptError) as raised:
            await send(server)
        assert not raised.value.may_have_acted
        await server.accept()
        assert await send(server) == {}


async def test_a_connection_without_a_request_is_closed_when_connections_are_refused() -> None:
    async with FaultServer({}) as server:
        reader, writer = await connect(server)
        writer.write(LIST)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        server.refuse()
        assert (await reader.read()).endswith(b"\r\n\r\n{}")
        writer.close()


async def test_a_restart_is_over_soon() -> None:
    async with FaultServer(Fault.RESTART, {"Item": ITEMS[0]}) as server, repository(server) as users:
        assert await users.get_one("a", "0") == USERS[0]
        assert operations(server) == ["GetItem", "GetItem"]


async def test_a_reply_can_wait_until_the_test_says_so() -> None:
    told = asyncio.Event()

    async def when_told(operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        await told.wait()
        return {"n": 1}

    async with FaultServer(when_told) as server:
        asking = asyncio.create_task(send(server))
        await server.received(1)
        await turns()
        assert not asking.done()
        told.set()
        assert await asking == {"n": 1}


async def test_who_waits_for_requests_goes_on_when_they_are_there() -> None:
    async with FaultServer({}, {}, {}) as server:
        waiting = [asyncio.create_task(server.received(number)) for number in (2, 3)]
        await send(server)
        await turns()
        assert [task.done() for task in waiting] == [False, False]
        await send(server)
        await waiting[0]
        assert not waiting[1].done()
        await send(server)
        await waiting[1]
        await server.received(1)


async def test_a_request_that_the_script_has_no_reply_for_fails_the_test_on_leaving() -> None:
    async def save_once_too_often() -> None:
        async with FaultServer({}) as server, repository(server) as users:
            await users.save(USERS[0])
            await users.save(USERS[1])

    with pytest.raises(AssertionError, match="the script has no reply for PutItem, request 2") as raised:
        await save_once_too_often()
    assert isinstance(raised.value.__cause__, RejectedError)


async def test_a_request_without_a_reply_that_the_test_caught_fails_it_nevertheless() -> None:
    async def leave_with_a_gap() -> None:
        async with FaultServer() as server, repository(server) as users:
            with pytest.raises(DynamoDBServiceError):
                await users.get_one("a", "b")
            assert operations(server) == ["GetItem"]

    with pytest.raises(AssertionError, match="no reply for GetItem, request 1"):
        await leave_with_a_gap()


async def test_a_cancelled_test_stays_cancelled() -> None:
    async def be_cancelled_after_a_gap() -> None:
        async with FaultServer() as server:
            with pytest.raises(AttemptError):
                await send(server)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await be_cancelled_after_a_gap()


async def test_what_a_function_of_the_script_raises_is_raised_on_leaving() -> None:
    def check(operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("Item")

    with pytest.raises(KeyError, match="Item") as raised:
        async with FaultServer(check) as server:
            await send(server)
    assert isinstance(raised.value.__cause__, AttemptError)


@pytest.mark.parametrize(
    ("fault", "operation", "message"),
    [
        (Fault.UNPROCESSED, "PutItem", "UNPROCESSED is no fault of PutItem"),
        (Fault.EMPTY_PAGE, "GetItem", "EMPTY_PAGE is no fault of GetItem"),
        (Fault.EMPTY_PAGE, "Query", "write out the reply of the first page"),
    ],
)
async def test_a_fault_that_does_not_fit_a_request_fails_the_test(
    fault: Fault, operation: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        async with FaultServer(fault) as server:
            await send(server, operation)


async def test_what_was_received_does_not_show_credentials_or_items() -> None:
    async with FaultServer({}) as server:
        await exchange(server, LIST)
        (request,) = server.requests
    assert isinstance(request, ReceivedRequest)
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=a/")
    assert repr(request) == "ReceivedRequest(operation='ListTables')"


@pytest.mark.parametrize("reply", [WireReply(500, {}, b"null"), error_reply("Odd", status=503)])
async def test_odd_replies_go_out_as_they_are(reply: WireReply) -> None:
    async with FaultServer(reply) as server:
        head, body = await exchange(server, LIST)
    assert head.startswith(f"HTTP/1.1 {reply.status} ".encode())
    assert body == reply.body


@pytest.mark.parametrize("fault", SEEN, ids=lambda fault: fault.name)
async def test_nothing_is_left_of_it(fault: Fault) -> None:
    async with FaultServer.answering(fault) as server:
        async with repository(server) as users:
            left = asyncio.create_task(users.get_one("a", "b"))
            await server.received(1)
            left.cancel()
            await asyncio.wait([left])
        port = int(server.url.rpartition(":")[2])
    await asyncio.sleep(0)
    assert other_tasks() == set()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


async def test_a_request_under_way_ends_with_the_server() -> None:
    async with FaultServer(Fault.SILENT) as server, repository(server) as users:
        asking = asyncio.create_task(users.with_options(deadline=0.2).get_one("a", "b"))
        await server.received(1)
    with pytest.raises((TransientError, DynamoDBServiceError)):
        await asking
