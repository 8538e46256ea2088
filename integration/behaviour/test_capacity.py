"""What DynamoDB says was consumed: summed up for a block, and kept at a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dynarepo import (
    AsyncDynamoDBRepository,
    CapacityLimit,
    CapacityLimitError,
    ConsumedUnits,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    TransactWriteItem,
)
from integration.behaviour.stores import SentOperations

#: Where sizes count.
sizes = pytest.mark.differs("embedded", reason="moto counts items, not their size")


class Document(DynamoDBBaseModel):
    text: str = "x" * 10_000


@pytest_asyncio.fixture(loop_scope="session")
async def connection(config: DynamoDBConfig) -> AsyncIterator[DynamoDBConnection]:
    """Open a connection of the test's own, with a table."""
    async with DynamoDBConnection(config=config, logger=SentOperations()) as opened:
        admin = opened.table_admin()
        await admin.create_table(Document)
        yield opened
        await admin.delete_table()


@pytest.fixture
def documents(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Document]:
    return connection.repository(Document)


@sizes
async def test_a_block_sums_up_what_its_calls_consumed(
    connection: DynamoDBConnection, documents: AsyncDynamoDBRepository[Document], pk: str, table_name: str
) -> None:
    async with connection.accounting() as usage:
        await documents.save(Document(pk=pk, sk="a"))
        assert (usage.calls, usage.read_units, usage.write_units) == (1, 0, 10)
        await documents.get_one(pk, "a")
        assert usage.read_units == 1.5
        await documents.get_one(pk, "a", consistent=True)
        assert usage.read_units == 4.5
    assert usage.tables == {table_name: ConsumedUnits(read=4.5, write=10)}


@sizes
async def test_batches_pages_and_tasks_are_in_the_sum(
    connection: DynamoDBConnection, documents: AsyncDynamoDBRepository[Document], pk: str
) -> None:
    async with connection.accounting() as writing:
        await documents.batch_write(Document(pk=pk, sk=f"{number}") for number in range(30))
    async with connection.accounting() as reading:
        keys = [(pk, f"{number}") for number in range(30)]
        await asyncio.gather(documents.batch_get(keys[:15]), documents.batch_get(keys[15:]))
        assert reading.read_units == 30 * 1.5
        async with connection.accounting() as query:
            assert len([each async for each in documents.iter_query_items(pk, page_size=10)]) == 30
    assert (writing.calls, writing.write_units) == (2, 300)
    assert query.calls >= 3
    assert 0 < query.read_units < 45
    assert reading.read_units == 45 + query.read_units


@sizes
async def test_a_transaction_takes_twice_the_write_units(
    connection: DynamoDBConnection, documents: AsyncDynamoDBRepository[Document], pk: str
) -> None:
    async with connection.accounting() as usage:
        await documents.transact_write([TransactWriteItem.put(Document(pk=pk, sk="a"))])
    assert (usage.read_units, usage.write_units) == (0, 20)


@sizes
async def test_a_limit_is_fed_by_what_was_consumed(
    documents: AsyncDynamoDBRepository[Document], pk: str
) -> None:
    await documents.save(Document(pk=pk, sk="a"))
    # Six units at once, and what comes back meanwhile is nothing.
    limited = documents.with_options(capacity=CapacityLimit(read=0.01, burst=600))
    for _ in range(2):
        await limited.get_one(pk, "a", consistent=True)
    with pytest.raises(CapacityLimitError):
        await limited.get_one(pk, "a", consistent=True)
    await documents.get_one(pk, "a", consistent=True)


async def test_a_limit_that_has_room_lets_everything_through(
    documents: AsyncDynamoDBRepository[Document], pk: str
) -> None:
    limited = documents.with_options(capacity=CapacityLimit(read=100_000, write=100_000))
    await limited.batch_write(Document(pk=pk, sk=f"{number}", text="x") for number in range(60))
    found = await asyncio.gather(*(limited.get_one(pk, f"{number}") for number in range(60)))
    assert all(found)
    assert len((await limited.query_by_pk(pk)).items) == 60
