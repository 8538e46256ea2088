"""A configuration is checked when it is made; a refusal names the field and never the value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dynarepo import DynamoDBConfig
from dynarepo._config import check_endpoint

CANARY = "canary-7351"


def refused(field: str, **options: Any) -> str:
    """Make a configuration that must be refused, and give the message."""
    with pytest.raises(ValidationError) as caught:
        DynamoDBConfig(**options)
    message = str(caught.value)
    places = {str(step) for problem in caught.value.errors() for step in problem["loc"]}
    assert field in places or field in message
    assert "input_value" not in message
    return message


def test_nothing_is_required_before_it_is_needed() -> None:
    config = DynamoDBConfig()
    assert config.table_name is None
    assert config.region is None
    assert config.aws_access_key_id is None
    assert (config.read_capacity, config.write_capacity) == (None, None)
    assert config.max_connections >= 50
    assert config.transport == "direct"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "ab",
        "a" * 256,
        "a b",
        "a/b",
        "å" * 3,
        "name\n",
        "$name",
        "arn:aws:dynamodb",
        5,
    ],
)
def test_a_table_name_that_the_service_refuses_is_refused(name: Any) -> None:
    refused("table_name", table_name=name)


@pytest.mark.parametrize(
    "name", ["abc", "a" * 255, "A-b_c.9", "arn:aws:dynamodb:eu-west-1:123456789012:table/app"]
)
def test_a_table_name_or_its_arn_is_accepted(name: str) -> None:
    assert DynamoDBConfig(table_name=name).table_name == name


@pytest.mark.parametrize(
    "region",
    [
        "",
        " ",
        "eu",
        "west-1",
        "eu-west",
        "EU-WEST-1",
        "eu_west_1",
        "eu-west-1 ",
        "eu-west-1\n",
        "eu-west-x",
        "-1",
        5,
    ],
)
def test_a_region_in_no_valid_form_is_refused(region: Any) -> None:
    refused("region", region=region)


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-gov-west-1", "ap-southeast-7", "cn-north-1", "us-iso-east-1", "mx-central-1"]
)
def test_a_region_is_accepted(region: str) -> None:
    assert DynamoDBConfig(region=region).region == region


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"aws_access_key_id": CANARY}, "aws_secret_access_key"),
        ({"aws_secret_access_key": CANARY}, "aws_access_key_id"),
        ({"aws_session_token": CANARY}, "aws_session_token"),
        ({"aws_access_key_id": "", "aws_secret_access_key": CANARY}, "aws_access_key_id"),
        ({"aws_access_key_id": CANARY, "aws_secret_access_key": "  "}, "aws_secret_access_key"),
        (
            {"aws_access_key_id": CANARY, "aws_secret_access_key": CANARY, "aws_session_token": ""},
            "aws_session_token",
        ),
        ({"aws_access_key_id": CANARY, "aws_secret_access_key": CANARY, "profile": "p"}, "profile"),
        ({"aws_access_key_id": [CANARY], "aws_secret_access_key": CANARY}, "aws_access_key_id"),
        ({"profile": ""}, "profile"),
        ({"cursor_keys": (CANARY,)}, "cursor_keys"),
        ({"cursor_keys": CANARY * 3}, "cursor_keys"),
        ({"cursor_keys": ("x" * 16, "é" * 7)}, "cursor_keys"),
    ],
)
def test_credentials_that_are_incomplete_are_refused_without_being_shown(
    options: dict[str, Any], field: str
) -> None:
    assert CANARY not in refused(field, **options)


def test_no_secret_is_shown() -> None:
    secret = "S3cret" * 4
    config = DynamoDBConfig(
        aws_access_key_id=secret,
        aws_secret_access_key=secret,
        aws_session_token=secret,
        cursor_keys=(secret,),
    )
    for shown in (
        repr(config),
        str(config),
        str(config.model_dump()),
        config.model_dump_json(),
        str(vars(config)),
    ):
        assert secret not in shown


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"read_capacity": 5}, "write_capacity"),
        ({"write_capacity": 5}, "read_capacity"),
        ({"read_capacity": 0, "write_capacity": 5}, "read_capacity"),
        ({"read_capacity": 5, "write_capacity": -1}, "write_capacity"),
        ({"read_capacity": 1.5, "write_capacity": 5}, "read_capacity"),
        ({"read_capacity": "5", "write_capacity": 5}, "read_capacity"),
        ({"read_capacity": True, "write_capacity": 5}, "read_capacity"),
        ({"deadline": 0}, "deadline"),
        ({"deadline": -1}, "deadline"),
        ({"deadline": 3601}, "deadline"),
        ({"deadline": float("inf")}, "deadline"),
        ({"deadline": float("nan")}, "deadline"),
        ({"deadline": None}, "deadline"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"max_connections": 0}, "max_connections"),
        ({"max_connections": 10_001}, "max_connections"),
        ({"max_connections": "50"}, "max_connections"),
        ({"batch_concurrency": 0}, "batch_concurrency"),
        ({"batch_concurrency": 1001}, "batch_concurrency"),
        ({"transport": "boto3"}, "transport"),
        ({"consistent_read": "perhaps"}, "consistent_read"),
        ({"log_keys": None}, "log_keys"),
        ({"cursor_scope": None}, "cursor_scope"),
        ({"endpoint": "http://localhost:8000"}, "endpoint"),
        ({"aws_region": "eu-west-1"}, "aws_region"),
    ],
)
def test_a_value_out_of_range_and_an_unknown_name_are_refused(options: dict[str, Any], field: str) -> None:
    refused(field, **options)


def test_capacities_are_a_pair_from_1() -> None:
    config = DynamoDBConfig(read_capacity=1, write_capacity=40_000)
    assert (config.read_capacity, config.write_capacity) == (1, 40_000)


def test_a_configuration_does_not_change() -> None:
    config = DynamoDBConfig(region="eu-west-1")
    with pytest.raises(ValidationError, match="frozen"):
        config.region = "eu-west-2"  # type: ignore[misc]


ENDPOINTS = [
    # Loopback may be plain.
    ("http://localhost:8000", True),
    ("http://127.0.0.1:8000", True),
    ("http://127.9.9.9", True),
    ("http://[::1]:8000/", True),
    ("http://dynamodb.localhost:4566", True),
    ("HTTP://LOCALHOST:8000", True),
    # Everything else is encrypted.
    ("https://dynamodb.eu-west-1.amazonaws.com", True),
    ("https://vpce-1a2b.dynamodb.eu-west-1.vpce.amazonaws.com:443/", True),
    ("http://dynamodb.eu-west-1.amazonaws.com", False),
    ("http://10.0.0.7:8000", False),
    ("http://dynamodb:8000", False),
    ("http://0.0.0.0:8000", False),
    ("http://localhost.example.com", False),
    ("http://127.0.0.1.example.com", False),
    ("http://2130706433", False),
    # No credentials, no metadata service, no other place than a host.
    ("https://user:canary-7351@dynamodb.eu-west-1.amazonaws.com", False),
    ("https://user@dynamodb.eu-west-1.amazonaws.com", False),
    ("https://169.254.169.254", False),
    ("https://169.254.170.2:80", False),
    ("https://[fe80::1]", False),
    ("https://[::ffff:169.254.169.254]", False),
    ("https://2852039166", False),
    ("https://0xa9fea9fe", False),
    ("https://169.254.43518", False),
    ("https://169.254.169.254.", False),
    ("https://example.com/path", False),
    ("https://example.com?query=1", False),
    ("https://example.com#fragment", False),
    ("ftp://localhost", False),
    ("file:///etc/passwd", False),
    ("localhost:8000", False),
    ("//localhost:8000", False),
    ("http://", False),
    ("http://:8000", False),
    ("http://localhost:port", False),
    ("http://localhost:99999", False),
    ("http://[::1", False),
    ("http://localhost\\@evil.example.com", False),
    ("http://localhost:8000\n", False),
    ("http://local\thost:8000", False),
    (" http://localhost:8000", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "accepted"), ENDPOINTS)
def test_an_endpoint_is_accepted_or_refused(url: str, accepted: bool) -> None:
    if accepted:
        assert DynamoDBConfig(endpoint_url=url).endpoint_url == url
    else:
        assert CANARY not in refused("endpoint_url", endpoint_url=url)


@pytest.mark.parametrize("url", [url for url, accepted in ENDPOINTS if not accepted])
def test_allowing_an_insecure_endpoint_allows_plain_http_and_nothing_else(url: str) -> None:
    plain = {
        "http://dynamodb.eu-west-1.amazonaws.com",
        "http://10.0.0.7:8000",
        "http://dynamodb:8000",
        "http://0.0.0.0:8000",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://2130706433",
    }
    if url in plain:
        assert DynamoDBConfig(endpoint_url=url, allow_insecure_endpoint=True).allow_insecure_endpoint
    else:
        refused("endpoint_url", endpoint_url=url, allow_insecure_endpoint=True)


def test_the_metadata_service_is_refused_over_plain_http_too() -> None:
    for host in ("169.254.169.254", "2852039166", "[fe80::1]"):
        with pytest.raises(ValueError, match="link-local"):
            check_endpoint(f"http://{host}", allow_insecure=True)
