"""
Several models read as a union, as mypy and pyright infer them; checked, never run.

A line with ignores is wrong and must be refused by both; they report an ignore that nothing needs.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, assert_type

from pydantic import BaseModel

from dynarepo import (
    AsyncReadRepository,
    AsyncUnionRepository,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    PaginationResult,
    SortKeyCondition,
    TransactWriteItem,
    attr,
)


class Customer(BaseModel):
    customer_id: str
    name: str


class Order(BaseModel):
    customer_id: str
    order_id: int
    note: str | None = None


class Invoice(BaseModel):
    customer_id: str
    number: int


class Address(DynamoDBBaseModel):
    customer_id: str


class Letter(DynamoDBBaseModel):
    customer_id: str


class Brief(BaseModel):
    customer_id: str


class NoModel:
    customer_id: str


config = DynamoDBConfig(table_name="app")

Two = AsyncUnionRepository[Customer | Order]


def make(connection: DynamoDBConnection) -> None:
    assert_type(connection.union_repository(Customer, Order), AsyncUnionRepository[Customer | Order])
    assert_type(
        connection.union_repository(Customer, Order, Invoice, table_name="shop"),
        AsyncUnionRepository[Customer | Order | Invoice],
    )
    assert_type(
        connection.union_repository(Customer, Order, Invoice, Address),
        AsyncUnionRepository[Customer | Order | Invoice | Address],
    )
    connection.union_repository(Customer)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    connection.union_repository(Customer, NoModel)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    connection.union_repository(Customer, Order, Invoice, Address, Letter)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def make_of_five(logger: Any) -> None:
    five = AsyncUnionRepository[Customer | Order | Invoice | Address | Letter](
        Customer, Order, Invoice, Address, Letter, config=config, logger=logger
    )
    assert_type(five, AsyncUnionRepository[Customer | Order | Invoice | Address | Letter])
    assert_type(five.models, tuple[type[Customer | Order | Invoice | Address | Letter], ...])
    Two(Customer, Invoice, config=config, logger=logger)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def read(things: Two) -> None:
    assert_type(await things.get_one("a", "b"), Customer | Order | None)
    assert_type(await things.query_by_pk("a"), PaginationResult[Customer | Order])
    assert_type((await things.query_by_pk("a", limit=1)).items, list[Customer | Order])
    assert_type(
        await things.query_by_pk_and_sk("a", SortKeyCondition.begins_with("b")),
        PaginationResult[Customer | Order],
    )
    assert_type(await things.scan(where=attr("order_id").gt(1)), PaginationResult[Customer | Order])
    assert_type(await things.count("a"), int)
    assert_type(await things.batch_get([("a", "b")]), list[Customer | Order | None])
    assert_type(await things.load(("a", "b")), Customer | Order | None)
    assert_type(await things.transact_get([("a", "b")]), list[Customer | Order | None])
    assert_type(things.iter_query("a"), AsyncGenerator[PaginationResult[Customer | Order], None])
    assert_type(things.iter_scan_items(segments=2), AsyncGenerator[Customer | Order, None])
    assert_type(await things.query_by_pk("a", view=Brief), PaginationResult[Brief])
    assert_type(things.with_options(deadline=30), AsyncUnionRepository[Customer | Order])
    same: AsyncReadRepository[Customer | Order] = things
    assert_type(await same.get_one("a", "b"), Customer | Order | None)


async def tell_apart(things: Two) -> int:
    async for thing in things.iter_query_items("a"):
        match thing:
            case Customer():
                assert_type(thing, Customer)
            case Order():
                assert_type(thing, Order)
                return thing.order_id
    return 0


async def state(things: Two) -> None:
    await things.query_by_pk("a", where=lambda u: u.customer_id == "1")
    await things.scan(where=lambda u: (u.customer_id == "1") | (u.customer_id > "5"))
    await things.count("a", where=lambda u: u.customer_id != "1")
    await things.scan(where=lambda u: u.name == "Ada")  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]
    await things.scan(where=lambda u: u.order_id == 1)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]
    await things.scan(where=lambda u: u.nope == 1)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]


async def write(things: Two, connection: DynamoDBConnection, customer: Customer) -> None:
    await things.save(customer)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await things.transact_write([TransactWriteItem.put(customer)])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    _ = (await things.get_one("a", "b")).customer_id  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
