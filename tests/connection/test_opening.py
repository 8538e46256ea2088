"""Opening takes long the first time, and the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import gc
import ssl
import threading
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import certifi
import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.regions import EndpointResolver

from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._connection._opening import open_sdk
from dynarepo._connection._sdk_descriptions import DescriptionFiles
from dynarepo._connection._sdk_session import PreparedSession, SdkSession, prepare
from dynarepo.exceptions import ConfigurationError, ConnectionClosedError
from dynarepo.testing import FakeTransport
from tests.recording_logger import RecordingLogger
from tests.transport.rigs import config_for

NOBODY = "http://127.0.0.1:9"


def channel_to(url: str = NOBODY, **options: Any) -> Channel:
    return Channel(config_for(url, **options), RecordingLogger())


class Gate:
    """Stands for the preparation: it tells that a thread has come, and lets it go on when told to."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = threading.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, config: DynamoDBConfig) -> PreparedSession:
        self._loop.call_soon_threadsafe(self.reached.set)
        assert self.opened.wait(30), "the event loop stands still"
        return prepare(config)


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Put a gate before the preparation."""
    gate = Gate()
    monkeypatch.setattr("dynarepo._connection._sdk_session.prepare", gate)
    return gate


async def test_the_event_loop_goes_on_while_a_session_is_prepared(gate: Gate) -> None:
    channel = channel_to()
    opening = asyncio.create_task(channel.open())
    await gate.reached.wait()
    gate.opened.set()
    await opening
    await channel.close()


async def test_an_opening_that_is_cancelled_meanwhile_may_be_tried_again(gate: Gate) -> None:
    channel = channel_to()
    opening = asyncio.create_task(channel.open())
    await gate.reached.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    gate.opened.set()
    async with channel:
        channel.check_open()


async def test_closing_meanwhile_wins(gate: Gate) -> None:
    channel = channel_to()
    opening = asyncio.create_task(channel.open())
    await gate.reached.wait()
    await channel.close()
    gate.opened.set()
    with pytest.raises(ConnectionClosedError):
        await opening


class Prepared(Gate):
    """A session that is prepared when the gate opens, and then open at once."""

    def __call__(self, config: DynamoDBConfig) -> Any:
        super().__call__(config)
        return self

    async def open(self, stack: AsyncExitStack) -> SdkSession:
        return SdkSession(NOBODY, "eu-west-1", FakeTransport(), FakeTransport())


async def test_the_preparation_does_not_count_for_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short deadline would be over each time that a process opens its first connection."""
    prepared = Prepared()
    monkeypatch.setattr("dynarepo._connection._sdk_session.prepare", prepared)
    async with AsyncExitStack() as stack:
        opening = asyncio.create_task(open_sdk(config_for(NOBODY, deadline=1e-6), stack))
        await prepared.reached.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        prepared.opened.set()
        assert (await opening).endpoint_url == NOBODY


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """Have the SDK read all its files anew; give the names of those that it finds, and the threads."""
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    found: list[tuple[str, int]] = []
    read_file = DescriptionFiles.read_file

    def recorded(self: DescriptionFiles, file_path: str) -> Any:
        content = read_file(self, file_path)
        if content is not None:
            found.append((Path(file_path).name, threading.get_ident()))
        return content

    monkeypatch.setattr(DescriptionFiles, "read_file", recorded)
    return found


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_the_sdks_descriptions_of_services_are_read_off_the_event_loop(
    read: list[tuple[str, int]], transport: str
) -> None:
    async with channel_to(transport=transport):
        assert read
        assert threading.get_ident() not in {thread for _, thread in read}


async def test_connections_that_open_at_once_read_them_once(read: list[tuple[str, int]]) -> None:
    channels = [channel_to() for _ in range(4)]
    await asyncio.gather(*[channel.open() for channel in channels])
    assert set(Counter(name for name, _ in read).values()) == {1}
    for channel in channels:
        await channel.close()


async def test_a_later_connection_reads_nothing(read: list[tuple[str, int]]) -> None:
    async with channel_to():
        read.clear()
    async with channel_to(transport="aioboto3"):
        assert read == []


@pytest.mark.parametrize("name", ["endpoints", "dynamodb/2012-08-10/service-2", "nothing"])
def test_a_description_is_what_the_sdk_itself_would_read(name: str) -> None:
    path = str(Path(Loader.BUILTIN_DATA_PATH, name))
    files, expected = DescriptionFiles(), JSONFileLoader().load_file(path)
    assert files.load_file(path) == files.load_file(path) == expected
    assert (expected is None) == (name == "nothing")


async def test_the_endpoints_of_all_services_are_let_go_of() -> None:
    def resolvers() -> set[int]:
        gc.collect()
        return {id(each) for each in gc.get_objects() if isinstance(each, EndpointResolver)}

    others = resolvers()
    prepared = prepare(config_for(NOBODY))
    async with AsyncExitStack() as stack:
        await prepared.open(stack)
        assert resolvers() <= others
        client = await stack.enter_async_context(prepared.session.client("sts", region_name="eu-west-1"))
        assert client.meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AWS_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-3", "AWS_PROFILE": "here"}, "eu-north-1"),
        ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": ""}, "eu-west-3"),
    ],
)
async def test_the_region_of_functions_and_containers_counts_where_the_sdk_finds_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    (tmp_path / "config").write_text("[profile here]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        assert (await open_sdk(config_for(NOBODY, region=None), stack)).region == expected


async def test_the_configurations_region_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    async with AsyncExitStack() as stack:
        assert (await open_sdk(config_for(NOBODY), stack)).region == "eu-west-1"


@pytest.mark.parametrize("empty", [None, ""])
async def test_without_a_region_anywhere_the_message_says_where(
    monkeypatch: pytest.MonkeyPatch, empty: str | None
) -> None:
    if empty is not None:
        monkeypatch.setenv("AWS_REGION", empty)
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION"):
            await open_sdk(config_for(NOBODY, region=None), stack)


@pytest.mark.parametrize("bundle", [certifi.where(), None])
async def test_certificates_are_read_off_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    readers: list[tuple[str | None, int]] = []
    create = ssl.create_default_context

    def recorded(*, cafile: str | None = None) -> ssl.SSLContext:
        readers.append((cafile, threading.get_ident()))
        return create(cafile=cafile)

    monkeypatch.setattr(ssl, "create_default_context", recorded)
    if bundle is not None:
        monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    async with channel_to("https://127.0.0.1:9"):
        ((cafile, thread),) = readers
        assert cafile == bundle
        assert thread != threading.get_ident()
