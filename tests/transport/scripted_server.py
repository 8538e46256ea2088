"""An HTTP server on loopback that answers from a script, faults included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

from dynarepo.testing import WireReply


@dataclass(frozen=True)
class Reset:
    """Read the request, then cut the connection hard."""


@dataclass(frozen=True)
class Silence:
    """Read the request, then never answer."""


@dataclass(frozen=True)
class Truncated:
    """Send a reply without the last byte of its body."""

    reply: WireReply


@dataclass(frozen=True)
class Raw:
    """Send these bytes, then close."""

    content: bytes


Action: TypeAlias = WireReply | Reset | Silence | Truncated | Raw


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """Name of the operation."""
        return self.headers["x-amz-target"].rpartition(".")[2]

    @property
    def payload(self) -> Any:
        """Return the body as data."""
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Does one action for each request, in order; without any left, it stays silent."""

    script: list[Action] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    _handlers: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await self._server.wait_closed()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        handler = asyncio.ensure_future(self._serve(reader, writer))
        self._handlers.add(handler)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                action = self.script.pop(0) if self.script else Silence()
                if not await _act(action, writer):
                    return
        finally:
            writer.close()


async def _act(action: Action, writer: asyncio.StreamWriter) -> bool:
    """Tell whether the connection stays usable."""
    match action:
        case Silence():
            await asyncio.Event().wait()
        case Reset():
            writer.transport.abort()
        case Raw(content):
            writer.write(content)
        case Truncated(reply):
            writer.write(_wire(reply)[:-1])
        case WireReply():
            writer.write(_wire(action))
            await writer.drain()
            return True
    return False


def _wire(reply: WireReply) -> bytes:
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        return Received(headers, await reader.readexactly(int(headers.get("content-length", "0"))))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
