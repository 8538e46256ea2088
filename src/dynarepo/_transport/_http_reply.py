"""
HTTP/1.1 replies out of bytes as they come, without any input or output.

Only what a service sends is taken: a status line, headers in lines that end in CR LF, and a body that is
sized, in chunks, or ended by the end of the connection. Anything else is refused, never guessed at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from dynarepo._record import MutableRecord

__all__ = ["HttpReply", "NotHttpError", "ReplyParser", "TooLongError"]

_MAX_HEAD_BYTES: Final = 64 * 1024
_STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) (\d{3})(?: .*)?")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_END: Final = b"\r\n"


class NotHttpError(Exception):
    """What came is no HTTP."""


class TooLongError(Exception):
    """The body is longer than anybody wants it."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__()
        self.status = status
        self.headers = headers


class HttpReply(MutableRecord):
    """
    A reply.

    Attributes:
        status: Its status.
        headers: Its headers; their names are in lower case.
        body: Its body, as it came.
        is_last: Whether nothing more can be sent over the connection.
    """

    status: int
    headers: dict[str, str]
    body: bytes | bytearray = b""
    is_last: bool = False


class ReplyParser:
    """Reads one reply, and counts what comes behind it as a fault of the connection."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begin = b""
        self._reply: HttpReply | None = None
        self._body = bytearray()
        self._missing: int | None = 0
        self._chunks: _Chunks | None = None

    def feed(self, data: bytes) -> HttpReply | None:
        """
        Take the next bytes; give the reply when it is whole.

        Raises:
            NotHttpError: They are no HTTP.
            TooLongError: The body is longer than it may be.
        """
        reply = self._reply
        if reply is None:
            begin = self._begin + data if self._begin else data
            reply, data = self._read_head(begin)
            if reply is None:
                self._begin = data
                return None
        if self._chunks is not None:
            rest = self._chunks.feed(data, self._body)
            self._check_length(reply, len(self._body))
            return None if rest is None else self._whole(reply, self._body, rest)
        missing = self._missing
        if missing is None:
            self._body += data
            self._check_length(reply, len(self._body))
            return None
        if not self._body and len(data) >= missing:
            return self._whole(reply, data[:missing], data[missing:])
        self._body += data[:missing]
        self._missing = missing - min(missing, len(data))
        return None if self._missing else self._whole(reply, self._body, data[missing:])

    def end(self) -> HttpReply | None:
        """Take the end of the connection; give the reply if that is what ended it."""
        if self._reply is None or self._missing is not None or self._chunks is not None:
            return None
        return self._whole(self._reply, self._body, b"")

    def _whole(self, reply: HttpReply, body: bytes | bytearray, rest: bytes) -> HttpReply:
        reply.body = body
        reply.is_last = reply.is_last or bool(rest)
        return reply

    def _read_head(self, begin: bytes) -> tuple[HttpReply | None, bytes]:
        while True:
            head, found, rest = begin.partition(b"\r\n\r\n")
            if len(head) > _MAX_HEAD_BYTES or not b"HTTP/1.".startswith(begin[:7]):
                raise NotHttpError
            if not found:
                return None, begin
            reply = _head_of(head)
            if reply.status >= 200:
                break
            begin = rest  # "100 Continue" and its like
        self._reply = reply
        self._frame(reply)
        return reply, rest

    def _frame(self, reply: HttpReply) -> None:
        headers = reply.headers
        length = headers.get("content-length")
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked" or length is not None:
                raise NotHttpError
            self._chunks = _Chunks()
        elif reply.status in (204, 304):
            self._missing = 0
        elif length is None:
            self._missing, reply.is_last = None, True
        elif length.isascii() and length.isdigit():
            self._missing = int(length)
            self._check_length(reply, self._missing)
        else:
            raise NotHttpError

    def _check_length(self, reply: HttpReply, length: int) -> None:
        if length > self._max_bytes:
            raise TooLongError(reply.status, reply.headers)


class _Chunks:
    """Reads a body in chunks, and the trailers behind it."""

    def __init__(self) -> None:
        self._begin = b""
        self._missing = 0
        self._is_over = False

    def feed(self, data: bytes, body: bytearray) -> bytes | None:
        """Take the next bytes; give what is left of them when the body is whole."""
        data, self._begin = self._begin + data, b""
        while True:
            data = self._take(data, body)
            if self._missing:
                return None
            line, found, rest = data.partition(_END)
            if len(line) > _MAX_HEAD_BYTES:
                raise NotHttpError
            if not found:
                self._begin = data
                return None
            data = rest
            if not self._is_over:
                self._begin_chunk(line)
            elif not line:
                return data

    def _take(self, data: bytes, body: bytearray) -> bytes:
        """Move what is missing of a chunk to the body; the line end behind it is a part of that."""
        if not self._missing:
            return data
        body += data[: self._missing]
        rest = data[self._missing :]
        self._missing -= len(data) - len(rest)
        if not self._missing:
            if body[-2:] != _END:
                raise NotHttpError
            del body[-2:]
        return rest

    def _begin_chunk(self, line: bytes) -> None:
        size = _SIZE.fullmatch(line)
        if size is None:
            raise NotHttpError
        number = int(size[1], 16)
        self._is_over = number == 0
        self._missing = number + len(_END) if number else 0


def _head_of(head: bytes) -> HttpReply:
    first, *lines = head.decode("latin-1").split("\r\n")
    start = _STATUS_LINE.fullmatch(first)
    if start is None:
        raise NotHttpError
    headers: dict[str, str] = {}
    for line in lines:
        name, value = _header_of(line)
        if name == "content-length" and headers.get(name, value) != value:
            raise NotHttpError
        headers[name] = value
    said = headers.get("connection", "").lower()
    is_last = said == "close" or (start[1] == "0" and said != "keep-alive")
    return HttpReply(int(start[2]), headers, is_last=is_last)


# Most lines are the same in every reply.
@lru_cache(maxsize=64)
def _header_of(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
        raise NotHttpError
    return name.lower(), value.strip(" \t")
