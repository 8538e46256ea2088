"""A transaction is sent again with its token, for as long as the service knows that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dynarepo._observability import Call
from dynarepo._request import Deadline, Repeat, Request
from dynarepo.exceptions import (
    WriteOutcomeUnknownError,
)
from dynarepo.testing import FakeTransport, lost_reply
from tests.connection.retrying import FAULT, IN_PROGRESS, THROTTLED, TOKEN, Session


async def test_a_transaction_with_a_token_is_repeated_with_the_same_token() -> None:
    session = Session(lost_reply(), FAULT, IN_PROGRESS, {"ok": 1})
    assert await session.send("TransactWriteItems", TOKEN) == {"ok": 1}
    assert session.fake.requests == [("TransactWriteItems", TOKEN)] * 4


async def test_a_transaction_without_a_token_is_not() -> None:
    error = await Session(lost_reply()).failure("TransactWriteItems", {"TransactItems": []})
    assert type(error) is WriteOutcomeUnknownError


@pytest.mark.parametrize("last", [lost_reply(), THROTTLED])
async def test_a_token_that_the_service_may_have_forgotten_is_not_sent_again(last: Any) -> None:
    loop = asyncio.get_running_loop()
    began, calls = loop.time(), 0

    async def answer(_operation: str, _payload: dict[str, Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            loop.time = lambda: began + 700  # type: ignore[method-assign]
        return await FakeTransport(lost_reply() if calls == 1 else last).send("", {}, timeout=1)

    session = Session()
    session.fake = FakeTransport.answering(answer)
    request = Request("TransactWriteItems", TOKEN, repeat=Repeat(is_safe=True, seconds=590))
    with pytest.raises(WriteOutcomeUnknownError):
        await session.sender().send(Call(request, Deadline.after(3600)))
    assert calls == 2


async def test_waiting_to_be_sent_does_not_outlast_a_token() -> None:
    timeouts: list[float] = []

    class Waiting(FakeTransport):
        async def send(self, operation: str, payload: dict[str, Any], *, timeout: float) -> Any:  # noqa: ASYNC109
            timeouts.append(timeout)
            return await super().send(operation, payload, timeout=timeout)

    session = Session()
    session.fake = Waiting(lost_reply(), lost_reply(), {})
    request = Request("TransactWriteItems", TOKEN, repeat=Repeat(is_safe=True, seconds=590))
    await session.sender().send(Call(request, Deadline.after(3600)))
    first, *others = timeouts
    assert first > 3000
    assert all(580 < each <= 590 for each in others)


async def test_a_token_is_not_sent_after_a_wait_that_outlasted_it(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(lost_reply(), {})

    async def oversleep(_: float) -> None:
        loop = asyncio.get_running_loop()
        later = loop.time() + 700
        loop.time = lambda: later  # type: ignore[method-assign]

    monkeypatch.setattr(session, "_sleep", oversleep)
    call = Call(
        Request("TransactWriteItems", TOKEN, repeat=Repeat(is_safe=True, seconds=590)), Deadline.after(3600)
    )
    with pytest.raises(WriteOutcomeUnknownError):
        await session.sender().send(call)
    assert call.attempts == 1
