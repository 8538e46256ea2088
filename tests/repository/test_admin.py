"""Tables: made from declarations or explicit shapes, listed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from dynarepo import (
    ConfigurationError,
    ConnectionClosedError,
    DeadlineExceededError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    InvalidRequestError,
    SchemaError,
    TableAdmin,
    TableAlreadyExistsError,
    TableNotFoundError,
    UnexpectedResponseError,
)
from dynarepo._repository import _live_table
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from tests.models import FRAME_SCHEMA, Frame, Note, Order, Reading, Setting, User
from tests.recording_logger import RecordingLogger
from tests.repository.scripted_tables import (
    CONFIG,
    NOT_FOUND,
    by_status,
    described,
    faked,
    operations,
    orders_table,
)

ID_KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
ID_TYPE = [{"AttributeName": "id", "AttributeType": "S"}]


class Session(DynamoDBBaseModel):
    expires_at: datetime

    class Meta:
        ttl = "expires_at"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live_table, "_POLL_SECONDS", 0)


async def test_a_table_lives_from_its_creation_to_its_deletion(embedded_config: DynamoDBConfig) -> None:
    async with TableAdmin(config=embedded_config, logger=RecordingLogger()) as tables:
        name = embedded_config.table_name
        assert await tables.table_exists() is False
        assert await tables.create_table(Note) == name
        assert await tables.table_exists(name) is True
        assert name in await tables.list_tables()
        await tables.wait_until_active()
        with pytest.raises(TableAlreadyExistsError):
            await tables.create_table(Note)
        await tables.delete_table()
        assert await tables.table_exists() is False
        assert name not in await tables.list_tables()
        for call in (tables.delete_table(), tables.wait_until_active()):
            with pytest.raises(TableNotFoundError):
                await call


async def test_a_table_without_a_declaration_in_the_model_is_made_from_a_schema(
    connection: DynamoDBConnection,
) -> None:
    name = f"{connection.config.table_name}-films"
    tables = connection.table_admin()
    assert await tables.create_table(Frame, schema=FRAME_SCHEMA, table_name=name) == name
    films = connection.repository(Frame, schema=FRAME_SCHEMA, table_name=name)
    await films.save(Frame(film="p", digest=b"\0"))
    assert await films.count("p") == 1


async def test_the_expiry_that_a_model_declares_is_switched_on_when_the_table_is_active() -> None:
    fake, tables = faked({}, described("CREATING"), described("ACTIVE"), {})
    async with tables:
        await tables.create_table(Session)
    operation, payload = fake.requests[-1]
    assert operation == "UpdateTimeToLive"
    assert payload["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires_at"}


async def test_many_tables_are_listed_over_all_pages() -> None:
    fake, tables = faked(
        {"TableNames": ["a", "b"], "LastEvaluatedTableName": "b"},
        {"TableNames": [], "LastEvaluatedTableName": "c"},
        {"TableNames": ["d"]},
    )
    async with tables:
        assert await tables.list_tables() == ["a", "b", "d"]
    assert [payload.get("ExclusiveStartTableName") for _, payload in fake.requests] == [None, "b", "c"]


async def test_a_table_is_made_from_explicit_shapes() -> None:
    fake, tables = faked({}, described("ACTIVE"))
    async with tables:
        name = await tables.create_table(
            table_name="audit", key_schema=ID_KEY, attribute_definitions=ID_TYPE, global_indexes=[]
        )
    assert name == "audit"
    assert fake.requests[0] == (
        "CreateTable",
        {
            "TableName": "audit",
            "KeySchema": ID_KEY,
            "AttributeDefinitions": ID_TYPE,
            "BillingMode": "PAY_PER_REQUEST",
        },
    )


@pytest.mark.parametrize(
    ("models", "shapes", "message"),
    [
        ([User], {"key_schema": ID_KEY}, "models, or key_schema, not both"),
        ([User], {"attribute_definitions": ID_TYPE}, "models, or attribute_definitions, not both"),
        ([User], {"local_indexes": []}, "models, or local_indexes, not both"),
        ([], {"schema": FRAME_SCHEMA, "key_schema": ID_KEY}, "models, or key_schema, not both"),
        ([], {"key_schema": ID_KEY}, "attribute_definitions: Field required"),
        ([], {"global_indexes": []}, "key_schema: Field required"),
        ([], {"schema": FRAME_SCHEMA}, "without key_schema needs at least one model"),
    ],
)
async def test_models_and_explicit_shapes_exclude_each_other(
    models: list[Any], shapes: dict[str, Any], message: str
) -> None:
    fake, tables = faked()
    async with tables:
        with pytest.raises(InvalidRequestError, match=message):
            await tables.create_table(*models, **shapes)
    assert fake.requests == []


async def test_creation_without_waiting_is_one_request() -> None:
    """Expiry cannot be switched on before the table is active."""
    fake, tables = faked({})
    async with tables:
        assert await tables.create_table(Session, wait=False) == "app"
    assert operations(fake) == ["CreateTable"]


async def test_creation_waits_until_table_and_indexes_are_active() -> None:
    """A description may lag behind the creation, and not know the table yet."""
    fake, tables = faked(
        {},
        NOT_FOUND,
        described("CREATING"),
        described("ACTIVE", "CREATING", "ACTIVE"),
        described("ACTIVE", "ACTIVE", "ACTIVE"),
    )
    async with tables:
        assert await tables.create_table(Note) == "app"
    assert [operation for operation, _ in fake.requests] == ["CreateTable"] + ["DescribeTable"] * 4


async def test_waiting_for_a_table_that_is_not_there_is_an_error() -> None:
    _, tables = faked(NOT_FOUND)
    async with tables:
        with pytest.raises(TableNotFoundError):
            await tables.wait_until_active()


async def test_deletion_waits_until_the_table_is_gone() -> None:
    fake, tables = faked({}, described("DELETING"), described("DELETING"), NOT_FOUND)
    async with tables:
        await tables.delete_table("other")
    assert {payload["TableName"] for _, payload in fake.requests} == {"other"}
    assert len(fake.requests) == 4


@pytest.mark.parametrize(
    "wait",
    [
        lambda tables: tables.wait_until_active(),
        lambda tables: tables.delete_table(),
        lambda tables: tables.create_table(User),
        lambda tables: tables.add_index(Order, "by_status"),
        lambda tables: tables.remove_index("by_status"),
    ],
)
async def test_waiting_ends_at_the_deadline(wait: Callable[[TableAdmin], Any]) -> None:
    busy = orders_table(by_status("UPDATING"))
    busy["Table"]["TableStatus"] = "UPDATING"
    fake = FakeTransport.answering(lambda *_: busy)
    config = CONFIG.model_copy(update={"deadline": 0.01})
    async with TableAdmin(config=config, logger=RecordingLogger(), transport=fake) as tables:
        with pytest.raises(DeadlineExceededError):
            await wait(tables)


@pytest.mark.parametrize("reply", [{}, {"Table": None}, {"Table": []}])
async def test_a_description_without_its_table_is_an_error(reply: Payload) -> None:
    _, tables = faked(reply)
    async with tables:
        with pytest.raises(UnexpectedResponseError):
            await tables.wait_until_active()


async def test_a_list_without_names_is_an_error() -> None:
    _, tables = faked({})
    async with tables:
        with pytest.raises(UnexpectedResponseError):
            await tables.list_tables()


async def test_models_that_do_not_go_together_are_refused_without_a_request() -> None:
    fake, tables = faked()
    async with tables:
        with pytest.raises(SchemaError):
            await tables.create_table(User, Reading)
        with pytest.raises(InvalidRequestError):
            await tables.create_table()
        with pytest.raises(InvalidRequestError):
            await tables.create_table(Frame, Setting, schema=FRAME_SCHEMA)
        with pytest.raises(SchemaError):
            await tables.create_table(Frame)
        for call in (tables.diff, tables.verify):
            with pytest.raises(InvalidRequestError):
                await call()
            with pytest.raises(InvalidRequestError):
                await call(Frame, Setting, schema=FRAME_SCHEMA)
            with pytest.raises(SchemaError):
                await call(User, Reading)
    assert fake.requests == []


async def test_a_table_must_be_named_somewhere() -> None:
    _, tables = faked(config=DynamoDBConfig())
    async with tables:
        for call in (
            tables.create_table(User),
            tables.wait_until_active(),
            tables.delete_table(),
            tables.table_exists(),
            tables.ttl_attribute(),
            tables.enable_ttl("gone_at"),
            tables.disable_ttl(),
            tables.add_index(Order, "by_status"),
            tables.remove_index("by_status"),
            tables.diff(User),
            tables.verify(User),
        ):
            with pytest.raises(ConfigurationError):
                await call


async def test_nothing_is_done_when_it_is_not_open() -> None:
    fake, tables = faked()
    for call in (
        tables.create_table(User),
        tables.list_tables(),
        tables.table_exists(),
        tables.delete_table(),
        tables.ttl_attribute(),
        tables.enable_ttl("gone_at"),
        tables.disable_ttl(),
        tables.add_index(Order, "by_status"),
        tables.remove_index("by_status"),
        tables.diff(User),
        tables.verify(User),
    ):
        with pytest.raises(ConnectionClosedError):
            await call
    assert fake.requests == []


async def test_models_that_name_different_tables_are_refused_unless_one_is_given() -> None:
    class Other(DynamoDBBaseModel):
        class Meta:
            table_name = "others"

    class Third(DynamoDBBaseModel):
        class Meta:
            table_name = "thirds"

    fake, tables = faked({}, {})
    async with tables:
        with pytest.raises(SchemaError, match="one table_name"):
            await tables.create_table(Other, Third)
        assert await tables.create_table(Other, User, wait=False) == "others"
        assert await tables.create_table(Other, Third, table_name="given", wait=False) == "given"
    assert operations(fake) == ["CreateTable"] * 2
