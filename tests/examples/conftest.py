"""Both web applications on the embedded server, behind one way to ask them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from dynarepo import DynamoDBConfig, TableAdmin
from examples import aiohttp_app, fastapi_app
from examples.notes import Note
from tests.examples.asking import Ask, Reply


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def notes_config(embedded_config: DynamoDBConfig) -> DynamoDBConfig:
    """Give a configuration whose table of notes exists."""
    async with TableAdmin(config=embedded_config, logger=structlog.get_logger()) as tables:
        await tables.create_table(Note)
    return embedded_config


@asynccontextmanager
async def asking_fastapi(config: DynamoDBConfig) -> AsyncIterator[Ask]:
    """Serve the FastAPI application inside the process, its lifespan included."""
    app = fastapi_app.create_app(config)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):

        async def ask(method: str, path: str, body: Any = None) -> Reply:
            response = await client.request(method, path, json=body)
            return Reply(response.status_code, response.json() if response.content else None)

        yield ask


@asynccontextmanager
async def asking_aiohttp(config: DynamoDBConfig) -> AsyncIterator[Ask]:
    """Serve the aiohttp application on loopback."""
    async with TestClient(TestServer(aiohttp_app.create_app(config))) as client:

        async def ask(method: str, path: str, body: Any = None) -> Reply:
            async with client.request(method, path, json=body) as response:
                is_json = response.content_type == "application/json"
                return Reply(response.status, await response.json() if is_json else None)

        yield ask


@pytest.fixture(params=[asking_fastapi, asking_aiohttp], ids=["fastapi", "aiohttp"])
async def ask(request: pytest.FixtureRequest, notes_config: DynamoDBConfig) -> AsyncIterator[Ask]:
    """Give the way to ask each of the applications."""
    async with request.param(notes_config) as asking:
        yield asking
