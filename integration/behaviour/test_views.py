"""A part of an item is read as a typed part, and a narrow index gives no more than it holds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    DynamoDBBaseModel,
    GlobalIndex,
    InvalidItemError,
    InvalidRequestError,
    LocalIndex,
    SchemaError,
    SortKeyCondition,
    attr,
)
from integration.behaviour.stores import Stores


class Address(BaseModel):
    street: str
    city: str = Field(default="?", serialization_alias="town.name")


class Customer(DynamoDBBaseModel):
    """With names that DynamoDB reserves, and one that looks like a path."""

    name: str = Field(alias="n")
    status: str = "new"
    count: int = Field(default=0, serialization_alias="a.b")
    home: Address | None = None
    work: Address | None
    homes: list[Address] = Field(default_factory=list)
    tags: set[str] = Field(default_factory=set)
    notes: str = ""


class Street(BaseModel):
    street: str


class City(BaseModel):
    city: str = "invented"


class Card(BaseModel):
    """Every default of its own is another than the stored model's."""

    name: str
    status: str = "invented"
    count: int = -1
    home: Street | None = Street(street="invented")
    work: City | None = City()
    homes: list[City] = [City()]
    tags: frozenset[str] = frozenset({"invented"})


class Tags(BaseModel):
    tags: set[str]


class Task(DynamoDBBaseModel):
    owner: str | None = None
    priority: int = 0
    title: str = "untitled"
    text: str = "no text"

    class Meta:
        gsis = (
            GlobalIndex("keys_only", partition_key="owner", sort_key="priority", projection="KEYS_ONLY"),
            GlobalIndex("with_title", partition_key="owner", sort_key="priority", projection=("title",)),
        )
        lsis = (LocalIndex("narrow", sort_key="priority", projection="KEYS_ONLY"),)


class Place(BaseModel):
    sk: str
    owner: str
    priority: int


class Title(BaseModel):
    priority: int
    title: str = "invented"


HOME = Address(street="s", city="c")


async def test_a_part_of_an_item_is_read_as_a_typed_part_rq134(stores: Stores, pk: str) -> None:
    customers = await stores.of(Customer)
    full = Customer(
        pk=pk, sk="a", n="Ada", count=7, home=HOME, work=HOME, homes=[HOME], tags={"t"}, notes="x"
    )
    await customers.batch_write([full, Customer(pk=pk, sk="b", n="Bo", work=None)])
    expected = [
        Card(
            name="Ada",
            status="new",
            count=7,
            home=Street(street="s"),
            work=City(city="c"),
            homes=[City(city="c")],
            tags=frozenset({"t"}),
        ),
        Card(name="Bo", status="new", count=0, home=None, work=None, homes=[], tags=frozenset()),
    ]
    keys = [(pk, "a"), (pk, "b")]
    assert [await customers.get_one(*key, view=Card) for key in keys] == expected
    assert await customers.batch_get([*keys, (pk, "c")], view=Card) == [*expected, None]
    assert await customers.transact_get([*keys, (pk, "c")], view=Card) == [*expected, None]
    assert (await customers.query_by_pk(pk, view=Card)).items == expected
    one = await customers.query_by_pk_and_sk(pk, SortKeyCondition.eq("b"), view=Card)
    assert one.items == expected[1:]
    assert [card async for card in customers.iter_query_items(pk, view=Card, page_size=1)] == expected


async def test_a_scan_gives_typed_parts_rq134(stores: Stores) -> None:
    customers = await stores.fresh(Customer)
    await customers.batch_write(Customer(pk=f"{n}", sk="a", n=f"{n}", work=None) for n in range(9))
    where = attr("status").eq("new") & attr("name").ne("3")
    found = [card async for card in customers.iter_scan_items(view=Card, where=where, segments=2)]
    assert sorted(card.name for card in found) == ["0", "1", "2", "4", "5", "6", "7", "8"]
    page = await customers.scan(view=Card, limit=4, page_size=3)
    rest = await customers.scan(view=Card, cursor=page.cursor)
    assert sorted(card.name for card in (*page.items, *rest.items)) == [str(n) for n in range(9)]


async def test_an_item_without_any_of_the_attributes_is_there_rq134(stores: Stores, pk: str) -> None:
    customers = await stores.of(Customer)
    await customers.save(Customer(pk=pk, sk="a", n="Ada", work=None))
    assert await customers.get_one(pk, "a", view=Tags) == Tags(tags=set())
    assert await customers.batch_get([(pk, "a"), (pk, "b")], view=Tags) == [Tags(tags=set()), None]
    assert await customers.transact_get([(pk, "a"), (pk, "b")], view=Tags) == [Tags(tags=set()), None]
    assert (await customers.query_by_pk(pk, view=Tags)).items == [Tags(tags=set())]


async def test_an_attribute_that_others_left_out_means_the_stored_default_or_is_an_error_rq134(
    stores: Stores, pk: str, raw: Any
) -> None:
    customers = await stores.of(Customer)
    for sk, item in (
        ("a", {"n": {"S": "Ada"}, "home": {"M": {"street": {"S": "s"}}}}),
        ("b", {"work": {"M": {}}}),
    ):
        await raw.put_item(
            TableName=customers.table_name,
            Item={"pk": {"S": pk}, "sk": {"S": sk}, "work": {"NULL": True}, **item},
        )
    expected = Card(
        name="Ada", status="new", count=0, home=Street(street="s"), work=None, homes=[], tags=frozenset()
    )
    assert await customers.get_one(pk, "a", view=Card) == expected
    with pytest.raises(InvalidItemError, match="name"):
        await customers.get_one(pk, "b", view=Card)


async def test_a_view_that_is_no_part_is_refused_unsent_rq134(
    stores: Stores, sent: list[str], pk: str
) -> None:
    customers = await stores.of(Customer)

    class Unknown(BaseModel):
        phone: str

    class OtherType(BaseModel):
        name: int

    sent.clear()
    for view, message in ((Unknown, "phone"), (OtherType, "name")):
        with pytest.raises(SchemaError, match=message):
            await customers.get_one(pk, "a", view=view)
        with pytest.raises(SchemaError, match=message):
            await customers.query_by_pk(pk, view=view)
    assert sent == []


async def test_a_narrow_index_gives_views_of_what_it_holds_ri140(
    stores: Stores, sent: list[str], pk: str
) -> None:
    tasks = await stores.of(Task)
    await tasks.batch_write(
        Task(pk=pk, sk=f"{n}", owner=pk, priority=-n, title=f"t{n}", text="x") for n in range(5)
    )
    places = [Place(sk=f"{n}", owner=pk, priority=-n) for n in (4, 3, 2, 1, 0)]
    titles = [Title(priority=-n, title=f"t{n}") for n in (4, 3, 2, 1, 0)]
    sent.clear()
    assert (await tasks.query_by_pk(pk, index="keys_only", view=Place)).items == places
    assert (await tasks.query_by_pk(pk, index="with_title", view=Title)).items == titles
    later = SortKeyCondition.gt(-3)
    page = await tasks.query_by_pk_and_sk(
        pk, later, index="with_title", view=Title, where=attr("title").ne("t1"), descending=True
    )
    assert page.items == [titles[4], titles[2]]
    assert sent == ["Query"] * 3


async def test_what_a_narrow_index_does_not_hold_is_refused_and_never_defaulted_ri140(
    stores: Stores, sent: list[str], pk: str
) -> None:
    tasks = await stores.of(Task)
    sent.clear()
    for index, view, lacking in (
        ("keys_only", None, "text, title"),
        ("with_title", None, "text"),
        ("keys_only", Title, "title"),
    ):
        options: dict[str, Any] = {"index": index, "view": view}
        for call in (tasks.query_by_pk(pk, **options), tasks.scan(**options)):
            with pytest.raises(InvalidRequestError, match=rf"{index} does not hold .* \({lacking}\)"):
                await call
    with pytest.raises(InvalidRequestError, match="text: the index does not hold it"):
        await tasks.query_by_pk(pk, index="keys_only", view=Place, where=attr("text").exists())
    assert sent == []


@pytest.mark.parametrize("index", ["keys_only", "with_title"])
@pytest.mark.parametrize("descending", [False, True])
async def test_a_narrow_index_gives_whole_items_in_its_order_on_demand_ri140(
    stores: Stores, sent: list[str], pk: str, index: str, descending: bool
) -> None:
    tasks = await stores.of(Task)
    written = [
        Task(pk=pk, sk=f"{n:02}", owner=pk, priority=-n, title=f"t{n}", text="x" * n) for n in range(23)
    ]
    await tasks.batch_write(written)
    expected = written if descending else written[::-1]
    options: dict[str, Any] = {"index": index, "descending": descending, "hydrate": True}
    sent.clear()
    page = await tasks.query_by_pk(pk, **options)
    assert (page.items, sent) == (expected, ["Query", "BatchGetItem"])
    titles = await tasks.query_by_pk(pk, view=Title, **options)
    assert titles.items == [Title(priority=task.priority, title=task.title) for task in expected]
    found: list[Task] = []
    cursor: str | None = None
    options |= {"where": attr("sk").ne("03"), "page_size": 4, "limit": 5}
    while True:
        page = await tasks.query_by_pk(pk, cursor=cursor, **options)
        found += page.items
        if (cursor := page.cursor) is None:
            break
        assert page.count == 5
    assert found == [task for task in expected if task.sk != "03"]


async def test_a_scan_of_a_narrow_index_gives_whole_items_on_demand_ri140(stores: Stores) -> None:
    tasks = await stores.fresh(Task)
    written = [Task(pk=f"{n}", sk="a", owner=f"o{n % 3}" if n else None, text="x") for n in range(130)]
    await tasks.batch_write(written)
    found = [task async for task in tasks.iter_scan_items(index="keys_only", hydrate=True, segments=2)]
    assert sorted(found, key=lambda task: int(task.pk)) == written[1:]


@pytest.mark.differs("embedded", "dynoxide", reason="a local index gives only what it holds itself")
async def test_a_narrow_local_index_fetches_what_a_view_needs_ri140(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    await tasks.batch_write(Task(pk=pk, sk=f"{n}", priority=-n, title=f"t{n}") for n in range(3))
    page = await tasks.query_by_pk(pk, index="narrow", view=Title)
    assert page.items == [Title(priority=-n, title=f"t{n}") for n in (2, 1, 0)]
