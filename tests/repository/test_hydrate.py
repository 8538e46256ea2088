"""Items behind an index that holds their keys alone: listed there, and read from the table."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Any, Final

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConnection,
    GlobalIndex,
    InvalidCursorError,
    InvalidRequestError,
    LocalIndex,
    SortKeyCondition,
    ThrottledError,
    attr,
)
from dynarepo._codec import bind
from dynarepo._wire import Payload, WireItem
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.pages.batch_store import BatchStore, Leave, nothing
from tests.pages.paged_table import PagedTable

NOW: Final = 1_800_000_000


class Task(BaseModel):
    owner: str
    number: int
    topic: str = "t"
    rank: int = 0
    title: str = Field(default="", serialization_alias="ti")
    text: str = ""
    expires: int | None = None

    class Meta:
        partition_key = "owner"
        sort_key = "number"
        ttl = "expires"
        gsis = (
            GlobalIndex("keys", "topic", "rank", projection="KEYS_ONLY"),
            GlobalIndex("titles", "topic", "rank", projection=("title",)),
            GlobalIndex("everything", "topic", "rank"),
        )
        lsis = (LocalIndex("by_rank", "rank", projection="KEYS_ONLY"),)


class Title(BaseModel):
    title: str


class Place(BaseModel):
    topic: str
    rank: int


Tasks = AsyncDynamoDBRepository[Task]

#: In the order of the index, which is not that of the table.
TASKS: Final = [Task(owner=f"o{n % 3}", number=-n, rank=n, title=f"t{n}", text="x" * n) for n in range(12)]


@pytest.fixture
async def tasks(connection: DynamoDBConnection) -> Tasks:
    await connection.table_admin().create_table(Task)
    tasks = connection.repository(Task)
    await tasks.batch_write([*TASKS, Task(owner="o1", number=99, topic="other", rank=5)])
    return tasks


class Indexed:
    """Serves keys of an index from some items, and a table of others: what one has, the other may lack."""

    def __init__(
        self,
        listed: Iterable[Task] = TASKS,
        stored: Iterable[Task] = TASKS,
        *,
        cuts: Iterable[int] = repeat(1_000_000),
        leave: Leave = nothing,
    ) -> None:
        self._index = PagedTable(
            map(bind(Task).encode, listed), ("topic", "rank", "owner", "number"), cuts=cuts
        )
        self.store = BatchStore(leave, names=("owner", "number"))
        for item in map(bind(Task).encode, stored):
            self.store._apply({"PutRequest": {"Item": item}})

    async def __call__(self, operation: str, payload: Payload) -> Payload:
        """Answer one request; a listing gives what is projected."""
        if operation == "BatchGetItem":
            return await self.store(operation, payload)
        page = self._index(operation, payload)
        names = projected(payload)
        return page | {"Items": [{name: item[name] for name in names} for item in page["Items"]]}


def projected(payload: Payload) -> list[str]:
    paths = payload["ProjectionExpression"].split(", ")
    return [payload["ExpressionAttributeNames"][path] for path in paths]


def keys_of(fake: FakeTransport) -> list[list[WireItem]]:
    """Give the keys of each BatchGetItem."""
    return [
        payload["RequestItems"]["app"]["Keys"]
        for operation, payload in fake.requests
        if operation == "BatchGetItem"
    ]


# On a server


@pytest.mark.parametrize("page_size", [None, 1, 5])
@pytest.mark.parametrize("descending", [False, True])
async def test_whole_items_come_in_the_order_of_the_index(
    tasks: Tasks, page_size: int | None, descending: bool
) -> None:
    options: dict[str, Any] = {"index": "keys", "page_size": page_size, "descending": descending}
    found = [task async for task in tasks.iter_query_items("t", hydrate=True, **options)]
    assert found == (TASKS[::-1] if descending else TASKS)


async def test_every_listing_of_an_index_reads_whole_items_or_views(tasks: Tasks) -> None:
    condition = SortKeyCondition.between(3, 5)
    options: dict[str, Any] = {"index": "keys", "hydrate": True}
    page = await tasks.query_by_pk("t", **options)
    assert (page.items, page.count, page.scanned_count, page.cursor) == (TASKS, 12, 12, None)
    assert (await tasks.query_by_pk_and_sk("t", condition, **options)).items == TASKS[3:6]
    titles = await tasks.query_by_pk_and_sk("t", condition, view=Title, **options)
    assert titles.items == [Title(title=f"t{n}") for n in (3, 4, 5)]
    assert [page.items async for page in tasks.iter_query("t", condition, **options)] == [TASKS[3:6]]
    assert len((await tasks.scan(**options)).items) == 13
    assert len([task async for task in tasks.iter_scan_items(segments=3, **options)]) == 13
    assert {type(title) async for title in tasks.iter_scan_items(view=Title, **options)} == {Title}


@pytest.mark.parametrize("page_size", [None, 1, 4])
async def test_limits_and_cursors_go_through_an_index_with_a_filter(
    tasks: Tasks, page_size: int | None
) -> None:
    options: dict[str, Any] = {
        "index": "titles",
        "where": attr("title").ne("t3") & attr("number").ne(-7),
        "page_size": page_size,
        "hydrate": True,
    }
    found: list[Task] = []
    cursor: str | None = None
    while True:
        page = await tasks.query_by_pk("t", limit=4, cursor=cursor, **options)
        found += page.items
        if (cursor := page.cursor) is None:
            break
        assert page.count == 4
    assert found == [task for task in TASKS if task.rank not in (3, 7)]


async def test_a_cursor_of_views_is_a_place_in_the_index_which_they_do_not_know(tasks: Tasks) -> None:
    options: dict[str, Any] = {"index": "keys", "where": attr("number").ne(-7), "hydrate": True}
    first = await tasks.query_by_pk("t", view=Title, limit=6, **options)
    assert first.items == [Title(title=f"t{n}") for n in range(6)]
    assert first.last_evaluated_key == {"owner": "o2", "number": -5, "topic": "t", "rank": 5}
    rest = await tasks.query_by_pk("t", view=Title, cursor=first.cursor, **options)
    assert rest.items == [Title(title=f"t{n}") for n in (6, 8, 9, 10, 11)]


async def test_a_cursor_goes_on_whether_items_are_read_from_the_table_or_not(tasks: Tasks) -> None:
    page = await tasks.query_by_pk("t", index="titles", limit=5, hydrate=True)
    titles = await tasks.query_by_pk("t", index="titles", limit=2, view=Title, cursor=page.cursor)
    assert titles.items == [Title(title="t5"), Title(title="t6")]
    rest = await tasks.query_by_pk("t", index="titles", hydrate=True, cursor=titles.cursor)
    assert rest.items == TASKS[7:]
    with pytest.raises(InvalidCursorError):
        await tasks.query_by_pk("t", index="keys", hydrate=True, cursor=titles.cursor)


# What is sent


async def test_keys_are_listed_and_then_read_in_one_batch() -> None:
    fake = FakeTransport.answering(Indexed())
    async with on_fake(fake, Task) as tasks:
        assert (await tasks.query_by_pk("t", index="keys", hydrate=True)).items == TASKS
    (query, listing), (batch, _) = fake.requests
    assert (query, batch) == ("Query", "BatchGetItem")
    assert set(projected(listing)) == {"owner", "number", "topic", "rank"}
    assert keys_of(fake) == [[{"owner": {"S": t.owner}, "number": {"N": str(t.number)}} for t in TASKS]]
    assert "ProjectionExpression" not in str(fake.requests[1])


async def test_a_view_is_all_that_travels_from_the_table() -> None:
    fake = FakeTransport.answering(Indexed())
    async with on_fake(fake, Task) as tasks:
        page = await tasks.query_by_pk("t", index="keys", hydrate=True, view=Title, skip_expired=True)
    assert [title.title for title in page.items] == [task.title for task in TASKS]
    (_, listing), (_, batch) = fake.requests
    assert set(projected(listing)) == {"owner", "number", "topic", "rank"}
    assert set(projected(batch["RequestItems"]["app"])) == {"owner", "number", "ti", "expires"}


@pytest.mark.parametrize(("index", "view"), [("everything", None), ("titles", Title), ("keys", Place)])
async def test_what_the_index_holds_is_not_read_from_the_table(
    index: str, view: type[BaseModel] | None
) -> None:
    empty = {"Items": [], "Count": 0, "ScannedCount": 0}
    fake = FakeTransport(empty, empty)
    async with on_fake(fake, Task) as tasks:
        options: dict[str, Any] = {"index": index, "view": view}
        await tasks.query_by_pk("t", hydrate=True, **options)
        await tasks.query_by_pk("t", **options)
    hydrating, plain = fake.requests
    assert hydrating == plain


async def test_more_than_a_hundred_keys_are_read_in_chunks() -> None:
    many = [Task(owner="o", number=-n, rank=n) for n in range(230)]
    indexed = Indexed(many, many)
    async with on_fake(FakeTransport.answering(indexed), Task) as tasks:
        assert (await tasks.query_by_pk("t", index="keys", hydrate=True)).items == many
    assert sorted(indexed.store.sizes) == [30, 100, 100]


@pytest.mark.parametrize("limit", [1, 3])
async def test_no_more_items_are_read_than_the_limit_though_a_filter_lists_more(limit: int) -> None:
    indexed = Indexed()
    found: list[Task] = []
    cursor: str | None = None
    async with on_fake(FakeTransport.answering(indexed), Task) as tasks:
        while True:
            page = await tasks.query_by_pk(
                "t", index="keys", hydrate=True, limit=limit, cursor=cursor, where=attr("owner").ge("")
            )
            found += page.items
            if (cursor := page.cursor) is None:
                break
    assert found == TASKS
    assert sum(indexed.store.sizes) == len(TASKS)


async def test_a_page_without_keys_reads_nothing() -> None:
    fake = FakeTransport.answering(Indexed([]))
    async with on_fake(fake, Task) as tasks:
        assert (await tasks.query_by_pk("t", index="keys", hydrate=True)).items == []
    assert [operation for operation, _ in fake.requests] == ["Query"]


@pytest.mark.parametrize("consistent", [False, True])
async def test_the_configuration_decides_how_the_table_is_read(consistent: bool) -> None:
    fake = FakeTransport.answering(Indexed())
    async with on_fake(fake, Task, consistent_read=consistent) as tasks:
        await tasks.query_by_pk("t", index="keys", hydrate=True)
    (_, listing), (_, batch) = fake.requests
    assert "ConsistentRead" not in listing
    assert batch["RequestItems"]["app"].get("ConsistentRead", False) is consistent


async def test_what_cannot_be_read_so_is_refused_before_anything_is_sent() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Task) as tasks:
        for call in (
            tasks.query_by_pk("o1", hydrate=True),
            tasks.scan(hydrate=True),
            tasks.query_by_pk("t", index="keys"),
            tasks.query_by_pk("t", index="keys", hydrate=True, where=attr("text").eq("x")),
            tasks.query_by_pk("t", index="keys", hydrate=True, consistent=True),
        ):
            with pytest.raises(InvalidRequestError):
                await call
    assert fake.requests == []


# Between the index and the table


@pytest.mark.parametrize("cut", [1, 2, 5, 100])
@pytest.mark.parametrize("limit", [1, 3, 5])
async def test_items_that_are_gone_by_then_are_left_out_and_the_limit_is_kept(limit: int, cut: int) -> None:
    there = [task for task in TASKS if task.rank % 3 != 1]
    indexed = Indexed(stored=there, cuts=repeat(cut))
    found: list[Task] = []
    cursor: str | None = None
    async with on_fake(FakeTransport.answering(indexed), Task) as tasks:
        while True:
            page = await tasks.query_by_pk("t", index="keys", hydrate=True, limit=limit, cursor=cursor)
            found += page.items
            if (cursor := page.cursor) is None:
                break
            assert page.count == limit
        whole = [task async for task in tasks.iter_query_items("t", index="keys", hydrate=True)]
        some = [task async for task in tasks.iter_query_items("t", index="keys", hydrate=True, limit=limit)]
    assert found == whole == there
    assert some == there[:limit]


async def test_an_item_that_has_moved_in_the_index_is_given_as_it_is_and_leads_on_from_where_it_was() -> None:
    moved = [task.model_copy(update={"rank": 100 - task.rank, "topic": "other"}) for task in TASKS]
    async with on_fake(FakeTransport.answering(Indexed(stored=moved)), Task) as tasks:
        page = await tasks.query_by_pk("t", index="keys", hydrate=True, limit=5)
        rest = await tasks.query_by_pk("t", index="keys", hydrate=True, cursor=page.cursor)
    assert page.items + rest.items == moved


async def test_where_all_are_gone_the_listing_goes_on_to_its_end() -> None:
    fake = FakeTransport.answering(Indexed(stored=[], cuts=repeat(5)))
    async with on_fake(fake, Task) as tasks:
        page = await tasks.query_by_pk("t", index="keys", hydrate=True, limit=2)
        assert (page.items, page.scanned_count, page.cursor) == ([], 12, None)
        pages = [page async for page in tasks.iter_query("t", index="keys", hydrate=True)]
    assert [(page.count, page.scanned_count) for page in pages] == [(0, 5), (0, 5), (0, 2)]


async def test_keys_that_are_left_unprocessed_are_asked_for_again() -> None:
    indexed = Indexed(leave=lambda keys: keys[5:])
    async with on_fake(FakeTransport.answering(indexed), Task) as tasks:
        assert (await tasks.query_by_pk("t", index="keys", hydrate=True)).items == TASKS
    assert indexed.store.sizes == [12, 7, 2]


async def test_keys_that_are_never_processed_are_an_error_and_not_gone() -> None:
    indexed = Indexed(leave=lambda keys: keys)
    async with on_fake(FakeTransport.answering(indexed), Task) as tasks:
        with pytest.raises(ThrottledError):
            await tasks.query_by_pk("t", index="keys", hydrate=True)


async def test_items_that_have_expired_in_the_table_are_left_out_on_demand() -> None:
    stored = [task.model_copy(update={"expires": 1 if task.rank < 4 else None}) for task in TASKS]
    options: dict[str, Any] = {"index": "keys", "hydrate": True, "limit": 3}
    async with on_fake(FakeTransport.answering(Indexed(stored=stored)), Task) as tasks:
        assert (await tasks.query_by_pk("t", **options)).items == stored[:3]
        page = await tasks.query_by_pk("t", skip_expired=True, **options)
        assert (page.items, page.count) == (stored[4:7], 3)
        rest = await tasks.query_by_pk("t", skip_expired=True, cursor=page.cursor, **options)
    assert rest.items == stored[7:10]


async def test_items_of_other_models_are_left_out() -> None:
    class Other(Task):
        class Meta(Task.Meta):
            discriminator = ("kind", "OTHER")

    indexed = Indexed()
    for task in TASKS[:3]:
        item = bind(Other).encode(Other(**task.model_dump()))
        indexed.store._apply({"PutRequest": {"Item": item}})
    async with on_fake(FakeTransport.answering(indexed), Other) as others:
        page = await others.query_by_pk("t", index="keys", hydrate=True)
    assert [(type(other), other.rank) for other in page.items] == [(Other, 0), (Other, 1), (Other, 2)]
    assert page.scanned_count == 12
