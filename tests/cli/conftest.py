"""A command line for each test, on the embedded server."""

from __future__ import annotations

import os

import pytest

from dynarepo._config import DynamoDBConfig
from tests.cli.calling import CommandLine


@pytest.fixture
def cli(embedded_config: DynamoDBConfig, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Give a command line whose environment leads to the embedded server."""
    secrets = (embedded_config.aws_access_key_id, embedded_config.aws_secret_access_key)
    key, secret = (each.get_secret_value() for each in secrets if each is not None)
    environment = {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "DYNAMODB_REGION": str(embedded_config.region),
        "DYNAMODB_ENDPOINT_URL": str(embedded_config.endpoint_url),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return CommandLine(embedded_config, dict(os.environ))
