"""What the direct transport does that no script of replies shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from dynarepo._transport import AttemptError, DirectTransport, _direct
from dynarepo._transport._body import SentBody
from dynarepo._turns import in_turn
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    AuthenticationError,
    DeadlineExceededError,
    InvalidValueError,
    UnexpectedResponseError,
)
from dynarepo.testing import success_reply
from tests.transport.rigs import Keys, Rig, StaticCredentials, opened

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R\r\n"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with opened("direct") as made:
        yield made


class HangingCredentials:
    async def get(self) -> Keys:
        await asyncio.Event().wait()
        raise AssertionError


async def test_the_headers_are_those_that_were_signed(rig: Rig) -> None:
    rig.play(success_reply({}))
    await rig.send("GetItem", {})
    assert rig.server is not None
    headers = rig.server.requests[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert headers["host"] == rig.server.url.removeprefix("http://")
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["accept-encoding"] == "identity"


async def test_a_chunked_reply_is_read(rig: Rig) -> None:
    rig.play(HEAD + b'transfer-encoding: chunked\r\n\r\n6\r\n{"a":1\r\n1\r\n}\r\n0\r\n\r\n')
    assert await rig.send("GetItem", {}) == {"a": 1}


@pytest.mark.parametrize(
    "length", [b"content-length: 20\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n14\r\n"]
)
async def test_a_reply_beyond_the_limit_is_not_kept(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, length: bytes
) -> None:
    monkeypatch.setattr(_direct, "MAX_REPLY_BYTES", 10)
    rig.play(HEAD + length + b" " * 20 + b"\r\n0\r\n\r\n")
    failure = await rig.failure("PutItem")
    assert type(failure.error) is UnexpectedResponseError
    assert failure.may_have_acted


@pytest.mark.parametrize(("length", "turns"), [(100_000, 0), (200_000, 1)])
async def test_a_long_reply_is_parsed_in_a_turn_of_its_own(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, length: int, turns: int
) -> None:
    taken: list[object] = []

    async def turn(read: Callable[[], Payload]) -> Payload:
        taken.append(read)
        return await in_turn(read)

    monkeypatch.setattr(_direct, "in_turn", turn)
    reply = {"Items": [{"pk": {"S": "a" * length}}]}
    rig.play(success_reply(reply))
    assert await rig.send("Query", {}) == reply
    assert len(taken) == turns


async def test_a_reply_that_is_not_http_leaves_the_outcome_open(rig: Rig) -> None:
    rig.play(b"SECRET 220 ready\r\n\r\n")
    failure = await rig.failure("PutItem")
    assert type(failure.error) is UnexpectedResponseError
    assert failure.may_have_acted
    assert "SECRET" not in str(failure.error)


async def test_what_json_cannot_carry_is_refused_and_not_shown(rig: Rig) -> None:
    with pytest.raises(AttemptError) as raised:
        await rig.send("PutItem", {"Item": {"pk": {"S": "SECRET\ud800"}}})
    assert type(raised.value.error) is InvalidValueError
    assert "SECRET" not in str(raised.value)
    assert rig.requests == []


async def test_credentials_that_do_not_come_in_time_had_no_effect() -> None:
    transport = DirectTransport(
        "http://127.0.0.1:9", "eu-west-1", HangingCredentials(), max_connections=1, connect_timeout=1
    )
    with pytest.raises(AttemptError) as raised:
        await transport.send("PutItem", {}, timeout=0.02)
    await transport.close()
    assert type(raised.value.error) is DeadlineExceededError
    assert not raised.value.may_have_acted


async def test_a_body_is_text_to_whoever_asks() -> None:
    body = SentBody(b'{"a":"\xc3\xa9"}')
    assert (body.decode(), body.size, body.begun) == ('{"a":"é"}', 10, False)


async def test_plain_http_where_tls_is_due_had_no_effect() -> None:
    async with opened("direct") as rig:
        assert rig.server is not None
        url = rig.server.url.replace("http:", "https:")
        transport = DirectTransport(
            url, "eu-west-1", StaticCredentials(), max_connections=1, connect_timeout=1
        )
        rig.play(b"no tls")
        with pytest.raises(AttemptError) as raised:
            await transport.send("PutItem", {}, timeout=0.3)
        await transport.close()
        assert rig.requests == []
    assert not raised.value.may_have_acted


@dataclass(frozen=True)
class BrokenKeys(Keys):
    """Credentials as they come out of a file with a line too many."""

    token: str | None = "SECRET\r\nx-evil: 1"


class BrokenCredentials:
    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def get(self) -> Keys:
        return self._keys


@pytest.mark.parametrize(
    "keys", [BrokenKeys(), BrokenKeys(access_key="SECRET\n", token=None), BrokenKeys(token="SECRET\xe9")]
)
async def test_credentials_that_no_header_can_carry_are_refused_and_not_shown(rig: Rig, keys: Keys) -> None:
    assert rig.server is not None
    transport = DirectTransport(
        rig.server.url, "eu-west-1", BrokenCredentials(keys), max_connections=1, connect_timeout=30
    )
    with pytest.raises(AttemptError) as raised:
        await transport.send("PutItem", {}, timeout=30)
    await transport.close()
    assert type(raised.value.error) is AuthenticationError
    assert not raised.value.may_have_acted
    assert "SECRET" not in str(raised.value.error)
    assert rig.requests == []
