"""Reading many keys: the order asked, one fetch for each, and what the service leaves undone."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import InvalidKeyError, RejectedError, ThrottledError, UnexpectedResponseError
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import SkippedTime, on_fake, only_this_task_runs, turns
from tests.models import Reading, Setting, User
from tests.pages.batch_store import BatchStore

KEYS = [("p", f"{n:04}") for n in range(250)]


async def filled(*sort_keys: str) -> BatchStore:
    """Make a store that holds users with these sort keys."""
    store = BatchStore()
    async with on_fake(FakeTransport.answering(store), User) as repository:
        await repository.batch_write([User(pk="p", sk=sk) for sk in sort_keys])
    store.sizes.clear()
    store.most_under_way = 0
    return store


async def test_no_keys_are_no_request() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as repository:
        assert await repository.batch_get([]) == []
    assert fake.requests == []


@pytest.mark.parametrize(
    ("number", "chunks"), [(1, [1]), (100, [100]), (101, [1, 100]), (250, [50, 100, 100])]
)
async def test_models_come_in_the_order_asked(number: int, chunks: list[int]) -> None:
    store = await filled(*(sk for _, sk in KEYS))
    async with on_fake(FakeTransport.answering(store), User) as repository:
        found = await repository.batch_get(reversed(KEYS[:number]))
    assert found == [User(pk=pk, sk=sk) for pk, sk in reversed(KEYS[:number])]
    assert sorted(store.sizes) == chunks


async def test_a_missing_item_is_none_in_its_place() -> None:
    store = await filled("0001", "0003")
    async with on_fake(FakeTransport.answering(store), User) as repository:
        found = await repository.batch_get(KEYS[:5])
    assert [item and item.sk for item in found] == [None, "0001", None, "0003", None]


async def test_a_key_asked_for_twice_is_fetched_once_and_answered_twice() -> None:
    store = await filled("0001", "0002")
    async with on_fake(FakeTransport.answering(store), User) as repository:
        found = await repository.batch_get([KEYS[2], KEYS[1], KEYS[2], KEYS[9], KEYS[9]] * 60)
    assert [item and item.sk for item in found] == ["0002", "0001", "0002", None, None] * 60
    assert store.sizes == [3]


async def test_numbers_are_one_key_however_they_are_written() -> None:
    store = BatchStore(names=("sensor", "at"))
    async with on_fake(FakeTransport.answering(store), Reading) as repository:
        found = await repository.batch_get([("s", Decimal(at)) for at in ("1000", "1E3", "1000.0")])
    assert found == [None] * 3
    assert store.sizes == [1]


async def test_of_a_table_without_a_sort_key_partition_keys_are_asked_for() -> None:
    store = BatchStore(names=("name",))
    async with on_fake(FakeTransport.answering(store), Setting) as repository:
        await repository.batch_write([Setting(name="a", value="1")])
        assert await repository.batch_get(["a", ("a",), "b"]) == [Setting(name="a", value="1")] * 2 + [None]


async def test_unprocessed_keys_are_asked_for_again_with_their_projection_rb103() -> None:
    class Age(BaseModel):
        age: int

    store = await filled(*(sk for _, sk in KEYS))
    store.leave = lambda keys: keys[7:]
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User) as repository:
        assert await repository.batch_get(KEYS[:20], view=Age, consistent=True) == [Age(age=0)] * 20
    wanted = [payload["RequestItems"]["app"] for _, payload in fake.requests]
    rest = [{name: value for name, value in entry.items() if name != "Keys"} for entry in wanted]
    assert (
        rest
        == [
            {
                "ConsistentRead": True,
                "ProjectionExpression": rest[0]["ProjectionExpression"],
                "ExpressionAttributeNames": rest[0]["ExpressionAttributeNames"],
            }
        ]
        * 3
    )


@pytest.mark.parametrize("consistent", [True, False])
async def test_unprocessed_keys_are_asked_for_again_in_the_same_way_rb103(consistent: bool) -> None:
    store = await filled(*(sk for _, sk in KEYS))
    store.leave = lambda keys: keys[7:]
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User) as repository:
        found = await repository.batch_get(KEYS[:100], consistent=consistent)
    assert [item and (item.pk, item.sk) for item in found] == KEYS[:100]
    assert store.sizes == [100 - 7 * n for n in range(15)]
    wanted = [payload["RequestItems"]["app"] for _, payload in fake.requests]
    assert {entry.get("ConsistentRead", False) for entry in wanted} == {consistent}


@pytest.mark.parametrize("consistent", [True, False])
async def test_the_configuration_decides_on_consistency(consistent: bool) -> None:
    fake = FakeTransport.answering(await filled())
    async with on_fake(fake, User, consistent_read=consistent) as repository:
        await repository.batch_get(KEYS[:1])
    ((_, payload),) = fake.requests
    assert payload["RequestItems"]["app"].get("ConsistentRead", False) is consistent


async def test_what_several_chunks_leave_undone_is_asked_for_together() -> None:
    keys = [("p", str(n)) for n in range(1_000)]
    store = await filled(*(sk for _, sk in keys))
    store.leave = lambda asked: asked[70:] if len(asked) == 100 else []
    async with on_fake(FakeTransport.answering(store), User) as repository:
        found = await repository.batch_get(keys)
    assert [item and (item.pk, item.sk) for item in found] == keys
    assert len(store.sizes) <= 16


async def test_there_is_no_wait_while_items_come() -> None:
    store, time = await filled(*(sk for _, sk in KEYS)), SkippedTime()
    store.leave = lambda keys: keys[10:]
    async with on_fake(FakeTransport.answering(store), User, time=time) as repository:
        await repository.batch_get(KEYS[:100])
    assert time.waits == []


async def test_keys_that_are_never_processed_end_in_a_typed_error_after_few_requests() -> None:
    store, time = await filled(), SkippedTime()
    store.leave = lambda keys: keys
    async with on_fake(FakeTransport.answering(store), User, time=time) as repository:
        with pytest.raises(ThrottledError):
            await repository.batch_get(KEYS[:3])
    assert len(store.sizes) <= 12
    assert time.waits == pytest.approx([0.1 * 2**n for n in range(len(time.waits))])


@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_chunks_travel_at_once_up_to_the_bound(concurrency: int) -> None:
    store = await filled()
    keys = [("p", str(n)) for n in range(2_000)]
    async with on_fake(FakeTransport.answering(store), User, batch_concurrency=concurrency) as repository:
        assert await repository.batch_get(keys) == [None] * 2_000
    assert store.most_under_way == concurrency


async def test_a_failing_chunk_ends_the_others() -> None:
    count = iter(range(10))

    async def answer(_operation: str, _payload: Payload) -> Any:
        if next(count) == 1:
            return error_reply("ValidationException")
        return await asyncio.Event().wait()

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, batch_concurrency=2, deadline=3600) as repository, asyncio.timeout(5):
        with pytest.raises(RejectedError):
            await repository.batch_get([("p", str(n)) for n in range(800)])
        assert await only_this_task_runs()
        await turns()
        assert len(fake.requests) <= 3


async def test_after_a_cancellation_no_request_starts_and_no_task_is_left_rb108() -> None:
    started = asyncio.Event()

    async def answer(_operation: str, _payload: Payload) -> Any:
        started.set()
        await asyncio.Event().wait()

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, batch_concurrency=2, deadline=3600) as repository, asyncio.timeout(5):
        reading = asyncio.create_task(repository.batch_get([("p", str(n)) for n in range(800)]))
        await started.wait()
        await turns()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await only_this_task_runs()
        assert len(fake.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Responses": {"app": []}},
        {"UnprocessedKeys": {}},
        {"Responses": [], "UnprocessedKeys": {}},
        {"Responses": {"app": {}}, "UnprocessedKeys": {}},
        {"Responses": {"other": []}, "UnprocessedKeys": {}},
        {"Responses": {"app": [{"pk": {"S": "p"}}]}, "UnprocessedKeys": {}},
        {"Responses": {"app": []}, "UnprocessedKeys": {"app": []}},
        {"Responses": {"app": []}, "UnprocessedKeys": {"app": {"Keys": [{}]}}},
    ],
)
async def test_a_reply_that_makes_no_sense_is_never_taken_for_not_found_rb104(reply: Payload) -> None:
    async with on_fake(FakeTransport(reply), User) as repository:
        with pytest.raises(UnexpectedResponseError):
            await repository.batch_get(KEYS[:2])


async def test_keys_that_were_not_asked_for_are_not_asked_for_again() -> None:
    """They cannot be DynamoDB's, and would keep the call busy until its deadline."""
    strange = {"pk": {"S": "p"}, "sk": {"S": "strange"}}
    reply = {"Responses": {"app": []}, "UnprocessedKeys": {"app": {"Keys": [strange]}}}
    async with on_fake(FakeTransport(reply), User) as repository:
        with pytest.raises(UnexpectedResponseError):
            await repository.batch_get(KEYS[:2])


@pytest.mark.parametrize("key", [("p",), "p", ("p", "s", "t"), ("p", None), (1, "s"), None])
async def test_with_one_bad_key_nothing_is_sent(key: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as repository:
        with pytest.raises(InvalidKeyError):
            await repository.batch_get([*KEYS, key])
    assert fake.requests == []
