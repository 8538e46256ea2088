"""Native queries and scans: whatever pages DynamoDB cuts, each item comes once and a limit is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import cycle
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo import (
    DeadlineExceededError,
    DynamoDBConfig,
    DynamoDBConnection,
    InvalidKeyError,
    InvalidRequestError,
    PaginationResult,
    TableGateway,
    UnexpectedResponseError,
)
from dynarepo._codec import encode_item
from dynarepo.testing import FakeTransport
from tests.models import Note
from tests.pages.paged_table import PagedTable
from tests.recording_logger import RecordingLogger

Item = dict[str, object]

ITEMS: Final[list[Item]] = [{"pk": "p", "sk": n, "odd": n % 2} for n in range(12)]
QUERY: Final[dict[str, Any]] = {
    "key_condition_expression": "#pk = :pk",
    "values": {":pk": "p"},
    "names": {"#pk": "pk"},
}
ODD: Final[dict[str, Any]] = {
    "key_condition_expression": "#pk = :pk",
    "filter_expression": "#odd = :odd",
    "values": {":pk": "p", ":odd": 1},
    "names": {"#pk": "pk", "#odd": "odd"},
}
ODDS: Final = [item for item in ITEMS if item["odd"]]


@asynccontextmanager
async def on(transport: FakeTransport, **options: Any) -> AsyncIterator[TableGateway]:
    """Open a gateway on a fake."""
    config = DynamoDBConfig(**{"table_name": "app"} | options)
    async with TableGateway(config=config, logger=RecordingLogger(), transport=transport) as gateway:
        yield gateway


def stored(**options: Any) -> FakeTransport:
    """Store the items where pages are cut as the options say."""
    return FakeTransport.answering(PagedTable(map(encode_item, ITEMS), ("pk", "sk"), **options))


async def test_one_query_is_one_page() -> None:
    fake = stored(cuts=cycle([5]))
    async with on(fake) as gateway:
        page = await gateway.query(**QUERY)
    assert page == PaginationResult(ITEMS[:5], 5, 5, {"pk": "p", "sk": 4}, None)
    assert "Limit" not in fake.requests[0][1]


async def test_a_page_goes_on_behind_the_last_key_of_another() -> None:
    async with on(stored(cuts=cycle([5]))) as gateway:
        first = await gateway.query(**QUERY)
        second = await gateway.query(**QUERY, last_evaluated_key=first.last_evaluated_key)
        third = await gateway.query(**QUERY, last_evaluated_key=second.last_evaluated_key)
    assert first.items + second.items + third.items == ITEMS
    assert third.last_evaluated_key is None


async def test_a_query_can_go_down() -> None:
    async with on(stored()) as gateway:
        page = await gateway.query(**QUERY, descending=True, limit=3)
    assert page.items == ITEMS[:-4:-1]


@given(
    limit=st.integers(1, 14),
    page_size=st.none() | st.integers(1, 14),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    is_exact=st.booleans(),
    filtered=st.booleans(),
)
async def test_a_limit_is_kept_and_paging_on_loses_and_repeats_nothing(
    limit: int, page_size: int | None, cuts: list[int], is_exact: bool, filtered: bool
) -> None:
    asked, expected = (ODD, ODDS) if filtered else (QUERY, ITEMS)
    found: list[Item] = []
    position: Any = None
    async with on(stored(cuts=cycle(cuts), is_exact=is_exact)) as gateway:
        while True:
            page = await gateway.query(**asked, limit=limit, page_size=page_size, last_evaluated_key=position)
            found += page.items
            position = page.last_evaluated_key
            assert page.count == len(page.items) <= limit
            if position is None:
                break
            assert page.count == limit
    assert found == expected


@given(
    limit=st.none() | st.integers(1, 14),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    filtered=st.booleans(),
)
async def test_pages_are_those_of_dynamodb_until_the_limit(
    limit: int | None, cuts: list[int], filtered: bool
) -> None:
    asked, expected = (ODD, ODDS) if filtered else (QUERY, ITEMS)
    fake = stored(cuts=cycle(cuts))
    async with on(fake) as gateway:
        pages = [page async for page in gateway.iter_query(**asked, limit=limit)]
    assert [item for page in pages for item in page.items] == expected[:limit]
    assert len(pages) == len(fake.requests)


async def test_no_request_asks_for_more_than_is_left_of_the_limit_or_than_a_page_has() -> None:
    fake = stored()
    async with on(fake) as gateway:
        page = await gateway.query(**ODD, limit=3, page_size=2)
    assert [payload["Limit"] for _, payload in fake.requests] == [2, 2, 1, 1]
    assert (page.items, page.scanned_count) == (ODDS[:3], 6)
    assert page.last_evaluated_key == {"pk": "p", "sk": 5}


async def test_a_page_that_is_empty_is_not_the_end() -> None:
    fake = FakeTransport(
        {"Items": [], "Count": 0, "ScannedCount": 4, "LastEvaluatedKey": {"pk": {"S": "a"}}},
        {"Items": [{"pk": {"S": "b"}}], "Count": 1, "ScannedCount": 1},
    )
    async with on(fake) as gateway:
        page = await gateway.scan(filter_expression="attribute_exists(a)", limit=2)
    assert page == PaginationResult([{"pk": "b"}], 1, 5)
    assert [payload.get("ExclusiveStartKey") for _, payload in fake.requests] == [None, {"pk": {"S": "a"}}]


async def test_a_scan_reads_everything() -> None:
    async with on(stored(cuts=cycle([5]))) as gateway:
        page = await gateway.scan(limit=100)
        pages = [each async for each in gateway.iter_scan()]
        odd = await gateway.scan(
            filter_expression="#odd = :odd", names={"#odd": "odd"}, values={":odd": 1}, limit=100
        )
        rest = [
            item
            async for each in gateway.iter_scan(last_evaluated_key={"pk": "p", "sk": 4})
            for item in each.items
        ]
    assert page.items == ITEMS
    assert [each.count for each in pages] == [5, 5, 2]
    assert odd.items == ODDS
    assert rest == ITEMS[5:]


@pytest.mark.parametrize("operation", ["Query", "Scan"])
async def test_everything_that_is_asked_is_sent(operation: str) -> None:
    fake = FakeTransport({"Items": [], "Count": 0, "ScannedCount": 0})
    options: dict[str, Any] = {
        "filter_expression": "#a > :a",
        "projection_expression": "#a, b",
        "names": {"#a": "a"},
        "values": {":a": 1},
        "index_name": "by_a",
        "page_size": 7,
        "last_evaluated_key": {"pk": b"\0"},
        "consistent": True,
        "table_name": "other",
    }
    async with on(fake) as gateway:
        if operation == "Query":
            await gateway.query("a = :a", **options)
        else:
            await gateway.scan(**options)
    condition = {"KeyConditionExpression": "a = :a"} if operation == "Query" else {}
    assert fake.requests == [
        (
            operation,
            {
                "TableName": "other",
                "ReturnConsumedCapacity": "TOTAL",
                **condition,
                "FilterExpression": "#a > :a",
                "ProjectionExpression": "#a, b",
                "ExpressionAttributeNames": {"#a": "a"},
                "ExpressionAttributeValues": {":a": {"N": "1"}},
                "IndexName": "by_a",
                "ConsistentRead": True,
                "ExclusiveStartKey": {"pk": {"B": "AA=="}},
                "Limit": 7,
            },
        )
    ]


@pytest.mark.parametrize("name", ["limit", "page_size"])
@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", 2**31])
async def test_a_count_is_a_whole_number_from_1(name: str, value: Any) -> None:
    async with on(FakeTransport()) as gateway:
        with pytest.raises(InvalidRequestError, match=name):
            await gateway.query(**QUERY, **{name: value})
        with pytest.raises(InvalidRequestError, match=name):
            gateway.iter_scan(**{name: value})


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda gateway: gateway.iter_query("", values={}), InvalidRequestError),
        (lambda gateway: gateway.iter_query("a = :a", values={}), InvalidRequestError),
        (lambda gateway: gateway.iter_query(**QUERY, last_evaluated_key={}), InvalidKeyError),
        (lambda gateway: gateway.iter_scan(filter_expression=""), InvalidRequestError),
        (lambda gateway: gateway.iter_scan(last_evaluated_key={"pk": None}), InvalidKeyError),
    ],
)
async def test_the_arguments_of_an_iterator_are_checked_when_it_is_made(
    make: Callable[[TableGateway], object], error: type[Exception]
) -> None:
    async with on(FakeTransport()) as gateway:
        with pytest.raises(error):
            make(gateway)


async def test_an_iterator_asks_for_a_page_when_the_loop_wants_it() -> None:
    fake = stored(cuts=cycle([2]))
    async with on(fake) as gateway:
        pages = gateway.iter_query(**QUERY)
        assert fake.requests == []
        async with aclosing(pages):
            async for _ in pages:
                break
    assert len(fake.requests) == 1


async def test_a_page_of_more_items_than_were_asked_for_is_an_error() -> None:
    """Their last key would be lost, or the limit broken."""
    items = [encode_item(item) for item in ITEMS[:2]]
    async with on(FakeTransport({"Items": items, "Count": 2, "ScannedCount": 2})) as gateway:
        with pytest.raises(UnexpectedResponseError):
            await gateway.query(**QUERY, limit=1)


async def test_an_item_that_dynamodb_cannot_have_is_an_error() -> None:
    reply = {"Items": [{"pk": {"N": "x"}}], "Count": 1, "ScannedCount": 1}
    async with on(FakeTransport(reply)) as gateway:
        with pytest.raises(UnexpectedResponseError):
            await gateway.scan()


async def test_all_pages_of_a_limit_are_within_one_deadline() -> None:
    """A table that never comes to its end would be read for ever."""
    endless = {"Items": [], "Count": 0, "ScannedCount": 1, "LastEvaluatedKey": {"pk": {"S": "a"}}}
    async with on(FakeTransport.answering(lambda *_: endless), deadline=0.01) as gateway:
        with pytest.raises(DeadlineExceededError):
            await gateway.scan(limit=1)


async def test_an_index_is_paged_by_all_of_its_keys(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Note)
    notes = connection.repository(Note)
    await notes.batch_write(Note(owner="o", name=f"n{n}", topic="t", rank=n % 3) for n in range(9))
    gateway = connection.table_gateway()
    asked: dict[str, Any] = {
        "key_condition_expression": "topic = :t AND #r >= :r",
        "values": {":t": "t", ":r": 1},
        "names": {"#r": "rank"},
        "index_name": "by_topic",
    }
    first = await gateway.query(**asked, limit=4)
    assert first.last_evaluated_key is not None
    assert first.last_evaluated_key.keys() == {"owner", "name", "topic", "rank"}
    second = await gateway.query(**asked, last_evaluated_key=first.last_evaluated_key)
    assert [item["rank"] for item in first.items + second.items] == [1, 1, 1, 2, 2, 2]


async def test_the_segments_of_a_scan_are_the_whole_of_it() -> None:
    fake = stored(cuts=cycle([2]))
    async with on(fake) as gateway:
        found = [
            item
            for number in range(3)
            async for page in gateway.iter_scan(segment=(number, 3))
            for item in page.items
        ]
        page = await gateway.scan(segment=(1, 3), limit=2)
        rest = await gateway.scan(segment=(1, 3), limit=9, last_evaluated_key=page.last_evaluated_key)
    assert found == [item for number in range(3) for item in ITEMS[number::3]]
    assert page.items + rest.items == ITEMS[1::3]
    assert {payload["TotalSegments"] for _, payload in fake.requests} == {3}


@pytest.mark.parametrize("segment", [(2, 2), (-1, 2), (0, 0), (0, 1_000_001), (True, 2), [0, 2], 1])
async def test_a_segment_that_is_none_is_refused_without_a_request(segment: Any) -> None:
    fake = FakeTransport()
    async with on(fake) as gateway:
        with pytest.raises(InvalidRequestError, match="segment"):
            await gateway.scan(segment=segment)
        with pytest.raises(InvalidRequestError, match="segment"):
            gateway.iter_scan(segment=segment)
    assert fake.requests == []
