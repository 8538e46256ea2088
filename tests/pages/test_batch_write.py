"""Batches of writes: chunks, the last of several wins, and what is left undone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from dynarepo import (
    ConnectionClosedError,
    DynamoDBBatchOperationError,
    InvalidKeyError,
    InvalidValueError,
    ThrottledError,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import SkippedTime, on_fake, only_this_task_runs, turns
from tests.models import Reading, Setting, User
from tests.pages.batch_forms import FORMS, Form, streamed, users
from tests.pages.batch_store import BatchStore


@FORMS
async def test_no_items_are_no_request(form: Form) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as repository:
        assert await repository.batch_write(form([])) == 0
        assert await repository.batch_delete(form([])) == 0
    assert fake.requests == []


@FORMS
@pytest.mark.parametrize(("number", "requests"), [(1, 1), (25, 1), (26, 2), (51, 3), (1000, 40)])
async def test_a_chunk_has_25_items(form: Form, number: int, requests: int) -> None:
    store = BatchStore()
    async with on_fake(FakeTransport.answering(store), User) as repository:
        assert await repository.batch_write(form(users(number))) == number
        assert (len(store.items), len(store.sizes)) == (number, requests)
        assert await repository.batch_delete(form([("p", f"{n:04}") for n in range(number)])) == number
        assert (len(store.items), len(store.sizes)) == (0, 2 * requests)


@FORMS
async def test_a_chunk_is_cut_at_the_size_of_its_text(form: Form) -> None:
    """380 KB of quotation marks are 760 KB of JSON, so that 25 of them are more than 16 MB."""
    store = BatchStore()
    items = users(25, nick='"' * 380_000)
    async with on_fake(FakeTransport.answering(store), User) as repository:
        assert await repository.batch_write(form(items)) == 25
    assert sorted(store.sizes) == [3, 22]


async def test_an_item_beyond_every_limit_goes_alone_and_no_chunk_is_empty() -> None:
    """The service judges it; the others are written."""
    refused = error_reply("ValidationException")

    def answer(_operation: str, payload: Payload) -> Any:
        (writes,) = payload["RequestItems"].values()
        numbers.append(len(writes))
        return refused if len(numbers) == 3 else {"UnprocessedItems": {}}

    numbers: list[int] = []
    items = [*users(30), User(pk="p", sk="huge", nick="x" * 17_000_000)]
    async with on_fake(FakeTransport.answering(answer), User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    assert numbers == [25, 5, 1]
    assert raised.value.failed_items == (items[-1],)


@FORMS
async def test_of_several_items_with_one_key_the_last_one_wins(form: Form) -> None:
    store = BatchStore()
    items = [User(pk="p", sk="s", age=n) for n in range(60)]
    async with on_fake(FakeTransport.answering(store), User) as repository:
        await repository.batch_write(form(items))
    assert [item["age"] for item in store.items.values()] == [{"N": "59"}]


async def test_an_item_that_is_replaced_while_it_waits_takes_no_room() -> None:
    store = BatchStore()
    items = [User(pk="p", sk="s", nick=str(n) * 1_500_000) for n in range(10)]
    async with on_fake(FakeTransport.answering(store), User) as repository:
        assert await repository.batch_write(streamed(items * 2)) == 1
    assert store.sizes == [1]


async def test_of_a_list_only_the_last_item_with_a_key_is_sent() -> None:
    store = BatchStore()
    async with on_fake(FakeTransport.answering(store), User) as repository:
        assert await repository.batch_write(users(40, age=1) + users(40, age=2)) == 40
    assert sum(store.sizes) == 40
    assert {item["age"]["N"] for item in store.items.values()} == {"2"}


@pytest.mark.parametrize("same", ["1E3", "1000.00", "1000"])
async def test_numbers_are_one_key_however_they_are_written(same: str) -> None:
    store = BatchStore(names=("sensor", "at"))
    items = [Reading(sensor="s", at=Decimal(at), level=level) for level, at in enumerate(("1000", same))]
    async with on_fake(FakeTransport.answering(store), Reading) as repository:
        assert await repository.batch_write(items) == 1
    assert [item["level"] for item in store.items.values()] == [{"N": "1"}]


@FORMS
async def test_what_is_left_unprocessed_is_sent_again_until_all_is_stored_rb101(form: Form) -> None:
    def leave(entries: list[Payload]) -> list[Payload]:
        chosen = [entry for entry in entries if chance.random() < 0.3]
        left.extend(chosen)
        return chosen

    chance, left = random.Random(7), list[Payload]()  # noqa: S311 - a choice, no secret
    store = BatchStore(leave)
    async with on_fake(FakeTransport.answering(store), User, deadline=3600) as repository:
        assert await repository.batch_write(form(users(500, age=3))) == 500
    assert len(store.items) == 500
    assert {item["age"]["N"] for item in store.items.values()} == {"3"}
    assert sum(store.sizes) - len(left) == 500


@FORMS
async def test_what_several_chunks_leave_undone_travels_together_rb101(form: Form) -> None:
    store = BatchStore(lambda entries: entries[15:] if len(entries) == 25 else [])
    async with on_fake(FakeTransport.answering(store), User, time=SkippedTime()) as repository:
        assert await repository.batch_write(form(users(250, age=3))) == 250
    assert len(store.items) == 250
    assert len(store.sizes) <= 18


async def test_a_later_item_replaces_an_earlier_one_that_was_left_undone() -> None:
    store = BatchStore(lambda entries: entries[:1] if len(store.sizes) == 1 else [])
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User, time=SkippedTime()) as repository:
        await repository.batch_write(streamed([*users(25), *users(1, age=9), *users(30)[25:]]))
    assert store.items[store.key_of({"PutRequest": {"Item": {"pk": {"S": "p"}, "sk": {"S": "0000"}}}})][
        "age"
    ] == {"N": "9"}
    ages = [
        write["PutRequest"]["Item"]["age"]["N"]
        for _, payload in fake.requests
        for write in payload["RequestItems"]["app"]
        if write["PutRequest"]["Item"]["sk"] == {"S": "0000"}
    ]
    assert ages == ["0", "9"]


async def test_an_item_that_is_never_processed_is_reported_alone_after_few_requests_rb102() -> None:
    store = BatchStore()
    store.leave = lambda entries: [entry for entry in entries if "0007" in repr(store.key_of(entry))]
    time, items = SkippedTime(), users(60)
    async with on_fake(FakeTransport.answering(store), User, time=time) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    assert raised.value.failed_items == (items[7],)
    assert (raised.value.unknown_items, raised.value.successful_count) == ((), 59)
    assert isinstance(raised.value.__cause__, ThrottledError)
    assert len(store.sizes) <= 12
    assert time.waits == pytest.approx([0.1 * 2**n for n in range(len(time.waits))])


async def test_waits_before_sending_again_are_random_from_nothing_up_rb101() -> None:
    asked: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.0

    rounds = iter(range(4))
    store = BatchStore(lambda entries: entries if next(rounds) < 3 else [])
    async with on_fake(FakeTransport.answering(store), User, jitter=jitter) as repository:
        assert await repository.batch_write(users(3)) == 3
    assert {low for low, _ in asked} == {0.0}
    assert [high for _, high in asked] == pytest.approx([0.1, 0.2, 0.4])


@FORMS
async def test_after_a_cancellation_no_request_starts_and_no_task_is_left_rb108(form: Form) -> None:
    started = asyncio.Event()

    async def answer(_operation: str, _payload: Payload) -> Any:
        started.set()
        await asyncio.Event().wait()

    fake = FakeTransport.answering(answer)
    items = form(users(200))
    async with on_fake(fake, User, batch_concurrency=2, deadline=3600) as repository, asyncio.timeout(5):
        writing = asyncio.create_task(repository.batch_write(items))
        await started.wait()
        await turns()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await only_this_task_runs()
        await turns()
        assert len(fake.requests) == 2


@FORMS
@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_chunks_travel_at_once_up_to_the_bound(form: Form, concurrency: int) -> None:
    store = BatchStore()
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User, batch_concurrency=concurrency) as repository:
        await repository.batch_write(form(users(500)))
    assert store.most_under_way == concurrency


async def test_batches_in_parallel_keep_apart_within_the_bound_on_requests_rb110() -> None:
    """Each may have 8 chunks under way; together they may not have more than there are connections."""
    store = BatchStore()
    items = {pk: [User(pk=pk, sk=f"{n:04}") for n in range(300)] for pk in ("a", "b")}
    keys = {pk: [(pk, user.sk) for user in users] for pk, users in items.items()}
    async with on_fake(FakeTransport.answering(store), User, max_connections=5) as repository:
        assert await asyncio.gather(*map(repository.batch_write, items.values())) == [300, 300]
        assert await asyncio.gather(*map(repository.batch_get, keys.values())) == list(items.values())
        await asyncio.gather(repository.batch_delete(keys["a"]), repository.batch_get(keys["b"]))
    assert store.most_under_way == 5
    assert list(store.items) == [(("pk", pk), ("sk", sk)) for pk, sk in keys["b"]]


async def test_a_stream_is_taken_as_it_is_sent() -> None:
    """No more is taken ahead than fills the chunks under way and the next one."""
    taken, gate = 0, asyncio.Event()

    async def source() -> AsyncIterator[User]:
        nonlocal taken
        for item in users(500):
            taken += 1
            yield item

    async def answer(_operation: str, _payload: Payload) -> Payload:
        await gate.wait()
        return {"UnprocessedItems": {}}

    async with on_fake(FakeTransport.answering(answer), User, batch_concurrency=2) as repository:
        writing = asyncio.create_task(repository.batch_write(source()))
        await turns(1_000)
        assert taken == 75
        gate.set()
        assert await writing == 500


async def test_of_a_list_with_one_bad_item_nothing_is_sent() -> None:
    fake = FakeTransport()
    bad: list[Any] = [*users(24), User(pk="p", sk="")]
    async with on_fake(fake, User) as repository:
        with pytest.raises(InvalidKeyError):
            await repository.batch_write(bad)
        with pytest.raises(InvalidKeyError):
            await repository.batch_delete([("p", "s"), ("p",)])
    assert fake.requests == []


async def test_a_stream_ends_at_a_bad_item() -> None:
    store = BatchStore()
    items = streamed([*users(25), User(pk="p", sk="\ud800"), *users(60)])
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User) as repository:
        with pytest.raises((InvalidValueError, InvalidKeyError)):
            await repository.batch_write(items)
        assert await only_this_task_runs()
    assert len(fake.requests) <= 1


async def test_a_repository_that_is_not_open_takes_nothing() -> None:
    async with on_fake(FakeTransport(), User) as repository:
        pass
    for call in (repository.batch_write([]), repository.batch_delete(streamed([]))):
        with pytest.raises(ConnectionClosedError):
            await call


async def test_deletes_of_a_table_without_a_sort_key_take_the_partition_key() -> None:
    store = BatchStore(names=("name",))
    fake = FakeTransport.answering(store)
    async with on_fake(fake, Setting) as repository:
        await repository.batch_write([Setting(name="a"), Setting(name="b"), Setting(name="c")])
        assert await repository.batch_delete(["a", ("b",)]) == 2
    assert list(store.items) == [(("name", "c"),)]


async def test_a_delete_that_was_not_done_is_listed_by_its_key_as_given() -> None:
    async with on_fake(FakeTransport.answering(lambda *_: lost_reply()), Setting) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_delete(["a", ("b",)])
    assert raised.value.unknown_items == ("a", ("b",))
