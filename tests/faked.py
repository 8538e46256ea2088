"""Repositories on a scripted transport, where waiting takes no time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, TableSchema
from dynarepo._connection import Channel
from dynarepo.testing import FakeTransport
from tests.recording_logger import RecordingLogger

__all__ = ["SkippedTime", "longest", "on_fake", "only_this_task_runs", "other_tasks", "turns"]

T = TypeVar("T", bound=BaseModel)


class SkippedTime:
    """Waits by moving the running loop's clock ahead; `waits` says for how long."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Skip so many seconds."""
        self.waits.append(seconds)
        loop = asyncio.get_running_loop()
        before = loop.time
        loop.time = lambda: before() + seconds  # type: ignore[method-assign]
        await asyncio.sleep(0)


def longest(_low: float, high: float) -> float:
    """Choose the longest wait that is allowed."""
    return high


@asynccontextmanager
async def on_fake(
    fake: FakeTransport,
    model: type[T],
    *,
    schema: TableSchema | None = None,
    time: SkippedTime | None = None,
    jitter: Callable[[float, float], float] = longest,
    **options: Any,
) -> AsyncIterator[AsyncDynamoDBRepository[T]]:
    """Open a repository on a fake."""
    config = DynamoDBConfig(**{"table_name": "app"} | options)
    sleep = (time or SkippedTime()).sleep
    async with Channel(config, RecordingLogger(), transport=fake, sleep=sleep, jitter=jitter) as channel:
        yield AsyncDynamoDBRepository(
            model, schema=schema, config=config, logger=RecordingLogger(), channel=channel
        )


async def turns(number: int = 20) -> None:
    """Let everything that is ready on the loop run for some turns."""
    for _ in range(number):
        await asyncio.sleep(0)


async def only_this_task_runs() -> bool:
    """Tell whether no other task runs, now and for some turns of the loop."""
    for _ in range(5):
        if other_tasks():
            return False
        await asyncio.sleep(0)
    return True


def other_tasks() -> set[asyncio.Task[Any]]:
    """Give the tasks of the loop beside the running one."""
    running = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task is not running}
