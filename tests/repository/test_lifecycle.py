"""Opening, sharing, copying and closing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import structlog

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncWriteRepository,
    ConfigurationError,
    ConnectionClosedError,
    DynamoDBConfig,
    DynamoDBConnection,
    SchemaError,
    SortKeyCondition,
    TableAdmin,
    TableNotFoundError,
    TransactWriteItem,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import turns
from tests.models import FRAME_SCHEMA, Frame, Setting, User
from tests.recording_logger import RecordingLogger

CONFIG = DynamoDBConfig(table_name="app")


def made(fake: FakeTransport, **options: Any) -> AsyncDynamoDBRepository[User]:
    config = CONFIG.model_copy(update=options)
    return AsyncDynamoDBRepository(User, config=config, logger=RecordingLogger(), transport=fake)


def every_call(users: AsyncDynamoDBRepository[User]) -> dict[str, Any]:
    """Begin every request that a repository can make."""
    item, equal = User(pk="p", sk="s"), SortKeyCondition.eq("s")
    return {
        "get_one": users.get_one("p", "s"),
        "save": users.save(item),
        "create": users.create(item),
        "update": users.update("p", "s", {"age": 1}),
        "delete": users.delete("p", "s"),
        "query_by_pk": users.query_by_pk("p"),
        "query_by_pk_and_sk": users.query_by_pk_and_sk("p", equal),
        "iter_query": anext(users.iter_query("p")),
        "iter_query_items": anext(users.iter_query_items("p")),
        "scan": users.scan(),
        "iter_scan": anext(users.iter_scan()),
        "iter_scan_items": anext(users.iter_scan_items()),
        "parallel scan": anext(users.iter_scan(segments=3)),
        "count": users.count("p"),
        "batch_get": users.batch_get([("p", "s")]),
        "load": users.load(("p", "s")),
        "batch_write": users.batch_write([item]),
        "batch_delete": users.batch_delete([("p", "s")]),
        "batch": users.batch().__aenter__(),
        "transact_write": users.transact_write([TransactWriteItem.put(item)]),
        "transact_get": users.transact_get([("p", "s")]),
        "ping": users.ping(),
    }


async def refused(users: AsyncDynamoDBRepository[User]) -> None:
    for name, call in every_call(users).items():
        try:
            await call
        except ConnectionClosedError:
            continue
        raise AssertionError(f"{name} was not refused")


async def test_every_call_is_refused_before_the_repository_is_open() -> None:
    fake = FakeTransport()
    await refused(made(fake))
    assert fake.requests == []


async def test_every_call_is_refused_after_it_is_closed_which_is_harmless_twice_rf178() -> None:
    fake = FakeTransport()
    async with made(fake) as users:
        pass
    await refused(users)
    await users.close()
    assert fake.closed
    with pytest.raises(ConnectionClosedError):
        await users.open()
    assert fake.requests == []


def test_every_call_is_refused_on_another_event_loop_rf178() -> None:
    fake = FakeTransport()
    users = made(fake)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(users.open())
        second.run(refused(users))
        first.run(users.close())
    assert fake.requests == []


async def test_a_call_under_way_when_the_repository_is_closed_fails_with_a_type_rf178() -> None:
    """What was being read is not; what was being written may be."""
    gate = asyncio.Event()

    async def answer(_operation: str, _payload: Any) -> Any:
        await gate.wait()
        return error_reply("ThrottlingException")

    fake = FakeTransport.answering(answer)
    async with made(fake) as users:
        reading, writing = (
            asyncio.create_task(users.get_one("p", "s")),
            asyncio.create_task(users.save(User(pk="p", sk="s"))),
        )
        await turns()
    gate.set()
    for task in (reading, writing):
        with pytest.raises((ConnectionClosedError, WriteOutcomeUnknownError)):
            await task
    assert len(fake.requests) == 2


async def test_opening_sends_nothing() -> None:
    fake = FakeTransport()
    async with made(fake):
        await turns()
    assert fake.requests == []


async def test_the_halves_work_alone_and_have_only_their_half(embedded_config: DynamoDBConfig) -> None:
    logger = RecordingLogger()
    async with TableAdmin(config=embedded_config, logger=logger) as tables:
        await tables.create_table(User)
    async with (
        AsyncWriteRepository(User, config=embedded_config, logger=logger) as writing,
        AsyncReadRepository(User, config=embedded_config, logger=logger) as reading,
    ):
        await writing.save(User(pk="p", sk="s", age=3))
        assert await reading.get_one("p", "s") == User(pk="p", sk="s", age=3)
        assert await writing.ping()
        assert await reading.ping()
    for name in ("get_one", "scan", "batch_get", "count", "transact_get", "iter_query"):
        assert not hasattr(writing, name)
    for name in ("save", "create", "update", "delete", "batch", "batch_write", "transact_write"):
        assert not hasattr(reading, name)


async def test_repositories_of_a_connection_share_it_and_leave_it_open() -> None:
    fake = FakeTransport.answering(lambda *_: {})
    async with DynamoDBConnection(config=CONFIG, logger=RecordingLogger(), transport=fake) as connection:
        users = connection.repository(User)
        frames = connection.repository(Frame, schema=FRAME_SCHEMA, table_name="films")
        settings = connection.read_repository(Setting)
        async with users, frames, settings, connection.write_repository(User), connection.table_admin():
            pass
        await users.close()
        assert await users.get_one("p", "s") is None
        assert await frames.get_one("p", b"s") is None
        assert await settings.get_one("a") is None
    assert fake.closed
    assert [payload["TableName"] for _, payload in fake.requests] == ["app", "films", "app"]
    await refused(users)


async def test_a_repository_says_what_it_is_and_no_values() -> None:
    users = made(FakeTransport(), cursor_scope="tenant", aws_access_key_id=None)
    assert repr(users) == "AsyncDynamoDBRepository(User, table_name='app')"
    assert users.model is User
    assert users.table_name == "app"
    assert users.config.cursor_scope == "tenant"


async def test_a_copy_has_other_options_and_the_same_connection() -> None:
    fake = FakeTransport.answering(lambda *_: {})
    async with made(fake) as users:
        copy = users.with_options(consistent_read=True, deadline=3)
        assert type(copy) is AsyncDynamoDBRepository
        assert (copy.config.consistent_read, copy.config.deadline) == (True, 3)
        assert (users.config.consistent_read, users.config.deadline) == (False, 10)
        await copy.get_one("p", "s")
        await users.get_one("p", "s")
        async with copy:
            pass
        assert not fake.closed
    assert ["ConsistentRead" in payload for _, payload in fake.requests] == [True, False]
    await refused(copy)


def test_a_copy_keeps_what_was_configured_with_secrets() -> None:
    users = made(FakeTransport())
    signed = users.with_options(cursor_keys=("k" * 16,)).with_options(cursor_scope="tenant")
    assert [key.get_secret_value() for key in signed.config.cursor_keys] == ["k" * 16]


@pytest.mark.parametrize("options", [{"region": "eu-west-1"}, {"table_name": "other"}, {"unknown": 1}])
def test_a_copy_cannot_change_the_connection(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        made(FakeTransport()).with_options(**options)


@pytest.mark.parametrize("options", [{"deadline": 0}, {"deadline": "x"}, {"batch_concurrency": 0}])
def test_a_copy_refuses_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        made(FakeTransport()).with_options(**options)


async def test_ping_tells_whether_the_table_is_there(connection: DynamoDBConnection) -> None:
    users = connection.repository(User)
    assert await users.ping() is False
    await connection.table_admin().create_table(User)
    assert await users.ping() is True


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"]
)
async def test_ping_is_false_for_every_failure(code: str) -> None:
    async with made(FakeTransport(error_reply(code))) as users:
        assert await users.ping() is False


def test_config_and_logger_are_required() -> None:
    make: Any = AsyncDynamoDBRepository
    logger = RecordingLogger()
    with pytest.raises(TypeError):
        make(User, logger=logger)
    with pytest.raises(TypeError):
        make(User, config=CONFIG)
    with pytest.raises(TypeError):
        make(User, CONFIG, logger)
    for config in (None, {"table_name": "app"}, DynamoDBConfig):
        with pytest.raises(ConfigurationError):
            make(User, config=config, logger=logger)
    for no_logger in (None, object(), print):
        with pytest.raises(ConfigurationError, match="logger"):
            make(User, config=CONFIG, logger=no_logger)


@pytest.mark.parametrize(
    "logger", [logging.getLogger("app"), logging.LoggerAdapter(logging.getLogger("app"), {}), logging]
)
def test_a_logger_of_logging_is_refused_with_what_to_do(logger: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"structlog\.get_logger\(\).*structlog\.wrap_logger"):
        DynamoDBConnection(config=CONFIG, logger=logger)


async def test_one_of_structlog_over_logging_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logger = structlog.wrap_logger(logging.getLogger("app"), processors=[structlog.processors.JSONRenderer()])
    fake = FakeTransport(error_reply("ResourceNotFoundException"))
    async with DynamoDBConnection(config=CONFIG, logger=logger, transport=fake) as connection:
        with pytest.raises(TableNotFoundError):
            await connection.repository(User).get_one("p", "s")
    assert "dynamodb.operation.failed" in caplog.text


def test_a_table_must_be_named_somewhere() -> None:
    logger = RecordingLogger()
    with pytest.raises(ConfigurationError, match="User"):
        AsyncDynamoDBRepository(User, config=DynamoDBConfig(), logger=logger)
    assert (
        AsyncReadRepository(User, config=DynamoDBConfig(), logger=logger, table_name="app").table_name
        == "app"
    )


def test_a_model_must_declare_its_keys() -> None:
    with pytest.raises(SchemaError, match="Frame"):
        AsyncDynamoDBRepository(Frame, config=CONFIG, logger=RecordingLogger())
    with pytest.raises(SchemaError):
        AsyncDynamoDBRepository(Setting, config=CONFIG, logger=RecordingLogger(), schema=FRAME_SCHEMA)
