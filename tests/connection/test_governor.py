"""Who is let through when, and what is consumed meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from dynarepo._connection._governor import Governor, Reservation
from dynarepo.exceptions import CapacityLimitError
from tests.connection.fake_clock import FakeClock

NEVER = 1e9


@dataclass
class Gate:
    """A governor, its clock, and what went through it."""

    clock: FakeClock
    governor: Governor

    @classmethod
    async def of(cls, rate: float, burst: float, *, taking: float = 1.0) -> Gate:
        """Make one that knows that an item takes so much, with a full bucket."""
        clock = FakeClock()
        gate = cls(clock, Governor(rate, burst, clock))
        gate.governor.settle(await gate.admit(), taking)
        await clock.advance(taking / rate + burst / rate)
        return gate

    async def admit(self, items: int = 1, *, kind: str = "get", seconds: float = NEVER) -> Reservation:
        return await self.governor.admit(kind, items, self.clock.now + seconds)

    def begin(
        self, items: int = 1, *, kind: str = "get", seconds: float = NEVER
    ) -> asyncio.Task[Reservation]:
        return asyncio.create_task(self.admit(items, kind=kind, seconds=seconds))


async def test_what_fits_is_let_through_at_once() -> None:
    gate = await Gate.of(10, 3)
    before = gate.clock.now
    for _ in range(3):
        gate.governor.settle(await gate.admit(), 1)
    assert gate.clock.now == before


async def test_what_does_not_fit_waits_until_so_much_came_back() -> None:
    gate = await Gate.of(10, 2)
    gate.governor.settle(await gate.admit(2), 2)
    waiting = gate.begin()
    await gate.clock.advance(0.099)
    assert not waiting.done()
    await gate.clock.advance(0.002)
    assert waiting.done()


async def test_who_came_first_goes_first_even_where_a_smaller_one_would_fit() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(5), 5)
    large, small = gate.begin(8), gate.begin(1)
    await gate.clock.advance(0.29)
    assert (large.done(), small.done()) == (False, False)
    await gate.clock.advance(0.02)
    assert (large.done(), small.done()) == (True, False)


async def test_nobody_overtakes_the_line() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(10), 10)
    first = gate.begin(10)
    await gate.clock.advance(0.5)
    late = gate.begin(1)
    await gate.clock.advance(0.45)
    assert (first.done(), late.done()) == (False, False)


async def test_a_request_larger_than_the_burst_goes_when_the_bucket_is_full_and_leaves_a_debt() -> None:
    gate = await Gate.of(10, 5)
    gate.governor.settle(await gate.admit(1), 1)
    huge = gate.begin(25)
    await gate.clock.advance(0.09)
    assert not huge.done()
    await gate.clock.advance(0.02)
    gate.governor.settle(huge.result(), 25)
    behind = gate.begin(1)
    await gate.clock.advance(2.0)
    assert not behind.done()
    await gate.clock.advance(0.11)
    assert behind.done()


async def test_what_was_taken_beyond_the_estimate_is_a_debt() -> None:
    gate = await Gate.of(10, 5)
    gate.governor.settle(await gate.admit(1), 25)
    behind = gate.begin(1, kind="get")
    await gate.clock.advance(2.4)
    assert not behind.done()
    await gate.clock.advance(0.2)
    assert behind.done()


async def test_what_was_not_taken_of_the_estimate_comes_back_at_once() -> None:
    gate = await Gate.of(10, 10)
    first = await gate.admit(10)
    waiting = gate.begin(5)
    await gate.clock.advance(0)
    gate.governor.settle(first, 2)
    await gate.clock.advance(0)
    assert waiting.done()


async def test_an_attempt_that_took_nothing_gives_everything_back() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.release(await gate.admit(10))
    gate.governor.release(await gate.admit(10))


async def test_where_nobody_knows_what_was_taken_the_estimate_counts() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(10), None)
    waiting = gate.begin(10)
    await gate.clock.advance(0.9)
    assert not waiting.done()
    await gate.clock.advance(0.2)
    assert waiting.done()


async def test_of_an_unknown_kind_one_request_is_let_through_until_its_reply_is_there() -> None:
    gate = await Gate.of(10, 100)
    first, others = gate.begin(kind="scan"), [gate.begin(kind="scan") for _ in range(9)]
    await gate.clock.advance(60)
    assert first.done()
    assert not any(other.done() for other in others)
    gate.governor.settle(first.result(), 20)
    await gate.clock.advance(0)
    assert [other.done() for other in others] == [True] * 4 + [False] * 5


async def test_many_of_an_unknown_kind_are_not_refused_for_what_the_first_sets_aside() -> None:
    clock = FakeClock()
    gate = Gate(clock, Governor(100, 100, clock))
    first, others = gate.begin(seconds=0.6), [gate.begin(seconds=0.6) for _ in range(50)]
    await clock.advance(0.01)
    gate.governor.settle(first.result(), 1)
    await clock.advance(0)
    assert all(other.done() for other in others)


async def test_what_cannot_be_let_through_in_time_is_refused_at_once() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(10), 10)
    waiting = gate.begin(10, seconds=2)
    await gate.clock.advance(0)
    now = gate.clock.now
    with pytest.raises(CapacityLimitError, match="capacity limit"):
        await gate.admit(10, seconds=1.9)
    assert gate.clock.now == now
    assert not waiting.done()


async def test_a_request_larger_than_the_burst_is_refused_by_the_time_that_a_full_bucket_takes() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(10), 10)
    with pytest.raises(CapacityLimitError):
        await gate.admit(500, seconds=0.9)
    patient = gate.begin(500, seconds=1.1)
    await gate.clock.advance(1.05)
    assert patient.done()


async def test_who_waits_is_refused_when_a_debt_makes_it_hopeless() -> None:
    gate = await Gate.of(10, 10)
    under_way = await gate.admit(10)
    waiting = gate.begin(1, seconds=5)
    await gate.clock.advance(0)
    gate.governor.settle(under_way, 1000)
    await gate.clock.advance(0)
    with pytest.raises(CapacityLimitError):
        await waiting


async def test_who_waits_is_refused_at_the_deadline_at_the_latest() -> None:
    gate = await Gate.of(10, 10)
    under_way = await gate.admit(10)
    first = gate.begin(10, seconds=60)
    second = gate.begin(10, seconds=3)
    await gate.clock.advance(2.9)
    assert not second.done()
    await gate.clock.advance(0.2)
    with pytest.raises(CapacityLimitError):
        await second
    assert not first.done()
    gate.governor.settle(under_way, 10)
    await gate.clock.advance(2)
    assert first.done()


async def test_a_waiter_that_is_cancelled_leaves_no_hole() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.settle(await gate.admit(10), 10)
    large, small = gate.begin(10), gate.begin(1)
    await gate.clock.advance(0.2)
    large.cancel()
    await gate.clock.advance(0)
    assert large.cancelled()
    assert small.done()


async def test_one_that_is_cancelled_just_after_it_was_let_through_gives_back_what_was_set_aside() -> None:
    gate = await Gate.of(10, 10)
    under_way = await gate.admit(10)
    large, small = gate.begin(10), gate.begin(1)
    await gate.clock.advance(0)
    gate.governor.release(under_way)
    large.cancel()
    await gate.clock.advance(0)
    assert large.cancelled()
    assert small.done()


async def test_one_that_is_cancelled_just_after_it_was_refused_is_cancelled() -> None:
    gate = await Gate.of(10, 10)
    under_way = await gate.admit(10)
    waiting = gate.begin(1, seconds=5)
    await gate.clock.advance(0)
    gate.governor.settle(under_way, 1000)
    waiting.cancel()
    await gate.clock.advance(0)
    assert waiting.cancelled()


async def test_one_that_was_let_through_is_not_refused_any_more() -> None:
    gate = await Gate.of(10, 10)
    under_way = await gate.admit(10)
    waiting = gate.begin(10, seconds=1)
    await gate.clock.advance(0)
    gate.governor.release(under_way)
    gate.clock.fire()
    await gate.clock.advance(0)
    assert waiting.result().units == 10


async def test_nothing_is_left_on_the_clock_when_nobody_waits() -> None:
    gate = await Gate.of(10, 1)
    tasks = [gate.begin(seconds=seconds) for seconds in (60, 60, 60)]
    await gate.clock.advance(0)
    tasks[1].cancel()
    for task in (tasks[0], tasks[2]):
        await gate.clock.advance(0.11)
        gate.governor.settle(await task, 1)
    await gate.clock.advance(0)
    assert gate.clock.timers == 0


async def test_units_that_nobody_foresaw_are_a_debt_too() -> None:
    gate = await Gate.of(10, 10)
    gate.governor.charge(15)
    waiting = gate.begin(1)
    await gate.clock.advance(0.5)
    assert not waiting.done()
    await gate.clock.advance(0.2)
    assert waiting.done()
