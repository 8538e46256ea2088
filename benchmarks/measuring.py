"""One measurement of one operation, in the process of the client."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.summary import quantile

__all__ = ["Measured", "measure", "measure_threads"]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What one measurement gave.

    Args:
        operations: How many were done.
        cpu_us: Process time for each, all threads of the client's process, in microseconds.
        wall_us: Time for each as it passed.
        p50_us: Half of them took no longer from call to result.
        p99_us: All but one in a hundred took no longer.
    """

    operations: int
    cpu_us: float
    wall_us: float
    p50_us: float
    p99_us: float

    def as_dict(self) -> dict[str, float]:
        """Give it for JSON."""
        return asdict(self)


async def measure(
    call: Callable[[], Awaitable[Any]], warm: Callable[[], Awaitable[Any]], at_once: int, seconds: float
) -> Measured:
    """
    Call an operation from so many tasks at once, again and again until the time is over.

    Args:
        call: The operation.
        warm: What is called first, once from each task, so that connections are there.
        at_once: How many tasks.
        seconds: How long; each task makes one call at least.
    """
    latencies: list[float] = []

    async def caller(ends_at: float) -> None:
        begun = time.perf_counter()
        while True:
            await call()
            done = time.perf_counter()
            latencies.append(done - begun)
            if done >= ends_at:
                return
            begun = done

    await asyncio.gather(*[warm() for _ in range(at_once)])
    gc.collect()
    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*[caller(begun + seconds) for _ in range(at_once)])
    return _measured(latencies, time.process_time() - cpu, time.perf_counter() - begun)


def measure_threads(
    call: Callable[[], Any], warm: Callable[[], Any], at_once: int, seconds: float
) -> Measured:
    """Do the same with so many threads."""
    latencies: list[float] = []

    def caller(ends_at: float) -> None:
        begun = time.perf_counter()
        while True:
            call()
            done = time.perf_counter()
            latencies.append(done - begun)
            if done >= ends_at:
                return
            begun = done

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda _: warm(), range(at_once)))
        gc.collect()
        cpu, begun = time.process_time(), time.perf_counter()
        list(pool.map(caller, [begun + seconds] * at_once))
        return _measured(latencies, time.process_time() - cpu, time.perf_counter() - begun)


def _measured(latencies: list[float], cpu: float, wall: float) -> Measured:
    number = len(latencies)
    return Measured(
        number,
        cpu / number * 1e6,
        wall / number * 1e6,
        quantile(latencies, 0.5) * 1e6,
        quantile(latencies, 0.99) * 1e6,
    )
