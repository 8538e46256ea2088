"""The embedded DynamoDB."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from typing import Any

import pytest

from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel, Request
from dynarepo.exceptions import ConfigurationError, TableNotFoundError
from dynarepo.testing import local_dynamodb
from tests.recording_logger import RecordingLogger


def table(name: str) -> dict[str, Any]:
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def channel(config: DynamoDBConfig) -> Channel:
    return Channel(config, RecordingLogger())


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_an_item_written_is_read_again(transport: str) -> None:
    async with local_dynamodb(table_name="app") as config:
        chosen = config.model_copy(update={"transport": transport})
        async with channel(chosen) as opened:
            await opened.control("CreateTable", table("app"))
            item = {"pk": {"S": "a"}, "B": {"B": "AP8="}, "BS": {"BS": ["AQ==", "Ag=="]}, "n": {"N": "1.5"}}
            await opened.send(Request("PutItem", {"TableName": "app", "Item": item}))
            reply = await opened.send(Request("GetItem", {"TableName": "app", "Key": {"pk": {"S": "a"}}}))
    assert reply["Item"] == item


async def test_a_new_server_knows_no_table_of_the_last() -> None:
    async with local_dynamodb() as config, channel(config) as opened:
        await opened.control("CreateTable", table("app"))
    async with local_dynamodb() as config, channel(config) as opened:
        assert await opened.control("ListTables", {}) == {"TableNames": []}


async def test_two_servers_at_once_share_nothing() -> None:
    async with local_dynamodb() as one, local_dynamodb() as other, channel(one) as a, channel(other) as b:
        await a.control("CreateTable", table("app"))
        with pytest.raises(TableNotFoundError):
            await b.control("DescribeTable", {"TableName": "app"})


async def test_it_leaves_no_thread_and_no_open_port() -> None:
    before = set(threading.enumerate())
    async with local_dynamodb() as config:
        assert config.endpoint_url is not None
        port = int(config.endpoint_url.rpartition(":")[2])
    left = [
        thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio_")
    ]
    assert left == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


async def test_a_chosen_port_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with local_dynamodb(port=port) as config:
        assert config.endpoint_url == f"http://127.0.0.1:{port}"


async def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="taken"):
        async with local_dynamodb(port=taken.getsockname()[1]):
            pass


async def test_without_moto_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.backends", None)
    with pytest.raises(ConfigurationError, match=r'pip install "dynarepo\[local\]"'):
        async with local_dynamodb():
            pass


async def test_requests_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    async with local_dynamodb() as config, channel(config) as opened:
        await opened.control("ListTables", {})
    assert capfd.readouterr() == ("", "")


async def test_a_region_is_free_again_after_use() -> None:
    for _ in range(10):
        async with local_dynamodb():
            pass


async def test_too_many_servers_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynarepo.testing._embedded._free_regions", [])
    with pytest.raises(ConfigurationError, match="at once"):
        async with local_dynamodb():
            pass


async def test_no_request_comes_between_a_condition_and_its_write() -> None:
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        async with local_dynamodb(table_name="app") as config, channel(config) as opened:
            await opened.control("CreateTable", table("app"))
            create = {"TableName": "app", "ConditionExpression": "attribute_not_exists(pk)"}
            for number in range(20):
                request = Request("PutItem", create | {"Item": {"pk": {"S": str(number)}}})
                replies = await asyncio.gather(
                    *(opened.send(request) for _ in range(8)), return_exceptions=True
                )
                assert sum(reply == {} for reply in replies) == 1
    finally:
        sys.setswitchinterval(switching)
