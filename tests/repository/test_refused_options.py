"""Options that a read or write does not have, and flags that are neither true nor false: nothing is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncUnionRepository,
    DynamoDBConfig,
    GlobalIndex,
    InvalidRequestError,
    KeyTemplate,
    SortKeyCondition,
    TableGateway,
    TransactWriteItem,
)
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.key_models import Pipeline
from tests.models import User
from tests.recording_logger import RecordingLogger


class Session(BaseModel):
    user: str
    number: int
    topic: str = "t"
    expires: int | None = None
    version: int = 0

    class Meta:
        partition_key = "user"
        sort_key = "number"
        ttl = "expires"
        version = "version"
        discriminator = ("kind", "SESSION")
        gsis = (GlobalIndex("by_topic", partition_key="topic"),)


class Visit(BaseModel):
    user: str
    number: int
    topic: str = "t"
    expires: int | None = None

    class Meta:
        partition_key = "user"
        sort_key = "number"
        ttl = "expires"
        discriminator = ("kind", "VISIT")
        gsis = (GlobalIndex("by_topic", partition_key="topic"),)


class Ticket(BaseModel):
    """With an index key of two fields: who changes one has to know the other."""

    id: str
    team: str
    state: str

    class Meta:
        partition_key = "id"
        gsis = (GlobalIndex("by_team", KeyTemplate("gsi1pk", "TEAM#{team}#{state}")),)


ABOVE = SortKeyCondition.gt(1)

#: Each method that takes options, called with some.
METHODS: dict[str, Callable[..., Any]] = {
    "query_by_pk": lambda reads, **options: reads.query_by_pk("u", **options),
    "query_by_pk_and_sk": lambda reads, **options: reads.query_by_pk_and_sk("u", ABOVE, **options),
    "iter_query": lambda reads, **options: reads.iter_query("u", **options),
    "iter_query_items": lambda reads, **options: reads.iter_query_items("u", **options),
    "scan": lambda reads, **options: reads.scan(**options),
    "iter_scan": lambda reads, **options: reads.iter_scan(**options),
    "iter_scan_items": lambda reads, **options: reads.iter_scan_items(**options),
}

#: Each method with each of its flags.
FLAGS = [(method, flag) for method in METHODS for flag in ("consistent", "skip_expired", "hydrate")]
FLAGS += [(method, "descending") for method in METHODS if "query" in method]


async def called(method: str, reads: Any, /, **options: Any) -> None:
    """Call a method; those that give an iterator check their arguments at once."""
    result = METHODS[method](reads, **options)
    if isinstance(result, Awaitable):
        await result


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("option", ["limt", "method", "self_"])
async def test_an_option_that_there_is_not_is_refused_in_the_name_of_the_method(
    method: str, option: str
) -> None:
    with pytest.raises(TypeError) as raised:
        async with on_fake(FakeTransport(), Session) as sessions:
            await called(method, sessions, **{option: 3})
    assert str(raised.value) == f"{method}() got an unexpected keyword argument {option!r}"


@pytest.mark.parametrize("method", METHODS)
async def test_so_is_it_of_a_union(method: str) -> None:
    with pytest.raises(TypeError) as raised:
        await called(method, union(FakeTransport()), limt=3)
    assert str(raised.value) == f"{method}() got an unexpected keyword argument 'limt'"


@pytest.mark.parametrize("method", ["scan", "iter_scan", "iter_scan_items"])
async def test_a_scan_has_no_direction(method: str) -> None:
    with pytest.raises(TypeError, match=rf"^{method}\(\) got an unexpected keyword argument 'descending'$"):
        async with on_fake(FakeTransport(), Session) as sessions:
            await called(method, sessions, descending=True)


@pytest.mark.parametrize("value", ["no", "", 0, 1, [], object()])
@pytest.mark.parametrize(("method", "flag"), FLAGS)
async def test_a_flag_of_a_listing_is_true_or_false(method: str, flag: str, value: object) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{flag} is True or False$"):
        async with on_fake(FakeTransport(), Session) as sessions:
            await called(method, sessions, **{flag: value})


def union(fake: FakeTransport) -> AsyncUnionRepository[Any]:
    """Give a union on a fake."""
    config = DynamoDBConfig(table_name="app")
    return AsyncUnionRepository(Session, Visit, config=config, logger=RecordingLogger(), transport=fake)


#: Every other read, with flags.
READS: dict[str, Callable[..., Awaitable[Any]]] = {
    "get_one": lambda reads, **flags: reads.get_one("u", 1, **flags),
    "batch_get": lambda reads, **flags: reads.batch_get([("u", 1)], **flags),
    "load": lambda reads, **flags: reads.load(("u", 1), **flags),
    "count": lambda reads, **flags: reads.count("u", **flags),
}


@pytest.mark.parametrize("value", ["no", "", 0, 1])
@pytest.mark.parametrize("flag", ["consistent", "skip_expired"])
@pytest.mark.parametrize("name", READS)
async def test_a_flag_of_a_read_is_true_or_false(name: str, flag: str, value: object) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{flag} is True or False$"):
        async with on_fake(FakeTransport(), Session) as sessions:
            await READS[name](sessions, **{flag: value})


async def test_a_transaction_leaves_out_expired_items_by_a_bool() -> None:
    async with on_fake(FakeTransport(), Session) as sessions:
        with pytest.raises(InvalidRequestError, match=r"^skip_expired is True or False$"):
            await sessions.transact_get([("u", 1)], skip_expired="no")  # type: ignore[call-overload]


@pytest.mark.parametrize("value", [True, False, None])
async def test_what_is_said_by_a_bool_or_not_at_all_is_sent(value: bool | None) -> None:
    fake = FakeTransport.answering(lambda operation, _: {})
    async with on_fake(fake, Session, consistent_read=True) as sessions:
        await sessions.get_one("u", 1, consistent=value)
    assert [payload.get("ConsistentRead", False) for _, payload in fake.requests] == [value is not False]


WRITES: dict[str, Callable[..., Awaitable[Any]]] = {
    "save": lambda writes, item, flag: writes.save(item, exactly_once=flag),
    "create": lambda writes, item, flag: writes.create(item, exactly_once=flag),
    "upsert": lambda writes, item, flag: writes.upsert(item, exactly_once=flag),
    "update": lambda writes, _, flag: writes.update("u", 1, {"topic": "t"}, exactly_once=flag),
    "delete": lambda writes, _, flag: writes.delete("u", 1, exactly_once=flag),
    "mutate": lambda writes, _, flag: writes.mutate("u", 1, change=lambda s: s, exactly_once=flag),
}


@pytest.mark.parametrize("value", ["no", "", 0, 1, None])
@pytest.mark.parametrize("name", WRITES)
async def test_exactly_once_is_true_or_false(name: str, value: object) -> None:
    async with on_fake(FakeTransport(), Session) as sessions:
        with pytest.raises(InvalidRequestError, match=r"^exactly_once is True or False$"):
            await WRITES[name](sessions, Session(user="u", number=1), value)


async def test_an_update_that_would_read_first_reads_nothing_then() -> None:
    async with on_fake(FakeTransport(), Ticket) as tickets:
        with pytest.raises(InvalidRequestError, match=r"^exactly_once is True or False$"):
            await tickets.update("t", changes={"state": "open"}, exactly_once="no")  # type: ignore[arg-type]


GATEWAY: dict[str, tuple[list[str], Callable[..., Any]]] = {
    "get_item": (["consistent"], lambda table, **flags: table.get_item({"pk": "a"}, **flags)),
    "batch_get_items": (["consistent"], lambda table, **flags: table.batch_get_items([{"pk": "a"}], **flags)),
    "query": (
        ["consistent", "descending"],
        lambda table, **flags: table.query("pk = :pk", values={":pk": "a"}, **flags),
    ),
    "query of an index": (
        ["consistent", "descending"],
        lambda table, **flags: table.query("pk = :pk", values={":pk": "a"}, index_name="by_pk", **flags),
    ),
    "scan": (["consistent"], lambda table, **flags: table.scan(**flags)),
}


@pytest.mark.parametrize("value", ["no", "", 0, 1])
@pytest.mark.parametrize(
    ("name", "flag"), [(name, flag) for name, (flags, _) in GATEWAY.items() for flag in flags]
)
async def test_a_flag_of_raw_access_is_true_or_false(name: str, flag: str, value: object) -> None:
    config = DynamoDBConfig(table_name="app")
    async with TableGateway(config=config, logger=RecordingLogger(), transport=FakeTransport()) as table:
        with pytest.raises(InvalidRequestError, match=f"^{flag} is True or False$"):
            await GATEWAY[name][1](table, **{flag: value})


async def test_a_model_is_no_list_of_models() -> None:
    async with on_fake(FakeTransport(), User) as users:
        with pytest.raises(InvalidRequestError, match=r"^it takes a list, also of one"):
            await users.batch_write(User(pk="a", sk="b"))  # type: ignore[arg-type]


@pytest.mark.parametrize("single", [TransactWriteItem.delete("a", "b"), User(pk="a", sk="b")])
async def test_an_operation_is_no_list_of_operations(single: Any) -> None:
    async with on_fake(FakeTransport(), User) as users:
        with pytest.raises(InvalidRequestError, match=r"^transact_write takes a list of operations"):
            await users.transact_write(single)


async def test_a_key_is_no_list_of_keys() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Pipeline) as pipelines:
        for call in (pipelines.batch_get, pipelines.transact_get, pipelines.batch_delete):
            with pytest.raises(InvalidRequestError, match=r"^it takes a list, also of one"):
                await call("p1")
    assert not fake.requests
