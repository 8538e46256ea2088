"""Several models in one table, on a server: conditions and filters by the discriminator, and unions."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBTransactionError,
    InvalidRequestError,
    ItemAlreadyExistsError,
    SortKeyCondition,
    TransactWriteItem,
    VersionConflictError,
    WrongModelError,
    attr,
    set_,
)
from integration.behaviour.stores import Stores
from tests.several_models import Bird, Cat, Customer, Dog, Invoice, Order


class Tables:
    """Two tables of three models each, which the tests share."""

    def __init__(self, stores: Stores, shop: str, pets: str) -> None:
        connection = stores.connection
        self.connection = connection
        self.customers = connection.repository(Customer, table_name=shop)
        self.orders = connection.repository(Order, table_name=shop)
        self.invoices = connection.repository(Invoice, table_name=shop)
        self.things = connection.union_repository(Customer, Order, table_name=shop)
        self.cats = connection.repository(Cat, table_name=pets)
        self.dogs = connection.repository(Dog, table_name=pets)
        self.birds = connection.repository(Bird, table_name=pets)
        self.pets = connection.union_repository(Cat, Dog, table_name=pets)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables(stores: Stores) -> AsyncIterator[Tables]:
    admin, suffix = stores.connection.table_admin(), secrets.token_hex(4)
    shop = await admin.create_table(Customer, Order, Invoice, table_name=f"integration-shop-{suffix}")
    pets = await admin.create_table(Cat, Dog, Bird, table_name=f"integration-pets-{suffix}")
    yield Tables(stores, shop, pets)
    await admin.delete_table(shop)
    await admin.delete_table(pets)


def orders_of(pk: str) -> list[Order]:
    return [Order(customer_id=pk, order_id=number, total=number * 10, status=pk) for number in range(6)]


async def fill(tables: Tables, pk: str) -> list[Customer | Order]:
    """Store one customer, six orders and three invoices, and give what the union is to find, in order."""
    customer = Customer(customer_id=pk, name="Ada", status=pk)
    await tables.customers.save(customer)
    await tables.orders.batch_write(orders_of(pk))
    await tables.invoices.batch_write(Invoice(customer_id=pk, number=n, status=pk) for n in range(3))
    return [*orders_of(pk), customer]


Dogs = AsyncDynamoDBRepository[Dog]

WRITES: Final[dict[str, Callable[[Dogs, Dog], Awaitable[object]]]] = {
    "save": lambda dogs, dog: dogs.save(dog),
    "save with a condition": lambda dogs, dog: dogs.save(
        dog, where=attr("name").eq("tom") | attr("name").exists()
    ),
    "save of a later version": lambda dogs, dog: dogs.save(dog.model_copy(update={"revision": 3})),
    "upsert": lambda dogs, dog: dogs.upsert(dog),
    "update": lambda dogs, dog: dogs.update(dog.pk, dog.sk, {"name": "rex"}),
    "update by actions": lambda dogs, dog: dogs.update(dog.pk, dog.sk, lambda d: [set_(d.name).to("rex")]),
    "update of a version": lambda dogs, dog: dogs.update(dog.pk, dog.sk, {"name": "rex"}, version=0),
    "delete": lambda dogs, dog: dogs.delete(dog.pk, dog.sk),
    "delete of a version": lambda dogs, dog: dogs.delete(dog.pk, dog.sk, version=0),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_a_write_never_touches_an_item_of_another_model(
    tables: Tables, pk: str, write: Callable[[Dogs, Dog], Awaitable[object]]
) -> None:
    cat = await tables.cats.save(Cat(pk=pk, sk="a", name="tom"))
    with pytest.raises(ConditionFailedError, match="no Dog by its discriminator") as caught:
        await write(tables.dogs, Dog(pk=pk, sk="a", name="rex"))
    assert type(caught.value) is ConditionFailedError
    assert caught.value.item is None
    assert await tables.cats.get_one(pk, "a") == cat


@pytest.mark.parametrize("write", [WRITES[name] for name in ("save", "upsert")])
async def test_a_write_makes_an_item_and_replaces_one_of_its_model(
    tables: Tables, pk: str, write: Callable[[Dogs, Dog], Awaitable[Dog]]
) -> None:
    first = await write(tables.dogs, Dog(pk=pk, sk="a"))
    second = await write(tables.dogs, first.model_copy(update={"name": "fido"}))
    assert await tables.dogs.get_one(pk, "a") == second
    assert (second.name, second.revision) == ("fido", 2)
    with pytest.raises(VersionConflictError):
        await tables.dogs.save(first)
    assert await tables.dogs.delete(pk, "a", version=2)
    assert not await tables.dogs.delete(pk, "a")


async def test_operations_of_a_transaction_never_touch_items_of_another_model(
    tables: Tables, pk: str
) -> None:
    cats = [Cat(pk=pk, sk=f"{number}") for number in range(5)]
    await tables.cats.batch_write(cats)
    with pytest.raises(DynamoDBTransactionError) as caught:
        await tables.dogs.transact_write(
            [
                TransactWriteItem.put(Dog(pk=pk, sk="0")),
                TransactWriteItem.create(Dog(pk=pk, sk="1")),
                TransactWriteItem.update(pk, "2", {"name": "rex"}),
                TransactWriteItem.delete(pk, "3"),
                TransactWriteItem.check(pk, "4", where=attr("name").exists()),
                TransactWriteItem.put(Dog(pk=pk, sk="5")),
            ]
        )
    codes = [reason and reason.code for reason in caught.value.reasons]
    assert codes == ["ConditionalCheckFailed"] * 5 + [None]
    assert all(reason is None or reason.old_item is None for reason in caught.value.reasons)
    assert (await tables.pets.query_by_pk(pk)).items == cats


async def test_a_transaction_writes_several_models(tables: Tables, pk: str) -> None:
    async with tables.connection.transaction() as transaction:
        transaction.put(tables.cats, Cat(pk=pk, sk="a"))
        transaction.create(tables.dogs, Dog(pk=pk, sk="b"))
        transaction.delete(tables.birds, pk, "c")
    assert [type(pet) for pet in (await tables.pets.query_by_pk(pk)).items] == [Cat, Dog]


async def test_a_create_finds_an_item_of_another_model(tables: Tables, pk: str) -> None:
    await tables.cats.save(Cat(pk=pk, sk="a"))
    with pytest.raises(ItemAlreadyExistsError) as caught:
        await tables.dogs.create(Dog(pk=pk, sk="a"))
    assert caught.value.item is None


async def test_a_batch_is_not_guarded(tables: Tables, pk: str) -> None:
    await tables.cats.save(Cat(pk=pk, sk="a"))
    await tables.birds.batch_write([Bird(pk=pk, sk="a")])
    assert await tables.birds.get_one(pk, "a") == Bird(pk=pk, sk="a")
    await tables.cats.batch_delete([(pk, "a")])
    assert await tables.birds.get_one(pk, "a") is None


async def test_a_read_by_key_refuses_an_item_of_another_model(tables: Tables, pk: str) -> None:
    await tables.cats.save(Cat(pk=pk, sk="a"))
    dogs = tables.dogs
    for read in (dogs.get_one(pk, "a"), dogs.batch_get([(pk, "a")]), dogs.transact_get([(pk, "a")])):
        with pytest.raises(WrongModelError, match="no Dog: its discriminator 'kind' names another model"):
            await read


async def test_queries_scans_and_counts_are_of_the_models_own_items(tables: Tables, pk: str) -> None:
    await fill(tables, pk)
    orders = orders_of(pk)
    page = await tables.orders.query_by_pk({"customer_id": pk})
    assert (page.items, page.scanned_count) == (orders, 10)
    assert await tables.orders.count(f"CUSTOMER#{pk}") == 6
    assert await tables.orders.count(f"CUSTOMER#{pk}", where=attr("total").ge(30)) == 3
    found = [order async for order in tables.orders.iter_scan_items(where=attr("customer_id").eq(pk))]
    assert sorted(found, key=lambda order: order.order_id) == orders
    assert (await tables.customers.query_by_pk({"customer_id": pk}, limit=1)).count == 1


async def test_an_index_gives_the_models_own_items(tables: Tables, pk: str) -> None:
    await fill(tables, pk)
    assert await tables.orders.count(pk, index="by_status") == 6
    assert [each.name for each in (await tables.customers.query_by_pk(pk, index="by_status")).items] == [
        "Ada"
    ]


async def test_an_index_by_the_discriminator_is_queried_by_its_texts(tables: Tables, pk: str) -> None:
    """What is a key of the queried index cannot be filtered, and need not be."""
    await tables.cats.save(Cat(pk=pk, sk="a", name=pk))
    await tables.dogs.save(Dog(pk=pk, sk="b", name=pk))
    named = SortKeyCondition.eq(pk)
    (cat,) = (await tables.cats.query_by_pk_and_sk("cat", named, index="by_kind")).items
    (dog,) = (await tables.pets.query_by_pk_and_sk("dog", named, index="by_kind")).items
    assert [type(pet) for pet in (cat, dog)] == [Cat, Dog]


class Total(BaseModel):
    order_id: int
    total: int


async def test_an_index_of_some_fields_holds_the_discriminator(tables: Tables, pk: str) -> None:
    await fill(tables, pk)
    page = await tables.orders.query_by_pk(pk, index="by_total", view=Total, descending=True)
    assert [each.total for each in page.items] == [50, 40, 30, 20, 10, 0]
    assert await tables.orders.count(pk, index="by_total") == 6


async def test_an_index_of_keys_is_read_hydrated_or_not_at_all(tables: Tables, pk: str) -> None:
    await tables.cats.batch_write([Cat(pk=pk, sk="b", name=pk), Cat(pk=pk, sk="c", name=pk)])
    await tables.dogs.save(Dog(pk=pk, sk="a", name=pk))
    with pytest.raises(InvalidRequestError, match=r"does not hold what Cat needs \(kind\)"):
        await tables.cats.count(pk, index="by_name")
    page = await tables.cats.query_by_pk(pk, index="by_name", hydrate=True)
    assert [cat.sk for cat in page.items] == ["b", "c"]


async def test_a_union_gives_each_item_as_its_own_model(tables: Tables, pk: str) -> None:
    expected = await fill(tables, pk)
    page = await tables.things.query_by_pk({"customer_id": pk})
    assert page.items == expected
    assert [type(thing) for thing in page.items] == [Order] * 6 + [Customer]
    begins = SortKeyCondition.begins_with("ORDER#")
    assert (await tables.things.query_by_pk_and_sk({"customer_id": pk}, begins)).items == expected[:6]
    assert await tables.things.count({"customer_id": pk}) == 7


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (attr("total").ge(40), slice(4, 6)),
        (attr("name").eq("Ada") | attr("total").eq(50), slice(5, 7)),
        (attr("status").ne("x") & attr("total").not_exists(), slice(6, 7)),
    ],
)
async def test_a_union_takes_conditions_on_the_fields_of_any(
    tables: Tables, pk: str, where: Any, found: slice
) -> None:
    expected = await fill(tables, pk)
    assert (await tables.things.query_by_pk({"customer_id": pk}, where=where)).items == expected[found]


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_cursors_lead_through_a_union(tables: Tables, pk: str, limit: int) -> None:
    expected = await fill(tables, pk)
    found: list[Customer | Order] = []
    page = await tables.things.query_by_pk({"customer_id": pk}, limit=limit)
    found += page.items
    while page.cursor is not None:
        page = await tables.things.query_by_pk({"customer_id": pk}, limit=limit, cursor=page.cursor)
        found += page.items
    assert found == expected


async def test_a_union_is_scanned_and_its_indexes_are_queried(tables: Tables, pk: str) -> None:
    expected = await fill(tables, pk)
    of_pk = attr("customer_id").eq(pk)
    found = [thing async for thing in tables.things.iter_scan_items(where=of_pk, segments=3)]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    assert await tables.things.count(pk, index="by_status") == 7


async def test_reads_by_key_of_a_union(tables: Tables, pk: str) -> None:
    expected = await fill(tables, pk)
    key = f"CUSTOMER#{pk}"
    assert await tables.things.get_one(key, "PROFILE") == expected[6]
    keys = [(key, sk) for sk in ("ORDER#0001", "none", "PROFILE")]
    assert await tables.things.batch_get(keys) == [expected[1], None, expected[6]]
    assert await tables.things.transact_get(keys) == [expected[1], None, expected[6]]
    with pytest.raises(WrongModelError, match=r"no Customer \| Order"):
        await tables.things.get_one(key, "INVOICE#0000")
