"""What a service must not do: active records, the SDK's objects in its API, caching, soft deletes."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from msgspec import Struct
from pydantic import BaseModel, Field

import dynarepo
from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    TableSchema,
    TransactWriteItem,
    increment,
)
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import User
from tests.recording_logger import RecordingLogger

SDK: Final = ("aioboto3", "aiobotocore", "aiohttp", "boto3", "botocore")


class Paper(DynamoDBBaseModel):
    pages: int = 0
    scan: bytes = b""
    tags: set[str] = Field(default_factory=set)
    more: dict[str, Any] = Field(default_factory=dict)


class Bare(BaseModel):
    """Declares nothing."""

    pk: str
    sk: str
    pages: int = 0
    scan: bytes = b""
    tags: set[str] = Field(default_factory=set)
    more: dict[str, Any] = Field(default_factory=dict)


def is_of_the_sdk(thing: object) -> bool:
    return type(thing).__module__.split(".")[0] in SDK


def inside(thing: object) -> Iterator[object]:
    """Give a value and everything that can be reached in it."""
    yield thing
    parts: object = ()
    if isinstance(thing, Mapping):
        parts = [*thing, *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        parts = thing
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        parts = [getattr(thing, field.name) for field in dataclasses.fields(thing)]
    elif isinstance(thing, Struct):
        parts = [getattr(thing, name) for name in thing.__struct_fields__]
    elif isinstance(thing, BaseModel | DynamoDBServiceError):
        parts = vars(thing).values()
    assert isinstance(parts, list | tuple | set | frozenset | type({}.values()))
    for part in parts:
        yield from inside(part)


async def used(repository: AsyncDynamoDBRepository[Any], model: type[Any]) -> list[Any]:
    """Use a repository in every way, and give what came back."""
    item = model(pk="p", sk="a", pages=1, scan=b"\0", tags={"x"}, more={"n": 1, "b": b"\1"})
    results = [
        await repository.create(item),
        await repository.save(item),
        await repository.upsert(item),
        await repository.update("p", "a", {"pages": 2}),
        await repository.update("p", "a", lambda p: [increment(p.pages, 1)]),
        await repository.get_one("p", "a"),
        await repository.batch_write([item]),
        await repository.batch_get([("p", "a"), ("p", "b")]),
        await repository.transact_write([TransactWriteItem.put(item)]),
        await repository.transact_get([("p", "a")]),
        await repository.query_by_pk("p", limit=1),
        await repository.scan(),
        await repository.count("p"),
        await repository.ping(),
    ]
    for call in (
        repository.create(item),
        repository.update("p", "b", {"pages": 1}),
        repository.save(item, where=lambda p: p.pages > 9),
        repository.transact_write([TransactWriteItem.create(item)]),
        repository.save(model(pk="p", sk="b", scan=bytes(500_000))),
    ):
        with pytest.raises(DynamoDBServiceError) as raised:
            await call
        results.append(raised.value)
    results.append(await repository.delete("p", "a"))
    return results


@pytest.mark.parametrize(("model", "schema"), [(Paper, None), (Bare, TableSchema("pk", "sk"))])
async def test_a_model_is_after_its_use_what_it_was_before(
    connection: DynamoDBConnection, model: type[Any], schema: TableSchema | None
) -> None:
    """No attribute and no method is added to the class or to an instance, and none is replaced."""
    await connection.table_admin().create_table(model, schema=schema)
    before = dict(vars(model))
    results = await used(connection.repository(model, schema=schema), model)
    assert dict(vars(model)) == before
    found = [part for result in results for part in inside(result) if isinstance(part, model)]
    assert len(found) > 10
    for each in found:
        assert type(each) is model
        assert vars(each).keys() == model.model_fields.keys()
        assert each.__pydantic_private__ is None
        assert each.__pydantic_extra__ is None


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_results_and_errors_hold_nothing_of_the_sdk(
    embedded_config: DynamoDBConfig, transport: str
) -> None:
    config = embedded_config.model_copy(update={"transport": transport})
    async with DynamoDBConnection(config=config, logger=RecordingLogger()) as connection:
        admin, gateway = connection.table_admin(), connection.table_gateway()
        results: list[Any] = [await admin.create_table(Paper)]
        results += await used(connection.repository(Paper), Paper)
        await gateway.put_item({"pk": "p", "sk": "a", "b": b"\0", "n": 1, "s": {b"\1"}})
        results += [await gateway.scan(), await gateway.get_item({"pk": "p", "sk": "a"})]
        with pytest.raises(DynamoDBServiceError) as raised:
            await gateway.get_item({"pk": "p"})
        results += [raised.value, await admin.list_tables(), await admin.diff(User)]
    assert [part for result in results for part in inside(result) if is_of_the_sdk(part)] == []
    errors = [result for result in results if isinstance(result, DynamoDBServiceError)]
    assert len(errors) == 6
    assert [error for error in errors if error.__cause__ is not None] == []


async def test_nothing_of_the_sdk_can_be_reached_by_a_public_name(embedded_config: DynamoDBConfig) -> None:
    async with DynamoDBConnection(config=embedded_config, logger=RecordingLogger()) as connection:
        for opened in (
            connection,
            connection.repository(Paper),
            connection.table_admin(),
            connection.table_gateway(),
        ):
            public = {name: getattr(opened, name) for name in dir(opened) if not name.startswith("_")}
            assert {name for name, value in public.items() if is_of_the_sdk(value)} == set()


@pytest.mark.parametrize("name", sorted(dynarepo.__all__))
def test_no_signature_names_a_type_of_the_sdk(name: str) -> None:
    thing = getattr(dynarepo, name)
    members = [getattr(thing, member) for member in dir(thing) if not member.startswith("_")]
    for each in (thing, *members):
        if inspect.isfunction(each) or inspect.ismethod(each):
            signature = str(inspect.signature(each))
            assert not any(word in signature for word in ("boto", "aiohttp")), signature


async def test_every_read_asks_the_service_again() -> None:
    """What somebody else wrote meanwhile is seen by the next read."""
    ages = iter(range(1, 100))

    def answer(operation: str, _payload: Any) -> Any:
        item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "age": {"N": str(next(ages))}}
        return {
            "GetItem": {"Item": item},
            "Query": {"Items": [item], "Count": 1, "ScannedCount": 1},
            "BatchGetItem": {"Responses": {"app": [item]}, "UnprocessedKeys": {}},
            "TransactGetItems": {"Responses": [{"Item": item}]},
        }[operation]

    fake = FakeTransport.answering(answer)
    seen: list[Any] = []
    async with on_fake(fake, User) as users:
        for _ in range(2):
            seen += [await users.get_one("p", "s"), *await users.batch_get([("p", "s")])]
            seen += [*(await users.query_by_pk("p")).items, *await users.transact_get([("p", "s")])]
    assert [user.age for user in seen] == list(range(1, 9))
    assert len(fake.requests) == 8


async def test_a_delete_leaves_nothing_behind(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users, gateway = connection.repository(User), connection.table_gateway()
    items = [User(pk="p", sk=str(number)) for number in range(3)]
    await users.batch_write(items)
    await users.delete("p", "0")
    await users.batch_delete([("p", "1")])
    await users.transact_write([TransactWriteItem.delete("p", "2")])
    assert (await gateway.scan()).items == []
