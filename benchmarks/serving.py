"""Starts the answering server, and finds what it can do."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Final, cast

__all__ = ["ROOT", "Ceiling", "Server", "Usage", "ceiling", "serving"]

ROOT: Final = Path(__file__).parents[1]
_REQUEST: Final = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Process time, requests answered, and how many waited for a delayed answer at most."""

    cpu_seconds: float
    requests: int
    most_waiting: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """The endpoint for clients."""
        return f"http://127.0.0.1:{self.port}"

    def usage(self) -> Usage:
        """Ask what it did so far."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return Usage(**json.loads(connection.getresponse().read()))
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the server does at most: as seen by a bare client beside it, and by its own process time."""

    seen_per_second: float
    cpu_us_per_request: float


@contextmanager
def serving(*, pages: int = 1, page_size: int = 1_000, delay: float = 0.0) -> Iterator[Server]:
    """Run a server in a process of its own."""
    options = [f"--pages={pages}", f"--page-size={page_size}", f"--delay={delay}"]
    command = [sys.executable, "-m", "benchmarks.server", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603
        # Leaving closes its standard input, which ends it.
        yield Server(int(cast("IO[str]", process.stdout).readline()))


def ceiling(server: Server, *, seconds: float = 1.0, connections: int = 32) -> Ceiling:
    """Measure gets by a client that does nothing but send the same bytes again."""
    before = server.usage()
    seen = asyncio.run(_hammer(server.port, seconds, connections))
    after = server.usage()
    cpu = (after.cpu_seconds - before.cpu_seconds) / (after.requests - before.requests)
    return Ceiling(seen, cpu * 1e6)


class _Hammer(asyncio.Protocol):
    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - a reply to a get comes in one piece
        _Hammer.answered += 1
        self._transport.write(_REQUEST)


async def _hammer(port: int, seconds: float, connections: int) -> float:
    loop = asyncio.get_running_loop()
    _Hammer.answered = 0
    begun = time.perf_counter()
    made = [await loop.create_connection(_Hammer, "127.0.0.1", port) for _ in range(connections)]
    await asyncio.sleep(seconds)
    rate = _Hammer.answered / (time.perf_counter() - begun)
    for transport, _ in made:
        transport.abort()
    return rate
