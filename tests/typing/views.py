"""What mypy and pyright infer for reads of a part of the fields; checked, never run."""

# pyright: strict

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import assert_type

from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    DynamoDBBaseModel,
    PaginationResult,
    QueryOptions,
    ScanOptions,
    SortKeyCondition,
    attr,
)


class User(DynamoDBBaseModel):
    email: str
    age: int = 0


class Card(BaseModel):
    email: str


CONDITION = SortKeyCondition.gt("b")


async def by_key(users: AsyncReadRepository[User]) -> None:
    assert_type(await users.get_one("a", "b"), User | None)
    assert_type(await users.get_one("a", "b", skip_expired=True), User | None)
    assert_type(await users.get_one("a", "b", view=Card), Card | None)
    assert_type(await users.get_one("a", "b", view=Card, consistent=True, skip_expired=True), Card | None)
    assert_type(await users.batch_get([("a", "b")]), list[User | None])
    assert_type(await users.batch_get([("a", "b")], consistent=True, skip_expired=True), list[User | None])
    assert_type(await users.batch_get([("a", "b")], view=Card), list[Card | None])
    assert_type(await users.load(("a", "b"), skip_expired=True), User | None)
    assert_type(await users.load(("a", "b"), view=Card, skip_expired=True), Card | None)
    assert_type(await users.batch_get([("a", "b")], view=Card, skip_expired=True), list[Card | None])
    assert_type(await users.transact_get([("a", "b")]), list[User | None])
    assert_type(await users.transact_get([("a", "b")], skip_expired=True), list[User | None])
    assert_type(await users.transact_get([("a", "b")], view=Card, skip_expired=True), list[Card | None])


async def query(users: AsyncReadRepository[User]) -> None:
    assert_type(await users.query_by_pk("a"), PaginationResult[User])
    assert_type(await users.query_by_pk("a", view=Card), PaginationResult[Card])
    assert_type(await users.query_by_pk("a", index="i", hydrate=True), PaginationResult[User])
    assert_type(
        await users.query_by_pk(
            "a",
            view=Card,
            where=lambda user: user.age > 5,
            index="by-email",
            limit=10,
            page_size=100,
            cursor=None,
            last_evaluated_key={"pk": "a", "sk": "b"},
            descending=True,
            consistent=None,
            skip_expired=True,
            hydrate=True,
        ),
        PaginationResult[Card],
    )
    assert_type(await users.query_by_pk_and_sk("a", CONDITION), PaginationResult[User])
    assert_type(await users.query_by_pk_and_sk("a", CONDITION, skip_expired=True), PaginationResult[User])
    assert_type(
        await users.query_by_pk_and_sk("a", CONDITION, view=Card, where=attr("age").gt(5)),
        PaginationResult[Card],
    )
    assert_type(await users.count("a", skip_expired=True), int)


async def scan(users: AsyncReadRepository[User]) -> None:
    assert_type(await users.scan(skip_expired=True), PaginationResult[User])
    assert_type(await users.scan(view=Card), PaginationResult[Card])
    assert_type(await users.scan(view=Card, segment=(0, 2)), PaginationResult[Card])
    assert_type(
        await users.scan(view=Card, index="i", hydrate=True, where=lambda u: u.age > 5),
        PaginationResult[Card],
    )


async def iterate(users: AsyncReadRepository[User]) -> None:
    assert_type(users.iter_query("a"), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_query("a", CONDITION, hydrate=True), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_query("a", view=Card), AsyncGenerator[PaginationResult[Card], None])
    assert_type(users.iter_query("a", CONDITION, view=Card), AsyncGenerator[PaginationResult[Card], None])
    assert_type(users.iter_query_items("a"), AsyncGenerator[User, None])
    assert_type(users.iter_query_items("a", skip_expired=True), AsyncGenerator[User, None])
    assert_type(users.iter_query_items("a", CONDITION, view=Card), AsyncGenerator[Card, None])
    assert_type(users.iter_scan(), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_scan(segments=4, view=Card), AsyncGenerator[PaginationResult[Card], None])
    assert_type(users.iter_scan_items(segments=4), AsyncGenerator[User, None])
    assert_type(users.iter_scan_items(view=Card, limit=5), AsyncGenerator[Card, None])
    assert_type(users.iter_scan_items(view=Card, segment=(0, 2)), AsyncGenerator[Card, None])
    assert_type([card async for card in users.iter_scan_items(view=Card)], list[Card])
    assert_type([card.email async for card in users.iter_query_items("a", view=Card)], list[str])


async def pass_options_on(users: AsyncReadRepository[User]) -> None:
    asked: QueryOptions[User] = {"limit": 10, "descending": True, "where": lambda user: user.age > 5}
    assert_type(await users.query_by_pk("a", **asked), PaginationResult[User])
    assert_type(await users.query_by_pk("a", view=Card, **asked), PaginationResult[Card])
    listed: ScanOptions[User] = {"index": "i", "hydrate": True}
    assert_type(await users.scan(**listed), PaginationResult[User])
    assert_type(users.iter_scan_items(view=Card, **listed), AsyncGenerator[Card, None])


async def explain(users: AsyncDynamoDBRepository[User]) -> None:
    await users.explain(lambda u: u.query_by_pk("a", view=Card))
    pages: AsyncIterator[PaginationResult[Card]] = users.iter_query("a", view=Card)
    async for page in pages:
        assert_type(page.items, list[Card])
