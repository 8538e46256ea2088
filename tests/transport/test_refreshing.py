"""A refresh of credentials is of all requests that need it, and goes on when one of them is given up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from aiobotocore.credentials import AioDeferredRefreshableCredentials, AioRefreshableCredentials

from dynarepo._config import DynamoDBConfig
from dynarepo._connection._opening import open_sdk
from dynarepo._transport import AttemptError, SdkCredentials, Transport, _credentials
from dynarepo.exceptions import AuthenticationError, ConnectionFailedError, DeadlineExceededError
from dynarepo.testing import FaultServer, success_reply
from tests.faked import only_this_task_runs, turns

Keys = dict[str, str]

#: By the SDK's rules nobody may go on with what is good for less than 10 minutes.
_MUST_BE_REFRESHED: Final = timedelta(minutes=9)
_MAY_BE_REFRESHED: Final = timedelta(minutes=14)


def keys(name: str, lifetime: timedelta = timedelta(hours=1)) -> Keys:
    ends = (datetime.now(UTC) + lifetime).isoformat()
    return {"access_key": name, "secret_key": "s", "token": "t", "expiry_time": ends}


class Source:
    """Gives what it is told to, once it is told; `asked` counts how often it was to."""

    def __init__(self) -> None:
        self.asked = 0
        self._answer: asyncio.Future[Keys] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> Keys:
        self.asked += 1
        return await asyncio.shield(self._answer)

    def give(self, answer: Keys | Exception) -> None:
        """Answer those who wait, and those who come."""
        if self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            self._answer.set_exception(answer)
            self._answer.exception()  # whoever asks gets it; nobody need
        else:
            self._answer.set_result(answer)


@asynccontextmanager
async def credentials_of(source: Source, lifetime: timedelta) -> AsyncIterator[SdkCredentials]:
    """Make credentials that are good for a time, and close them."""
    old = keys("OLD", lifetime)
    credentials = SdkCredentials(AioRefreshableCredentials.create_from_metadata(old, source, "scripted"))
    try:
        yield credentials
    finally:
        await credentials.close()
    assert await only_this_task_runs()


async def asking(credentials: SdkCredentials) -> asyncio.Task[Any]:
    """Begin to ask, and get as far as it gets."""
    task = asyncio.ensure_future(credentials.get())
    await turns()
    return task


async def given_up(credentials: SdkCredentials) -> None:
    """Ask, and wait no longer."""
    task = await asking(credentials)
    assert task.cancel()
    await asyncio.wait([task])


async def test_the_next_attempt_waits_for_what_the_one_before_began() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        await given_up(credentials)
        await given_up(credentials)
        task = await asking(credentials)
        source.give(keys("NEW"))
        assert (await task).access_key == "NEW"
    assert source.asked == 1


async def test_what_comes_when_nobody_waits_is_kept() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        await given_up(credentials)
        source.give(keys("NEW"))
        await turns()
        assert (await credentials.get()).access_key == "NEW"
    assert source.asked == 1


async def test_all_calls_wait_for_the_same() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        tasks = [await asking(credentials) for _ in range(3)]
        source.give(keys("NEW"))
        assert [found.access_key for found in await asyncio.gather(*tasks)] == ["NEW"] * 3
    assert source.asked == 1


async def test_each_refresh_is_begun_anew() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        source.give(keys("SHORT", _MUST_BE_REFRESHED))
        assert (await credentials.get()).access_key == "SHORT"
        source.give(keys("NEW"))
        assert (await credentials.get()).access_key == "NEW"
    assert source.asked == 2


async def test_a_failure_is_told_to_who_waits_and_the_next_begins_anew() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        task = await asking(credentials)
        source.give(RuntimeError("SECRET"))
        with pytest.raises(AttemptError, match="RuntimeError") as raised:
            await task
        assert isinstance(raised.value.error, AuthenticationError)
        source.give(keys("NEW"))
        assert (await credentials.get()).access_key == "NEW"
    assert source.asked == 2


async def test_a_failure_that_nobody_waits_for_is_no_error_of_the_loop() -> None:
    source, reported = Source(), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        await given_up(credentials)
        source.give(RuntimeError())
        await turns()
    gc.collect()
    assert reported == []


async def test_nobody_waits_while_the_old_ones_are_good() -> None:
    source = Source()
    async with credentials_of(source, _MAY_BE_REFRESHED) as credentials:
        assert (await credentials.get()).access_key == "OLD"
        assert (await credentials.get()).access_key == "OLD"
        await turns()
        assert source.asked == 1
        source.give(keys("NEW"))
        await turns()
        assert (await credentials.get()).access_key == "NEW"
    assert source.asked == 1


async def test_the_old_ones_are_used_while_they_are_good_and_no_new_ones_come() -> None:
    source = Source()
    source.give(RuntimeError())
    async with credentials_of(source, _MAY_BE_REFRESHED) as credentials:
        for _ in range(3):
            assert (await credentials.get()).access_key == "OLD"
            await turns()
    assert source.asked == 3


async def test_a_refresh_that_hangs_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_credentials, "_LONGEST_REFRESH_SECONDS", 0.01)
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        with pytest.raises(AttemptError, match="TimeoutError") as raised:
            await credentials.get()
        assert isinstance(raised.value.error, AuthenticationError)
        source.give(keys("NEW"))
        assert (await credentials.get()).access_key == "NEW"
    assert source.asked == 2


async def test_whoever_waits_when_they_are_closed_is_told_and_nothing_is_begun_any_more() -> None:
    source = Source()
    async with credentials_of(source, _MUST_BE_REFRESHED) as credentials:
        task = await asking(credentials)
        await credentials.close()
        for asked in (task, credentials.get()):
            with pytest.raises(AttemptError, match="closed") as raised:
                await asked
            assert isinstance(raised.value.error, ConnectionFailedError)
            assert not raised.value.may_have_acted
    assert source.asked == 1


async def test_a_load_that_is_given_up_leaves_nothing() -> None:
    class Session:
        async def get_credentials(self) -> AioDeferredRefreshableCredentials:
            return AioDeferredRefreshableCredentials(Source(), "scripted")

    loading = asyncio.ensure_future(SdkCredentials.load(Session()))
    await turns()
    assert loading.cancel()
    await asyncio.wait([loading])
    assert loading.cancelled()
    assert await only_this_task_runs()


class Container:
    """Gives credentials as a container's service does, and with them keeps whoever asks waiting, or not."""

    def __init__(self) -> None:
        self.lifetime = _MUST_BE_REFRESHED
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self, _operation: str, _payload: object) -> dict[str, str]:
        await self.answers.wait()
        ends = datetime.now(UTC) + self.lifetime
        named = {"AccessKeyId": f"{self.lifetime}", "SecretAccessKey": "s", "Token": "t"}
        return {**named, "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}


@asynccontextmanager
async def opened(
    transport: str, container: Container, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Transport, FaultServer, FaultServer]]:
    """Open a transport whose credentials are a container's, which keeps it waiting from then on."""
    async with FaultServer.answering(container) as source, FaultServer() as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", str(source.config.endpoint_url))
        config = DynamoDBConfig.model_validate(
            {"region": "eu-west-1", "endpoint_url": server.config.endpoint_url, "transport": transport}
        )
        async with AsyncExitStack() as stack:
            sdk = await open_sdk(config, stack)
            container.answers.clear()
            source.requests.clear()
            yield sdk.data, server, source


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_new_credentials_may_take_several_attempts(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = Container()
    async with opened(transport, container, monkeypatch) as (data, server, source):
        container.lifetime = timedelta(hours=1)
        for _ in range(2):
            with pytest.raises(AttemptError) as raised:
                await data.send("GetItem", {"TableName": "app"}, timeout=0.05)
            assert isinstance(raised.value.error, DeadlineExceededError)
            assert not raised.value.may_have_acted
        container.answers.set()
        server.answer_next(success_reply({}))
        await data.send("GetItem", {"TableName": "app"}, timeout=5)
    assert "Credential=1:00:00/" in server.requests[0].headers["authorization"]
    assert (len(server.requests), len(source.requests)) == (1, 1)


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_to_close_ends_a_refresh(transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    container = Container()
    async with opened(transport, container, monkeypatch) as (data, _, source):
        with pytest.raises(AttemptError):
            await data.send("GetItem", {"TableName": "app"}, timeout=0.05)
        await source.received(1)
    container.answers.set()
    assert await only_this_task_runs()
