"""A connection of each test's own to the embedded DynamoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo._transport import DirectTransport
from tests.recording_logger import RecordingLogger
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
        connect_timeout=2,
    )
    async with DynamoDBConnection(
        config=embedded_config, logger=RecordingLogger(), transport=transport
    ) as connection:
        yield connection
