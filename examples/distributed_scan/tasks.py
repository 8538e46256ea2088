"""The scan as tasks of Dask's: one for each segment, on any of its processes."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from distributed import Client

from examples.distributed_scan.segments import Checkpoint, Job, connect, work


class Summary(NamedTuple):
    items: int
    total: Decimal


def run_segment(job: Job, segment: int) -> None:
    """Work to the end of a segment, on an event loop and a connection of its own."""
    asyncio.run(_to_the_end(job, segment))


async def _to_the_end(job: Job, segment: int) -> None:
    async with connect() as connection:
        async for _ in work(job, segment, connection):
            pass


def run_all(client: Client, job: Job, task: Callable[[Job, int], None] = run_segment) -> Summary:
    """
    Run the tasks that are left, and sum what all checkpoints say.

    Dask gives the tasks of a process that died to another one, and `retries` those that failed.
    """
    tasks: Any = client.map(partial(task, job), range(job.segments), pure=False, retries=2)
    client.gather(tasks)
    return asyncio.run(_summary(job))


async def _summary(job: Job) -> Summary:
    async with connect() as connection:
        checkpoints = connection.repository(Checkpoint, table_name=job.checkpoints)
        every = [at async for at in checkpoints.iter_query_items(job.name, consistent=True)]
    return Summary(sum(at.items for at in every), sum((at.total for at in every), Decimal(0)))
