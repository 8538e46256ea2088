"""The items of changes: views, several models in a table, and what does not fit."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from dynarepo import (
    TableMismatchError,
)
from dynarepo._repository import AsyncUnionRepository
from dynarepo.streams import (
    InvalidChangeError,
    MemoryCheckpoints,
)
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.several_models import Customer, Order
from tests.streams.following import all_of
from tests.streams.scripted_stream import ARN, ROOT, ScriptedStream, age_of, reading, user


class Age(BaseModel):
    age: int


async def test_items_are_read_as_a_view(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.end()
    async with reading(stream, User) as users:
        assert [change.new async for change in users.changes(start="oldest", view=Age)] == [Age(age=1)]


def shop() -> ScriptedStream:
    """Make a stream of a table of several models."""
    stream = ScriptedStream()
    stream.add(Customer(customer_id="a"))
    stream.add(Order(customer_id="a", order_id=1))
    stream.add(Order(customer_id="a", order_id=1, total=5), Order(customer_id="a", order_id=1))
    stream.add(old=Customer(customer_id="a"))
    stream.end()
    return stream


async def test_a_repository_gives_the_changes_of_its_own_items() -> None:
    stream = shop()
    async with reading(stream, Order) as orders:
        found = [(change.kind, change.new) async for change in orders.changes(start="oldest")]
    assert found == [
        ("insert", Order(customer_id="a", order_id=1)),
        ("modify", Order(customer_id="a", order_id=1, total=5)),
    ]


async def test_a_union_gives_the_changes_of_all_its_models() -> None:
    stream = shop()
    async with reading(stream, Order) as orders:
        both = AsyncUnionRepository[Customer | Order](
            Customer, Order, config=orders.config, logger=RecordingLogger(), channel=orders._channel
        )
        found = [(change.new or change.old) async for change in both.changes(start="oldest")]
    assert [type(each).__name__ for each in found] == ["Customer", "Order", "Order", "Customer"]


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
async def test_models_are_told_apart_by_whole_images_only(view_type: str) -> None:
    stream = ScriptedStream(view_type)
    async with reading(stream, Order) as orders:
        with pytest.raises(TableMismatchError, match=f"the stream has {view_type}"):
            await anext(orders.changes(start="oldest"))


async def test_an_item_that_does_not_fit_is_an_error_that_names_its_place(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.add(user(2), user(1))
    stream.shards[ROOT].records[1]["dynamodb"]["NewImage"]["age"] = {"S": "secret"}
    kept = MemoryCheckpoints()
    async with reading(stream, User) as users:
        changes = users.changes(start="oldest", checkpoints=kept)
        assert age_of(await anext(changes)) == 1
        with pytest.raises(InvalidChangeError, match=rf"change 2 of {ROOT}: .*age") as caught:
            await anext(changes)
    error = caught.value
    assert (error.sequence_number, error.shard_id, error.fields) == ("2", ROOT, ("age",))
    assert (error.pk, error.sk) == ("a", "x")
    assert "secret" not in str(error)
    assert kept.positions[ARN] == {ROOT: "1"}


@pytest.mark.parametrize("is_coroutine", [False, True])
async def test_a_consumer_may_go_on_behind_what_does_not_fit(
    stream: ScriptedStream, is_coroutine: bool
) -> None:
    stream.add(user(1))
    stream.add(user(2))
    stream.add(user(3))
    stream.shards[ROOT].records[1]["dynamodb"]["NewImage"]["age"] = {"S": "x"}
    stream.end()
    refused: list[InvalidChangeError] = []

    async def refuse(error: InvalidChangeError) -> None:
        await asyncio.sleep(0)
        refused.append(error)

    changes = await all_of(stream, on_invalid=refuse if is_coroutine else refused.append)
    assert list(map(age_of, changes)) == [1, 3]
    assert [error.sequence_number for error in refused] == ["2"]
