"""The way to streams: opened when one is first read, over either transport."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from dynarepo import ConfigurationError, ConnectionClosedError
from dynarepo._connection import Channel
from dynarepo._connection._sdk_session import PreparedSession
from dynarepo._request import Request
from dynarepo.testing import FaultServer, success_reply
from tests.recording_logger import RecordingLogger
from tests.transport.rigs import REAL_TRANSPORTS, config_for

REQUEST = Request("DescribeStream", {"StreamArn": "arn"})
REPLY = {"StreamDescription": {"Shards": [], "StreamStatus": "ENABLED"}}


@pytest.mark.parametrize("transport", REAL_TRANSPORTS)
async def test_requests_for_streams_go_to_the_same_endpoint_under_a_name_of_their_own(transport: str) -> None:
    async with FaultServer() as server:
        server.answer_next(success_reply(REPLY))
        async with Channel(config_for(server.url, transport), RecordingLogger()) as channel:
            assert await channel.stream(REQUEST) == REPLY
    (request,) = server.requests
    assert request.headers["x-amz-target"] == "DynamoDBStreams_20120810.DescribeStream"
    assert "/eu-west-1/dynamodb/aws4_request" in request.headers["authorization"]
    assert request.payload == {"StreamArn": "arn"}


@pytest.mark.parametrize("transport", REAL_TRANSPORTS)
async def test_times_are_numbers_on_either_transport(transport: str) -> None:
    record = {"eventName": "INSERT", "dynamodb": {"ApproximateCreationDateTime": 1479499740.0}}
    async with FaultServer() as server:
        server.answer_next(success_reply({"Records": [record], "NextShardIterator": "x"}))
        async with Channel(config_for(server.url, transport), RecordingLogger()) as channel:
            reply = await channel.stream(Request("GetRecords", {"ShardIterator": "x"}))
    assert reply["Records"] == [record]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the way to streams is opened; give the threads that read the descriptions."""
    threads: list[int] = []
    read = PreparedSession._read_streams

    def recorded(self: PreparedSession) -> None:
        threads.append(threading.get_ident())
        read(self)

    monkeypatch.setattr(PreparedSession, "_read_streams", recorded)
    return threads


async def test_it_is_opened_once_when_it_is_needed_and_off_the_event_loop(opened: list[int]) -> None:
    async with FaultServer() as server:
        server.answer_next(*[success_reply(REPLY)] * 3)
        async with Channel(config_for(server.url), RecordingLogger()) as channel:
            assert opened == []
            await asyncio.gather(*[channel.stream(REQUEST) for _ in range(3)])
    (thread,) = opened
    assert thread != threading.get_ident()


async def test_a_connection_that_is_closed_while_it_is_opened_stays_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached, going = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def gate(self: PreparedSession) -> None:
        loop.call_soon_threadsafe(reached.set)
        assert going.wait(30)

    monkeypatch.setattr(PreparedSession, "_read_streams", gate)
    channel = Channel(config_for("http://127.0.0.1:9"), RecordingLogger())
    await channel.open()
    sending = asyncio.create_task(channel.stream(REQUEST))
    await reached.wait()
    await channel.close()
    going.set()
    with pytest.raises(ConnectionClosedError):
        await sending
    assert channel._streams is None  # what was opened is closed again


async def test_an_endpoint_for_streams_of_the_environment_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://10.0.0.1:9")
    options: dict[str, Any] = {"endpoint_url": None}
    async with Channel(config_for("x", **options), RecordingLogger()) as channel:
        with pytest.raises(ConfigurationError, match="plain http"):
            await channel.stream(REQUEST)


async def test_the_endpoint_of_a_region_is_the_one_for_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    direct = PreparedSession._direct

    async def recorded(self: PreparedSession, service: str, meta: Any, credentials: Any) -> Any:
        found.append(meta.endpoint_url)
        return await direct(self, service, meta, credentials)

    monkeypatch.setattr(PreparedSession, "_direct", recorded)
    options: dict[str, Any] = {"endpoint_url": None}
    async with Channel(config_for("x", **options), RecordingLogger()) as channel:
        await channel._begin_to_stream()
    assert found == [
        "https://dynamodb.eu-west-1.amazonaws.com",
        "https://streams.dynamodb.eu-west-1.amazonaws.com",
    ]
