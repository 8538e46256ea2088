"""Where credentials come from, and what becomes of a call when they do not come."""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.credentials import AioRefreshableCredentials

from dynarepo._config import DynamoDBConfig
from dynarepo._connection._opening import open_sdk
from dynarepo._transport import AttemptError, DirectTransport, SdkCredentials
from dynarepo.exceptions import AuthenticationError, ConfigurationError
from dynarepo.testing import FaultServer, ReceivedRequest, success_reply

WITHOUT_KEYS = {"region": "eu-west-1"}


async def signed_with(**config: Any) -> ReceivedRequest:
    """Send one request with this configuration and return it."""
    async with FaultServer(success_reply({})) as server, AsyncExitStack() as stack:
        made = DynamoDBConfig.model_validate({**WITHOUT_KEYS, "endpoint_url": server.url, **config})
        sdk = await open_sdk(made, stack)
        await sdk.data.send("GetItem", {"TableName": "app"}, timeout=5)
        return server.requests[0]


def key_of(request: ReceivedRequest) -> str:
    return request.headers["authorization"].partition("Credential=")[2].partition("/")[0]


def process_profile(path: Path, program: str) -> None:
    script = path / "credentials.py"
    script.write_text(program)
    (path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_static_keys_sign(transport: str) -> None:
    request = await signed_with(
        transport=transport,
        aws_access_key_id="STATIC",
        aws_secret_access_key="s",
        aws_session_token="TOKEN",
    )
    assert key_of(request) == "STATIC"
    assert request.headers["x-amz-security-token"] == "TOKEN"


async def test_the_environment_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert key_of(await signed_with()) == "ENVIRONMENT"


async def test_a_profile_signs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[team]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    assert key_of(await signed_with(profile="team")) == "PROFILE"


async def test_a_missing_profile_is_named_as_the_cause() -> None:
    with pytest.raises(ConfigurationError, match="profile"):
        await signed_with(profile="nobody")


async def test_a_credential_process_signs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = {"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s"}
    process_profile(tmp_path, f"print('''{json.dumps(answer)}''')")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert key_of(await signed_with()) == "PROCESS"


async def test_a_failing_credential_process_is_told_without_its_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    process_profile(tmp_path, "import sys; sys.exit('SECRET')")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(AuthenticationError) as raised:
        await signed_with()
    assert "SECRET" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_half_a_pair_in_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
    with pytest.raises(AuthenticationError, match="PartialCredentialsError"):
        await signed_with()


async def test_no_credentials_at_all_say_what_to_set() -> None:
    with pytest.raises(AuthenticationError, match="aws_access_key_id"):
        await signed_with()


class Refresher:
    """Gives keys that last for a given time, one after the other, then fails."""

    def __init__(self, *lifetimes: timedelta) -> None:
        self.lifetimes = list(lifetimes)
        self.asked = 0

    async def __call__(self) -> dict[str, str]:
        self.asked += 1
        if not self.lifetimes:
            raise RuntimeError("SECRET")
        expiry = (datetime.now(UTC) + self.lifetimes.pop(0)).isoformat()
        return {
            "access_key": f"KEY{self.asked}",
            "secret_key": "s",
            "token": f"TOKEN{self.asked}",
            "expiry_time": expiry,
        }


async def refreshable(refresher: Refresher) -> SdkCredentials:
    return SdkCredentials(
        AioRefreshableCredentials.create_from_metadata(await refresher(), refresher, "scripted")
    )


async def test_credentials_that_expire_are_refreshed_and_used_together() -> None:
    # With a minute left, the SDK's rules demand a refresh before the next request.
    refresher = Refresher(timedelta(minutes=1), timedelta(hours=1))
    credentials = await refreshable(refresher)
    async with FaultServer(success_reply({}), success_reply({})) as server:
        transport = DirectTransport(
            server.url, "eu-west-1", credentials, max_connections=1, connect_timeout=1
        )
        for _ in range(2):
            await transport.send("GetItem", {}, timeout=5)
        await transport.close()
    used = [(key_of(request), request.headers["x-amz-security-token"]) for request in server.requests]
    assert used == [("KEY2", "TOKEN2")] * 2
    assert refresher.asked == 2


async def test_credentials_that_fail_at_once_fail_the_load() -> None:
    class Session:
        async def get_credentials(self) -> AioRefreshableCredentials:
            refresher = Refresher(timedelta(minutes=1))
            return AioRefreshableCredentials.create_from_metadata(await refresher(), refresher, "scripted")

    with pytest.raises(AuthenticationError, match="could not be refreshed"):
        await SdkCredentials.load(Session())


async def test_a_failing_refresh_had_no_effect_and_is_told_without_its_text() -> None:
    credentials = await refreshable(Refresher(timedelta(minutes=1)))
    with pytest.raises(AttemptError) as raised:
        await credentials.get()
    assert type(raised.value.error) is AuthenticationError
    assert not raised.value.may_have_acted
    assert "SECRET" not in str(raised.value)
