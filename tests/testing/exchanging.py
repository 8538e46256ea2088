"""Raw HTTP to a server: a request, and what comes back for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dynarepo.testing import FaultProxy, FaultServer

__all__ = ["LIST", "connect", "exchange"]

LIST = (
    b"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.ListTables\r\n"
    b"authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request\r\n"
    b"content-length: 2\r\n\r\n{}"
)


async def connect(server: FaultProxy | FaultServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    return await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))


async def exchange(server: FaultProxy | FaultServer, request: bytes) -> tuple[bytes, bytes]:
    """Send requests; give the head of the first reply, and what comes until no more does."""
    reader, writer = await connect(server)
    try:
        writer.write(request)
        writer.write_eof()
        head, found, rest = (await reader.read()).partition(b"\r\n\r\n")
        return head + found, rest
    except ConnectionError:
        return b"", b""
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
