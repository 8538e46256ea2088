"""Processes that share a scan by its segments: each item is counted once, whichever of them dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import pytest
from distributed import Client

from dynarepo import DynamoDBConnection
from examples.distributed_scan.segments import Checkpoint, Job, Product, connect, work
from examples.distributed_scan.tasks import Summary, run_all

_ROOT: Final = Path(__file__).parents[2]

R = TypeVar("R")

PRODUCTS: Final = [Product(sku=f"sku-{n}", name=f"Product {n}", price=Decimal(n) / 4) for n in range(400)]
SUMMARY: Final = Summary(len(PRODUCTS), sum((product.price for product in PRODUCTS), Decimal(0)))


def run(call: Callable[[DynamoDBConnection], Awaitable[R]]) -> R:
    """Do something on a connection of its own."""

    async def connected() -> R:
        async with connect() as connection:
            return await call(connection)

    return asyncio.run(connected())


@pytest.fixture
def job(client: Client, table_name: str) -> Job:
    """Fill a table that is to be scanned."""
    job = Job("count", 7, f"{table_name}-products", f"{table_name}-checkpoints", page_size=10)

    async def fill(connection: DynamoDBConnection) -> None:
        tables = connection.table_admin()
        await tables.create_table(Product, table_name=job.products)
        await tables.create_table(Checkpoint, table_name=job.checkpoints)
        await connection.repository(Product, table_name=job.products).batch_write(PRODUCTS)

    run(fill)
    return job


def stored(job: Job) -> list[Product]:
    async def scanned(connection: DynamoDBConnection) -> list[Product]:
        products = connection.repository(Product, table_name=job.products)
        return [product async for product in products.iter_scan_items()]

    return run(scanned)


def checkpoints(job: Job) -> list[Checkpoint]:
    async def queried(connection: DynamoDBConnection) -> list[Checkpoint]:
        repository = connection.repository(Checkpoint, table_name=job.checkpoints)
        return [at async for at in repository.iter_query_items(job.name)]

    return run(queried)


def test_processes_count_and_change_every_item_once(client: Client, job: Job) -> None:
    assert run_all(client, job) == SUMMARY
    assert {product.search_name for product in stored(job)} == {f"product {n}" for n in range(400)}
    assert [(at.is_done, at.starts) for at in checkpoints(job)] == [(True, 1)] * 7


def test_a_job_that_is_done_is_not_done_again(client: Client, job: Job) -> None:
    assert run_all(client, job) == SUMMARY
    before = checkpoints(job)
    assert run_all(client, job) == SUMMARY
    assert checkpoints(job) == before


def dies_once(marks: str, job: Job, segment: int) -> None:
    """Work on a segment, and on two of them kill the process in the middle, the first time."""
    mark = Path(marks, str(segment))
    is_to_die = segment in {2, 5} and not mark.exists()
    if is_to_die:
        mark.touch()
    asyncio.run(_worked(job, segment, last_page=2 if is_to_die else None))


async def _worked(job: Job, segment: int, last_page: int | None) -> None:
    async with connect() as connection:
        pages = 0
        async for _ in work(job, segment, connection):
            pages += 1
            if pages == last_page:
                os.kill(os.getpid(), signal.SIGKILL)


def test_the_segment_of_a_killed_process_goes_on_behind_its_checkpoint(
    client: Client, job: Job, tmp_path: Path
) -> None:
    assert run_all(client, job, partial(dies_once, str(tmp_path))) == SUMMARY
    assert sorted(mark.name for mark in tmp_path.iterdir()) == ["2", "5"]
    starts = {at.segment: at.starts for at in checkpoints(job)}
    assert starts[2] == starts[5] == 2
    assert {product.search_name for product in stored(job)} == {f"product {n}" for n in range(400)}


def test_one_command_shows_it_all() -> None:
    """It brings its own DynamoDB, whatever the backend."""
    command = [sys.executable, "-m", "examples.distributed_scan"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_ROOT)
    assert shown.stdout == "500 items worth 1247.50, in 8 segments on 4 processes\n"
