"""A local index that lacks the discriminator: items of other models are left out all the same."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel

from dynarepo import InvalidRequestError, LocalIndex
from integration.behaviour.stores import Stores


class Cat(BaseModel):
    home: str
    name: str
    age: int
    kind: Literal["cat"] = "cat"

    class Meta:
        partition_key = "home"
        sort_key = "name"
        discriminator = "kind"
        lsis = (LocalIndex("by_age", "age", projection="KEYS_ONLY"), LocalIndex("by_kind", "kind"))


class Dog(BaseModel):
    home: str
    name: str
    age: int
    kind: Literal["dog"] = "dog"

    class Meta(Cat.Meta):
        pass


@pytest.mark.differs("embedded", reason="a local index does not fetch what it lacks")
async def test_a_narrow_local_index_leaves_out_other_models_and_keeps_to_the_limit(
    stores: Stores, pk: str
) -> None:
    cats = await stores.of(Cat)
    dogs = stores.connection.repository(Dog, table_name=cats.table_name)
    await cats.batch_write(Cat(home=pk, name=f"c{n}", age=2 * n) for n in range(4))
    await dogs.batch_write(Dog(home=pk, name=f"d{n}", age=2 * n + 1) for n in range(4))
    first = await cats.query_by_pk(pk, index="by_age", limit=3)
    rest = await cats.query_by_pk(pk, index="by_age", limit=3, cursor=first.cursor)
    assert [cat.age for cat in first.items] == [0, 2, 4]
    assert [cat.age for cat in rest.items] == [6]
    assert rest.cursor is None


async def test_an_index_by_the_discriminator_leaves_out_other_models(stores: Stores, pk: str) -> None:
    cats = await stores.of(Cat)
    dogs = stores.connection.repository(Dog, table_name=cats.table_name)
    await cats.save(Cat(home=pk, name="c", age=1))
    await dogs.save(Dog(home=pk, name="d", age=1))
    assert [dog.name for dog in (await dogs.query_by_pk(pk, index="by_kind")).items] == ["d"]


@pytest.mark.parametrize("index", ["by_age", "by_kind"])
async def test_what_cannot_be_told_apart_is_not_counted(stores: Stores, pk: str, index: str) -> None:
    cats = await stores.of(Cat)
    with pytest.raises(InvalidRequestError):
        await cats.count(pk, index=index)
