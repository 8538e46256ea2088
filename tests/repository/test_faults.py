"""Every fault at every operation: done once, without effect, or said to be unknown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBBatchOperationError,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    RejectedError,
    TransactWriteItem,
    TransientError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
    increment,
)
from dynarepo._transport import AttemptError, DirectTransport
from dynarepo._transport._errors import MEANINGS
from dynarepo._wire import Payload
from dynarepo.testing import (
    FakeTransport,
    WireReply,
    connection_refused,
    error_reply,
    lost_reply,
    success_reply,
)
from tests.faked import SkippedTime, on_fake
from tests.models import User
from tests.transport.rigs import StaticCredentials

Users = AsyncDynamoDBRepository[User]
Entry = Any

BEFORE: Final = User(pk="p", sk="a", age=1)
SAVED: Final = User(pk="p", sk="a", age=5)
ADDED: Final = User(pk="p", sk="a", age=2)
OTHER: Final = User(pk="p", sk="b")


@dataclass(frozen=True)
class Operation:
    """
    A call on a table that holds one item.

    Attributes:
        stored: What is stored once it is done.
        returned: What it may return; a delete that is sent again finds nothing.
        is_read: Whether it changes nothing.
        adds_up: Whether twice is not the same as once.
        is_batch: Whether it takes no reply that is not DynamoDB's for a refusal.
    """

    call: Callable[[Users], Awaitable[object]]
    stored: Sequence[User]
    returned: Sequence[object]
    is_read: bool = False
    adds_up: bool = False
    is_batch: bool = False


def read(call: Callable[[Users], Awaitable[object]], returned: object) -> Operation:
    return Operation(call, [BEFORE], [returned], is_read=True)


async def queried(users: Users) -> list[User]:
    return (await users.query_by_pk("p")).items


async def scanned(users: Users) -> list[User]:
    return [user async for user in users.iter_scan_items()]


OPERATIONS: Final[dict[str, Operation]] = {
    "get_one": read(lambda users: users.get_one("p", "a"), BEFORE),
    "query": read(queried, [BEFORE]),
    "scan": read(scanned, [BEFORE]),
    "batch_get": read(lambda users: users.batch_get([("p", "a"), ("p", "x")]), [BEFORE, None]),
    "transact_get": read(lambda users: users.transact_get([("p", "a"), ("p", "x")]), [BEFORE, None]),
    "save": Operation(lambda users: users.save(SAVED), [SAVED], [SAVED]),
    "create": Operation(lambda users: users.create(OTHER), [BEFORE, OTHER], [OTHER]),
    "update": Operation(lambda users: users.update("p", "a", {"age": 5}), [SAVED], [SAVED]),
    "increment": Operation(
        lambda users: users.update("p", "a", lambda u: [increment(u.age, 1)]), [ADDED], [ADDED], adds_up=True
    ),
    "delete": Operation(lambda users: users.delete("p", "a"), [], [True, False]),
    "batch_write": Operation(
        lambda users: users.batch_write([SAVED, OTHER]), [SAVED, OTHER], [2], is_batch=True
    ),
    "transact_write": Operation(
        lambda users: users.transact_write(
            [
                TransactWriteItem.update("p", "a", lambda u: [increment(u.age, 1)]),
                TransactWriteItem.create(OTHER),
            ]
        ),
        [ADDED, OTHER],
        [[None, OTHER]],
    ),
}


@dataclass(frozen=True)
class Fault:
    """
    What becomes of an attempt.

    Attributes:
        entry: What comes instead of the reply, if anything does.
        is_done: Whether the service did what was asked.
        is_clear: Whether what comes says that it did not.
        passes: Whether another attempt is worth it.
    """

    entry: Entry = None
    is_done: bool = False
    is_clear: bool = False
    passes: bool = True


HTML: Final = WireReply(200, {"content-type": "text/html"}, b"<html>hello</html>")
WHOLE: Final = success_reply({})
FAULTS: Final[dict[str, Fault]] = {
    "no connection": Fault(connection_refused(), is_clear=True),
    "throttled": Fault(error_reply("ProvisionedThroughputExceededException"), is_clear=True),
    "too many requests": Fault(error_reply("ThrottlingException"), is_clear=True),
    "broken before": Fault(lost_reply()),
    "broken after": Fault(lost_reply(), is_done=True),
    "500 before": Fault(error_reply("InternalServerError", status=500)),
    "500 after": Fault(error_reply("InternalServerError", status=500), is_done=True),
    "503": Fault(error_reply("ServiceUnavailable", status=503)),
    "never answered": Fault(),
    "too late": Fault(is_done=True),
    "wrong checksum": Fault(WireReply(200, {**WHOLE.headers, "x-amz-crc32": "1"}, b"{}"), True, passes=False),
    "truncated": Fault(WireReply(200, WHOLE.headers, b"{"), True, passes=False),
    "not DynamoDB": Fault(HTML, passes=False),
    "redirect": Fault(WireReply(307, {"location": "http://example.com/"}), is_clear=True, passes=False),
}

#: Which attempts of a call have the fault; one that comes second comes behind a throttle.
WHEN: Final = ("first", "second", "every")


class FaultyService:
    """
    The embedded DynamoDB, with one fault.

    It does each transaction once for its token, which the embedded one does not.
    """

    def __init__(self, service: DirectTransport, fault: Fault, when: str, time: SkippedTime) -> None:
        self._service = service
        self._fault = fault
        self._time = time
        self._attempts = 0
        self._when = when
        self._done: dict[str, Payload] = {}

    async def __call__(self, operation: str, payload: Payload) -> Entry:
        """Answer one attempt."""
        self._attempts += 1
        if self._when == "second" and self._attempts == 1:
            return error_reply("ThrottlingException")
        if self._when != "every" and self._attempts > WHEN.index(self._when) + 1:
            return await self._do(operation, payload)
        if self._fault.is_done:
            await self._do(operation, payload)
        if self._fault.entry is None:
            await self._time.sleep(4)  # the time of an attempt
            await asyncio.Event().wait()
        return self._fault.entry

    async def _do(self, operation: str, payload: Payload) -> Entry:
        token = payload.get("ClientRequestToken")
        if token in self._done:
            return self._done[token]
        try:
            reply = await self._service.send(operation, payload, timeout=60)
        except AttemptError as failed:
            return failed
        if token is not None:
            self._done[token] = reply
        return reply


@asynccontextmanager
async def faulty(
    config: DynamoDBConfig, fault: Fault, when: str
) -> AsyncIterator[AsyncDynamoDBRepository[User]]:
    """Open a repository on the faulty service."""
    time = SkippedTime()
    service = DirectTransport(
        str(config.endpoint_url),
        str(config.region),
        StaticCredentials(),
        max_connections=2,
        connect_timeout=30,
    )
    fake = FakeTransport.answering(FaultyService(service, fault, when, time))
    async with on_fake(fake, User, time=time, table_name=config.table_name) as users:
        yield users
    await service.close()


async def ended(call: Awaitable[object]) -> object:
    """Give what a call returned, or its error if that is one of the library's."""
    try:
        return await call
    except DynamoDBServiceError as error:
        return error


def judged(operation: Operation, fault: Fault, when: str) -> str:
    """Say how a call has to end."""
    if fault.passes and when != "every" and (fault.is_clear or not operation.adds_up):
        return "done"
    is_clear = fault.is_clear and not (operation.is_batch and not fault.passes)
    return "failed" if is_clear or operation.is_read else "unknown"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
async def test_a_call_with_a_fault_is_done_once_or_says_what_it_was_rf171(
    operation: Operation, fault: Fault, connection: DynamoDBConnection
) -> None:
    await connection.table_admin().create_table(User)
    straight = connection.repository(User)
    for when in WHEN:
        await straight.delete(OTHER.pk, OTHER.sk)
        await straight.save(BEFORE)
        async with faulty(connection.config, fault, when) as users:
            end = await ended(operation.call(users))
        stored = (await straight.query_by_pk("p")).items
        expected = judged(operation, fault, when)
        if expected == "done":
            assert end in operation.returned, when
            assert stored == operation.stored, when
        elif expected == "failed":
            assert is_failure(end), when
            assert stored == [BEFORE], when
        else:
            assert is_unknown(end), when
            assert stored == (operation.stored if fault.is_done else [BEFORE]), when


def is_failure(end: object) -> bool:
    if isinstance(end, DynamoDBBatchOperationError):
        return (list(end.failed_items), end.unknown_items, end.successful_count) == ([SAVED, OTHER], (), 0)
    return isinstance(end, TransientError | UnexpectedResponseError)


def is_unknown(end: object) -> bool:
    if isinstance(end, DynamoDBBatchOperationError):
        return (end.failed_items, list(end.unknown_items), end.successful_count) == ((), [SAVED, OTHER], 0)
    return isinstance(end, WriteOutcomeUnknownError)


@pytest.mark.parametrize("code", [*sorted(MEANINGS), "SomethingNewException"])
async def test_each_code_is_an_error_that_says_where_and_whether_to_repeat_rf172(code: str) -> None:
    fake = FakeTransport.answering(lambda *_: error_reply(code))
    async with on_fake(fake, User) as users:
        with pytest.raises(DynamoDBServiceError) as raised:
            await users.get_one("p", "a")
    error = raised.value
    assert type(error) is (MEANINGS[code].error if code in MEANINGS else RejectedError)
    assert (error.code, error.request_id) == (code, "FAKE0REQUEST0ID")
    assert (error.operation, error.table_name) == ("GetItem", "app")
    assert (error.pk, error.sk) == ("p", "a")
    assert error.retryable is isinstance(error, TransientError)
    assert error.retryable is (len(fake.requests) > 1)
