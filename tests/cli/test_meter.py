"""Capacity is counted, and bounded on average."""

from __future__ import annotations

from dynarepo import CapacityLimit
from dynarepo._observability import ConsumedUnits, Usage
from dynarepo.cli._meter import Meter, Pace


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_what_was_consumed_is_paid_for_by_time() -> None:
    clock = Clock()
    pace = Pace(10, clock=clock, sleep=clock.sleep)
    for consumed in range(0, 101, 20):
        await pace.ready(consumed)
    assert clock.now == 110.0


async def test_time_that_passed_unused_is_not_saved_up() -> None:
    clock = Clock()
    pace = Pace(10, clock=clock, sleep=clock.sleep)
    await pace.ready(0)
    clock.now += 1_000
    await pace.ready(0)
    await pace.ready(20)
    assert clock.now == 1_102.0


async def test_without_a_bound_nothing_waits() -> None:
    clock = Clock()
    await Pace(clock=clock, sleep=clock.sleep).ready(1_000_000)
    assert clock.now == 100.0


def used(read: float, write: float) -> Usage:
    """Give what a connection consumed."""
    usage = Usage()
    usage.tables["shop"] = ConsumedUnits(read, write)
    return usage


async def test_reads_and_writes_of_all_connections_are_counted_and_bounded_apart() -> None:
    clock = Clock()
    meter = Meter(
        Pace(1, clock=clock, sleep=clock.sleep),
        Pace(1, clock=clock, sleep=clock.sleep),
        [used(2, 0), used(0.5, 7)],
    )
    assert (meter.read_units, meter.write_units) == (2.5, 7.0)
    await meter.ready_to_read()
    assert clock.now == 102.5
    await meter.ready_to_write()
    assert clock.now == 107.0


def test_the_connection_keeps_the_same_bounds() -> None:
    assert Meter().limit is None
    assert Meter(reads=Pace(5)).limit == CapacityLimit(read=5)
    assert Meter(writes=Pace(0.5)).limit == CapacityLimit(write=0.5)
