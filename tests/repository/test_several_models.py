"""Several models in one table: each repository reads its own items, and writes over no others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBBaseModel,
    DynamoDBConnection,
    DynamoDBTransactionError,
    GlobalIndex,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    KeyTemplate,
    SortKeyCondition,
    TableSchema,
    TransactWriteItem,
    VersionConflictError,
    WrongModelError,
    attr,
    increment,
    remove,
    set_,
)
from tests.several_models import Bird, Cat, Customer, Dog, Invoice, Order

CAT: Final = Cat(pk="p", sk="a", name="tom")
DOG: Final = Dog(pk="p", sk="a", name="rex")

Dogs = AsyncDynamoDBRepository[Dog]


@dataclass(frozen=True)
class Pets:
    """Repositories of one table; keys of one model are keys of the others, too."""

    cats: AsyncDynamoDBRepository[Cat]
    dogs: Dogs
    birds: AsyncDynamoDBRepository[Bird]
    anything: AsyncDynamoDBRepository[DynamoDBBaseModel]


@pytest.fixture
async def pets(connection: DynamoDBConnection) -> Pets:
    await connection.table_admin().create_table(Cat, Dog, Bird)
    return Pets(
        connection.repository(Cat),
        connection.repository(Dog),
        connection.repository(Bird),
        connection.repository(DynamoDBBaseModel),
    )


#: Every conditioned write of one item.
WRITES: Final[dict[str, Callable[[Dogs], Awaitable[object]]]] = {
    "save": lambda dogs: dogs.save(DOG),
    "save with a condition": lambda dogs: dogs.save(DOG, where=attr("name").eq("tom")),
    "save of a later version": lambda dogs: dogs.save(DOG.model_copy(update={"revision": 3})),
    "upsert": lambda dogs: dogs.upsert(DOG),
    "update": lambda dogs: dogs.update("p", "a", {"name": "rex"}),
    "update by actions": lambda dogs: dogs.update("p", "a", lambda d: [set_(d.name).to("rex")]),
    "update of a version": lambda dogs: dogs.update("p", "a", {"name": "rex"}, version=0),
    "delete": lambda dogs: dogs.delete("p", "a"),
    "delete with a condition": lambda dogs: dogs.delete("p", "a", where=attr("name").eq("tom")),
    "delete of a version": lambda dogs: dogs.delete("p", "a", version=0),
}

#: Every operation of a transaction.
OPERATIONS: Final[dict[str, TransactWriteItem]] = {
    "put": TransactWriteItem.put(DOG),
    "create": TransactWriteItem.create(DOG),
    "update": TransactWriteItem.update("p", "a", {"name": "rex"}),
    "update by actions": TransactWriteItem.update("p", "a", lambda d: [set_(d.name).to("rex")]),
    "delete": TransactWriteItem.delete("p", "a"),
    "check": TransactWriteItem.check("p", "a", where=attr("name").exists()),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_a_write_never_touches_an_item_of_another_model(
    pets: Pets, write: Callable[[Dogs], Awaitable[object]]
) -> None:
    await pets.cats.save(CAT)
    with pytest.raises(ConditionFailedError) as caught:
        await write(pets.dogs)
    assert type(caught.value) is ConditionFailedError
    assert (
        caught.value.message == "the item with this key is no Dog by its discriminator; nothing was changed"
    )
    assert caught.value.item is None
    assert await pets.cats.get_one("p", "a") == CAT


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
async def test_an_operation_of_a_transaction_never_touches_an_item_of_another_model(
    pets: Pets, operation: TransactWriteItem
) -> None:
    await pets.cats.save(CAT)
    other = TransactWriteItem.put(Dog(pk="p", sk="other"))
    with pytest.raises(DynamoDBTransactionError) as caught:
        await pets.dogs.transact_write([other, operation])
    first, reason = caught.value.reasons
    assert first is None
    assert reason is not None
    assert (reason.code, reason.operation, reason.old_item) == ("ConditionalCheckFailed", operation, None)
    assert await pets.cats.get_one("p", "a") == CAT
    assert await pets.dogs.get_one("p", "other") is None


async def test_a_transaction_over_two_models_guards_each_by_its_own(
    connection: DynamoDBConnection, pets: Pets
) -> None:
    await pets.cats.save(CAT)
    async with connection.transaction() as transaction:
        transaction.update(pets.cats, "p", "a", {"lives": 8})
        transaction.put(pets.dogs, Dog(pk="p", sk="b"))
    with pytest.raises(DynamoDBTransactionError) as caught:  # noqa: PT012 - its block's end sends it
        async with connection.transaction() as transaction:
            transaction.update(pets.cats, "p", "a", {"lives": 7})
            transaction.put(pets.cats, Cat(pk="p", sk="b"))
    assert [reason and reason.index for reason in caught.value.reasons] == [None, 1]
    assert await pets.cats.get_one("p", "a") == CAT.model_copy(update={"lives": 8})


async def test_a_create_names_what_it_found_without_a_model(pets: Pets) -> None:
    await pets.cats.save(CAT)
    with pytest.raises(ItemAlreadyExistsError) as caught:
        await pets.dogs.create(DOG)
    assert caught.value.item is None


async def test_a_mutation_reads_and_so_refuses_an_item_of_another_model(pets: Pets) -> None:
    await pets.cats.save(CAT)
    with pytest.raises(WrongModelError, match="no Dog"):
        await pets.dogs.mutate("p", "a", change=lambda dog: dog)
    assert await pets.cats.get_one("p", "a") == CAT


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_an_item_without_a_discriminator_is_of_no_model(
    pets: Pets, write: Callable[[Dogs], Awaitable[object]]
) -> None:
    unmarked = DynamoDBBaseModel(pk="p", sk="a")
    await pets.anything.save(unmarked)
    with pytest.raises(ConditionFailedError, match="no Dog by its discriminator"):
        await write(pets.dogs)
    assert await pets.anything.get_one("p", "a") == unmarked
    with pytest.raises(WrongModelError, match="is missing"):
        await pets.dogs.get_one("p", "a")


async def test_writes_work_on_no_item_and_on_one_of_the_model(pets: Pets) -> None:
    dogs = pets.dogs
    assert not await dogs.delete("p", "a")
    with pytest.raises(ItemNotFoundError):
        await dogs.update("p", "a", {"name": "rex"})
    saved = await dogs.save(DOG)
    assert await dogs.upsert(DOG) == DOG.model_copy(update={"revision": 2})
    updated = await dogs.update("p", "a", {"name": "fido"}, version=2)
    assert await dogs.save(updated) == updated.model_copy(update={"revision": 4})
    with pytest.raises(VersionConflictError):
        await dogs.save(saved)
    assert (await dogs.mutate("p", "a", change=lambda dog: dog)).revision == 5
    with pytest.raises(ConditionFailedError, match="the condition does not hold"):
        await dogs.delete("p", "a", where=attr("name").eq("tom"))
    assert await dogs.delete("p", "a", version=5)
    await dogs.upsert(DOG)
    await dogs.transact_write([TransactWriteItem.update("p", "a", lambda d: [set_(d.name).to("x")])])
    await dogs.transact_write([TransactWriteItem.delete("p", "a")])
    assert await dogs.get_one("p", "a") is None


async def test_the_discriminator_stays_through_every_write(pets: Pets) -> None:
    cats = pets.cats
    await cats.save(CAT)
    await cats.update("p", "a", lambda c: [increment(c.lives, -1)])
    await cats.upsert(CAT)
    await cats.transact_write([TransactWriteItem.put(CAT)])
    await cats.batch_write([CAT, Cat(pk="p", sk="b")])
    async with cats.batch() as batch:
        await batch.save(Cat(pk="p", sk="c"))
    assert [cat.sk for cat in (await cats.query_by_pk("p")).items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "update",
    [
        {"kind": "cat"},
        lambda c: [set_(c.kind).to("cat")],
        lambda c: [set_(c.kind).to(c.name)],
        lambda c: [set_(c.kind).if_not_exists("cat")],
        lambda c: [remove(c.kind)],
    ],
)
async def test_no_update_sets_a_discriminator_that_is_a_field(pets: Pets, update: Any) -> None:
    await pets.cats.save(CAT)
    with pytest.raises(InvalidRequestError, match="kind: the discriminator says which model"):
        await pets.cats.update("p", "a", update)
    with pytest.raises(InvalidRequestError, match="kind: the discriminator says which model"):
        await pets.cats.transact_write([TransactWriteItem.update("p", "a", update)])
    assert await pets.cats.get_one("p", "a") == CAT


async def test_a_batch_is_not_guarded(pets: Pets) -> None:
    """The service takes no conditions there; the documentation says so."""
    await pets.cats.batch_write([CAT, Cat(pk="p", sk="b")])
    assert await pets.birds.batch_write([Bird(pk="p", sk="a")]) == 1
    assert await pets.birds.get_one("p", "a") == Bird(pk="p", sk="a")
    assert await pets.birds.batch_delete([("p", "b")]) == 1
    assert await pets.cats.get_one("p", "b") is None


class Part(BaseModel):
    """Its index key is made of two fields, so that an update of one reads the other first."""

    pk: str
    status: str = "new"
    rank: int = 1

    class Meta:
        partition_key = "pk"
        gsis = (GlobalIndex("idx", KeyTemplate("g", "{status}#{rank}")),)
        discriminator = "entity"


class Whole(Part):
    """The same, of another name."""


async def test_an_update_that_reads_first_is_guarded_as_well(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Part, Whole)
    parts, wholes = connection.repository(Part), connection.repository(Whole)
    await parts.save(Part(pk="a"))
    with pytest.raises(ConditionFailedError, match="no Whole by its discriminator"):
        await wholes.update("a", changes={"status": "old"})
    assert await parts.get_one("a") == Part(pk="a")
    assert await parts.update("a", changes={"status": "old"}) == Part(pk="a", status="old")


class Named(BaseModel):
    name: str


READS: Final[dict[str, Callable[[Dogs], Awaitable[object]]]] = {
    "get_one": lambda dogs: dogs.get_one("p", "a"),
    "get_one consistently": lambda dogs: dogs.get_one("p", "a", consistent=True),
    "get_one of a view": lambda dogs: dogs.get_one("p", "a", view=Named),
    "batch_get": lambda dogs: dogs.batch_get([("p", "none"), ("p", "a")]),
    "batch_get of a view": lambda dogs: dogs.batch_get([("p", "a")], view=Named),
    "transact_get": lambda dogs: dogs.transact_get([("p", "none"), ("p", "a")]),
    "transact_get of a view": lambda dogs: dogs.transact_get([("p", "a")], view=Named),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_a_read_by_key_refuses_an_item_of_another_model(
    pets: Pets, read: Callable[[Dogs], Awaitable[object]]
) -> None:
    await pets.cats.save(CAT)
    with pytest.raises(WrongModelError) as caught:
        await read(pets.dogs)
    assert caught.value.message == "the stored item is no Dog: its discriminator 'kind' names another model"
    assert caught.value.fields == ("kind",)


@dataclass(frozen=True)
class Shop:
    """Repositories of one table, in which ada has one profile, six orders and three invoices."""

    customers: AsyncDynamoDBRepository[Customer]
    orders: AsyncDynamoDBRepository[Order]
    invoices: AsyncDynamoDBRepository[Invoice]


ORDERS: Final = [Order(customer_id="ada", order_id=number, total=number * 10) for number in range(6)]


@pytest.fixture
async def shop(connection: DynamoDBConnection) -> Shop:
    await connection.table_admin().create_table(Customer, Order, Invoice)
    shop = Shop(connection.repository(Customer), connection.repository(Order), connection.repository(Invoice))
    await shop.customers.save(Customer(customer_id="ada"))
    await shop.orders.batch_write(ORDERS)
    await shop.invoices.batch_write(Invoice(customer_id="ada", number=number) for number in range(3))
    return shop


async def test_queries_give_the_models_own_items(shop: Shop) -> None:
    page = await shop.orders.query_by_pk({"customer_id": "ada"})
    assert (page.items, page.count, page.scanned_count) == (ORDERS, 6, 10)
    assert (await shop.customers.query_by_pk("CUSTOMER#ada")).items == [Customer(customer_id="ada")]
    below = SortKeyCondition.lt("P")
    assert (await shop.orders.query_by_pk_and_sk("CUSTOMER#ada", below)).items == ORDERS
    assert [order async for order in shop.orders.iter_query_items("CUSTOMER#ada", page_size=3)] == ORDERS


async def test_a_query_has_its_condition_beside_the_models(shop: Shop) -> None:
    some = attr("total").le(10) | attr("total").ge(50)
    page = await shop.orders.query_by_pk("CUSTOMER#ada", where=some)
    assert page.items == [ORDERS[0], ORDERS[1], ORDERS[5]]


async def test_a_limit_counts_the_models_own_items(shop: Shop) -> None:
    found: list[Order] = []
    cursor: str | None = None
    for _ in range(3):
        page = await shop.orders.query_by_pk("CUSTOMER#ada", limit=2, cursor=cursor)
        assert page.count == 2
        found += page.items
        cursor = page.cursor
    assert found == ORDERS


async def test_scans_give_the_models_own_items(shop: Shop) -> None:
    assert (await shop.orders.scan()).items == ORDERS
    assert (await shop.orders.scan(limit=4)).items == ORDERS[:4]
    found = [order async for order in shop.orders.iter_scan_items(segments=3)]
    assert sorted(order.order_id for order in found) == list(range(6))
    assert (await shop.customers.scan()).items == [Customer(customer_id="ada")]


async def test_counts_are_of_the_models_own_items(shop: Shop) -> None:
    assert await shop.orders.count("CUSTOMER#ada") == 6
    assert await shop.invoices.count("CUSTOMER#ada") == 3
    assert await shop.customers.count("CUSTOMER#ada", SortKeyCondition.gt("A")) == 1
    assert await shop.orders.count("CUSTOMER#ada", where=attr("total").gt(20)) == 3


async def test_an_index_gives_the_models_own_items(shop: Shop) -> None:
    page = await shop.orders.query_by_pk("open", index="by_status")
    assert sorted(order.order_id for order in page.items) == list(range(6))
    assert await shop.customers.count("open", index="by_status") == 1
    assert (await shop.invoices.scan(index="by_status", limit=2)).count == 2


async def test_an_index_of_some_fields_holds_the_discriminator(shop: Shop) -> None:
    class Total(BaseModel):
        order_id: int
        total: int

    page = await shop.orders.query_by_pk("open", index="by_total", view=Total, descending=True)
    assert [each.total for each in page.items] == [50, 40, 30, 20, 10, 0]
    assert await shop.orders.count("open", SortKeyCondition.ge(30), index="by_total") == 3


async def test_an_index_of_keys_is_read_hydrated_or_not_at_all(pets: Pets) -> None:
    for sk in ("b", "c"):
        await pets.cats.save(Cat(pk="p", sk=sk, name="x"))
    await pets.dogs.save(Dog(pk="p", sk="a", name="x"))
    with pytest.raises(InvalidRequestError, match=r"index by_name does not hold what Named needs \(kind\)"):
        await pets.cats.query_by_pk("x", index="by_name", view=Named)
    with pytest.raises(InvalidRequestError, match=r"index by_name does not hold what Cat needs \(kind\)$"):
        await pets.cats.count("x", index="by_name")
    page = await pets.cats.query_by_pk("x", index="by_name", hydrate=True)
    assert [cat.sk for cat in page.items] == ["b", "c"]
    names = await pets.cats.query_by_pk("x", index="by_name", view=Named, hydrate=True)
    assert names.items == [Named(name="x")] * 2


async def test_a_model_without_a_discriminator_sees_all_items(
    connection: DynamoDBConnection, shop: Shop
) -> None:
    class Anything(BaseModel):
        customer_id: str
        sk: str

    schema = TableSchema(KeyTemplate("pk", "CUSTOMER#{customer_id}"), "sk")
    anything = connection.repository(Anything, schema=schema)
    assert await anything.count("CUSTOMER#ada") == 10
    assert [each.sk for each in (await anything.query_by_pk("CUSTOMER#ada", limit=1)).items] == [
        "INVOICE#0000"
    ]
