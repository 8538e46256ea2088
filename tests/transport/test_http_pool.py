"""Connections that serve one request after another, and end with whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from dynarepo._transport._http_pool import ConnectionPool
from dynarepo._transport._http_reply import HttpReply, NotHttpError, ReplyParser

REQUEST = b"POST / HTTP/1.1\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request of each connection with the next bytes; `None` is no answer."""

    def __init__(self, answers: list[bytes | None]) -> None:
        self.answers = answers
        self.connections = 0
        self.ended = 0
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked.set()
                answer = self.answers.pop(0)
                if answer is not None:
                    writer.write(answer)
        self.ended += 1
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def pooled(*answers: bytes | None, **options: Any) -> AsyncIterator[tuple[Server, ConnectionPool]]:
    server = Server([*answers])
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        defaults = {"connect_timeout": 30, "keepalive": 20, "max_idle": 10, "max_reply_bytes": 1000}
        pool = ConnectionPool("127.0.0.1", port, ssl_context=None, **(defaults | options))
        try:
            yield server, pool
        finally:
            await pool.close()
            while server.ended < server.connections:  # noqa: ASYNC110 - it knows nothing of the test
                await asyncio.sleep(0)


async def exchange(pool: ConnectionPool) -> HttpReply:
    connection = await pool.take()
    reply = await connection.exchange(REQUEST)
    pool.put_back(connection)
    return reply


async def test_one_connection_serves_one_request_after_another() -> None:
    async with pooled(REPLY, REPLY, REPLY) as (server, pool):
        assert [(await exchange(pool)).body for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 1


async def test_requests_at_once_have_connections_of_their_own() -> None:
    async with pooled(*[REPLY] * 6) as (server, pool):
        await asyncio.gather(*(exchange(pool) for _ in range(3)))
        await asyncio.gather(*(exchange(pool) for _ in range(3)))
        assert server.connections == 3


@pytest.mark.parametrize("answer", [LAST, REPLY + b"HTTP/1.1 200 OK\r\n"])
async def test_after_a_reply_that_ends_it_a_connection_is_not_used_again(answer: bytes) -> None:
    async with pooled(answer, REPLY) as (server, pool):
        assert (await exchange(pool)).body == b"ok"
        assert (await exchange(pool)).body == b"ok"
        assert server.connections == 2


async def test_a_reply_that_nobody_asked_for_ends_the_connection() -> None:
    async with pooled(REPLY, REPLY) as (server, pool):
        connection = await pool.take()
        await connection.exchange(REQUEST)
        connection.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        pool.put_back(connection)
        await exchange(pool)
        assert server.connections == 2


async def test_a_request_that_a_signal_cancels_while_its_reply_is_read_is_cancelled_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A handler of signals runs between any two steps, and may cancel the task there."""
    async with pooled(REPLY, REPLY) as (server, pool):
        request = asyncio.create_task(exchange(pool))
        feed, faults = ReplyParser.feed, list[object]()

        def interrupted(parser: ReplyParser, data: bytes) -> HttpReply | None:
            request.cancel()
            return feed(parser, data)

        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
        with monkeypatch.context() as patched:
            patched.setattr(ReplyParser, "feed", interrupted)
            with pytest.raises(asyncio.CancelledError):
                await request
        assert (await exchange(pool)).body == b"ok"
        assert server.connections == 2
        assert faults == []


async def test_after_a_cancelled_request_a_connection_is_not_used_again() -> None:
    async with pooled(None, REPLY) as (server, pool):
        request = asyncio.create_task(exchange(pool))
        await server.asked.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await exchange(pool)
        assert server.connections == 2


async def test_a_reply_that_is_no_http_ends_the_connection() -> None:
    async with pooled(b"SSH-2.0\r\n", REPLY) as (server, pool):
        with pytest.raises(NotHttpError):
            await exchange(pool)
        await exchange(pool)
        assert server.connections == 2


async def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    async with pooled(REPLY, REPLY) as (server, pool):
        await exchange(pool)
        later(19.9)
        await exchange(pool)
        assert server.connections == 1
        later(20.1)
        server.answers.append(REPLY)
        await exchange(pool)
        assert server.connections == 2


def later(seconds: float) -> None:
    """Move the clock of the running loop ahead."""
    loop = asyncio.get_running_loop()
    before: Callable[[], float] = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]


async def test_idle_connections_are_closed_in_time() -> None:
    async with pooled(*[REPLY] * 3) as (server, pool):
        await asyncio.gather(*(exchange(pool) for _ in range(2)))
        later(10)
        await exchange(pool)
        later(10.1)
        while not server.ended:  # noqa: ASYNC110 - it knows nothing of the test
            await asyncio.sleep(0)
        assert (server.connections, server.ended) == (2, 1)


async def test_no_more_connections_are_kept_than_wanted() -> None:
    async with pooled(*[REPLY] * 4, max_idle=1) as (server, pool):
        await asyncio.gather(*(exchange(pool) for _ in range(3)))
        while server.ended < 2:  # noqa: ASYNC110 - it knows nothing of the test
            await asyncio.sleep(0)
        await exchange(pool)
        assert server.connections == 3


async def test_closing_ends_the_requests_under_way() -> None:
    async with pooled(None) as (server, pool):
        request = asyncio.create_task(exchange(pool))
        await server.asked.wait()
        await pool.close()
        with pytest.raises(ConnectionResetError):
            await request


async def test_a_connection_that_is_not_established_in_time_is_an_error_of_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    async with pooled(connect_timeout=0.01) as (_, pool):
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
        with pytest.raises(ConnectionError, match=r"within 0\.01 s"):
            await pool.take()


async def test_a_connection_that_is_established_after_closing_is_closed() -> None:
    async with pooled() as (server, pool):
        taking = asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        await pool.close()
        assert not (await taking).is_open
        with pytest.raises(ConnectionResetError):
            await taking.result().exchange(REQUEST)
        await taking.result().lost
        assert server.connections <= 1
