"""Loads of one turn of the loop, on a server: one request, and each caller its own item."""

from __future__ import annotations

import asyncio
from typing import Literal

from pydantic import BaseModel

from dynarepo import KeyTemplate, TableNotFoundError
from integration.behaviour.stores import Stores


class Author(BaseModel):
    name: str
    born: int = 0
    kind: Literal["author"] = "author"

    class Meta:
        partition_key = KeyTemplate("pk", "AUTHOR#{name}")
        sort_key = KeyTemplate("sk", "PROFILE")
        discriminator = "kind"


class Book(BaseModel):
    author: str
    title: str
    kind: Literal["book"] = "book"

    class Meta:
        partition_key = KeyTemplate("pk", "AUTHOR#{author}")
        sort_key = KeyTemplate("sk", "BOOK#{title}")
        discriminator = "kind"


class Shelf(BaseModel):
    number: int
    room: str = ""

    class Meta:
        partition_key = "number"


class Born(BaseModel):
    born: int


async def test_loads_of_two_models_of_one_table_are_one_request(stores: Stores, sent: list[str]) -> None:
    authors = await stores.of(Author)
    books = stores.connection.repository(Book, table_name=authors.table_name)
    await authors.batch_write(Author(name=f"a{n}", born=n) for n in range(30))
    await books.batch_write(Book(author=f"a{n}", title="t") for n in range(30))
    sent.clear()
    found = await asyncio.gather(
        *(authors.load((f"AUTHOR#a{n}", "PROFILE")) for n in range(32)),
        *(books.load((f"AUTHOR#a{n}", "BOOK#t")) for n in range(30)),
    )
    assert list[object](found) == [
        *(Author(name=f"a{n}", born=n) for n in range(30)),
        *(None, None),
        *(Book(author=f"a{n}", title="t") for n in range(30)),
    ]
    assert sent == ["BatchGetItem"]


async def test_loads_of_more_keys_than_a_request_takes_all_come_back(stores: Stores, sent: list[str]) -> None:
    shelves = await stores.of(Shelf)
    await shelves.batch_write(Shelf(number=n, room="x" * 3000) for n in range(230))
    sent.clear()
    found = await asyncio.gather(*(shelves.load(n % 230) for n in range(460)))
    assert [shelf and shelf.number for shelf in found] == [*range(230)] * 2
    assert sent == ["BatchGetItem"] * 3


async def test_a_view_and_a_consistent_load_come_beside_the_others(stores: Stores) -> None:
    authors = await stores.of(Author)
    await authors.save(Author(name="b", born=7))
    key = ("AUTHOR#b", "PROFILE")
    whole, part, fresh = await asyncio.gather(
        authors.load(key), authors.load(key, view=Born), authors.load(key, consistent=True)
    )
    assert (whole, part, fresh) == (Author(name="b", born=7), Born(born=7), Author(name="b", born=7))


async def test_a_table_that_is_not_there_fails_its_own_loads_only(stores: Stores) -> None:
    shelves = await stores.of(Shelf)
    await shelves.save(Shelf(number=900))
    nowhere = stores.connection.repository(Shelf, table_name=f"{shelves.table_name}-gone")
    found = await asyncio.gather(
        shelves.load(900), nowhere.load(900), nowhere.load(901), return_exceptions=True
    )
    assert found[0] == Shelf(number=900)
    assert [type(error) for error in found[1:]] == [TableNotFoundError] * 2


async def test_a_cancelled_load_leaves_the_others_their_items(stores: Stores) -> None:
    shelves = await stores.of(Shelf)
    await shelves.save(Shelf(number=901))
    tasks = [asyncio.create_task(shelves.load(901)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [Shelf(number=901)] * 2
