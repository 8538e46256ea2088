"""Servers on the test's own event loop that keep their clients waiting, with replies and with credentials."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

__all__ = ["STALLS", "CredentialServer", "credentials", "once_after", "stalled"]

_KEYS: Final = {"owner": "HASH", "name": "RANGE"}
_KEY_SCHEMA: Final = [{"AttributeName": name, "KeyType": kind} for name, kind in _KEYS.items()]
_ATTRIBUTES: Final = [{"AttributeName": name, "AttributeType": "S"} for name in _KEYS]

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_LOOPBACK: Final = "127.0.0.1"
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 1000000\r\n\r\n"
)

#: More connections than wait at a socket that nobody accepts from.
_ENOUGH: Final = 8


async def _request(reader: asyncio.StreamReader) -> str:
    """Read the head of a request, and give its first line."""
    return (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[0]


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def _ending_in_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(_HEAD)
    await _silent(reader, writer)


async def _trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(_HEAD)
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


_WAYS: Final[Mapping[str, Serve]] = {
    "silent": _silent,
    "head only": _ending_in_the_head,
    "a byte at a time": _trickling,
}

#: How a server can keep its clients waiting; where it is unreachable, nothing can be sent.
STALLS: Final = ("unreachable", *_WAYS)


@asynccontextmanager
async def stalled(how: str) -> AsyncIterator[str]:
    """Serve in one of the ways of `STALLS`; give the address."""
    async with _unreachable() if how == "unreachable" else _serving(_WAYS[how]) as url:
        yield url


@asynccontextmanager
async def _unreachable() -> AsyncIterator[str]:
    """Let connections begin and never be made: as many wait as the socket lets."""
    with socket.create_server((_LOOPBACK, 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(_ENOUGH)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            yield f"http://{_LOOPBACK}:{address[1]}"
        finally:
            for each in waiting:
                each.close()


@asynccontextmanager
async def _serving(serve: Serve) -> AsyncIterator[str]:
    """Serve each connection by a task, which ends with the block."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve_one(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, _LOOPBACK, 0)
    try:
        yield f"http://{_LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def once_after(seconds: float) -> Callable[[str, Any], Awaitable[dict[str, Any]]]:
    """Answer one request after a time, so that another must follow, and that one never."""
    answered: list[str] = []

    async def answer(operation: str, payload: Any) -> dict[str, Any]:
        answered.append(operation)
        await asyncio.sleep(seconds if len(answered) == 1 else 3600)
        return _unfinished(operation, payload)

    return answer


def _unfinished(operation: str, payload: Any) -> dict[str, Any]:
    item = {"owner": {"S": "o"}, "name": {"S": "a"}}
    match operation:
        case "GetItem":
            return {"Item": item}
        case "Query" | "Scan":
            return {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": item}
        case "BatchGetItem":
            return {"Responses": {}, "UnprocessedKeys": payload["RequestItems"]}
        case "BatchWriteItem":
            return {"UnprocessedItems": payload["RequestItems"]}
        case "DescribeTable":
            return {"Table": {"KeySchema": _KEY_SCHEMA, "AttributeDefinitions": _ATTRIBUTES}}
    return {}


#: For so long they are about to expire, and every call wants new ones first.
_SHORT: Final = timedelta(minutes=5)


def credentials(lifetime: timedelta = _SHORT, **names: object) -> str:
    """Make credentials that are good for a time."""
    ends = f"{datetime.now(UTC) + lifetime:%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"AccessKeyId": "K", "SecretAccessKey": "S", "Expiration": ends, **names})


class CredentialServer:
    """
    Gives credentials as the services of containers and of instances do.

    Attributes:
        url: Where it answers.
        seconds: How long it takes to answer.
        lifetime: For how long what it gives is good.
        asked: How often it was asked.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seconds = 0.0
        self.lifetime = _SHORT
        self.asked = 0
        self._hangs = False

    def hang(self, hangs: bool) -> None:
        """Take requests and answer none, or answer them again."""
        self._hangs = hangs

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve until the end of the block."""
        async with _serving(self._serve) as self.url:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _request(reader)
            self.asked += 1
            if self._hangs:
                await _silent(reader, writer)
            await asyncio.sleep(self.seconds)
            body = _answer(request, self.lifetime)
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()


def _answer(request: str, lifetime: timedelta) -> str:
    method, path, _ = request.split()
    if method == "PUT":
        return "a session"
    return "a-role" if path.endswith("/security-credentials/") else credentials(lifetime, Token="T")
