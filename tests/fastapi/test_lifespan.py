"""One connection for each application, from its start to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from dynarepo import (
    ConfigurationError,
    ConnectionClosedError,
    DynamoDBConfig,
    DynamoDBConnection,
    OpenTelemetry,
    SchemaError,
    TableMismatchError,
    TableNotFoundError,
)
from dynarepo._codec import bind
from dynarepo._requests import table_definition
from dynarepo._wire import Payload
from dynarepo.fastapi import Connection, connection_of, dynamodb_lifespan
from dynarepo.testing import FakeTransport, error_reply
from tests.fastapi.serving import fake_app, serving
from tests.models import Note, Setting
from tests.recording_logger import RecordingLogger

CONFIG = DynamoDBConfig(table_name="app")


class Elsewhere(BaseModel):
    """In a table of its own, which it names."""

    name: str

    class Meta:
        table_name = "elsewhere"
        partition_key = "name"


def remember(app: FastAPI) -> list[DynamoDBConnection]:
    """Keep the connection of each request."""
    seen: list[DynamoDBConnection] = []

    @app.get("/")
    async def route(
        connection: Connection,
        same: Annotated[DynamoDBConnection, Depends(connection_of)],
        request: Request,
    ) -> None:
        assert connection is same is connection_of(request)
        seen.append(connection)

    return seen


async def test_every_request_gets_the_one_connection_of_the_application() -> None:
    app = fake_app(FakeTransport())
    seen = remember(app)
    async with serving(app) as client:
        await client.get("/")
        await client.get("/")
        assert seen[0] is seen[1] is app.state.dynamodb


async def test_telemetry_sees_the_calls_of_the_application() -> None:
    spans = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    app = FastAPI(
        lifespan=dynamodb_lifespan(
            config=CONFIG,
            logger=RecordingLogger(),
            transport=FakeTransport({"TableNames": []}),
            telemetry=OpenTelemetry(tracer_provider=tracers),
        )
    )
    async with serving(app):
        await app.state.dynamodb.table_admin().list_tables()
    assert [span.name for span in spans.get_finished_spans()] == ["ListTables"]


async def test_the_end_of_the_application_closes_the_connection() -> None:
    fake = FakeTransport()
    app = fake_app(fake)
    async with serving(app):
        connection, was_closed = app.state.dynamodb, fake.closed
    assert (was_closed, fake.closed) == (False, True)
    with pytest.raises(ConnectionClosedError):
        await connection.repository(Setting).get_one("x")


async def test_an_application_that_fails_closes_the_connection() -> None:
    fake = FakeTransport()
    app = fake_app(fake)
    with pytest.raises(ValueError, match="invalid literal"):
        async with app.router.lifespan_context(app):
            int("x")
    assert fake.closed


async def test_an_application_can_be_run_again(embedded_config: DynamoDBConfig) -> None:
    app = FastAPI(lifespan=dynamodb_lifespan(config=embedded_config, logger=RecordingLogger()))
    seen = remember(app)
    for _ in range(2):
        async with serving(app) as client:
            assert (await client.get("/")).status_code == 200
    assert seen[0] is not seen[1]


async def test_two_applications_share_nothing() -> None:
    first, second = fake_app(FakeTransport()), fake_app(FakeTransport())
    of_first, of_second = remember(first), remember(second)
    async with serving(first) as client, serving(second) as other:
        await client.get("/")
        await other.get("/")
    assert of_first[0] is not of_second[0]


async def test_the_end_of_one_application_leaves_the_other_open() -> None:
    fake = FakeTransport({"Item": {"name": {"S": "x"}}})
    app = fake_app(fake)
    async with serving(app):
        async with serving(fake_app(FakeTransport())):
            pass
        assert await app.state.dynamodb.repository(Setting).get_one("x") == Setting(name="x")


async def test_it_can_be_part_of_another_lifespan() -> None:
    fake, order = FakeTransport(), list[str]()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connected = dynamodb_lifespan(config=CONFIG, logger=RecordingLogger(), transport=fake)
        async with connected(app):
            order.append("started")
            yield
            order.append("closed too early" if fake.closed else "ended")

    app = FastAPI(lifespan=lifespan)
    seen = remember(app)
    async with serving(app) as client:
        await client.get("/")
    assert (len(seen), order, fake.closed) == (1, ["started", "ended"], True)


async def test_a_second_lifespan_on_one_application_is_refused() -> None:
    app = fake_app(FakeTransport())
    async with serving(app):
        connection = app.state.dynamodb
        with pytest.raises(ConfigurationError, match=r"app\.state\.dynamodb is taken"):
            async with fake_app(FakeTransport()).router.lifespan_context(app):
                pass
        assert app.state.dynamodb is connection


@pytest.mark.parametrize("taken", [None, "something else"])
async def test_without_the_lifespan_the_error_says_what_is_missing(taken: object) -> None:
    app = FastAPI()
    if taken is not None:
        app.state.dynamodb = taken
    remember(app)
    async with serving(app) as client:
        with pytest.raises(ConfigurationError, match=r"FastAPI\(lifespan=dynamodb_lifespan"):
            await client.get("/")


async def test_after_its_end_an_application_has_no_connection() -> None:
    app = fake_app(FakeTransport())
    async with serving(app):
        pass
    assert not hasattr(app.state, "dynamodb")


def live_table(*models: type[BaseModel]) -> Payload:
    """Describe the table that models declare, as DynamoDB would."""
    definition = table_definition([bind(model) for model in models], "app", CONFIG)
    return {"Table": definition | {"TableStatus": "ACTIVE"}}


def describing(tables: dict[str, Payload]) -> FakeTransport:
    """Answer what the start asks of tables."""

    def answer(operation: str, payload: Payload) -> Any:
        if payload["TableName"] not in tables:
            return error_reply("ResourceNotFoundException")
        if operation == "DescribeTimeToLive":
            return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
        return tables[payload["TableName"]]

    return FakeTransport.answering(answer)


async def test_tables_that_are_as_declared_let_the_application_start() -> None:
    fake = describing({"app": live_table(Setting), "elsewhere": live_table(Elsewhere)})
    async with serving(fake_app(fake, verify=[Setting, Elsewhere])):
        pass
    asked = [(operation, payload["TableName"]) for operation, payload in fake.requests]
    assert asked == [
        ("DescribeTable", "app"),
        ("DescribeTimeToLive", "app"),
        ("DescribeTable", "elsewhere"),
        ("DescribeTimeToLive", "elsewhere"),
    ]


async def test_a_table_that_is_not_as_declared_stops_the_application() -> None:
    fake = describing({"app": live_table(Setting)})
    app = fake_app(fake, verify=[Note])
    with pytest.raises(TableMismatchError, match="the table is not as the models declare it"):
        async with serving(app):
            pass
    assert fake.closed
    assert not hasattr(app.state, "dynamodb")


async def test_a_table_that_is_missing_stops_the_application() -> None:
    with pytest.raises(TableNotFoundError):
        async with serving(fake_app(describing({}), verify=[Setting])):
            pass


async def test_a_model_without_a_declaration_stops_the_application() -> None:
    class Bare(BaseModel):
        name: str

    with pytest.raises(SchemaError):
        async with serving(fake_app(FakeTransport(), verify=[Bare])):
            pass


async def test_nothing_is_asked_of_dynamodb_without_verify() -> None:
    fake = FakeTransport()
    async with serving(fake_app(fake)):
        pass
    assert fake.requests == []
