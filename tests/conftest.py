"""What every test starts from: an empty AWS environment, and no network but loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from dynarepo._config import DynamoDBConfig
from dynarepo.testing._embedded import EmbeddedServer

# A slow machine is no failure, and what CI tries can be tried again: it draws the same examples each time.
settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("project")

# A shell's background jobs ignore Ctrl-C, and so would the programs that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _empty_aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "DYNAMODB_", "BOTO_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def table_name() -> str:
    """Give a table name that no other test uses."""
    return f"table-{uuid4().hex}"


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[DynamoDBConfig]:
    """Run one embedded DynamoDB for all tests."""
    server = EmbeddedServer()
    yield server.config
    server.stop()


@pytest.fixture
def embedded_config(embedded_server: DynamoDBConfig, table_name: str) -> DynamoDBConfig:
    """Give the embedded DynamoDB's configuration, with a table name of the test's own."""
    return embedded_server.model_copy(update={"table_name": table_name})
