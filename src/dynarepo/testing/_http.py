"""HTTP/1.1 as local DynamoDB servers and their clients speak it: whole messages on streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Self
from zlib import crc32

from dynarepo._transport import WireReply
from dynarepo._wire import Payload

__all__ = ["Message", "close_stream", "message_of", "read_body", "read_head", "read_message"]

#: What is said of one connection and not of the message.
_OF_THE_CONNECTION: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a reply; the names of the headers are in lower case."""

    start: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def operation(self) -> str:
        """Name the operation of a request; empty for what is not DynamoDB's."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def status(self) -> int:
        """Give the status of a reply."""
        return int(self.start.split(maxsplit=2)[1])

    @property
    def ends_connection(self) -> bool:
        """Whether nothing more is sent after it."""
        said = self.headers.get("connection", "").lower()
        return said == "close" or (self.start.startswith("HTTP/1.0") and said != "keep-alive")

    @property
    def payload(self) -> Payload:
        """Read the body."""
        payload: Payload = json.loads(self.body)
        return payload

    def with_payload(self, payload: Payload) -> Self:
        """Make a copy with another body, and the checksum of it where there was one."""
        body = json.dumps(payload).encode()
        headers = dict(self.headers)
        if "x-amz-crc32" in headers:
            headers["x-amz-crc32"] = str(crc32(body))
        return replace(self, headers=headers, body=body)

    def with_headers(self, **headers: str) -> Self:
        """Make a copy with other headers; their names have `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def encoded(self) -> bytes:
        """Write it as it goes over the wire."""
        kept = {name: value for name, value in self.headers.items() if name not in _OF_THE_CONNECTION}
        lines = [self.start, *(f"{name}: {value}" for name, value in kept.items())]
        return "\r\n".join([*lines, f"content-length: {len(self.body)}", "", ""]).encode() + self.body


def message_of(reply: WireReply) -> Message:
    """Write a reply as a message."""
    return Message(f"HTTP/1.1 {reply.status} Fault", reply.headers, reply.body)


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Read a message, `None` where the other side sends no whole one any more."""
    head = await read_head(reader)
    return None if head is None else await read_body(reader, head)


async def read_head(reader: asyncio.StreamReader) -> Message | None:
    """Read a message as far as its body, `None` where the other side sends none any more."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip("\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return None
    start, *lines = text.split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Message(start, {name.strip().lower(): value.strip() for name, _, value in pairs})


async def read_body(reader: asyncio.StreamReader, head: Message) -> Message | None:
    """Read the rest of a message, `None` where the other side breaks it off."""
    try:
        return replace(head, body=await _read_body(reader, head.start, head.headers))
    except (asyncio.IncompleteReadError, OSError):
        return None


async def _read_body(reader: asyncio.StreamReader, start: str, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read() if start.startswith("HTTP/") else b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return bytes(body)


async def close_stream(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait until it is."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
