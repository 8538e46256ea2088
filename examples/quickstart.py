"""The whole of everyday work, on a DynamoDB that runs inside this process."""

import asyncio
import logging
from datetime import UTC, datetime
from decimal import Decimal

import structlog
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBConnection,
    DynamoDBTransactionError,
    GlobalIndex,
    ItemAlreadyExistsError,
    KeyTemplate,
    SortKeyCondition,
    TransactWriteItem,
    attr,
)
from dynarepo.testing import local_dynamodb


class Order(BaseModel):
    """Plain Pydantic; `Meta` says how it is stored."""

    customer_id: str
    order_id: str
    status: str
    placed_at: datetime
    total: Decimal
    tags: set[str] = set()

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "ORDER#{placed_at}#{order_id}")
        gsis = (GlobalIndex("by_status", partition_key="status", sort_key="placed_at"),)


def order(number: int, customer_id: str = "ada", status: str = "open") -> Order:
    return Order(
        customer_id=customer_id,
        order_id=f"o-{number:03}",
        status=status,
        placed_at=datetime(2026, 1, 1, 12, number % 60, tzinfo=UTC),
        total=Decimal("19.90") * number,
        tags={"new"},
    )


def key_of(item: Order) -> tuple[dict[str, object], dict[str, object]]:
    """A key is its finished text, or the fields that its template is made from."""
    return {"customer_id": item.customer_id}, {"placed_at": item.placed_at, "order_id": item.order_id}


async def one_item(orders: AsyncDynamoDBRepository[Order]) -> None:
    first = order(1)
    await orders.save(first)
    print("save       ", first.order_id)

    found = await orders.get_one(*key_of(first))
    print("get_one    ", found == first and "equal to what was saved, value and type")

    try:
        await orders.create(first)
    except ItemAlreadyExistsError as error:
        print("create     ", type(error).__name__, "- the first one is kept")

    is_open = attr("status").eq("open")
    changes = {"status": "paid", "tags": {"new", "paid"}}
    paid = await orders.update(*key_of(first), changes, where=is_open)
    print("update     ", paid.order_id, "is", paid.status)
    try:
        await orders.update(*key_of(first), changes, where=is_open)
    except ConditionFailedError as error:
        print("update     ", type(error).__name__, "- it is", error.item.status, "already")


async def pages(orders: AsyncDynamoDBRepository[Order]) -> None:
    written = await orders.batch_write(order(number) for number in range(2, 60))
    print("batch_write", written, "orders")

    async for page in orders.iter_query({"customer_id": "ada"}, page_size=25):
        print("iter_query ", page.count, "orders,", page.items[0].order_id, "to", page.items[-1].order_id)

    late = SortKeyCondition.ge("ORDER#2026-01-01T12:50")
    large = attr("total").gt(1000)
    ada = {"customer_id": "ada"}
    recent = await orders.query_by_pk_and_sk(ada, late, where=large, descending=True, limit=3)
    print("query      ", [item.order_id for item in recent.items], "newest first, over 1000")
    rest = await orders.query_by_pk_and_sk(
        ada, late, where=large, descending=True, limit=3, cursor=recent.cursor
    )
    print("cursor     ", [item.order_id for item in rest.items], "right behind them")

    counts = [await orders.count(status, index="by_status") for status in ("paid", "open")]
    print("index      ", counts[0], "paid,", counts[1], "open")

    several = await orders.batch_get([key_of(order(7)), key_of(order(99)), key_of(order(8))])
    print("batch_get  ", [item.order_id if item else None for item in several], "in the order asked")


async def transactions(orders: AsyncDynamoDBRepository[Order], connection: DynamoDBConnection) -> None:
    await orders.transact_write(
        [
            TransactWriteItem.create(order(1, customer_id="grace")),
            TransactWriteItem.update(*key_of(order(7)), {"status": "sent"}),
            TransactWriteItem.delete(*key_of(order(8))),
        ]
    )
    print("transaction", "created one, updated one, deleted one: all or nothing")
    try:
        async with connection.transaction() as transaction:
            transaction.put(orders, order(2, customer_id="grace"))
            transaction.check(orders, *key_of(order(7)), where=attr("status").eq("open"))
    except DynamoDBTransactionError as error:
        print("transaction", [reason and reason.code for reason in error.reasons], "- nothing was done")


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with (
        local_dynamodb(table_name="shop") as config,
        DynamoDBConnection(config=config, logger=structlog.get_logger()) as connection,
    ):
        name = await connection.table_admin().create_table(Order)
        print("table      ", name, "made from the model, on", config.endpoint_url)
        orders = connection.repository(Order)
        await one_item(orders)
        await pages(orders)
        await transactions(orders, connection)

        key = key_of(order(1))
        print("delete     ", await orders.delete(*key), "then", await orders.delete(*key))
        scanned = [item async for item in orders.iter_scan_items(segments=4)]
        print("scan       ", len(scanned), "orders in four segments")


if __name__ == "__main__":
    asyncio.run(main())
