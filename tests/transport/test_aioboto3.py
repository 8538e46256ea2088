"""What the aioboto3 transport does with the SDK's own failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError, ParamValidationError

from dynarepo._connection._opening import open_sdk
from dynarepo._transport import AttemptError
from dynarepo._transport._aioboto3 import Aioboto3Transport
from dynarepo.exceptions import AuthenticationError, InvalidRequestError, UnexpectedResponseError
from dynarepo.testing import FaultServer, WireReply, error_reply, success_reply
from tests.transport.rigs import Rig, config_for


@pytest.fixture
async def hooked() -> AsyncIterator[tuple[Rig, Any]]:
    """Give a rig, and the client's events."""
    async with FaultServer() as server, AsyncExitStack() as stack:
        sdk = await open_sdk(config_for(server.url, "aioboto3"), stack)
        assert isinstance(sdk.data, Aioboto3Transport)
        yield Rig(sdk.data, server), sdk.data._client.meta.events


def fail_with(error: Exception) -> Any:
    def hook(**context: Any) -> None:
        raise error

    return hook


async def test_hooks_see_requests_and_errors(hooked: tuple[Rig, Any]) -> None:
    rig, events = hooked
    statuses: list[int] = []
    events.register(
        "after-call.dynamodb.GetItem",
        lambda http_response, **context: statuses.append(http_response.status_code),
    )
    rig.play(success_reply({}), error_reply("ResourceNotFoundException"))
    await rig.send("GetItem", {"TableName": "app"})
    await rig.failure("GetItem")
    assert statuses == [200, 400]


async def test_a_hook_that_fails_before_sending_had_no_effect(hooked: tuple[Rig, Any]) -> None:
    rig, events = hooked
    events.register("before-call.dynamodb.PutItem", fail_with(RuntimeError("SECRET")))
    failure = await rig.failure("PutItem")
    assert type(failure.error) is UnexpectedResponseError
    assert not failure.may_have_acted
    assert "SECRET" not in str(failure)


async def test_a_hook_that_fails_after_the_reply_leaves_the_outcome_open(hooked: tuple[Rig, Any]) -> None:
    rig, events = hooked
    rig.play(success_reply({}))
    events.register("after-call.dynamodb.PutItem", fail_with(ParamValidationError(report="SECRET")))
    failure = await rig.failure("PutItem")
    assert failure.may_have_acted
    assert "SECRET" not in str(failure)


async def test_missing_credentials_are_an_authentication_error(hooked: tuple[Rig, Any]) -> None:
    rig, events = hooked
    events.register("before-sign.dynamodb.PutItem", fail_with(NoCredentialsError()))
    failure = await rig.failure("PutItem")
    assert type(failure.error) is AuthenticationError
    assert not failure.may_have_acted


async def test_the_client_itself_follows_the_rules_too(hooked: tuple[Rig, Any]) -> None:
    rig, _ = hooked
    rig.play(WireReply(200, {"content-type": "text/html"}, b"<html>"))
    with pytest.raises(AttemptError):
        await rig.transport._client.put_item(TableName="app", Item={})  # type: ignore[attr-defined]


async def test_an_unknown_operation_is_refused(hooked: tuple[Rig, Any]) -> None:
    rig, _ = hooked
    with pytest.raises(AttemptError) as raised:
        await rig.send("DropEverything", {})
    assert type(raised.value.error) is InvalidRequestError
    assert rig.requests == []


async def test_a_call_that_waits_while_the_client_closes_opens_no_connection() -> None:
    async with FaultServer() as server:
        async with AsyncExitStack() as stack:
            sdk = await open_sdk(config_for(server.url, "aioboto3"), stack)
            assert isinstance(sdk.data, Aioboto3Transport)
            client = sdk.data._client
        late = Aioboto3Transport(client)
        with pytest.raises(AttemptError) as raised:
            await late.send("PutItem", {"TableName": "app"}, timeout=5)
        assert not raised.value.may_have_acted
        assert server.connections == 0
