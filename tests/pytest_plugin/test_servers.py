"""Servers that were named: by what, and what is wrong with them."""

from __future__ import annotations

import socket

import pytest

import _dynarepo_pytest
from dynarepo import ConfigurationError, DynamoDBConfig
from dynarepo.pytest_plugin._servers import given_server

OPTION = "--dynamodb-endpoint"


def test_a_server_that_listens_is_led_to_with_nobodys_credentials(embedded_server: DynamoDBConfig) -> None:
    url = str(embedded_server.endpoint_url)
    config = given_server(url, OPTION)
    assert (config.endpoint_url, config.region) == (url, "us-east-1")
    assert config.aws_access_key_id is not None
    assert config.aws_access_key_id.get_secret_value() == "local"


def test_plain_http_to_another_host_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(address)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    assert given_server("http://dynamodb:8000", OPTION).endpoint_url == "http://dynamodb:8000"
    given_server("https://dynamodb", OPTION)
    assert asked == [("dynamodb", 8000), ("dynamodb", 443)]


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^--dynamodb-endpoint: endpoint_url must be an http"):
        given_server("localhost:8000", OPTION)


def test_an_address_where_nothing_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with pytest.raises(ConfigurationError, match=f"^{OPTION} names {url}, where nothing listens"):
        given_server(url, OPTION)


@pytest.mark.parametrize(
    ("option", "variable", "ini", "named"),
    [
        ("http://a", "http://b", "http://c", ("http://a", OPTION)),
        (None, "http://b", "http://c", ("http://b", "the environment variable DYNAMODB_ENDPOINT_URL")),
        (None, "", "http://c", ("http://c", "dynamodb_endpoint of the ini file")),
        (None, None, "", None),
    ],
)
def test_the_command_line_comes_before_the_environment_and_that_before_the_ini_file(
    option: str | None, variable: str | None, ini: str, named: tuple[str, str] | None
) -> None:
    assert _dynarepo_pytest._named_server(option, variable, ini) == named
