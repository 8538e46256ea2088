"""
The answering server: a process of its own that has every reply in memory.

It reads no more of a request than it must: the operation, the length, and for writes whether they want
attributes back. `python -m benchmarks.server` prints its port and serves until its standard input ends.
A request without an operation asks what it did so far.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from typing import Final, cast

from benchmarks.replies import TABLE_SIZE, Replies, framed

__all__ = ["Answering"]

_OPERATION: Final = re.compile(rb"\r\nx-amz-target: ?DynamoDB_20120810\.(\w+)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"\r\ncontent-length: ?(\d+)", re.IGNORECASE)
_END: Final = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """Answers the requests of one connection, each `delay` seconds after it came."""

    answered = 0
    waiting = 0
    most_waiting = 0

    def __init__(self, replies: Replies, delay: float = 0.0) -> None:
        self._replies = replies
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(_END)) >= 0:
            head = self._received[: end + 2]
            length = _LENGTH.search(head)
            complete = end + len(_END) + (int(length[1]) if length else 0)
            if len(self._received) < complete:
                return
            body, self._received = self._received[end + 4 : complete], self._received[complete:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        operation = _OPERATION.search(head)
        if operation is None:
            self._transport.write(framed(json.dumps(_usage()).encode()))
            return
        Answering.answered += 1
        reply = self._replies.of(operation[1], body)
        if self._delay:
            Answering.waiting += 1
            Answering.most_waiting = max(Answering.most_waiting, Answering.waiting)
            asyncio.get_running_loop().call_later(self._delay, self._write_late, reply)
        else:
            self._transport.write(reply)

    def _write_late(self, reply: bytes) -> None:
        Answering.waiting -= 1
        self._transport.write(reply)


def _usage() -> dict[str, float]:
    return {
        "cpu_seconds": time.process_time(),
        "requests": Answering.answered,
        "most_waiting": Answering.most_waiting,
    }


async def _serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    replies = Replies(pages=arguments.pages, page_size=arguments.page_size)
    server = await loop.create_server(lambda: Answering(replies, arguments.delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("--page-size", type=int, default=TABLE_SIZE)
    parser.add_argument("--delay", type=float, default=0.0)
    arguments = parser.parse_args()
    try:
        from uvloop import run  # noqa: PLC0415 - it is not there on every system
    except ImportError:
        run = asyncio.run
    run(_serve(arguments))


if __name__ == "__main__":
    _main()
