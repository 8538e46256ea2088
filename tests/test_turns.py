"""Long work lets the event loop go on between its pieces; short work never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator
from itertools import count, pairwise

import pytest

from dynarepo._turns import begin_in_turns, make_all


def every_read_takes(seconds: float) -> Callable[[], float]:
    """Give a clock that goes on by so much whenever it is read."""
    times: Iterator[float] = (number * seconds for number in count())
    return lambda: next(times)


def work(name: str, pieces: int, done: list[str]) -> Generator[None, None, str]:
    """Do so many pieces, and note each."""
    for _ in range(pieces):
        done.append(name)
        yield
    return name


async def turns_of(running: asyncio.Future[object]) -> int:
    """Count the turns of the loop until something is done."""
    turns = 0
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_the_loop_has_a_turn_between_any_two_pieces() -> None:
    done: list[str] = []
    task: asyncio.Future[object] = asyncio.ensure_future(begin_in_turns(work("a", 5, done)))
    seen = [0]
    while not task.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert seen[-1] == 5
    assert all(after - before <= 1 for before, after in pairwise(seen))


async def test_a_turn_has_one_piece_however_many_calls_have_long_work() -> None:
    done: list[str] = []
    tasks = [asyncio.ensure_future(begin_in_turns(work(name, 4, done))) for name in "abc"]
    both = asyncio.gather(*tasks)
    seen = [0]
    while not both.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert len(done) == 12
    assert all(after - before <= 1 for before, after in pairwise(seen))


async def test_calls_take_their_long_work_one_after_the_other() -> None:
    done: list[str] = []
    assert await asyncio.gather(*[begin_in_turns(work(name, 3, done)) for name in "abc"]) == ["a", "b", "c"]
    assert done == [*"aaabbbccc"]


async def test_who_has_begun_goes_on_before_another_begins() -> None:
    done: list[str] = []

    async def call(name: str) -> None:
        await begin_in_turns(work(name, 2, done))
        await make_all(lambda _: done.append(name.upper()), [1, 2, 3], clock=every_read_takes(1.0))

    await asyncio.gather(*map(call, "abc"))
    assert done == [*"aaAAA", *"bbBBB", *"ccCCC"]


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


async def test_an_error_of_the_work_is_raised_and_the_next_call_goes_on() -> None:
    def broken() -> Generator[None, None, None]:
        yield
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await begin_in_turns(broken())
    assert await begin_in_turns(work("a", 1, [])) == "a"


@pytest.mark.parametrize("after", range(12))
async def test_who_goes_away_leaves_the_turn_to_the_others(after: int) -> None:
    done: list[str] = []

    async def call(name: str) -> list[str]:
        await begin_in_turns(work(name, 2, done))
        return await make_all(str, [1, 2, 3], clock=every_read_takes(1.0))

    leaving, staying = asyncio.ensure_future(call("a")), asyncio.ensure_future(call("b"))
    for _ in range(after):
        await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(5):
        assert await staying == ["1", "2", "3"]
        await asyncio.gather(leaving, return_exceptions=True)
    assert await call("c") == ["1", "2", "3"]


def test_each_event_loop_has_a_line_of_its_own() -> None:
    async def together() -> None:
        await asyncio.gather(*[begin_in_turns(work(name, 2, [])) for name in "ab"])

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
