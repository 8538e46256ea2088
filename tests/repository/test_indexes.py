"""Items by way of their indexes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConnection,
    InvalidKeyError,
    InvalidRequestError,
    SortKeyCondition,
    attr,
)
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import Note, Order, User

NOTES = [
    *(Note(owner="pq"[n > 7], name=f"{n:02}", topic="ut"[n % 2], rank=n // 3) for n in range(12)),
    Note(owner="p", name="none", rank=9),
]


@pytest.fixture
async def notes(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Note]:
    await connection.table_admin().create_table(Note)
    notes = connection.repository(Note)
    await notes.batch_write(NOTES)
    return notes


@pytest.mark.parametrize("page_size", [None, 1, 2, 5])
@pytest.mark.parametrize("descending", [False, True])
async def test_a_global_index_is_read_in_its_own_order(
    notes: AsyncDynamoDBRepository[Note], page_size: int | None, descending: bool
) -> None:
    options: dict[str, Any] = {"index": "by_topic", "page_size": page_size, "descending": descending}
    found = [note async for note in notes.iter_query_items("t", **options)]
    of_topic = [note for note in NOTES if note.topic == "t"]
    assert sorted(note.name for note in found) == sorted(note.name for note in of_topic)
    assert [note.rank for note in found] == sorted((note.rank for note in of_topic), reverse=descending)
    middle = [note async for note in notes.iter_query_items("t", SortKeyCondition.between(1, 2), **options)]
    assert {note.name for note in middle} == {note.name for note in of_topic if 1 <= note.rank <= 2}
    assert await notes.count("t", SortKeyCondition.ne(1), index="by_topic") == len(
        [note for note in of_topic if note.rank != 1]
    )


@pytest.mark.parametrize("page_size", [None, 1, 3])
async def test_a_local_index_orders_a_partition_by_another_key(
    notes: AsyncDynamoDBRepository[Note], page_size: int | None
) -> None:
    options: dict[str, Any] = {"index": "by_rank", "page_size": page_size}
    found = [note async for note in notes.iter_query_items("p", consistent=True, **options)]
    assert sorted(note.name for note in found) == sorted(note.name for note in NOTES if note.owner == "p")
    assert [note.rank for note in found] == sorted(note.rank for note in found)
    low = [note async for note in notes.iter_query_items("p", SortKeyCondition.lt(2), **options)]
    assert {note.rank for note in low} == {0, 1}


async def test_an_item_without_the_index_key_is_stored_and_not_in_the_index(
    notes: AsyncDynamoDBRepository[Note],
) -> None:
    assert await notes.get_one("p", "none") is not None
    assert "none" not in [note.name async for note in notes.iter_scan_items(index="by_topic")]


async def test_an_update_and_a_delete_move_an_item_in_the_index(notes: AsyncDynamoDBRepository[Note]) -> None:
    await notes.update("p", "01", {"topic": "new"})
    assert [note.name async for note in notes.iter_query_items("new", index="by_topic")] == ["01"]
    assert "01" not in [note.name async for note in notes.iter_query_items("t", index="by_topic")]
    await notes.update("p", "01", {"topic": None})
    assert await notes.count("new", index="by_topic") == 0
    before = await notes.count("t", index="by_topic")
    await notes.delete("p", "03")
    assert await notes.count("t", index="by_topic") == before - 1


async def test_an_index_of_keys_is_counted_and_gives_no_models(notes: AsyncDynamoDBRepository[Note]) -> None:
    assert await notes.count("t", index="topic_keys") == 6
    with pytest.raises(InvalidRequestError, match="does not hold what Note needs"):
        notes.iter_query("t", index="topic_keys")
    with pytest.raises(InvalidRequestError, match="does not hold what Note needs"):
        notes.iter_scan(index="topic_keys")


async def test_a_templated_index_key_is_queried_by_its_fields(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Order)
    orders = connection.repository(Order)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    await orders.batch_write(
        [
            Order(
                customer_id=f"c{n}",
                order_id=n,
                status="open" if n % 2 else "paid",
                placed_at=first + timedelta(hours=n),
            )
            for n in range(8)
        ]
    )
    later = SortKeyCondition.gt(first + timedelta(hours=3))
    page = await orders.query_by_pk_and_sk({"status": "open"}, later, index="by_status", descending=True)
    assert [order.order_id for order in page.items] == [7, 5]
    await orders.update({"customer_id": "c7"}, {"order_id": 7}, {"status": "paid"})
    assert await orders.count("STATUS#open", later, index="by_status") == 1
    assert await orders.count({"status": "paid"}, index="by_status") == 5


async def test_what_an_index_cannot_do_is_refused_without_a_request() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Note) as notes:
        with pytest.raises(InvalidRequestError):
            await notes.query_by_pk("t", index="unknown")
        with pytest.raises(InvalidRequestError):
            await notes.scan(index="unknown")
        with pytest.raises(InvalidRequestError):
            await notes.query_by_pk("t", index="by_topic", consistent=True)
        with pytest.raises(InvalidRequestError):
            await notes.scan(index="by_topic", consistent=True)
        with pytest.raises(InvalidRequestError):
            await notes.query_by_pk("t", index="by_topic", where=attr("rank").gt(1))
        with pytest.raises(InvalidKeyError):
            await notes.query_by_pk(1, index="by_topic")
        with pytest.raises(InvalidKeyError):
            await notes.query_by_pk_and_sk("t", SortKeyCondition.eq("1"), index="by_topic")
        with pytest.raises(InvalidKeyError):
            await notes.query_by_pk_and_sk("t", SortKeyCondition.begins_with("1"), index="by_topic")
    assert fake.requests == []


async def test_a_configuration_of_consistent_reads_leaves_out_global_indexes() -> None:
    page = {"Items": [], "Count": 0, "ScannedCount": 0}
    fake = FakeTransport.answering(lambda *_: page)
    async with on_fake(fake, Note, consistent_read=True) as notes:
        await notes.query_by_pk("p")
        await notes.query_by_pk("p", index="by_rank")
        await notes.query_by_pk("t", index="by_topic")
        await notes.query_by_pk("p", consistent=False)
    assert [payload.get("ConsistentRead", False) for _, payload in fake.requests] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", 2**31, float("nan")], ids=str)
@pytest.mark.parametrize("name", ["limit", "page_size"])
async def test_a_number_that_is_none_is_refused_without_a_request(name: str, value: Any) -> None:
    fake = FakeTransport()
    arguments = {name: value}
    condition = SortKeyCondition.ge("0")
    async with on_fake(fake, User) as users:
        for call in (
            users.query_by_pk("p", **arguments),
            users.query_by_pk_and_sk("p", condition, **arguments),
            users.scan(**arguments),
        ):
            with pytest.raises(InvalidRequestError):
                await call
        for iterate in (users.iter_query, users.iter_query_items):
            with pytest.raises(InvalidRequestError):
                iterate("p", condition, **arguments)
        for scan in (users.iter_scan, users.iter_scan_items):
            with pytest.raises(InvalidRequestError):
                scan(**arguments)
    assert fake.requests == []


@pytest.mark.parametrize("condition", [None, "s", attr("sk").eq("s"), ("eq", "s")])
async def test_a_sort_key_condition_that_is_none_is_refused_without_a_request(condition: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            await users.query_by_pk_and_sk("p", condition)
    assert fake.requests == []


async def test_a_query_that_does_not_fit_the_table_is_refused_without_a_request() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        for call in (
            users.query_by_pk("p", where=attr("sk").gt("s")),
            users.query_by_pk("p", where=attr("unknown").gt(1)),
            users.scan(where=attr("unknown").gt(1)),
            users.count("p", where=attr("pk").eq("p")),
        ):
            with pytest.raises(InvalidRequestError):
                await call
        for pk in (None, "", 1, {"pk": "p"}, ("p",), "p" * 2049):
            with pytest.raises(InvalidKeyError):
                await users.query_by_pk(pk)
        with pytest.raises(InvalidKeyError):
            await users.query_by_pk_and_sk("p", SortKeyCondition.eq(""))
    assert fake.requests == []
