"""The configuration of each kind of server that a test can be on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from dynarepo._config import DynamoDBConfig
from dynarepo.exceptions import ConfigurationError
from dynarepo.testing._embedded import EmbeddedServer

__all__ = ["embedded_server", "fake_config", "given_server"]

_SECONDS_TO_ANSWER: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443}

#: Nobody's: an endpoint that was meant for another purpose, such as AWS itself, refuses them.
_LOCAL: Final = {
    "region": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
    "table_name": "dynarepo",
}


@contextmanager
def embedded_server() -> Iterator[DynamoDBConfig]:
    """
    Run a DynamoDB inside this process.

    Raises:
        ConfigurationError: The extra `local` is not installed.
    """
    server = EmbeddedServer()
    try:
        yield server.config
    finally:
        server.stop()


def fake_config() -> DynamoDBConfig:
    """Give the configuration for a scripted transport, which leads nowhere."""
    return DynamoDBConfig.model_validate(_LOCAL)


def given_server(endpoint_url: str, named_by: str) -> DynamoDBConfig:
    """
    Give the configuration of a server that runs already.

    Args:
        endpoint_url: Where it listens; plain http is accepted for any host, as in a network of containers.
        named_by: What the address comes from, for messages.

    Raises:
        ConfigurationError: It is no address, or nothing listens there.
    """
    given = {**_LOCAL, "endpoint_url": endpoint_url, "allow_insecure_endpoint": True}
    try:
        config = DynamoDBConfig.model_validate(given)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{named_by}: {reason}") from None
    parts = urlsplit(endpoint_url)
    address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    try:
        socket.create_connection(address, _SECONDS_TO_ANSWER).close()
    except OSError:
        raise ConfigurationError(
            f"{named_by} names {endpoint_url}, where nothing listens: start the server, or name another"
        ) from None
    return config
