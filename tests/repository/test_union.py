"""Several models read as a union: every item comes back as its own model, and a third one's never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncUnionRepository,
    ConfigurationError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    GlobalIndex,
    InvalidCursorError,
    InvalidKeyError,
    InvalidRequestError,
    SchemaError,
    SortKeyCondition,
    WrongModelError,
    attr,
)
from tests.recording_logger import RecordingLogger
from tests.several_models import Bird, Cat, Customer, Dog, Invoice, Order

Thing = Customer | Order
Shop = AsyncUnionRepository[Thing]

PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
ADA: Final = Customer(customer_id="ada", name="Ada")
GONE: Final = Customer(customer_id="gone", expires_at=PAST)
ORDERS: Final = [Order(customer_id="ada", order_id=number, total=number * 10) for number in range(6)]
#: In the order of their sort keys, between which the invoices are left out.
THINGS: Final[list[Thing]] = [*ORDERS, ADA]


def kinds(things: Iterable[Thing]) -> dict[str, int]:
    return Counter(type(thing).__name__ for thing in things)


@pytest.fixture
async def shop(connection: DynamoDBConnection) -> Shop:
    """Give a union of two of the three models in a table."""
    await connection.table_admin().create_table(Customer, Order, Invoice)
    await connection.repository(Customer).batch_write([ADA, GONE])
    await connection.repository(Order).batch_write(ORDERS)
    await connection.repository(Invoice).batch_write(
        Invoice(customer_id="ada", number=number) for number in range(3)
    )
    return connection.union_repository(Customer, Order)


async def test_a_query_gives_each_item_as_its_own_model(shop: Shop) -> None:
    page = await shop.query_by_pk({"customer_id": "ada"})
    assert page.items == THINGS
    assert [type(thing) for thing in page.items] == [Order] * 6 + [Customer]
    assert (page.count, page.scanned_count) == (7, 10)
    assert (await shop.query_by_pk("CUSTOMER#ada", descending=True)).items == THINGS[::-1]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (SortKeyCondition.begins_with("ORDER#"), ORDERS),
        (SortKeyCondition.eq("PROFILE"), [ADA]),
        (SortKeyCondition.ne("ORDER#0003"), [*ORDERS[:3], *ORDERS[4:], ADA]),
        (SortKeyCondition.between("ORDER#0004", "P" * 9), ORDERS[4:]),
    ],
)
async def test_a_sort_key_condition_is_on_stored_text(
    shop: Shop, condition: SortKeyCondition, expected: list[Thing]
) -> None:
    assert (await shop.query_by_pk_and_sk({"customer_id": "ada"}, condition)).items == expected
    assert [thing async for thing in shop.iter_query_items("CUSTOMER#ada", condition)] == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (lambda thing: thing.status == "open", THINGS),
        (lambda thing: thing.customer_id == "eve", []),
        (attr("total").ge(40), ORDERS[4:]),
        (attr("name").eq("Ada"), [ADA]),
        (attr("name").eq("Ada") | attr("total").eq(0), [ORDERS[0], ADA]),
        (attr("total").not_exists(), [ADA]),
    ],
)
async def test_a_condition_may_name_the_fields_of_any_of_them(
    shop: Shop, where: Any, expected: list[Thing]
) -> None:
    assert (await shop.query_by_pk("CUSTOMER#ada", where=where)).items == expected
    assert await shop.count("CUSTOMER#ada", where=where) == len(expected)


async def test_a_condition_on_a_field_of_none_of_them_is_refused(shop: Shop) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"Customer \| Order: none of the models stores a field num"
    ):
        await shop.scan(where=attr("number").eq(1))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_cursors_lead_through_all_of_it(shop: Shop, limit: int) -> None:
    found: list[Thing] = []
    cursor: str | None = None
    while True:
        page = await shop.query_by_pk("CUSTOMER#ada", limit=limit, cursor=cursor)
        assert page.count <= limit
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert found == THINGS


async def test_a_plain_position_leads_on_as_well(shop: Shop) -> None:
    page = await shop.query_by_pk("CUSTOMER#ada", limit=5)
    assert page.last_evaluated_key == {"pk": "CUSTOMER#ada", "sk": "ORDER#0004"}
    rest = await shop.query_by_pk("CUSTOMER#ada", last_evaluated_key=page.last_evaluated_key)
    assert rest.items == THINGS[5:]


async def test_a_cursor_is_of_these_very_models(connection: DynamoDBConnection, shop: Shop) -> None:
    page = await shop.query_by_pk("CUSTOMER#ada", limit=2)
    for other in (connection.union_repository(Order, Invoice), connection.repository(Order)):
        with pytest.raises(InvalidCursorError):
            await other.query_by_pk("CUSTOMER#ada", cursor=page.cursor)


async def test_scans_leave_out_a_third_model(shop: Shop) -> None:
    assert kinds((await shop.scan()).items) == {"Order": 6, "Customer": 2}
    assert (await shop.scan(limit=3)).count == 3
    found = [thing async for thing in shop.iter_scan_items(segments=3)]
    assert kinds(found) == {"Order": 6, "Customer": 2}
    assert sum([page.count async for page in shop.iter_scan(page_size=2)]) == 8


async def test_counts_are_of_the_union(shop: Shop) -> None:
    assert await shop.count("CUSTOMER#ada") == 7
    assert await shop.count("CUSTOMER#ada", SortKeyCondition.begins_with("INVOICE#")) == 0


async def test_an_index_of_all_and_one_of_a_single_model_are_read(shop: Shop) -> None:
    page = await shop.query_by_pk_and_sk(
        "open", SortKeyCondition.eq({"customer_id": "ada"}), index="by_status"
    )
    assert kinds(page.items) == {"Order": 6, "Customer": 1}
    assert await shop.count("open", index="by_status") == 8
    page = await shop.query_by_pk_and_sk("open", SortKeyCondition.gt(30), index="by_total", hydrate=True)
    assert page.items == ORDERS[4:]


async def test_an_index_by_the_discriminator_is_queried_by_its_texts(connection: DynamoDBConnection) -> None:
    """What is a key of the queried index cannot be filtered, and need not be."""
    await connection.table_admin().create_table(Cat, Dog, Bird)
    cats, pets = connection.repository(Cat), connection.union_repository(Cat, Dog)
    await cats.save(Cat(pk="p", sk="a"))
    await connection.repository(Dog).save(Dog(pk="p", sk="b"))
    await connection.repository(Bird).save(Bird(pk="p", sk="c"))
    assert (await cats.query_by_pk("cat", index="by_kind")).items == [Cat(pk="p", sk="a")]
    assert await pets.count("dog", index="by_kind") == 1
    assert sorted(pet.kind for pet in (await pets.scan(index="by_kind")).items) == ["cat", "dog"]
    with pytest.raises(InvalidKeyError, match="kind: is declared as a Literal"):
        await cats.query_by_pk("dog", index="by_kind")
    assert (await pets.query_by_pk("bird", index="by_kind")).items == []


async def test_a_read_by_key_gives_the_model_that_is_there(shop: Shop) -> None:
    assert await shop.get_one("CUSTOMER#ada", "PROFILE") == ADA
    assert await shop.get_one({"customer_id": "ada"}, "ORDER#0003") == ORDERS[3]
    assert await shop.get_one("CUSTOMER#ada", "none") is None
    keys = [("CUSTOMER#ada", sk) for sk in ("ORDER#0001", "none", "PROFILE")]
    assert await shop.batch_get(keys) == [ORDERS[1], None, ADA]
    assert await shop.transact_get(keys) == [ORDERS[1], None, ADA]


async def test_a_read_by_key_of_a_third_models_item_is_refused(shop: Shop) -> None:
    key = ("CUSTOMER#ada", "INVOICE#0001")
    message = r"the stored item is no Customer \| Order: its discriminator 'entity' names another model"
    for read in (shop.get_one(*key), shop.batch_get([key]), shop.transact_get([key])):
        with pytest.raises(WrongModelError, match=message):
            await read


async def test_a_key_that_the_models_make_differently_is_not_taken_apart(shop: Shop) -> None:
    with pytest.raises(InvalidKeyError, match="the models make this key in different ways"):
        await shop.get_one({"customer_id": "ada"}, {"order_id": 1})
    with pytest.raises(InvalidKeyError, match="the models make this key in different ways"):
        await shop.query_by_pk_and_sk("CUSTOMER#ada", SortKeyCondition.begins_with({"order_id": 1}))


class Brief(BaseModel):
    customer_id: str
    status: str


async def test_a_view_is_of_fields_that_all_have(shop: Shop) -> None:
    brief = Brief(customer_id="ada", status="open")
    assert (await shop.query_by_pk("CUSTOMER#ada", view=Brief)).items == [brief] * 7
    assert await shop.get_one("CUSTOMER#ada", "PROFILE", view=Brief) == brief
    assert await shop.batch_get([("CUSTOMER#ada", "PROFILE")], view=Brief) == [brief]
    assert await shop.transact_get([("CUSTOMER#ada", "PROFILE")], view=Brief) == [brief]
    with pytest.raises(WrongModelError, match="no Brief"):
        await shop.get_one("CUSTOMER#ada", "INVOICE#0001", view=Brief)

    class Totals(BaseModel):
        total: int

    with pytest.raises(SchemaError, match=r"Totals\.total: Customer stores no field"):
        await shop.scan(view=Totals)


async def test_expired_items_of_the_models_that_expire_are_left_out(shop: Shop) -> None:
    assert (await shop.query_by_pk("CUSTOMER#gone")).items == [GONE]
    assert (await shop.query_by_pk("CUSTOMER#gone", skip_expired=True)).items == []
    assert (await shop.query_by_pk("CUSTOMER#ada", skip_expired=True)).items == THINGS
    assert await shop.get_one("CUSTOMER#gone", "PROFILE", skip_expired=True) is None


async def test_expiry_that_no_model_declares_means_nothing(connection: DynamoDBConnection) -> None:
    union = connection.union_repository(Order, Invoice)
    with pytest.raises(InvalidRequestError, match=r"Order \| Invoice declares no ttl"):
        await union.scan(skip_expired=True)


async def test_a_union_cannot_be_written(connection: DynamoDBConnection, shop: Shop) -> None:
    assert not {"save", "create", "update", "upsert", "delete", "batch_write"} & set(dir(shop))
    with pytest.raises(InvalidRequestError, match=r"Customer \| Order: takes one model, not a union"):
        async with connection.transaction() as transaction:
            transaction.put(shop, Order(customer_id="ada", order_id=99))
    assert await shop.get_one("CUSTOMER#ada", "ORDER#0099") is None


def test_a_union_knows_its_models_and_table(connection: DynamoDBConnection) -> None:
    union = connection.union_repository(Cat, Dog, Bird, table_name="zoo")
    assert union.models == (Cat, Dog, Bird)
    assert union.table_name == "zoo"
    assert repr(union) == "AsyncUnionRepository(Cat | Dog | Bird, table_name='zoo')"
    with pytest.raises(InvalidRequestError, match="takes one model, not a union"):
        _ = union.model


async def test_options_make_another_union_on_the_same_connection(shop: Shop) -> None:
    other = shop.with_options(consistent_read=True)
    assert other.models == (Customer, Order)
    assert await other.get_one("CUSTOMER#ada", "PROFILE") == ADA


async def test_the_order_of_the_models_means_nothing(connection: DynamoDBConnection, shop: Shop) -> None:
    union = connection.union_repository(Order, Invoice, Customer)
    page = await union.query_by_pk("CUSTOMER#ada")
    assert [type(thing) for thing in page.items] == [Invoice] * 3 + [Order] * 6 + [Customer]


async def test_a_union_of_five_opens_its_own_connection(embedded_config: DynamoDBConfig) -> None:
    class Fish(DynamoDBBaseModel):
        class Meta:
            discriminator = ("kind", "fish")
            gsis = (GlobalIndex("by_scales", "scales"),)

        scales: int = 5

    class Newt(DynamoDBBaseModel):
        class Meta:
            discriminator = ("kind", "newt")

    zoo = AsyncUnionRepository[Cat | Dog | Bird | Fish | Newt](
        Cat, Dog, Bird, Fish, Newt, config=embedded_config, logger=RecordingLogger()
    )
    async with DynamoDBConnection(config=embedded_config, logger=RecordingLogger()) as connection:
        await connection.table_admin().create_table(*zoo.models)
        await connection.repository(Newt).save(Newt(pk="p", sk="b"))
        await connection.repository(Fish).save(Fish(pk="p", sk="a"))
    async with zoo:
        assert (await zoo.query_by_pk("p")).items == [Fish(pk="p", sk="a"), Newt(pk="p", sk="b")]
        assert (await zoo.query_by_pk(5, index="by_scales")).items == [Fish(pk="p", sk="a")]


class Here(DynamoDBBaseModel):
    class Meta:
        table_name = "here"
        discriminator = "entity"


class There(DynamoDBBaseModel):
    class Meta:
        table_name = "there"
        discriminator = "entity"


class Anywhere(DynamoDBBaseModel):
    class Meta:
        discriminator = "entity"


class Unmarked(DynamoDBBaseModel):
    """Declares no discriminator."""


def test_the_one_table_that_is_declared_counts(connection: DynamoDBConnection) -> None:
    assert connection.union_repository(Anywhere, Here).table_name == "here"
    assert connection.union_repository(Anywhere, Here, table_name="x-1").table_name == "x-1"
    assert connection.union_repository(Cat, Dog).table_name == connection.config.table_name


def test_models_of_different_tables_are_no_union(connection: DynamoDBConnection) -> None:
    with pytest.raises(SchemaError, match="share a table; their table_name differs"):
        connection.union_repository(Here, There)


def test_a_union_without_a_table_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Cat \| Dog has no table"):
        AsyncUnionRepository[Cat | Dog](Cat, Dog, config=DynamoDBConfig(), logger=RecordingLogger())


def test_models_that_are_no_union_are_refused(connection: DynamoDBConnection) -> None:
    with pytest.raises(SchemaError, match=r"Anywhere \| Unmarked: .* each with a discriminator"):
        connection.union_repository(Anywhere, Unmarked)
    with pytest.raises(SchemaError, match=r"Cat \| Anywhere: the models have different discriminator"):
        connection.union_repository(Cat, Anywhere)
    with pytest.raises(SchemaError, match="two or more models"):
        AsyncUnionRepository[Cat](Cat, config=DynamoDBConfig(table_name="app"), logger=RecordingLogger())
