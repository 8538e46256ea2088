"""The application inside the process, behind a client that speaks HTTP to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from dynarepo import DynamoDBConfig
from examples.pipelines.app import create_app
from integration.behaviour.stores import SentOperations

__all__ = ["created", "new_pipeline", "new_table", "serving", "started"]


@asynccontextmanager
async def serving(
    config: DynamoDBConfig, prefix: str, *, logger: SentOperations | None = None, transport: Any = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application with its lifespan; errors that no handler answers reach the test."""
    app = create_app(
        config,
        tables_prefix=prefix,
        verify=transport is None,  # a script knows nothing of tables
        logger=logger or SentOperations(),
        transport=transport,
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


def new_pipeline(pipeline_id: str = "orders-daily", **fields: Any) -> dict[str, Any]:
    """Make the body that creates a pipeline."""
    return {
        "pipeline_id": pipeline_id,
        "environment": "production",
        "owner": "ada",
        "schedule": "0 5 * * *",
    } | fields


def new_table(table_name: str = "orders", **fields: Any) -> dict[str, Any]:
    """Make an entry of the body that puts tables."""
    columns = [{"name": "id", "type": "integer", "is_key": True, "is_nullable": False}]
    return {"table_name": table_name, "load_mode": "merge", "columns": columns} | fields


async def created(client: httpx.AsyncClient, pipeline_id: str = "orders-daily", **fields: Any) -> Any:
    """Create a pipeline and give it as it is stored."""
    reply = await client.post("/pipelines", json=new_pipeline(pipeline_id, **fields))
    assert reply.status_code == 201, reply.text
    return reply.json()


async def started(client: httpx.AsyncClient, pipeline_id: str = "orders-daily") -> str:
    """Start a run and give its path."""
    reply = await client.post(f"/pipelines/{pipeline_id}/runs")
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"])
