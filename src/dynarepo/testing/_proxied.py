"""A client's connection to the proxy, and the one behind it to the server."""

from __future__ import annotations

import asyncio
import os
import struct
from socket import SO_LINGER, SOL_SOCKET
from typing import Final

from dynarepo.testing._http import Message, close_stream, read_message

__all__ = ["ProxiedConnection"]

#: Close at once and with a reset, whatever was read.
_HARD: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class ProxiedConnection:
    """
    Two connections that begin and end together.

    Args:
        reader: What the client sends.
        writer: What the client is sent.
        behind: Host and port of the server, to which a connection is opened when it is first needed.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: tuple[str, int]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._behind = behind
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._is_idle = False
        self._is_last = False

    async def next_request(self) -> Message | None:
        """Wait for a whole request; `None` when none comes any more."""
        if self._is_last:
            return None
        self._is_idle = True
        request = await read_message(self._reader)
        self._is_idle = False
        if request is not None and request.ends_connection:
            self._is_last = True
        return request

    async def pass_on(self, request: Message) -> Message:
        """
        Send a request to the server behind and give its reply.

        Raises:
            ConnectionError: The server is not there, or broke off.
        """
        reader, writer = await self._to_server()
        writer.write(request.encoded())
        await writer.drain()
        reply = await read_message(reader)
        if reply is None:
            raise ConnectionError("the server behind the proxy broke off")
        if reply.ends_connection:
            await self._leave_server()
        return reply

    async def send(self, reply: Message) -> None:
        """Answer the client."""
        self._writer.write(reply.encoded())
        await self._writer.drain()

    async def send_half(self, reply: Message) -> None:
        """Answer the client with a reply that breaks off in its body."""
        whole = reply.encoded()
        self._writer.write(whole[: len(whole) - (len(reply.body) + 1) // 2])
        await self._writer.drain()
        self._is_last = True

    async def left(self) -> None:
        """Wait until the client has closed its side; what it still sends is not read."""
        self._is_last = True
        while await self._reader.read(65536):
            pass

    def cut(self) -> None:
        """End the connection hard."""
        self._is_last = True
        self._writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _HARD)
        self._writer.transport.abort()

    def end(self) -> None:
        """Take no further request; one that is under way is answered."""
        self._is_last = True
        if self._is_idle:
            self._writer.transport.abort()

    async def close(self) -> None:
        """Close both sides."""
        await self._leave_server()
        await close_stream(self._writer)

    async def _to_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            await self._leave_server()
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._behind)
        return self._streams

    async def _leave_server(self) -> None:
        if self._streams is not None:
            (_, writer), self._streams = self._streams, None
            await close_stream(writer)
