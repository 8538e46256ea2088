"""The server behind a proxy, and the connection to it."""

from __future__ import annotations

import asyncio

from dynarepo.testing._http import Message, close_stream, read_message

__all__ = ["ServerBehind"]


class ServerBehind:
    """
    Does what it is passed, over one connection that is opened when it is first needed.

    Args:
        host: Where the server listens.
        port: Likewise.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def do(self, request: Message) -> Message:
        """
        Send a request and give its reply.

        Raises:
            ConnectionError: The server is not there, or broke off.
        """
        reader, writer = await self._connected()
        writer.write(request.encoded())
        await writer.drain()
        reply = await read_message(reader)
        if reply is None:
            raise ConnectionError("the server behind the proxy broke off")
        if reply.ends_connection:
            await self.leave()
        return reply

    async def leave(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            (_, writer), self._streams = self._streams, None
            await close_stream(writer)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            await self.leave()
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        return self._streams
