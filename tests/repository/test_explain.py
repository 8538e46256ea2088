"""What a call would send first, of every method, without sending it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncUnionRepository,
    AsyncWriteRepository,
    ConfigurationError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    GlobalIndex,
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    KeyTemplate,
    SortKeyCondition,
    TransactWriteItem,
    attr,
)
from dynarepo.testing import FakeTransport
from tests.faked import on_fake, only_this_task_runs
from tests.models import Note, Order, User
from tests.recording_logger import RecordingLogger

CONFIG = DynamoDBConfig(table_name="app")
LOGGER = RecordingLogger()
CANARY = "canary"


class Account(DynamoDBBaseModel):
    nick: str = ""
    version: int = 0

    class Meta:
        version = "version"


class Cat(DynamoDBBaseModel):
    lives: int = 9

    class Meta:
        discriminator = ("kind", "CAT")


class Dog(DynamoDBBaseModel):
    tricks: int = 0

    class Meta:
        discriminator = ("kind", "DOG")


class Ticket(DynamoDBBaseModel):
    team: str
    state: str

    class Meta:
        gsis = (GlobalIndex("by_team", KeyTemplate("gsi1pk", "{team}#{state}")),)


class Nick(BaseModel):
    nick: str | None = None


def unopened(fake: FakeTransport) -> AsyncDynamoDBRepository[User]:
    return AsyncDynamoDBRepository(User, config=CONFIG, logger=LOGGER, transport=fake)


def user(number: int = 1) -> User:
    return User(pk=CANARY, sk=f"{CANARY}{number}", nick=CANARY)


KEY = (CANARY, CANARY)
CALLS: dict[str, tuple[str, Callable[[AsyncDynamoDBRepository[User]], Any]]] = {
    "get_one": ("GetItem", lambda r: r.get_one(*KEY)),
    "batch_get": ("BatchGetItem", lambda r: r.batch_get([KEY])),
    "load": ("BatchGetItem", lambda r: r.load(KEY)),
    "transact_get": ("TransactGetItems", lambda r: r.transact_get([KEY])),
    "query_by_pk": ("Query", lambda r: r.query_by_pk(CANARY, view=Nick)),
    "query_by_pk_and_sk": (
        "Query",
        lambda r: r.query_by_pk_and_sk(CANARY, SortKeyCondition.begins_with(CANARY)),
    ),
    "iter_query": ("Query", lambda r: r.iter_query(CANARY, where=lambda u: u.nick == CANARY)),
    "iter_query_items": (
        "Query",
        lambda r: r.iter_query_items(CANARY, last_evaluated_key={"pk": CANARY, "sk": CANARY}),
    ),
    "scan": ("Scan", lambda r: r.scan(where=attr("nick").eq(CANARY))),
    "iter_scan": ("Scan", lambda r: r.iter_scan(segments=4, where=attr("nick").eq(CANARY))),
    "iter_scan_items": ("Scan", lambda r: r.iter_scan_items(where=attr("nick").eq(CANARY))),
    "count": ("Query", lambda r: r.count(CANARY)),
    "save": ("PutItem", lambda r: r.save(user())),
    "create": ("PutItem", lambda r: r.create(user())),
    "update": ("UpdateItem", lambda r: r.update(*KEY, {"nick": CANARY})),
    "upsert": ("UpdateItem", lambda r: r.upsert(user())),
    "delete": ("DeleteItem", lambda r: r.delete(*KEY)),
    "batch_write": ("BatchWriteItem", lambda r: r.batch_write(user(n) for n in range(60))),
    "batch_delete": ("BatchWriteItem", lambda r: r.batch_delete([KEY])),
    "transact_write": (
        "TransactWriteItems",
        lambda r: r.transact_write([TransactWriteItem.put(user())], client_token=CANARY),
    ),
}
# Explained apart: with the other tests of streams, with a version, and without any value.
ELSEWHERE = {"changes", "mutate", "ping"}
# These send nothing, or not by themselves.
NO_CALLS = {"batch", "close", "explain", "open", "with_options"}


def test_every_method_is_explained_here() -> None:
    methods = {
        name
        for name, thing in inspect.getmembers(AsyncDynamoDBRepository, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods == {*CALLS, *ELSEWHERE, *NO_CALLS}


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_says_what_it_would_send_and_sends_nothing(name: str) -> None:
    operation, call = CALLS[name]
    fake = FakeTransport()
    explained = await unopened(fake).explain(call)
    assert (explained.operation, explained.table_name) == (operation, "app")
    assert str(explained).startswith(f"{operation} on app\n")
    assert CANARY not in str(explained) + repr(explained)
    assert CANARY in explained.show(values=True)
    assert fake.requests == []
    assert await only_this_task_runs()


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_explained_is_what_is_sent(name: str) -> None:
    _, call = CALLS[name]
    fake = FakeTransport.answering(lambda *_: ZeroDivisionError("far enough"))
    async with on_fake(fake, User) as users:
        explained = await users.explain(call)
        assert fake.requests == []
        called = call(users)
        with suppress(Exception):
            await (anext(called) if isinstance(called, AsyncIterator) else called)
        if isinstance(called, AsyncIterator):
            await called.aclose()  # type: ignore[attr-defined]
    operation, payload = fake.requests[0]
    assert (operation, payload) == (explained.operation, explained.payload)


async def test_mutate_begins_with_the_read_and_does_not_change_anything() -> None:
    accounts = AsyncDynamoDBRepository(Account, config=CONFIG, logger=LOGGER, transport=FakeTransport())
    explained = await accounts.explain(lambda r: r.mutate(*KEY, change=lambda account: 1 / 0))  # type: ignore[arg-type, return-value]
    assert str(explained) == "GetItem on app\n  Key: {pk=…, sk=…}\n  ConsistentRead: True"


async def test_an_update_that_has_to_read_first_begins_with_the_read() -> None:
    tickets = AsyncDynamoDBRepository(Ticket, config=CONFIG, logger=LOGGER)
    explained = await tickets.explain(lambda r: r.update(*KEY, {"state": CANARY}))
    assert str(explained) == (
        "GetItem on app\n  Key: {pk=…, sk=…}\n  ProjectionExpression: pk, sk, team\n  ConsistentRead: True"
    )


async def test_a_ping_is_not_sent_either() -> None:
    fake = FakeTransport()
    assert str(await unopened(fake).explain(lambda r: r.ping())) == "DescribeTable on app"
    assert fake.requests == []


async def test_a_copy_with_other_options_sends_nothing_either() -> None:
    """A copy that the call makes for itself does not escape."""
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        explained = await users.explain(lambda r: r.with_options(consistent_read=True).get_one(*KEY))
        await users.explain(lambda r: r.with_options(deadline=3).delete(*KEY))
    assert explained.payload["ConsistentRead"] is True
    assert fake.requests == []


async def test_the_repository_itself_sends_as_before() -> None:
    fake = FakeTransport({})
    async with on_fake(fake, User) as users:
        await users.explain(lambda r: r.delete(*KEY))
        assert await users.delete(*KEY) is False
    assert [operation for operation, _ in fake.requests] == ["DeleteItem"]


async def test_options_of_the_repository_shape_what_is_explained() -> None:
    users = unopened(FakeTransport()).with_options(consistent_read=True)
    assert (await users.explain(lambda r: r.scan())).payload["ConsistentRead"] is True


async def test_the_halves_explain_what_they_do() -> None:
    reader = AsyncReadRepository(User, config=CONFIG, logger=LOGGER)
    writer = AsyncWriteRepository(User, config=CONFIG, logger=LOGGER)
    assert (await reader.explain(lambda r: r.get_one(*KEY))).operation == "GetItem"
    assert (await writer.explain(lambda r: r.save(user()))).operation == "PutItem"


async def test_a_union_explains_its_reads() -> None:
    animals = AsyncUnionRepository(Cat, Dog, config=CONFIG, logger=LOGGER)
    explained = await animals.explain(lambda r: r.query_by_pk(CANARY))
    assert str(explained) == (
        "Query on app\n  KeyConditionExpression: pk = …\n  FilterExpression: kind IN (…, …)"
    )


async def test_the_first_request_of_a_hydrated_query_is_that_of_its_index() -> None:
    notes = AsyncDynamoDBRepository(Note, config=CONFIG, logger=LOGGER)
    explained = await notes.explain(lambda r: r.query_by_pk("t", index="topic_keys", hydrate=True))
    assert (explained.operation, explained.index) == ("Query", "topic_keys")


async def test_an_async_function_may_choose_what_it_calls() -> None:
    async def twice(users: AsyncDynamoDBRepository[User]) -> None:
        found = await users.get_one(*KEY)
        await users.delete(found.pk if found else "a", "b")

    assert (await unopened(FakeTransport()).explain(twice)).operation == "GetItem"


async def test_a_call_that_is_refused_is_refused() -> None:
    users = unopened(FakeTransport())
    with pytest.raises(InvalidRequestError, match="no stored field nope"):
        await users.explain(lambda r: r.query_by_pk("a", where=attr("nope").eq(1)))
    with pytest.raises(InvalidKeyError):
        await users.explain(lambda r: r.get_one(""))
    with pytest.raises(InvalidValueError):
        await users.explain(lambda r: r.update(*KEY, {"age": "x"}))
    with pytest.raises(InvalidRequestError, match="segments"):
        await users.explain(lambda r: r.iter_scan(segments=0))


@pytest.mark.parametrize(
    "call",
    [lambda r: r.batch(), lambda r: 5, lambda r: None, lambda r: r, lambda r: r.model],
    ids=["batch", "number", "none", "repository", "property"],
)
async def test_what_is_no_call_is_refused(call: Any) -> None:
    with pytest.raises(InvalidRequestError, match="takes a call that reads or writes"):
        await unopened(FakeTransport()).explain(call)


@pytest.mark.parametrize("call", [None, 5, "get_one"])
async def test_what_is_no_function_is_refused(call: Any) -> None:
    with pytest.raises(InvalidRequestError, match="takes a function"):
        await unopened(FakeTransport()).explain(call)


async def nothing(_: object) -> None:
    """Send nothing."""


async def one_by_one(_: object) -> AsyncIterator[int]:
    """Send nothing, and stay open after the first element."""
    try:
        yield 1
    finally:
        closed.append(True)


closed: list[bool] = []


@pytest.mark.parametrize(
    "call",
    [
        nothing,
        one_by_one,
        lambda r: r.batch_get([]),
        lambda r: r.batch_write([]),
        lambda r: r.close(),
        lambda r: r.open(),
    ],
    ids=["function", "iterator", "no keys", "no items", "close", "open"],
)
async def test_a_call_that_sends_nothing_is_refused(call: Any) -> None:
    with pytest.raises(InvalidRequestError, match="sends nothing"):
        await unopened(FakeTransport()).explain(call)
    assert await only_this_task_runs()


async def test_an_iterator_is_closed_before_its_explanation_is_given() -> None:
    closed.clear()
    with pytest.raises(InvalidRequestError, match="sends nothing"):
        await unopened(FakeTransport()).explain(one_by_one)
    assert closed == [True]


async def test_an_iterator_that_cannot_be_closed_is_explained() -> None:
    class Once:
        def __init__(self, users: AsyncDynamoDBRepository[User]) -> None:
            self._users = users

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> bool:
            return await self._users.delete(*KEY)

    assert (await unopened(FakeTransport()).explain(Once)).operation == "DeleteItem"


async def test_closing_in_a_call_leaves_the_repository_open() -> None:
    async with on_fake(FakeTransport({}), User) as users:
        with pytest.raises(InvalidRequestError, match="sends nothing"):
            await users.explain(lambda r: r.close())
        assert await users.delete(*KEY) is False


async def test_a_transaction_of_several_repositories_does_not_take_the_one_that_explains() -> None:
    """Its block would send for all of them."""
    fake = FakeTransport()
    async with DynamoDBConnection(config=CONFIG, logger=LOGGER, transport=fake) as connection:

        async def write(users: AsyncDynamoDBRepository[User]) -> None:
            async with connection.transaction() as transaction:
                transaction.delete(users, *KEY)

        with pytest.raises(ConfigurationError, match="its own connection"):
            await connection.repository(User).explain(write)
    assert fake.requests == []


async def test_a_cancelled_explanation_stays_cancelled() -> None:
    async def cancelled(_: object) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await unopened(FakeTransport()).explain(cancelled)


async def test_a_key_of_a_template_is_hidden_however_it_is_given() -> None:
    orders = AsyncDynamoDBRepository(Order, config=CONFIG, logger=LOGGER)
    for key in ({"customer_id": CANARY}, f"CUSTOMER#{CANARY}"):
        explained = await orders.explain(lambda r, pk=key: r.get_one(pk, {"order_id": 1}))  # type: ignore[misc]
        assert str(explained) == "GetItem on app\n  Key: {pk=…, sk=…}"
