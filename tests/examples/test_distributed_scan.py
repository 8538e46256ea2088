"""The work on a segment, wherever it ends; the processes that share it are in `integration/distributed`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from typing import Final

import pytest

from dynarepo import DynamoDBConfig, DynamoDBConnection, VersionConflictError
from examples.distributed_scan.segments import Checkpoint, Job, Product, make_searchable, work
from tests.recording_logger import RecordingLogger

PRODUCTS: Final = [Product(sku=f"sku-{n}", name=f"Name {n}", price=Decimal(n)) for n in range(40)]


@pytest.fixture
def job(embedded_config: DynamoDBConfig) -> Job:
    """Name tables of the test's own."""
    name = embedded_config.table_name
    return Job("job", 3, f"{name}-products", f"{name}-checkpoints", page_size=4)


@pytest.fixture
async def connection(embedded_config: DynamoDBConfig, job: Job) -> AsyncIterator[DynamoDBConnection]:
    """Open a connection to tables that are filled."""
    async with DynamoDBConnection(config=embedded_config, logger=RecordingLogger()) as opened:
        tables = opened.table_admin()
        await tables.create_table(Product, table_name=job.products)
        await tables.create_table(Checkpoint, table_name=job.checkpoints)
        await opened.repository(Product, table_name=job.products).batch_write(PRODUCTS)
        yield opened


async def some(job: Job, connection: DynamoDBConnection, segment: int, pages: int = 1000) -> list[Checkpoint]:
    """Work on so many pages of a segment."""
    found: list[Checkpoint] = []
    async with aclosing(work(job, segment, connection)) as working:  # type: ignore[type-var]
        async for at in working:
            found.append(at)
            if len(found) == pages:
                break
    return found


async def test_work_that_ends_after_every_page_counts_every_item_once(
    job: Job, connection: DynamoDBConnection
) -> None:
    last = []
    for segment in range(job.segments):
        while found := await some(job, connection, segment, pages=1):
            at = found[0]
        last.append(at)
    assert sum(at.items for at in last) == 40
    assert sum(at.total for at in last) == sum(range(40))
    products = connection.repository(Product, table_name=job.products)
    stored = [product async for product in products.iter_scan_items()]
    assert {product.search_name for product in stored} == {f"name {n}" for n in range(40)}


async def test_of_two_processes_on_a_segment_the_slower_is_refused(
    job: Job, connection: DynamoDBConnection
) -> None:
    slow = work(job, 1, connection)
    await anext(slow)
    await some(job, connection, 1, pages=1)
    with pytest.raises(VersionConflictError):
        await anext(slow)


async def test_a_product_that_was_renamed_or_deleted_meanwhile_is_left_alone(
    job: Job, connection: DynamoDBConnection
) -> None:
    products = connection.repository(Product, table_name=job.products)
    await products.update("sku-1", None, {"name": "Other"})
    await products.delete("sku-2")
    await make_searchable(products, PRODUCTS[1])
    await make_searchable(products, PRODUCTS[2])
    renamed = await products.get_one("sku-1")
    assert renamed is not None
    assert (renamed.name, renamed.search_name) == ("Other", None)
    assert await products.get_one("sku-2") is None
