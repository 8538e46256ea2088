"""Where the time of our own operations goes, by function."""

from __future__ import annotations

import asyncio
import cProfile
import io
import pstats
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from benchmarks.clients import CLIENTS
from benchmarks.logs import log_to
from benchmarks.serving import serving

__all__ = ["profile"]


def profile(client: str, operations: list[str], calls: int, rows: int) -> str:
    """Call each operation one after the other, and give the functions that took the most time themselves."""
    with TemporaryDirectory() as directory, Path(directory, "log").open("w") as log, serving() as server:
        log_to(log)
        return asyncio.run(_profile(client, server.url, operations, calls, rows))


async def _profile(client: str, endpoint: str, operations: list[str], calls: int, rows: int) -> str:
    out = io.StringIO()
    async with CLIENTS[client].open(endpoint) as known:
        for operation in operations:
            call = cast("Callable[[], Awaitable[Any]]", known[operation])
            await call()
            profiler = cProfile.Profile(time.process_time)  # not the waiting
            profiler.enable()
            for _ in range(calls):
                await call()
            profiler.disable()
            out.write(f"\n{operation}, {calls} calls\n")
            pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(rows)
    return out.getvalue()
