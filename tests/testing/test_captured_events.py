"""Log events as data."""

from __future__ import annotations

import pytest
import structlog

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig
from dynarepo.testing import CapturedEvents, FakeTransport
from tests.models import User


async def test_the_events_of_a_repository_are_kept_with_level_and_fields() -> None:
    events = CapturedEvents()
    config = DynamoDBConfig(table_name="app")
    async with AsyncDynamoDBRepository(
        User, config=config, logger=events.logger, transport=FakeTransport({})
    ) as users:
        await users.get_one("a", "b")
    assert [(event["log_level"], event["event"]) for event in events] == [
        ("debug", "dynamodb.operation.started"),
        ("info", "dynamodb.operation.completed"),
    ]
    (completed,) = events.named("dynamodb.operation.completed")
    assert (completed["table"], completed["outcome"], completed["attempts"]) == ("app", "success", 1)
    assert events.named("dynamodb.operation.failed") == []


def test_the_logger_is_one_of_structlog_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    events = CapturedEvents()
    events.logger.bind(request="r").warning("seen", n=1)
    assert events == [{"event": "seen", "log_level": "warning", "request": "r", "n": 1}]
    assert capsys.readouterr() == ("", "")


def test_what_the_application_configured_is_left_alone() -> None:
    before = structlog.get_config()["processors"].copy()
    CapturedEvents().logger.info("seen")
    assert structlog.get_config()["processors"] == before
