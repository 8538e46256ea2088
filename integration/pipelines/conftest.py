"""One application on three tables for all tests, empty before each; needs the extra `examples`."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import pytest_asyncio

from dynarepo import DynamoDBConfig, DynamoDBConnection
from examples.pipelines.models import PipelineConfig, PipelineRun, TableConfig
from examples.pipelines.storage import TableNames, create_tables
from integration.behaviour.stores import SentOperations

if TYPE_CHECKING:
    import httpx

if find_spec("fastapi_offline") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from integration.pipelines.serving import serving

_HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on one event loop, as a connection belongs to the loop it was opened on."""
    for item in items:
        if item.path.is_relative_to(_HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def app_config(endpoint_url: str) -> DynamoDBConfig:
    """Point at the backend, with a key for cursors as several processes would share it."""
    return DynamoDBConfig.model_validate(
        {
            "region": "eu-west-1",
            "endpoint_url": endpoint_url,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
            "cursor_keys": ["a key of the tests, 27 bytes"],
        }
    )


@pytest.fixture(scope="session")
def prefix() -> str:
    """Begin the names of the tables as no other run does."""
    return f"integration-{secrets.token_hex(8)}-"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def connection(app_config: DynamoDBConfig) -> AsyncIterator[DynamoDBConnection]:
    """Reach behind the application."""
    async with DynamoDBConnection(config=app_config, logger=SentOperations()) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def names(connection: DynamoDBConnection, prefix: str) -> AsyncIterator[TableNames]:
    """Make the tables, and delete them at the end."""
    names, admin = TableNames.prefixed(prefix), connection.table_admin()
    await create_tables(admin, names)
    yield names
    for _, name in names.models:
        await admin.delete_table(name)


@pytest.fixture(scope="session")
def operations() -> SentOperations:
    """Give the logger of the application."""
    return SentOperations()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def application(
    app_config: DynamoDBConfig, names: TableNames, prefix: str, operations: SentOperations
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application for all tests."""
    async with serving(app_config, prefix, logger=operations) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    application: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> httpx.AsyncClient:
    """Ask the application, whose tables are empty."""
    pipelines = connection.repository(PipelineConfig, table_name=names.pipelines)
    tables = connection.repository(TableConfig, table_name=names.tables)
    runs = connection.repository(PipelineRun, table_name=names.runs)
    await pipelines.batch_delete([found.pipeline_id async for found in pipelines.iter_scan_items()])
    await tables.batch_delete(
        [(found.pipeline_id, found.table_name) async for found in tables.iter_scan_items()]
    )
    await runs.batch_delete([(found.pipeline_id, found.run_id) async for found in runs.iter_scan_items()])
    return application


@pytest.fixture
def sent(client: httpx.AsyncClient, operations: SentOperations) -> list[str]:
    """Give the names of the operations that the application sends."""
    operations.names.clear()
    return operations.names
