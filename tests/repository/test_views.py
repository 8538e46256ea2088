"""Reading a part of the fields, by every way to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConnection,
    GlobalIndex,
    InvalidItemError,
    InvalidRequestError,
    LocalIndex,
    SchemaError,
    SortKeyCondition,
    attr,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from tests.faked import on_fake


class Address(BaseModel):
    street: str
    city: str = "?"


class Person(BaseModel):
    team: str
    number: int
    name: str = Field(alias="n")
    rank: int = 0
    address: Address | None = None
    notes: str = "long"

    class Meta:
        partition_key = "team"
        sort_key = "number"
        gsis = (
            GlobalIndex("by_rank", "rank", "number", projection=("name",)),
            GlobalIndex("by_name", "name", projection="KEYS_ONLY"),
        )
        lsis = (LocalIndex("local_rank", "rank", projection="KEYS_ONLY"),)


class Street(BaseModel):
    street: str


class Card(BaseModel):
    name: str
    address: Street | None


class Label(BaseModel):
    number: int
    name: str


class Noted(BaseModel):
    address: Street | None


People = AsyncDynamoDBRepository[Person]
Ask = Callable[..., Awaitable[Any]]

PEOPLE: Final = [
    Person(team="t", number=n, n=f"p{n}", rank=n % 2, address=Address(street=f"s{n}") if n else None)
    for n in range(4)
]
CARDS: Final = [Card(name=f"p{n}", address=Street(street=f"s{n}") if n else None) for n in range(4)]
KEYS: Final = [("t", n) for n in range(4)]


async def by_get_one(people: People, **view: Any) -> Any:
    return [await people.get_one(*key, **view) for key in KEYS]


async def by_batch_get(people: People, **view: Any) -> Any:
    return await people.batch_get(KEYS, **view)


async def by_transact_get(people: People, **view: Any) -> Any:
    return await people.transact_get(KEYS, **view)


async def by_query(people: People, **view: Any) -> Any:
    return (await people.query_by_pk("t", **view)).items


async def by_query_of_sort_keys(people: People, **view: Any) -> Any:
    return (await people.query_by_pk_and_sk("t", SortKeyCondition.ge(0), **view)).items


async def by_iter_query(people: People, **view: Any) -> Any:
    return [item async for page in people.iter_query("t", page_size=3, **view) for item in page.items]


async def by_iter_query_items(people: People, **view: Any) -> Any:
    return [item async for item in people.iter_query_items("t", **view)]


async def by_scan(people: People, **view: Any) -> Any:
    return (await people.scan(**view)).items


async def by_iter_scan(people: People, **view: Any) -> Any:
    return [item async for page in people.iter_scan(page_size=3, **view) for item in page.items]


async def by_iter_scan_items(people: People, **view: Any) -> Any:
    return [item async for item in people.iter_scan_items(**view)]


async def by_segments(people: People, **view: Any) -> Any:
    return [item async for item in people.iter_scan_items(segments=2, **view)]


WAYS: Final[list[Ask]] = [
    by_get_one,
    by_batch_get,
    by_transact_get,
    by_query,
    by_query_of_sort_keys,
    by_iter_query,
    by_iter_query_items,
    by_scan,
    by_iter_scan,
    by_iter_scan_items,
    by_segments,
]


@pytest.fixture
async def people(connection: DynamoDBConnection) -> People:
    await connection.table_admin().create_table(Person)
    people = connection.repository(Person)
    await people.batch_write(PEOPLE)
    return people


@pytest.mark.parametrize("read", WAYS)
async def test_every_way_to_read_gives_views(people: People, read: Ask) -> None:
    assert await read(people) == PEOPLE
    assert await read(people, view=Card) == CARDS
    assert await read(people, view=None) == PEOPLE


async def test_an_item_that_is_not_there_has_no_view(people: People) -> None:
    keys = [("t", 9), ("t", 1), ("t", 9), ("t", 1)]
    assert await people.get_one("t", 9, view=Card) is None
    assert await people.batch_get(keys, view=Card) == [None, CARDS[1], None, CARDS[1]]
    assert await people.transact_get(keys[:2], view=Card) == [None, CARDS[1]]


@pytest.mark.parametrize("read", WAYS)
async def test_an_item_with_nothing_that_the_view_declares_is_there(people: People, read: Ask) -> None:
    """A reply without attributes could not be told from no item, so that the key goes along."""
    await people.batch_write(person.model_copy(update={"address": None}) for person in PEOPLE)
    assert await read(people, view=Noted) == [Noted(address=None)] * 4


async def test_a_view_is_filtered_by_fields_that_it_has_not(people: People) -> None:
    page = await people.query_by_pk(
        "t", view=Label, where=attr("address.street").exists() & attr("rank").eq(1)
    )
    assert page.items == [Label(number=1, name="p1"), Label(number=3, name="p3")]
    assert (page.count, page.scanned_count) == (2, 4)
    page = await people.scan(view=Label, where=lambda person: person.rank == 0, limit=1)
    assert page.items == [Label(number=0, name="p0")]


async def test_a_view_is_paged_in_either_direction(people: People) -> None:
    first = await people.query_by_pk("t", view=Card, limit=3, descending=True)
    assert first.items == CARDS[:0:-1]
    assert first.last_evaluated_key == {"team": "t", "number": 1}
    rest = await people.query_by_pk("t", view=Card, descending=True, cursor=first.cursor)
    assert (rest.items, rest.cursor) == ([CARDS[0]], None)


async def test_a_cursor_goes_on_with_another_view_or_with_whole_models(people: People) -> None:
    page = await people.query_by_pk("t", view=Card, limit=1)
    page_of_labels = await people.query_by_pk("t", view=Label, limit=1, cursor=page.cursor)
    assert page_of_labels.items == [Label(number=1, name="p1")]
    rest = await people.query_by_pk("t", cursor=page_of_labels.cursor)
    assert rest.items == PEOPLE[2:]


async def test_an_index_that_holds_a_part_gives_views_of_it(people: People) -> None:
    page = await people.query_by_pk(1, index="by_rank", view=Label)
    assert page.items == [Label(number=1, name="p1"), Label(number=3, name="p3")]
    found = [label async for label in people.iter_scan_items(index="by_name", view=Label)]
    assert sorted(label.name for label in found) == ["p0", "p1", "p2", "p3"]
    one = await people.query_by_pk_and_sk(1, SortKeyCondition.gt(1), index="by_rank", view=Label, limit=1)
    assert one.items == [Label(number=3, name="p3")]


async def test_an_item_that_does_not_fit_the_view_is_refused_by_name(people: People) -> None:
    class Short(BaseModel):
        name: str = Field(max_length=1)

    for read in WAYS:
        with pytest.raises(InvalidItemError, match="Short: the stored item does not fit: name"):
            await read(people, view=Short)


async def test_what_does_not_fit_the_model_does_not_matter_to_a_view_without_it(people: People) -> None:
    class Renamed(BaseModel):
        """The same table, with another type for the notes."""

        team: str
        number: int
        name: str = Field(alias="n")
        notes: int

        class Meta:
            partition_key = "team"
            sort_key = "number"

    async with AsyncDynamoDBRepository(
        Renamed, config=people.config, logger=people._logger, channel=people._channel
    ) as others:
        assert await others.get_one("t", 1, view=Label) == Label(number=1, name="p1")
        with pytest.raises(InvalidItemError, match="notes"):
            await others.get_one("t", 1)


# What is sent


def find_nothing(operation: str, _payload: Payload) -> Payload:
    found: dict[str, Payload] = {
        "GetItem": {},
        "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
        "TransactGetItems": {"Responses": [{}] * 4},
    }
    return found.get(operation, {"Items": [], "Count": 0, "ScannedCount": 0})


def asked_for(operation: str, payload: Payload) -> set[str]:
    """Give the projected paths of a request; nothing where whole items are asked for."""
    if operation == "BatchGetItem":
        payload = payload["RequestItems"]["app"]
    if operation == "TransactGetItems":
        payload = payload["TransactItems"][0]["Get"]
    if "ProjectionExpression" not in payload:
        return set()
    names, paths = payload["ExpressionAttributeNames"], payload["ProjectionExpression"].split(", ")
    return {".".join(names[step] for step in path.split(".")) for path in paths}


@pytest.mark.parametrize("read", WAYS)
async def test_only_what_the_view_declares_and_the_key_are_asked_for(read: Ask) -> None:
    fake = FakeTransport.answering(find_nothing)
    async with on_fake(fake, Person) as people:
        await read(people, view=Card)
        requests = list(fake.requests)
        await read(people)
    assert requests
    for request in requests:
        assert asked_for(*request) == {"team", "number", "n", "address.street"}
    for request in fake.requests[len(requests) :]:
        assert asked_for(*request) == set()


@pytest.mark.parametrize("read", WAYS)
@pytest.mark.parametrize("view", [Person.Meta, 1, [], Person(team="t", number=1, n="x")], ids=str)
async def test_what_is_no_view_is_refused_before_anything_is_sent(read: Ask, view: Any) -> None:
    class Unknown(BaseModel):
        phone: str

    fake = FakeTransport()
    async with on_fake(fake, Person) as people:
        with pytest.raises(SchemaError, match="takes a Pydantic model class"):
            await read(people, view=view)
        with pytest.raises(SchemaError, match=r"Unknown\.phone: Person stores no field"):
            await read(people, view=Unknown)
    assert fake.requests == []


async def test_iterators_refuse_a_view_when_they_are_made() -> None:
    class Unknown(BaseModel):
        phone: str

    fake = FakeTransport()
    async with on_fake(fake, Person) as people:
        for make in (people.iter_query, people.iter_query_items):
            with pytest.raises(SchemaError):
                make("t", view=Unknown)
        for scan in (people.iter_scan, people.iter_scan_items):
            with pytest.raises(SchemaError):
                scan(view=Unknown)
        with pytest.raises(InvalidRequestError, match="index by_name does not hold what Card needs"):
            people.iter_query("p1", index="by_name", view=Card)
    assert fake.requests == []
