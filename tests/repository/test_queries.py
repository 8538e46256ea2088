"""Queries and scans against a server: every operator on every kind of sort key, in pages of any size."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from dynarepo import DynamoDBConnection, SortKeyCondition, attr
from tests.models import FRAME_SCHEMA, Frame, Order, Reading, User
from tests.repository.kinds import KINDS, Kind

TEXTS: Final = ["A", "B", "Ba", "Bb", "C", "c", "é", "語", "🂡"]
NUMBERS: Final = [Decimal(n) for n in ("-1E10", "-9.5", "-9", "0", "0.001", "7", "10", "1E3", "2E20")]
BYTES: Final = [b"\x00", b"\x00\x00", b"A", b"AA", b"B", b"B\xff", b"\x7f", b"\x80", b"\xff\xff"]

#: The model, the field of its sort key, and items of one partition in order.
PARTITIONS: Final[dict[str, tuple[Any, Any, str, list[Any]]]] = {
    "S": (User, None, "sk", [User(pk="p", sk=text) for text in TEXTS]),
    "N": (Reading, None, "at", [Reading(sensor="p", at=number) for number in NUMBERS]),
    "B": (Frame, FRAME_SCHEMA, "digest", [Frame(film="p", digest=digest) for digest in BYTES]),
}

Find = Callable[[list[Any], int, int], list[Any]]

#: Each operator, with what it finds among sorted keys by the places of its operands.
OPERATORS: Final[dict[str, Find]] = {
    "eq": lambda items, at, _: items[at : at + 1],
    "ne": lambda items, at, _: items[:at] + items[at + 1 :],
    "lt": lambda items, at, _: items[:at],
    "le": lambda items, at, _: items[: at + 1],
    "gt": lambda items, at, _: items[at + 1 :],
    "ge": lambda items, at, _: items[at:],
    "between": lambda items, at, to: items[at : to + 1],
}


CASES: Final = [(tag, name) for tag in PARTITIONS for name in OPERATORS] + [
    ("S", "begins_with"),
    ("B", "begins_with"),
]


@pytest.mark.parametrize(("tag", "name"), CASES)
async def test_every_operator_finds_what_python_finds(
    tag: str, name: Any, connection: DynamoDBConnection
) -> None:
    model, schema, field, items = PARTITIONS[tag]
    await connection.table_admin().create_table(model, schema=schema)
    repository = connection.repository(model, schema=schema)
    other = next(iter(type(items[0]).model_fields))
    await repository.batch_write([*reversed(items), items[4].model_copy(update={other: "q"})])
    keys = [getattr(item, field) for item in items]
    if name == "begins_with":
        prefix = keys[4][:1] if tag == "B" else "B"
        condition = SortKeyCondition.begins_with(prefix)
        expected = [item for item in items if getattr(item, field).startswith(prefix)]
    else:
        upper = keys[6] if name == "between" else None
        condition = SortKeyCondition(operator=name, value=keys[4], upper=upper)
        expected = OPERATORS[name](items, 4, 6)
    assert len(expected) >= 1
    assert await repository.count("p", condition) == len(expected)
    for descending in (False, True):
        for page_size in (None, 1, 2, len(expected), len(expected) + 1):
            options: dict[str, Any] = {"descending": descending, "page_size": page_size}
            found = [item async for item in repository.iter_query_items("p", condition, **options)]
            assert found == (expected[::-1] if descending else expected)
        first = await repository.query_by_pk_and_sk("p", condition, limit=1, descending=descending)
        rest = (
            await repository.query_by_pk_and_sk("p", condition, cursor=first.cursor, descending=descending)
            if first.cursor
            else None
        )
        assert first.items + (rest.items if rest else []) == (expected[::-1] if descending else expected)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "no sort key"])
@pytest.mark.parametrize("descending", [False, True])
async def test_a_limit_with_a_filter_gives_so_many_items_and_goes_on_behind_them(
    name: str, descending: bool, connection: DynamoDBConnection
) -> None:
    kind = KINDS[name]
    repository = await kind.repository(connection)
    items = [kind.make(number, number % 3) for number in range(20)]
    await repository.batch_write(items)
    expected = [item for item in items if kind.value(item) != 1]
    expected = expected[::-1] if descending else expected
    pk = kind.key(items[0])[0]
    options: dict[str, Any] = {"where": attr(kind.field).ne(1), "descending": descending, "page_size": 3}
    found: list[Any] = []
    cursor = None
    while True:
        page = await repository.query_by_pk(pk, limit=5, cursor=cursor, **options)
        found += page.items
        if (cursor := page.cursor) is None:
            break
        assert page.count == 5
    assert found == expected
    assert await repository.count(pk, where=options["where"]) == len(expected)


async def test_a_cursor_outlives_its_item(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    await users.batch_write([User(pk="p", sk=str(n)) for n in range(6)])
    page = await users.query_by_pk("p", limit=3)
    await users.delete("p", page.items[-1].sk)
    rest = await users.query_by_pk("p", cursor=page.cursor)
    assert [user.sk for user in rest.items] == ["3", "4", "5"]


async def test_a_partition_without_items_is_an_empty_page(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    page = await users.query_by_pk("p")
    assert (page.items, page.count, page.scanned_count) == ([], 0, 0)
    assert (page.cursor, page.last_evaluated_key) == (None, None)
    assert await users.count("p") == 0
    assert [page.count async for page in users.iter_query("p")] == [0]


async def test_pages_of_a_megabyte_are_read_to_the_end(connection: DynamoDBConnection) -> None:
    """30 items of 90 KB, and a filter that none of them meets."""
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    await users.batch_write([User(pk="p", sk=f"{n:02}", nick="x" * 90_000) for n in range(30)])
    pages = [page async for page in users.iter_query("p")]
    assert [user.sk for page in pages for user in page.items] == [f"{n:02}" for n in range(30)]
    assert len(pages) >= 3
    nobody = attr("age").gt(99)
    assert [item async for item in users.iter_query_items("p", where=nobody)] == []
    assert (await users.query_by_pk("p", where=nobody, limit=1)).items == []
    assert await users.count("p") == 30


@pytest.mark.parametrize("segments", [1, 4])
async def test_a_scan_reads_every_item_once(segments: int, connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    items = [User(pk=f"p{n % 7}", sk=f"{n:03}", age=n) for n in range(120)]
    await users.batch_write(items)
    options: dict[str, Any] = {"segments": segments, "page_size": 11, "consistent": True}
    found = [item async for item in users.iter_scan_items(**options)]
    assert sorted(found, key=lambda user: user.age) == items
    some = [item async for item in users.iter_scan_items(where=attr("age").lt(10), **options)]
    assert sorted(user.age for user in some) == list(range(10))


async def test_a_scan_is_resumed_by_its_cursor(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    await users.batch_write([User(pk=f"p{n}", sk="s", age=n) for n in range(20)])
    found: list[int] = []
    cursor = None
    while True:
        page = await users.scan(limit=6, where=attr("age").ge(3), cursor=cursor)
        found += [user.age for user in page.items]
        if (cursor := page.cursor) is None:
            break
    assert sorted(found) == list(range(3, 20))


async def test_key_templates_are_queried_by_their_fields_or_their_text(
    connection: DynamoDBConnection,
) -> None:
    kind: Kind = KINDS["templates"]
    orders = await kind.repository(connection)
    await orders.batch_write([kind.make(number, number) for number in range(12)])
    for pk in ({"customer_id": "p"}, "CUSTOMER#p"):
        for value in ({"order_id": 9}, "ORDER#0009"):
            page = await orders.query_by_pk_and_sk(pk, SortKeyCondition.ge(value))
            assert [order.order_id for order in page.items] == [9, 10, 11]
        tens = await orders.query_by_pk_and_sk(pk, SortKeyCondition.begins_with("ORDER#001"))
        assert [order.order_id for order in tens.items] == [10, 11]
        assert all(type(order) is Order for order in tens.items)
