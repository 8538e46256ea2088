"""Applications inside the process, their lifespan included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from dynarepo import DynamoDBConfig
from dynarepo.fastapi import dynamodb_lifespan
from dynarepo.testing import FakeTransport
from tests.recording_logger import RecordingLogger

__all__ = ["PROBLEM", "fake_app", "serving"]

PROBLEM = "application/problem+json"


def fake_app(fake: FakeTransport, **options: Any) -> FastAPI:
    """Make an application on a fake."""
    lifespan = dynamodb_lifespan(
        config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=fake, **options
    )
    return FastAPI(lifespan=lifespan)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run an application and give a client of it."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client
