"""
The work on one segment, which goes on where it was left.

Each segment has a checkpoint in a table of its own: the cursor behind the last page that was worked on, and
the sums so far. Both are written at once, after the page, so that every item is in the sums once however
often a process dies. The work on the items themselves may be done twice for one page, and has to bear it.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from decimal import Decimal

import structlog
from pydantic import BaseModel, SecretStr

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBConfig,
    DynamoDBConnection,
    attr,
)


class Product(BaseModel):
    sku: str
    name: str
    price: Decimal
    search_name: str | None = None

    class Meta:
        partition_key = "sku"


class Checkpoint(BaseModel):
    job: str
    segment: int
    cursor: str | None = None
    is_done: bool = False
    starts: int = 0
    items: int = 0
    total: Decimal = Decimal(0)
    version: int = 0

    class Meta:
        partition_key = "job"
        sort_key = "segment"
        version = "version"  # of two processes on one segment, the slower one is refused


@dataclass(frozen=True)
class Job:
    """What the processes are told; credentials, region and endpoint are in the environment of each."""

    name: str
    segments: int
    products: str
    checkpoints: str
    page_size: int | None = None


def connect() -> DynamoDBConnection:
    # Cursors go from process to process, so all of them need one key.
    config = DynamoDBConfig(cursor_keys=(SecretStr(os.environ["SCAN_CURSOR_KEY"]),), max_connections=20)
    warnings = structlog.make_filtering_bound_logger(logging.WARNING)
    return DynamoDBConnection(config=config, logger=structlog.wrap_logger(None, wrapper_class=warnings))


async def work(job: Job, segment: int, connection: DynamoDBConnection) -> AsyncIterator[Checkpoint]:
    """Work page by page to the end of the segment, and give each checkpoint that was written."""
    products = connection.repository(Product, table_name=job.products)
    checkpoints = connection.repository(Checkpoint, table_name=job.checkpoints)
    found = await checkpoints.get_one(job.name, segment, consistent=True)
    at = found or Checkpoint(job=job.name, segment=segment)
    if at.is_done:
        return
    at = await checkpoints.save(at.model_copy(update={"starts": at.starts + 1}))
    own = products.iter_scan(segment=(segment, job.segments), cursor=at.cursor, page_size=job.page_size)
    async with aclosing(own) as pages:
        async for page in pages:
            await asyncio.gather(*(make_searchable(products, product) for product in page.items))
            done = {
                "cursor": page.cursor,
                "is_done": page.cursor is None,
                "items": at.items + page.count,
                "total": at.total + sum(product.price for product in page.items),
            }
            at = await checkpoints.save(at.model_copy(update=done))
            yield at


async def make_searchable(products: AsyncDynamoDBRepository[Product], product: Product) -> None:
    """Do what may be done twice: only one attribute changes, and only while the name is the one read."""
    search_name = product.name.casefold()
    if product.search_name == search_name:
        return
    unchanged = attr("name").eq(product.name)
    with suppress(ConditionFailedError):  # gone or renamed meanwhile: whoever did that knows
        await products.update(product.sku, None, {"search_name": search_name}, where=unchanged)
