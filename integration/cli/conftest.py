"""A command line that finds the backend."""

from __future__ import annotations

import os

import pytest

from dynarepo import DynamoDBConfig
from tests.cli.calling import CommandLine


@pytest.fixture
def cli(config: DynamoDBConfig, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Give a command line whose environment leads to the backend."""
    environment = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "DYNAMODB_REGION": str(config.region),
        "DYNAMODB_ENDPOINT_URL": str(config.endpoint_url),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return CommandLine(config, dict(os.environ))
