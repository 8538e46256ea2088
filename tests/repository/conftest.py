"""A connection of each test's own to the embedded DynamoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBConnection
from dynarepo._transport import DirectTransport
from tests.recording_logger import RecordingLogger
from tests.repository.accounts import Account
from tests.transport.rigs import StaticCredentials


@pytest.fixture
async def connection(embedded_config: DynamoDBConfig) -> AsyncIterator[DynamoDBConnection]:
    """Open a connection without the SDK, which would take most of a test's time to open."""
    assert embedded_config.endpoint_url is not None
    assert embedded_config.region is not None
    transport = DirectTransport(
        embedded_config.endpoint_url,
        embedded_config.region,
        StaticCredentials(),
        max_connections=10,
        connect_timeout=30,
    )
    # A loaded machine is slow, and nothing is lost by that.
    patient = embedded_config.model_copy(update={"deadline": 60.0, "attempt_timeout": 60.0})
    async with DynamoDBConnection(
        config=patient, logger=RecordingLogger(), transport=transport
    ) as connection:
        yield connection


@pytest.fixture
async def accounts(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Account]:
    """Give the repository of a model that counts versions."""
    await connection.table_admin().create_table(Account)
    return connection.repository(Account)
