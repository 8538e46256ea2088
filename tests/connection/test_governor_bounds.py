"""What a governor lets through of any mix of requests, and how much that consumes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from dynarepo._connection._governor import Governor
from dynarepo.exceptions import CapacityLimitError
from tests.connection.fake_clock import FakeClock


@dataclass(frozen=True)
class Planned:
    """A request: when it comes, what it takes, how long its reply takes, when it takes what it takes."""

    at: float
    kind: int
    items: int
    units: float
    seconds: float
    share: float
    patience: float
    cancelled_after: float | None


@dataclass(frozen=True)
class Consumed:
    """Units, when they were consumed, when that request was let through, and when this was known."""

    at: float
    units: float
    begun: float
    known: float


def planned(units: Callable[[int], st.SearchStrategy[float]]) -> st.SearchStrategy[list[Planned]]:
    """Draw requests; an item of a kind takes what is drawn for the kind."""

    def of_kind(kind: int) -> st.SearchStrategy[Planned]:
        return st.builds(
            Planned,
            at=st.floats(0, 8),
            kind=st.just(kind),
            items=st.integers(1, 20),
            units=units(kind),
            seconds=st.floats(0, 3),
            share=st.floats(0, 1),
            patience=st.sampled_from([0.5, 5.0, 60.0]),
            cancelled_after=st.none() | st.floats(0, 4),
        )

    return st.lists(st.integers(0, 3).flatmap(of_kind), min_size=1, max_size=16)


def run(rate: float, burst: float, requests: list[Planned], *, one_at_a_time: bool = False) -> list[Consumed]:
    """Have requests done, and give what was consumed; nobody may wait for ever, and nothing may leak."""
    return asyncio.run(_run(rate, burst, requests, one_at_a_time=one_at_a_time))


async def _run(rate: float, burst: float, requests: list[Planned], *, one_at_a_time: bool) -> list[Consumed]:
    clock = FakeClock()
    governor = Governor(rate, burst, clock)
    taken: list[Consumed] = []
    turn = asyncio.Semaphore(1 if one_at_a_time else len(requests))

    async def do(request: Planned) -> None:
        await clock.sleep(request.at)
        async with turn:
            reservation = await governor.admit(request.kind, request.items, clock.now + request.patience)
            begun, at = clock.now, None
            try:
                await clock.sleep(request.seconds * request.share)
                at = clock.now
                await clock.sleep(request.seconds * (1 - request.share))
            finally:
                if at is None:
                    governor.release(reservation)
                else:
                    units = request.units * request.items
                    taken.append(Consumed(at, units, begun, clock.now))
                    governor.settle(reservation, units)

    async def cancel(task: asyncio.Task[None], seconds: float) -> None:
        await clock.sleep(seconds)
        task.cancel()

    tasks = [asyncio.create_task(do(request)) for request in requests]
    cancels = [
        asyncio.create_task(cancel(task, request.at + request.cancelled_after))
        for task, request in zip(tasks, requests, strict=True)
        if request.cancelled_after is not None
    ]
    while await clock.step():
        pass
    for end in await asyncio.gather(*tasks, *cancels, return_exceptions=True):
        assert end is None or isinstance(end, CapacityLimitError | asyncio.CancelledError)
    # All that was set aside came back: a full bucket lets the largest through at once.
    await clock.advance(sum(each.units for each in taken) / rate + burst / rate + 1)
    await governor.admit("new", 1, clock.now)
    return taken


def most_in_a_window(taken: list[Consumed], rate: float) -> float:
    """Give by how much consumption in the worst window was more than what came back in it."""
    taken = sorted(taken, key=lambda each: each.at)
    sums = list(accumulate((each.units for each in taken), initial=0.0))
    return max(
        (
            sums[last + 1] - sums[first] - rate * (taken[last].at - taken[first].at)
            for first in range(len(taken))
            for last in range(first, len(taken))
        ),
        default=0.0,
    )


RATES = st.floats(0.5, 100)


BURSTS = st.floats(0.5, 100)


@given(RATES, BURSTS, st.data())
def test_in_no_window_more_is_consumed_than_the_burst_what_comes_back_and_one_request(
    rate: float, burst: float, data: st.DataObject
) -> None:
    units = data.draw(st.lists(st.floats(0.5, 50), min_size=4, max_size=4))
    requests = data.draw(planned(lambda kind: st.just(units[kind])))
    taken = run(rate, burst, requests)
    assert most_in_a_window(taken, rate) <= burst + max((each.units for each in taken), default=0) + 1e-6


@given(RATES, BURSTS, planned(lambda _: st.floats(0.0, 50)))
def test_one_after_the_other_keep_it_whatever_each_takes(
    rate: float, burst: float, requests: list[Planned]
) -> None:
    taken = run(rate, burst, requests, one_at_a_time=True)
    assert most_in_a_window(taken, rate) <= burst + max((each.units for each in taken), default=0) + 1e-6


@given(RATES, BURSTS, planned(lambda _: st.floats(0.0, 50)))
def test_nothing_is_let_through_while_what_is_known_is_beyond_the_limit(
    rate: float, burst: float, requests: list[Planned]
) -> None:
    taken = run(rate, burst, requests)
    for start in {each.begun for each in taken}:
        for end in {each.begun for each in taken}:
            known = sum(each.units for each in taken if start <= each.begun and each.known < end)
            assert known <= burst + rate * max(end - start, 0) + 1e-6
