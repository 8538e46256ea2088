"""The application: `create_app` puts the parts together, and opens nothing before it is started."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from dynarepo import DynamoDBConfig, Logger, Transport
from dynarepo.fastapi import dynamodb_lifespan
from examples.pipelines.api import pipelines, runs, tables
from examples.pipelines.api.problems import add_error_handlers
from examples.pipelines.storage import TableNames, verify_tables

_STATIC: Final = Path(__file__).parent / "static"
#: The page needs nothing from anywhere else, and may get nothing from there.
_PAGE_HEADERS: Final = {"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}


def create_app(
    config: DynamoDBConfig,
    *,
    tables_prefix: str = "",
    verify: bool = True,
    logger: Logger | None = None,
    transport: Transport | None = None,
) -> FastAPI:
    """
    Make the application.

    Args:
        config: Where DynamoDB is; with `cursor_keys`, cursors are good in every process that has them.
        tables_prefix: What the names of the three tables begin with.
        verify: Whether it starts only if the tables are as the models declare.
        logger: A structlog logger.
        transport: Replaces the network, in tests.
    """
    names = TableNames.prefixed(tables_prefix)
    opened = dynamodb_lifespan(config=config, logger=logger or structlog.get_logger(), transport=transport)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(app):
            if verify:
                await verify_tables(app.state.dynamodb.table_admin(), names)
            yield

    # FastAPI's own page for the OpenAPI document loads its scripts from the internet; this one does not.
    app = FastAPIOffline(title="Pipelines", version="1", redoc_url=None, lifespan=lifespan)
    app.state.table_names = names
    add_error_handlers(app)
    for router in (pipelines.router, tables.router, runs.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html", headers=_PAGE_HEADERS)

    return app
