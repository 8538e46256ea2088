"""Repositories as dependencies, on the application's connection."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, WebSocket
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncWriteRepository,
    ConfigurationError,
    SchemaError,
)
from dynarepo.fastapi import read_repository, repository, write_repository
from dynarepo.testing import FakeTransport
from tests.fastapi.serving import fake_app, serving
from tests.models import FRAME_SCHEMA, Frame, Setting

FACTORIES = [repository, read_repository, write_repository]

Settings = Annotated[AsyncDynamoDBRepository[Setting], Depends(repository(Setting))]
Reader = Annotated[AsyncReadRepository[Setting], Depends(read_repository(Setting))]
Writer = Annotated[AsyncWriteRepository[Setting], Depends(write_repository(Setting))]
Frames = Annotated[
    AsyncDynamoDBRepository[Frame], Depends(repository(Frame, schema=FRAME_SCHEMA, table_name="films"))
]


async def test_a_route_gets_a_repository_that_reads_and_writes() -> None:
    fake = FakeTransport({}, {"Item": {"name": {"S": "x"}, "value": {"S": "y"}, "level": {"N": "0"}}})
    app = fake_app(fake)

    @app.post("/{name}")
    async def route(name: str, value: str, settings: Settings) -> Setting | None:
        await settings.save(Setting(name=name, value=value))
        return await settings.get_one(name)

    async with serving(app) as client:
        reply = await client.post("/x?value=y")
    assert reply.json() == {"name": "x", "value": "y", "level": 0}
    assert [(operation, payload["TableName"]) for operation, payload in fake.requests] == [
        ("PutItem", "app"),
        ("GetItem", "app"),
    ]


async def test_the_halves_are_given_alone() -> None:
    app = fake_app(FakeTransport())
    seen: list[object] = []

    @app.get("/")
    async def route(reader: Reader, writer: Writer) -> None:
        seen.extend([type(reader), type(writer)])

    async with serving(app) as client:
        await client.get("/")
    assert seen == [AsyncReadRepository, AsyncWriteRepository]


async def test_schema_and_table_name_are_those_of_the_factory() -> None:
    fake = FakeTransport({})
    app = fake_app(fake)

    @app.get("/")
    async def route(frames: Frames) -> None:
        await frames.get_one("alien", b"\x01")

    async with serving(app) as client:
        await client.get("/")
    ((_, payload),) = fake.requests
    assert payload["TableName"] == "films"
    assert payload["Key"] == {"film": {"S": "alien"}, "digest": {"B": "AQ=="}}


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_wrong_declaration_is_refused_before_any_request(factory: Any) -> None:
    class Bare(BaseModel):
        name: str

    with pytest.raises(SchemaError):
        factory(Bare)


@pytest.mark.parametrize("factory", FACTORIES)
async def test_without_the_lifespan_the_error_says_what_is_missing(factory: Any) -> None:
    app = FastAPI()

    @app.get("/")
    async def route(_: object = Depends(factory(Setting))) -> None: ...

    async with serving(app) as client:
        with pytest.raises(ConfigurationError, match="dynamodb_lifespan"):
            await client.get("/")


async def test_a_web_socket_gets_a_repository_too() -> None:
    fake = FakeTransport({})
    app = fake_app(fake)

    @app.websocket("/")
    async def route(socket: WebSocket, settings: Settings) -> None:
        await socket.accept()
        await socket.send_json(await settings.get_one("x"))
        await socket.close()

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "subprotocols": []}
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[1]["text"] == "null"
