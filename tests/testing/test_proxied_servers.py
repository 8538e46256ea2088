"""The proxy in front of servers that answer in odd forms, break off, refuse, or are gone."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dynarepo import DynamoDBConfig
from dynarepo.testing import Fault, FaultProxy, FaultServer, WireReply
from tests.testing.exchanging import LIST, exchange
from tests.transport.rigs import Action


@asynccontextmanager
async def before(*script: Action) -> AsyncIterator[FaultProxy]:
    """Give a proxy before a server with a script."""
    async with (
        FaultServer(*script) as server,
        FaultProxy(DynamoDBConfig(endpoint_url=server.url)) as proxy,
    ):
        yield proxy


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nwh\r\n3;x=y\r\nole\r\n0\r\na: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nwhole",
        b"HTTP/1.0 200 OK\r\n\r\nwhole",
    ],
)
async def test_replies_of_every_form_pass(reply: bytes) -> None:
    async with before(reply) as proxy:
        head, body = await exchange(proxy, LIST)
        assert head.endswith(b"content-length: 5\r\n\r\n")
        assert body == b"whole"


async def test_a_connection_that_the_server_closed_is_opened_again() -> None:
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nwhole"
    async with before(whole, whole) as proxy:
        _, rest = await exchange(proxy, LIST + LIST)
        assert rest.count(b"whole") == 2


async def test_a_client_that_wants_to_close_is_left() -> None:
    last = LIST.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
    async with before(WireReply(), WireReply()) as proxy:
        await exchange(proxy, last + LIST)
        assert proxy.seen.total() == 1


async def test_a_server_that_breaks_off_is_a_lost_reply() -> None:
    async with before(Fault.RESET_AFTER) as proxy:
        assert await exchange(proxy, LIST) == (b"", b"")
        assert (proxy.seen.total(), proxy.applied.total()) == (1, 0)


async def test_a_server_that_is_gone_is_a_lost_reply() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with FaultProxy(DynamoDBConfig(endpoint_url=f"http://127.0.0.1:{port}")) as proxy:
        assert await exchange(proxy, LIST) == (b"", b"")
        assert (proxy.seen.total(), proxy.applied.total()) == (1, 0)


@pytest.mark.parametrize("fault", [Fault.UNPROCESSED, Fault.RESET_AFTER])
async def test_what_the_server_refuses_is_not_done(fault: Fault) -> None:
    batch = LIST.replace(b"ListTables", b"BatchWriteItem").replace(
        b"2\r\n\r\n{}", b"""19\r\n\r\n{"RequestItems":{}}"""
    )
    async with before(WireReply(400, {}, b"{}")) as proxy:
        proxy.fault_next(fault)
        head, _ = await exchange(proxy, batch + b"not HTTP")
        assert head.startswith(b"HTTP/1.1 400") or fault is Fault.RESET_AFTER
        assert (proxy.faults.total(), proxy.applied.total()) == (1, 0)
