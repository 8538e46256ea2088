"""A client's connection on the server's side: requests come in, answers go out whole, broken or never."""

from __future__ import annotations

import asyncio
import os
import struct
from socket import SO_LINGER, SOL_SOCKET
from typing import Final

from dynarepo.testing._http import Message, close_stream, read_body, read_head

__all__ = ["ServedConnection"]

#: Close at once and with a reset, whatever was read.
_HARD: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class ServedConnection:
    """
    A connection that a client opened.

    Args:
        reader: What the client sends.
        writer: What the client is sent.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._is_idle = False
        self._is_last = False

    async def next_head(self) -> Message | None:
        """Wait for a request as far as its body; `None` when none comes any more."""
        if self._is_last:
            return None
        self._is_idle = True
        head = await read_head(self._reader)
        self._is_idle = False
        if head is not None and head.ends_connection:
            self._is_last = True
        return head

    async def whole(self, head: Message) -> Message | None:
        """Read the body of a request; `None` where the client breaks it off."""
        self._is_idle = True
        request = await read_body(self._reader, head)
        self._is_idle = False
        return request

    async def next_request(self) -> Message | None:
        """Wait for a whole request; `None` when none comes any more."""
        head = await self.next_head()
        return None if head is None else await self.whole(head)

    async def send(self, reply: Message) -> None:
        """Answer the client."""
        self._writer.write(reply.encoded())
        await self._writer.drain()

    async def send_half(self, reply: Message) -> None:
        """Answer the client with a reply that breaks off in its body."""
        whole = reply.encoded()
        await self.send_last(whole[: len(whole) - (len(reply.body) + 1) // 2])

    async def send_last(self, content: bytes) -> None:
        """Send the client what may be no reply at all, and nothing after it."""
        self._writer.write(content)
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
        """Close it."""
        await close_stream(self._writer)
