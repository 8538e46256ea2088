"""What mypy and pyright infer for tests that use the pytest plugin; checked, never run."""

# pyright: strict

from __future__ import annotations

from typing import Any, assert_type

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBBaseModel, DynamoDBConfig, TableSchema
from dynarepo.pytest_plugin import RepositoryFactory, TableFactory
from dynarepo.testing import (
    CapturedEvents,
    FakeTransport,
    FaultServer,
    ReceivedRequest,
    RecordingTransport,
    RequestLog,
    SentRequest,
)


class User(DynamoDBBaseModel):
    email: str


class Plain(BaseModel):
    name: str


def make(repository: RepositoryFactory, table: TableFactory) -> None:
    assert_type(repository(User), AsyncDynamoDBRepository[User])
    assert_type(repository(Plain, schema=TableSchema("name")), AsyncDynamoDBRepository[Plain])
    assert_type(repository(User, table_name="app", consistent_read=True), AsyncDynamoDBRepository[User])
    assert_type(table(User, Plain, table_name="app"), str)


def look(config: DynamoDBConfig, server: FaultServer, events: CapturedEvents) -> None:
    recording = RecordingTransport(FakeTransport({}))
    assert_type(recording.requests, RequestLog[SentRequest])
    assert_type(RecordingTransport(config).requests.operations, list[str])
    assert_type(server.requests, RequestLog[ReceivedRequest])
    for operation, payload in recording.requests:
        assert_type(operation, str)
        assert_type(payload, dict[str, Any])
    RecordingTransport(recording)
    AsyncDynamoDBRepository(User, config=config, logger=events.logger, transport=recording)
