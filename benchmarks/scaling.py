"""
One task at one scale, in a process of its own, so that its memory is its own.

`python -m benchmarks.scaling TASK ENDPOINT NUMBER LOG` prints what it found as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import structlog

from benchmarks.clients.ours import SCHEMA, configuration
from benchmarks.logs import log_to
from benchmarks.memory import peak_mb
from benchmarks.model import User, sample
from benchmarks.summary import quantile
from dynarepo import AsyncDynamoDBRepository, DynamoDBConnection

__all__: list[str] = []

_LAG_SECONDS: Final = 3.0
_TICK: Final = 0.001
_RELEASED: Final = 200


def _connection(endpoint: str) -> DynamoDBConnection:
    return DynamoDBConnection(config=configuration(endpoint), logger=structlog.get_logger())


async def scan(endpoint: str, number: int) -> dict[str, float]:
    """Read so many items one by one, and keep none."""
    async with _connection(endpoint) as connection:
        users = connection.repository(User, schema=SCHEMA)
        await users.scan()  # the first page warms what is made once
        tenth, seen = 0.0, 0
        cpu, begun = time.process_time(), time.perf_counter()
        while seen < max(number, 10_000):  # a small table several times, for the clock's sake
            async for _ in users.iter_scan_items():
                seen += 1
                if seen == number // 10:
                    tenth = peak_mb()
        return _costs(seen, cpu, begun) | {"peak_mb_at_tenth": tenth, "peak_mb": peak_mb()}


async def write(endpoint: str, number: int) -> dict[str, float]:
    """Write so many items from an async generator."""
    async with _connection(endpoint) as connection:
        users = connection.repository(User, schema=SCHEMA)
        await users.batch_write(_users(1_000, lambda: None))
        tenth: list[float] = []
        cpu, begun = time.process_time(), time.perf_counter()
        written = await users.batch_write(_users(number, lambda: tenth.append(peak_mb())))
        return _costs(written, cpu, begun) | {"peak_mb_at_tenth": tenth[0], "peak_mb": peak_mb()}


async def _users(number: int, at_tenth: Callable[[], None]) -> AsyncIterator[User]:
    for each in range(number):
        if each == number // 10:
            at_tenth()
        yield sample(each)


async def gets(endpoint: str, number: int) -> dict[str, float]:
    """Get so many items at once, on a connection that was just opened."""
    async with _connection(endpoint) as connection:
        users = connection.repository(User, schema=SCHEMA)
        user, begun = sample(1), time.perf_counter()
        await asyncio.gather(*[users.get_one(user.pk, user.sk) for _ in range(number)])
        return {"seconds": time.perf_counter() - begun}


async def lag(endpoint: str, number: int) -> dict[str, float]:
    """
    Watch how late the event loop is while so many scans read large pages, and while nothing is done.

    A collection of all objects, those of imported modules too, stops the loop for longer than any page. So
    the same is measured again without these, as after `gc.freeze()` at start-up.
    """
    idle = await _lags(asyncio.sleep(_LAG_SECONDS / 3))
    async with _connection(endpoint) as connection:
        users = connection.repository(User, schema=SCHEMA)
        await users.scan()
        busy = await _lags(_scans(users, number))
        gc.collect()
        gc.freeze()
        frozen = await _lags(_scans(users, number))
    return {
        "idle_p99_ms": quantile(idle, 0.99),
        "p50_ms": quantile(busy, 0.5),
        "p99_ms": quantile(busy, 0.99),
        "most_ms": max(busy),
        "frozen_p99_ms": quantile(frozen, 0.99),
        "frozen_most_ms": max(frozen),
    }


async def _scans(users: AsyncDynamoDBRepository[User], number: int) -> None:
    await asyncio.gather(*[_scan_for(users, _LAG_SECONDS) for _ in range(number)])


async def _scan_for(users: AsyncDynamoDBRepository[User], seconds: float) -> None:
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        items = (await users.scan()).items
        # To let go of 2,200 models at once takes Python 3 ms, which are this loop's and not the scan's.
        while items:
            del items[-_RELEASED:]
            await asyncio.sleep(0)


async def _lags(work: Any) -> list[float]:
    """Give by how many milliseconds each short sleep beside the work was too long."""
    lags: list[float] = []
    task = asyncio.ensure_future(work)
    while not task.done():
        begun = time.perf_counter()
        await asyncio.sleep(_TICK)
        lags.append((time.perf_counter() - begun - _TICK) * 1e3)
    await task
    return lags


async def opening(endpoint: str, number: int) -> dict[str, float]:
    """Open the first connection of the process, and others; watch how long the loop stands still at most."""
    found: list[tuple[float, float]] = []
    for _ in range(number):
        begun = time.perf_counter()
        opening_now = asyncio.ensure_future(_open_and_close(endpoint))
        longest = 0.0
        while not opening_now.done():
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)
        await opening_now
        found.append(((time.perf_counter() - begun) * 1e3, longest * 1e3))
    later = found[1:]
    return {
        "first_ms": found[0][0],
        "first_blocked_ms": found[0][1],
        "later_ms": min(each[0] for each in later),
        "later_blocked_ms": min(each[1] for each in later),
    }


async def _open_and_close(endpoint: str) -> None:
    async with _connection(endpoint):
        pass


def _costs(items: int, cpu: float, begun: float) -> dict[str, float]:
    spent, passed = time.process_time() - cpu, time.perf_counter() - begun
    return {"items": items, "cpu_us_per_item": spent / items * 1e6, "wall_us_per_item": passed / items * 1e6}


_TASKS: Final = {"scan": scan, "write": write, "gets": gets, "lag": lag, "opening": opening}


def _main() -> None:
    task, endpoint, number, log = sys.argv[1:]
    with Path(log).open("a") as file:
        log_to(file, logging.INFO)
        print(json.dumps(asyncio.run(_TASKS[task](endpoint, int(number)))))


if __name__ == "__main__":
    _main()
