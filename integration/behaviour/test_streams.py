"""Changes of items, from a write to whoever follows them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBBaseModel
from dynarepo.streams import Change, MemoryCheckpoints, ShardPosition, StreamNotFoundError, TableCheckpoints
from integration.behaviour.stores import Stores
from tests.several_models import Customer, Order

View = Literal["keys_only", "new_image", "old_image", "new_and_old_images"]


class Note(DynamoDBBaseModel):
    text: str = ""
    number: int = 0
    seal: bytes = b""
    tags: frozenset[str] = frozenset()


class Nested(DynamoDBBaseModel):
    one: dict[str, str]
    several: list[dict[str, dict[str, list[int]]]]
    none: list[int]


class Streamed:
    """Tables with a stream, deleted at the end."""

    def __init__(self, stores: Stores) -> None:
        self.connection = stores.connection
        self.names: list[str] = []

    async def table(self, *models: type[BaseModel], stream: View | None = "new_and_old_images") -> str:
        """Make a table, and give its name."""
        name = f"integration-streamed-{secrets.token_hex(4)}"
        self.names.append(name)
        return await self.connection.table_admin().create_table(*models, table_name=name, stream=stream)

    async def notes(self, stream: View | None = "new_and_old_images") -> AsyncDynamoDBRepository[Note]:
        """Give a repository on a table of its own."""
        return self.connection.repository(Note, table_name=await self.table(Note, stream=stream))


@pytest_asyncio.fixture(loop_scope="session")
async def streamed(each_transport: Stores) -> AsyncIterator[Streamed]:
    made = Streamed(each_transport)
    yield made
    for name in made.names:
        await made.connection.table_admin().delete_table(name)


async def take(changes: Any, number: int) -> list[Change[Any]]:
    """Take so many changes, and leave."""
    async with asyncio.timeout(10), aclosing(changes):
        return [await anext(changes) for _ in range(number)]


async def test_every_write_is_a_change_with_its_items(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes()
    first = Note(pk=pk, sk="a", text="é", number=10**30, seal=b"\0\xff", tags=frozenset("xy"))
    await notes.save(first)
    second = await notes.update(pk, "a", {"number": 2})
    await notes.delete(pk, "a")
    changes = await take(notes.changes(start="oldest", poll_interval=0.1), 3)
    assert [(change.kind, change.old, change.new) for change in changes] == [
        ("insert", None, first),
        ("modify", first, second),
        ("remove", second, None),
    ]
    assert all(change.key == {"pk": pk, "sk": "a"} for change in changes)
    assert all(change.at is not None and not change.expired for change in changes)
    numbers = [int(change.sequence_number) for change in changes]
    assert numbers == sorted(numbers)


async def test_empty_maps_and_lists_come_as_they_were_written(streamed: Streamed, pk: str) -> None:
    """DynamoDB Local writes an empty map otherwise in a record than in an item."""
    nested = streamed.connection.repository(Nested, table_name=await streamed.table(Nested))
    item = Nested(pk=pk, sk="a", one={}, several=[{}, {"inner": {}, "full": {"list": []}}], none=[])
    await nested.save(item)
    (change,) = await take(nested.changes(start="oldest", poll_interval=0.1), 1)
    assert change.new == item


@pytest.mark.parametrize("stream", ["keys_only", "new_image", "old_image"])
async def test_a_stream_has_what_it_was_made_for(streamed: Streamed, pk: str, stream: View) -> None:
    notes = await streamed.notes(stream)
    await notes.save(Note(pk=pk, sk="a", number=1))
    await notes.save(Note(pk=pk, sk="a", number=2))
    _, change = await take(notes.changes(start="oldest", poll_interval=0.1), 2)
    assert change.key == {"pk": pk, "sk": "a"}
    assert (change.old is None, change.new is None) == (stream != "old_image", stream != "new_image")
    assert await streamed.connection.table_admin().stream_view(notes.table_name) == stream


async def test_changes_of_a_key_come_in_the_order_of_the_writes(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes()
    for number in range(40):
        await notes.save(Note(pk=f"{pk}-{number % 3}", sk="a", number=number))
    changes = await take(notes.changes(start="oldest", page_size=7, poll_interval=0.1), 40)
    for name in {change.key["pk"] for change in changes}:
        numbers = [change.new.number for change in changes if change.new and change.key["pk"] == name]
        assert numbers == sorted(numbers)
    assert sorted(change.new.number for change in changes if change.new) == list(range(40))


async def test_another_run_goes_on_from_checkpoints_in_a_table(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes()
    positions = streamed.connection.repository(
        ShardPosition, table_name=await streamed.table(ShardPosition, stream=None)
    )
    await notes.batch_write(Note(pk=pk, sk=f"{number}") for number in range(10))
    seen: list[object] = []
    while len(seen) < 10:
        run = notes.changes(
            start="oldest",
            checkpoints=TableCheckpoints(positions, "tests"),
            checkpoint_every=1,
            page_size=4,
            poll_interval=0.1,
        )
        async with asyncio.timeout(30), aclosing(run):
            seen += [(await anext(run)).key["sk"] for _ in range(3 if len(seen) < 9 else 1)]
            if len(seen) < 10:
                await anext(run)  # in hand when it ends
    assert sorted(map(str, seen)) == [f"{number}" for number in range(10)]


@pytest.mark.differs("dynoxide", reason="dynoxide gives an open shard an end")
async def test_a_start_at_the_latest_gives_what_is_written_then(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes()
    await notes.save(Note(pk=pk, sk="before"))
    kept = MemoryCheckpoints()
    changes = notes.changes(start="latest", checkpoints=kept, poll_interval=0.1)
    waiting = asyncio.ensure_future(take(changes, 1))
    while not waiting.done():
        await notes.save(Note(pk=pk, sk=f"after-{secrets.token_hex(4)}"))
        await asyncio.sleep(0.05)
    (change,) = await waiting
    assert str(change.key["sk"]).startswith("after")


async def test_repositories_and_unions_give_their_own(streamed: Streamed, pk: str) -> None:
    name = await streamed.table(Customer, Order)
    connection = streamed.connection
    orders = connection.repository(Order, table_name=name)
    customer, order = Customer(customer_id=pk), Order(customer_id=pk, order_id=1)
    await connection.repository(Customer, table_name=name).save(customer)
    await orders.save(order)
    (change,) = await take(orders.changes(start="oldest", poll_interval=0.1), 1)
    assert change.new == order
    both = connection.union_repository(Customer, Order, table_name=name)
    found = await take(both.changes(start="oldest", poll_interval=0.1), 2)
    assert [change.new for change in found] == [customer, order]


async def test_a_stream_is_switched_on_later(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes(None)
    admin = streamed.connection.table_admin()
    assert await admin.stream_view(notes.table_name) is None
    with pytest.raises(StreamNotFoundError):
        await anext(notes.changes(start="oldest"))
    await admin.enable_stream("new_image", notes.table_name)
    await admin.enable_stream("new_image", notes.table_name)
    assert await admin.stream_view(notes.table_name) == "new_image"
    await notes.save(Note(pk=pk, sk="a"))
    (change,) = await take(notes.changes(start="oldest", poll_interval=0.1), 1)
    assert change.new == Note(pk=pk, sk="a")


@pytest.mark.differs("embedded", reason="moto cannot describe a stream that is switched off")
@pytest.mark.differs("dynoxide", reason="dynoxide forgets a stream that is switched off")
async def test_a_stream_that_is_switched_off_is_read_to_its_end(streamed: Streamed, pk: str) -> None:
    notes = await streamed.notes()
    await notes.save(Note(pk=pk, sk="a"))
    admin = streamed.connection.table_admin()
    await admin.disable_stream(notes.table_name)
    await admin.disable_stream(notes.table_name)
    assert await admin.stream_view(notes.table_name) is None
    notes = notes.with_options(deadline=1)
    async with asyncio.timeout(30):
        changes = [change async for change in notes.changes(start="oldest", poll_interval=0.1)]
    assert [change.new for change in changes] == [Note(pk=pk, sk="a")]
