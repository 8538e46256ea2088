"""Long work lets the event loop go on between its pieces; short work never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, pairwise

import pytest

from dynarepo._turns import in_turn, make_all


def every_read_takes(seconds: float) -> Callable[[], float]:
    """Give a clock that goes on by so much whenever it is read."""
    times: Iterator[float] = (number * seconds for number in count())
    return lambda: next(times)


async def turns_of(running: asyncio.Future[object]) -> int:
    """Count the turns of the loop until something is done."""
    turns = 0
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_everything_is_made_in_order_and_the_parts_are_gone() -> None:
    parts = list(range(250))
    assert await make_all(str, parts, clock=every_read_takes(0.0002)) == [str(each) for each in range(250)]
    assert parts == []


async def test_a_short_page_is_made_without_a_turn() -> None:
    making = make_all(str, list(range(100)), clock=every_read_takes(0.000015))
    with pytest.raises(StopIteration) as end:
        making.send(None)
    assert len(end.value.value) == 100


async def test_few_items_that_take_long_are_made_in_turns() -> None:
    making: asyncio.Future[object] = asyncio.ensure_future(
        make_all(str, list(range(10)), clock=every_read_takes(1.0))
    )
    assert await turns_of(making) >= 9


async def test_the_error_of_a_part_is_raised_and_the_next_call_goes_on() -> None:
    with pytest.raises(ZeroDivisionError):
        await make_all(lambda each: 1 / each, [2, 1, 0], clock=every_read_takes(1.0))
    assert await make_all(str, [1, 2, 3], clock=every_read_takes(1.0)) == ["1", "2", "3"]


@pytest.mark.parametrize("after", range(8))
async def test_who_goes_away_leaves_the_turn_to_the_others(after: int) -> None:
    async def call() -> list[str]:
        return await make_all(str, [1, 2, 3], clock=every_read_takes(1.0))

    leaving, staying = asyncio.ensure_future(call()), asyncio.ensure_future(call())
    for _ in range(after):
        await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(5):
        assert await staying == ["1", "2", "3"]
        await asyncio.gather(leaving, return_exceptions=True)
    assert await call() == ["1", "2", "3"]


def test_each_event_loop_has_a_line_of_its_own() -> None:
    async def together() -> None:
        await asyncio.gather(*[make_all(str, [1, 2, 3], clock=every_read_takes(1.0)) for _ in "ab"])

    asyncio.run(together())
    asyncio.run(together())


async def test_a_turn_has_a_part_of_one_call_however_many_make_some() -> None:
    done: list[str] = []

    async def call(name: str) -> None:
        await make_all(lambda _: done.append(name), [1, 2, 3, 4], clock=every_read_takes(1.0))

    tasks = asyncio.gather(*map(call, "abc"))
    await asyncio.sleep(0)  # the first piece of each needs no turn
    seen = [len(done)]
    while not tasks.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert len(done) == 12
    assert all(after - before <= 1 for before, after in pairwise(seen))


async def test_pieces_of_work_have_turns_of_their_own_and_none_beside_long_work() -> None:
    done: list[object] = []
    making = make_all(done.append, [1, 2, 3, 4], clock=every_read_takes(1.0))
    pieces = [in_turn(partial(done.append, name)) for name in "ab"]
    tasks = asyncio.gather(making, *pieces)
    await asyncio.sleep(0)  # the first piece of what is made needs no turn
    seen = [len(done)]
    while not tasks.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert done == [1, 2, 3, 4, "a", "b"]
    assert all(after - before <= 1 for before, after in pairwise(seen))


async def test_a_piece_of_work_gives_its_result_or_error_and_the_next_is_done() -> None:
    assert await in_turn(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        await in_turn(lambda: 1 // 0)
    assert await in_turn(lambda: 6) == 6
