"""The bound on requests under way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dynarepo._transport import AttemptError, LimitedTransport
from dynarepo.exceptions import ConnectionFailedError, DeadlineExceededError
from dynarepo.testing import FakeTransport


class Gate:
    """Answers when told to, and tells when so many requests wait inside."""

    def __init__(self, full_with: int) -> None:
        self.full_with = full_with
        self.full, self.opened = asyncio.Event(), asyncio.Event()
        self.inside = self.most = 0

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == self.full_with:
            self.full.set()
        await self.opened.wait()
        self.inside -= 1
        return {}


async def test_no_more_requests_go_through_at_once_than_the_limit() -> None:
    gate = Gate(3)
    limited = LimitedTransport(FakeTransport.answering(gate), 3, 60)
    sends = [asyncio.create_task(limited.send("GetItem", {}, timeout=5)) for _ in range(10)]
    await gate.full.wait()
    gate.opened.set()
    assert await asyncio.gather(*sends) == [{}] * 10
    assert gate.most == 3


async def test_waiting_for_a_place_ends_with_the_time_and_had_no_effect_rf177() -> None:
    gate = Gate(1)
    fake = FakeTransport.answering(gate)
    limited = LimitedTransport(fake, 1, 60)
    first = asyncio.create_task(limited.send("GetItem", {}, timeout=5))
    await gate.full.wait()
    with pytest.raises(AttemptError) as raised:
        await limited.send("PutItem", {}, timeout=0.01)
    gate.opened.set()
    await first
    assert type(raised.value.error) is DeadlineExceededError
    assert not raised.value.may_have_acted
    assert len(fake.requests) == 1


async def test_a_place_is_free_again_after_a_failure_and_after_a_cancellation() -> None:
    gate = Gate(1)
    limited = LimitedTransport(FakeTransport(ConnectionError("odd"), gate, {}), 1, 60)
    with pytest.raises(ConnectionError):
        await limited.send("GetItem", {}, timeout=5)
    cancelled = asyncio.create_task(limited.send("GetItem", {}, timeout=5))
    await gate.full.wait()
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert await limited.send("GetItem", {}, timeout=5) == {}


async def test_closing_closes_the_transport_inside() -> None:
    fake = FakeTransport()
    await LimitedTransport(fake, 1, 60).close()
    assert fake.closed


async def silence(operation: str, payload: dict[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("seconds", "expected"), [(60, ConnectionFailedError), (0.01, DeadlineExceededError)]
)
async def test_silence_ends_an_attempt_before_it_ends_the_call(seconds: float, expected: type) -> None:
    limited = LimitedTransport(FakeTransport.answering(silence), 1, 0.02)
    with pytest.raises(AttemptError) as raised:
        await limited.send("PutItem", {}, timeout=seconds)
    assert type(raised.value.error) is expected
    assert raised.value.may_have_acted
