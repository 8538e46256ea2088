"""`batch()`: saves and deletes mixed in a block, sent while it runs and never after it raised."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dynarepo import (
    AsyncDynamoDBRepository,
    ConnectionClosedError,
    DynamoDBBatchOperationError,
    InvalidKeyError,
    InvalidRequestError,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, turns
from tests.models import Setting, User
from tests.pages.batch_store import BatchStore


def users(number: int, **fields: str) -> list[User]:
    return [User(pk="p", sk=f"{n:04}", nick=fields.get("nick")) for n in range(number)]


async def test_a_block_without_writes_is_no_request() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as repository, repository.batch():
        pass
    assert fake.requests == []


@pytest.mark.parametrize("between", [0, 24, 30])
async def test_a_save_and_a_delete_of_one_key_take_effect_in_their_order(between: int) -> None:
    store = BatchStore()
    async with on_fake(FakeTransport.answering(store), User) as repository, repository.batch() as batch:
        await batch.save(User(pk="p", sk="kept-not"))
        await batch.delete("p", "kept")
        for item in users(between):
            await batch.save(item)
        await batch.delete("p", "kept-not")
        await batch.save(User(pk="p", sk="kept"))
    assert {sk for _, (_, sk) in store.items} == {item.sk for item in users(between)} | {"kept"}


#: Keys and what is saved under them; None is a delete.
WRITES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9) | st.none()), min_size=60, max_size=130)


@hypothesis_settings(max_examples=60, deadline=None)
@given(writes=WRITES, seed=st.integers(0, 99), concurrency=st.integers(1, 4))
async def test_any_mix_of_writes_ends_as_if_done_one_by_one(
    writes: list[tuple[int, int | None]], seed: int, concurrency: int
) -> None:
    """The store refuses one key in two requests under way, and leaves 30 % undone each time."""
    chance = random.Random(seed)  # noqa: S311 - a choice, no secret
    store = BatchStore(lambda entries: [entry for entry in entries if chance.random() < 0.3])
    fake = FakeTransport.answering(store)
    async with (
        on_fake(fake, User, batch_concurrency=concurrency, deadline=3600) as repository,
        repository.batch() as batch,
    ):
        for key, age in writes:
            if age is None:
                await batch.delete("p", str(key))
            else:
                await batch.save(User(pk="p", sk=str(key), age=age))
    last = {str(key): str(age) for key, age in writes if dict(writes)[key] is not None and age is not None}
    assert {sk: item["age"]["N"] for (_, (_, sk)), item in store.items.items()} == last


@pytest.mark.parametrize("saved", [10, 25, 70])
async def test_when_the_block_raises_nothing_more_is_sent_rb107(saved: int) -> None:
    async def write(repository: AsyncDynamoDBRepository[User]) -> None:
        async with repository.batch() as batch:
            for item in users(saved):
                await batch.save(item)
            await turns()
            raise ZeroDivisionError

    store = BatchStore()
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User) as repository:
        with pytest.raises(ZeroDivisionError):
            await write(repository)
        assert await only_this_task_runs()
        await turns()
    assert len(fake.requests) == saved // 25
    assert len(store.items) == saved // 25 * 25


async def test_when_the_block_raises_what_is_under_way_is_cancelled_rb107() -> None:
    async def answer(_operation: str, _payload: object) -> None:
        started.set()
        await asyncio.Event().wait()

    async def write(repository: AsyncDynamoDBRepository[User]) -> None:
        async with repository.batch() as batch:
            for item in users(60):
                await batch.save(item)
            await started.wait()
            raise ZeroDivisionError

    started = asyncio.Event()
    fake = FakeTransport.answering(answer)  # type: ignore[arg-type]
    async with on_fake(fake, User, batch_concurrency=2, deadline=3600) as repository, asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await write(repository)
        assert await only_this_task_runs()
        assert len(fake.requests) == 2


async def test_a_block_goes_on_without_what_is_refused() -> None:
    store = BatchStore()
    async with on_fake(FakeTransport.answering(store), User) as repository, repository.batch() as batch:
        await batch.save(User(pk="p", sk="1"))
        with pytest.raises(InvalidKeyError):
            await batch.save(User(pk="p", sk=""))
        with pytest.raises(InvalidKeyError):
            await batch.delete("p")
        await batch.save(User(pk="p", sk="2"))
    assert len(store.items) == 2


async def test_a_block_learns_of_a_failed_chunk_at_its_next_call_and_at_its_end() -> None:
    async def write(repository: AsyncDynamoDBRepository[User]) -> None:
        async with repository.batch() as batch:
            for item in items[:25]:
                await batch.save(item)
            await turns()
            for item in items[25:]:
                with pytest.raises(DynamoDBBatchOperationError):
                    await batch.save(item)

    fake, items = FakeTransport(error_reply("ValidationException")), users(40)
    async with on_fake(fake, User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await write(repository)
    assert raised.value.failed_items == tuple(items)
    assert len(fake.requests) == 1


async def test_several_tasks_can_fill_one_batch() -> None:
    store = BatchStore()
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User, batch_concurrency=2) as repository, repository.batch() as batch:
        await asyncio.gather(*(batch.save(item) for item in users(310)))
    assert len(store.items) == 310
    assert len(store.sizes) == 13


async def test_large_items_from_several_tasks_do_not_overfill_a_chunk() -> None:
    """The store refuses a request of more than 16 MB."""
    store = BatchStore()
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User, batch_concurrency=1) as repository, repository.batch() as batch:
        await asyncio.gather(*(batch.save(item) for item in users(46, nick="x" * 1_500_000)))
    assert len(store.items) == 46


async def test_what_comes_after_the_block_is_refused() -> None:
    """It would wait in memory and never be sent."""
    fake = FakeTransport({"UnprocessedItems": {}})
    async with on_fake(fake, User) as repository:
        async with repository.batch() as batch:
            await batch.save(User(pk="p", sk="s"))
        with pytest.raises(InvalidRequestError, match="over"):
            await batch.save(User(pk="p", sk="late"))
        with pytest.raises(InvalidRequestError, match="over"):
            await batch.delete("p", "late")
    assert len(fake.requests) == 1


async def test_a_task_that_outlives_the_block_is_told_that_its_item_is_not_sent() -> None:
    async def write(repository: AsyncDynamoDBRepository[User]) -> None:
        async with repository.batch() as batch:
            for item in users(74):
                await batch.save(item)
            late.append(asyncio.create_task(batch.save(User(pk="p", sk="late"))))
            await turns()
            raise ZeroDivisionError

    async def answer(_operation: str, _payload: object) -> None:
        await asyncio.Event().wait()

    late: list[asyncio.Task[None]] = []
    fake = FakeTransport.answering(answer)  # type: ignore[arg-type]
    async with on_fake(fake, User, batch_concurrency=2, deadline=3600) as repository, asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await write(repository)
        with pytest.raises(InvalidRequestError, match="over"):
            await late[0]
        assert len(fake.requests) == 2


async def test_the_block_does_not_begin_when_the_repository_is_not_open() -> None:
    async with on_fake(FakeTransport(), User) as repository:
        pass
    with pytest.raises(ConnectionClosedError):
        await repository.batch().__aenter__()


async def test_a_table_without_a_sort_key_takes_partition_keys() -> None:
    store = BatchStore(names=("name",))
    async with on_fake(FakeTransport.answering(store), Setting) as repository:
        await repository.batch_write([Setting(name="a"), Setting(name="b")])
        async with repository.batch() as batch:
            await batch.delete("a")
            with pytest.raises(InvalidKeyError):
                await batch.delete("b", "s")
    assert list(store.items) == [(("name", "b"),)]
