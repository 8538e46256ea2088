"""Batches: what an error says it was about, and that one slow chunk holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from dynarepo import AsyncDynamoDBRepository, DynamoDBBatchOperationError, UnexpectedResponseError
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, other_tasks
from tests.models import User


def users(number: int) -> list[User]:
    return [User(pk="p", sk=f"{n:04}") for n in range(number)]


def keys_of(payload: Payload) -> list[str]:
    (writes,) = payload["RequestItems"].values()
    return [write["PutRequest"]["Item"]["sk"]["S"] for write in writes]


#: Batches that fit one request.
ONE_REQUEST: Final[dict[str, Callable[[AsyncDynamoDBRepository[User]], Awaitable[object]]]] = {
    "get": lambda repository: repository.batch_get([("p", f"{n:04}") for n in range(100)]),
    "write": lambda repository: repository.batch_write(users(25)),
    "delete": lambda repository: repository.batch_delete([("p", f"{n:04}") for n in range(25)]),
}
NOTHING: Final[Payload] = {"Responses": {}, "UnprocessedKeys": {}, "UnprocessedItems": {}}


@pytest.mark.parametrize("batch", ONE_REQUEST.values(), ids=ONE_REQUEST)
async def test_a_batch_of_one_request_takes_no_task(
    batch: Callable[[AsyncDynamoDBRepository[User]], Awaitable[object]],
) -> None:
    def answer(_operation: str, _payload: Payload) -> Any:
        tasks.append(other_tasks())
        return NOTHING

    tasks: list[object] = []
    async with on_fake(FakeTransport.answering(answer), User) as repository:
        await batch(repository)
    assert tasks == [set()]


@pytest.mark.parametrize("batch", ONE_REQUEST.values(), ids=ONE_REQUEST)
async def test_a_batch_of_one_request_is_cancelled_with_it(
    batch: Callable[[AsyncDynamoDBRepository[User]], Awaitable[object]],
) -> None:
    started = asyncio.Event()

    async def answer(_operation: str, _payload: Payload) -> Any:
        started.set()
        await asyncio.Event().wait()

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, deadline=3600) as repository, asyncio.timeout(5):
        running = asyncio.ensure_future(batch(repository))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await only_this_task_runs()
    assert len(fake.requests) == 1


async def test_an_incomplete_batch_says_what_it_was_about() -> None:
    async with on_fake(FakeTransport(error_reply("ValidationException")), User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(users(1))
    error = raised.value
    assert (error.operation, error.table_name) == ("BatchWriteItem", "app")
    assert (error.code, error.request_id) == ("ValidationException", "FAKE0REQUEST0ID")
    assert error.message == (
        "the batch is incomplete: 0 written, 1 not written, 0 unknown: the service refused the request"
    )


async def test_an_incomplete_batch_shows_no_text_of_a_fault_that_is_not_ours() -> None:
    def broken(_operation: str, _payload: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("canary")

    fake = FakeTransport.answering(broken)
    async with on_fake(fake, User) as repository:
        with pytest.raises(DynamoDBBatchOperationError, match=r"1 unknown: RuntimeError \["):
            await repository.batch_write(users(1))


async def test_a_reply_with_keys_of_somebody_else_says_what_it_was_about() -> None:
    stranger = {"pk": {"S": "p"}, "sk": {"S": "other"}}
    reply = {"Responses": {"app": []}, "UnprocessedKeys": {"app": {"Keys": [stranger]}}}
    async with on_fake(FakeTransport(reply), User) as repository:
        with pytest.raises(UnexpectedResponseError, match="not asked for") as raised:
            await repository.batch_get([("p", "s")])
    assert raised.value.operation == "BatchGetItem"


async def test_a_chunk_that_hangs_holds_up_no_other() -> None:
    released = asyncio.Event()
    sent: list[str] = []

    async def answer(_operation: str, payload: Payload) -> Any:
        sent.append(keys_of(payload)[0])
        if len(sent) == 1:
            await released.wait()
        elif len(sent) == 4:
            released.set()
        return {"UnprocessedItems": {}}

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, batch_concurrency=2) as repository, asyncio.timeout(5):
        assert await repository.batch_write(users(100)) == 100
    assert sent == ["0000", "0025", "0050", "0075"]


async def test_what_is_left_undone_does_not_hold_up_what_was_never_sent() -> None:
    """The first chunk waits to be tried again while it is busy; the others go meanwhile."""
    tried: list[list[str]] = []

    def answer(_operation: str, payload: Payload) -> Any:
        (writes,) = payload["RequestItems"].values()
        tried.append(keys_of(payload))
        left = writes[-1:] if len(tried) == 1 else []
        return {"UnprocessedItems": {"app": left} if left else {}}

    async with on_fake(FakeTransport.answering(answer), User, batch_concurrency=1) as repository:
        assert await repository.batch_write(users(50)) == 50
    assert [len(keys) for keys in tried] == [25, 25, 1]
    assert tried[2] == ["0024"]
