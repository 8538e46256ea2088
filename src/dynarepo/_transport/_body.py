"""The body of a request to aiohttp, and the knowledge whether any of it was written."""

from __future__ import annotations

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload as AiohttpPayload

__all__ = ["SentBody"]


class SentBody(AiohttpPayload):
    """Bytes that remember whether they were sent."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content = content
        self.begun = False

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the text; required by aiohttp."""
        return self.content.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything."""
        self.begun = True
        await writer.write(self.content)
