"""Opening, closing and using the channel."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel, Deadline, Request
from dynarepo.exceptions import (
    AuthenticationError,
    ConfigurationError,
    ConnectionClosedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    TableAlreadyExistsError,
    TableNotFoundError,
    ThrottledError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import FakeTransport, Fault, FaultServer, error_reply, success_reply
from tests.recording_logger import RecordingLogger
from tests.transport.rigs import config_for

GET = Request("GetItem", {"TableName": "app"}, "app", "p", "s")
PUT = Request("PutItem", {"TableName": "app"}, "app", "p", "s")
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}


def faked(*script: Any, **options: Any) -> Channel:
    return Channel(DynamoDBConfig(**options), RecordingLogger(), transport=FakeTransport(*script))


def real(url: str, **options: Any) -> Channel:
    return Channel(config_for(url, **options), RecordingLogger())


async def test_a_reply_is_returned() -> None:
    async with faked({"Item": {}}) as channel:
        assert await channel.send(GET) == {"Item": {}}


async def test_opening_sends_nothing_and_says_where_requests_will_go() -> None:
    logger = RecordingLogger()
    async with FaultServer() as server, Channel(config_for(server.url), logger):
        assert server.connections == 0
        assert logger.events == [
            (
                "info",
                "dynamodb.connection.opened",
                {"endpoint": server.url, "region": "eu-west-1", "transport": "direct"},
            )
        ]


async def test_a_channel_that_was_never_opened_refuses() -> None:
    with pytest.raises(ConnectionClosedError, match="not open"):
        await faked().send(GET)


@pytest.mark.parametrize("kind", ["fake", "direct", "aioboto3"])
async def test_a_closed_channel_refuses_and_opens_no_connection_rf178(kind: str) -> None:
    async with FaultServer() as server:
        channel = faked() if kind == "fake" else real(server.url, transport=kind)
        await channel.open()
        await channel.close()
        for use in (channel.send(GET), channel.control("ListTables", {}), channel.open()):
            with pytest.raises(ConnectionClosedError, match="closed"):
                await use
        assert server.connections == 0


async def test_closing_twice_or_before_opening_is_harmless_rf178() -> None:
    channel = faked()
    await channel.open()
    await channel.close()
    await channel.close()
    await faked().close()


async def test_closing_closes_the_transport() -> None:
    fake = FakeTransport()
    async with Channel(DynamoDBConfig(), RecordingLogger(), transport=fake):
        assert not fake.closed
    assert fake.closed


async def test_opening_twice_is_refused_and_leaves_it_open() -> None:
    async with faked({}) as channel:
        with pytest.raises(ConfigurationError, match="open already"):
            await channel.open()
        assert await channel.send(GET) == {}


def test_another_event_loop_is_refused_rf178() -> None:
    with asyncio.Runner() as one, asyncio.Runner() as other:
        channel = faked()
        one.run(channel.open())
        for use in (channel.send(GET), channel.close()):
            with pytest.raises(ConnectionClosedError, match="another event loop"):
                other.run(use)
        one.run(channel.close())


@pytest.mark.parametrize("kind", ["direct", "aioboto3"])
async def test_calls_under_way_end_with_a_typed_error_when_it_closes_rf178(kind: str) -> None:
    async with FaultServer.answering(Fault.SILENT) as server:
        channel = real(server.url, transport=kind, max_connections=2)
        await channel.open()
        calls = [asyncio.create_task(channel.send(request)) for request in (GET, PUT, GET, PUT)]
        await server.received(2)
        await channel.close()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(end) for end in ends] == [
            ConnectionClosedError,
            WriteOutcomeUnknownError,
            ConnectionClosedError,
            ConnectionClosedError,
        ]
        assert server.connections == 2


async def test_closing_while_it_opens_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    reached, going_on = asyncio.Event(), asyncio.Event()

    async def slow(session: Any) -> Any:
        reached.set()
        await going_on.wait()
        return Anybody()

    monkeypatch.setattr("dynarepo._transport.SdkCredentials.load", slow)
    channel = real("http://127.0.0.1:9")
    opening = asyncio.create_task(channel.open())
    await reached.wait()
    await channel.close()
    going_on.set()
    with pytest.raises(ConnectionClosedError):
        await opening


class Anybody:
    async def get(self) -> Any:
        raise AssertionError

    async def close(self) -> None:
        pass


async def test_opening_ends_with_the_deadline_and_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(session: Any) -> Any:
        await asyncio.Event().wait()

    channel = real("http://127.0.0.1:9", deadline=0.02)
    with monkeypatch.context() as patched:
        patched.setattr("dynarepo._transport.SdkCredentials.load", hanging)
        with pytest.raises(DeadlineExceededError, match="credentials"):
            await channel.open()
    with pytest.raises(ConnectionClosedError, match="not open"):
        await channel.send(GET)


@pytest.mark.parametrize(
    ("config", "expected", "text"),
    [
        ({**KEYS}, ConfigurationError, "region"),
        ({"region": "eu-west-1"}, AuthenticationError, "no AWS credentials"),
        ({"region": "eu-west-1", "profile": "nobody"}, ConfigurationError, "profile"),
    ],
)
async def test_what_is_missing_at_open_is_named(config: Any, expected: type[Exception], text: str) -> None:
    channel = Channel(DynamoDBConfig(**config), RecordingLogger())
    with pytest.raises(expected, match=text):
        await channel.open()


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"])
@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://user:SECRET@127.0.0.1:8000",
        "https://169.254.169.254",
        "http://10.0.0.1:8000",
        "not a url",
    ],
)
async def test_an_unsafe_endpoint_of_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(name, url)
    channel = Channel(DynamoDBConfig(region="eu-west-1", **KEYS), RecordingLogger())
    with pytest.raises(ConfigurationError) as raised:
        await channel.open()
    assert "SECRET" not in str(raised.value)


async def test_an_endpoint_of_the_environment_is_used_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = RecordingLogger()
    async with FaultServer(success_reply({})) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        async with Channel(DynamoDBConfig(region="eu-west-1", **KEYS), logger) as channel:
            await channel.send(GET)
        assert len(server.requests) == 1
    assert logger.named("dynamodb.connection.opened")[0]["endpoint"] == server.url


async def test_an_unreadable_ca_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/does/not/exist.pem")
    with pytest.raises(ConfigurationError):
        await real("https://127.0.0.1:9").open()


async def test_a_full_pool_does_not_outlast_the_deadline_rf177() -> None:
    async with FaultServer(Fault.SILENT) as server, real(server.url, max_connections=1) as channel:
        first = asyncio.create_task(channel.send(GET))
        await server.received(1)
        with pytest.raises(DeadlineExceededError):
            await channel.send(PUT, deadline=Deadline.after(0.02))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert server.connections == 1


async def test_a_cancelled_call_leaves_the_channel_usable() -> None:
    async with FaultServer(Fault.SILENT, {"n": 2}) as server, real(server.url) as channel:
        first = asyncio.create_task(channel.send(GET))
        await server.received(1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await channel.send(GET) == {"n": 2}


async def test_attempts_are_repeated_on_the_wire() -> None:
    script = (Fault.RESET_AFTER, Fault.THROTTLED, {"n": 1})
    async with FaultServer(*script) as server, real(server.url) as channel:
        assert await channel.send(GET) == {"n": 1}
        assert len(server.requests) == 3


async def test_the_options_of_one_call_replace_the_channels() -> None:
    channel = faked(error_reply("ThrottlingException"), error_reply("ThrottlingException"))
    channel._jitter = lambda low, high: high
    async with channel:
        with pytest.raises(ThrottledError):
            await channel.send(GET, config=DynamoDBConfig(deadline=0.04, log_keys=True))
    logger = channel._logger
    assert isinstance(logger, RecordingLogger)
    assert logger.named("dynamodb.operation.failed")[0]["pk"] == "p"


async def test_a_pause_is_random_up_to_its_longest() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    channel = Channel(
        DynamoDBConfig(), RecordingLogger(), sleep=sleep, jitter=lambda low, high: (low + high) / 2
    )
    await channel.pause(4.0, Deadline.after(60))
    assert slept == [2.0]
    with pytest.raises(ThrottledError):
        await channel.pause(200.0, Deadline.after(60))


async def test_one_deadline_can_cover_several_requests() -> None:
    async with faked({}) as channel:
        deadline = Deadline.after(0.1)
        await channel.send(GET, deadline=deadline)
        await asyncio.sleep(0.1)
        with pytest.raises(DeadlineExceededError) as raised:
            await channel.send(GET, deadline=deadline)
    assert raised.value.operation == "GetItem"


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_tables_go_through_the_resources_client_with_the_same_errors(
    embedded_config: DynamoDBConfig, transport: str
) -> None:
    config = embedded_config.model_copy(update={"transport": transport})
    table = {
        "TableName": config.table_name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "B"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    async with Channel(config, RecordingLogger()) as channel:
        reply = await channel.control("CreateTable", table)
        assert reply["TableDescription"]["TableName"] == config.table_name
        with pytest.raises(TableAlreadyExistsError):
            await channel.control("CreateTable", table)
        await channel.control("DeleteTable", {"TableName": config.table_name})
        with pytest.raises(TableNotFoundError) as raised:
            await channel.control("DescribeTable", {"TableName": "gone"})
    assert (raised.value.operation, raised.value.table_name) == ("DescribeTable", "gone")


async def test_a_given_transport_answers_for_tables_too() -> None:
    async with faked({"TableNames": []}) as channel:
        assert await channel.control("ListTables", {}) == {"TableNames": []}


@pytest.mark.parametrize("kind", ["direct", "aioboto3"])
async def test_nothing_is_left_open(kind: str, recwarn: pytest.WarningsRecorder) -> None:
    async with (
        FaultServer(success_reply({}), Fault.RESET_AFTER) as server,
        real(server.url, transport=kind) as channel,
    ):
        await channel.send(GET)
        with pytest.raises(DynamoDBServiceError):
            await channel.send(PUT)
    await asyncio.sleep(0)
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_a_request_does_not_show_its_payload_or_keys() -> None:
    request = Request("PutItem", {"Item": {"pk": {"S": "SECRET"}}}, "app", "SECRET", "SECRET")
    assert "SECRET" not in repr(request)
