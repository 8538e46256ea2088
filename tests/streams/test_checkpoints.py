"""Where a run goes on: nothing is lost, and no more is repeated than was not saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBConnection, InvalidRequestError
from dynarepo.streams import MemoryCheckpoints, ShardPosition, StreamTrimmedError, TableCheckpoints
from tests.faked import SkippedTime, turns
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.several_models import Customer, Order
from tests.streams.scripted_stream import ARN, ROOT, ScriptedStream, age_of, reading, user


class RecordedCheckpoints(MemoryCheckpoints):
    """Keeps everything that was ever saved."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[dict[str, str | None]] = []

    async def save(self, stream_arn: str, positions: Mapping[str, str | None]) -> None:
        self.saved.append(dict(positions))
        await super().save(stream_arn, positions)


async def run(stream: ScriptedStream, kept: MemoryCheckpoints, number: int, *, every: int = 1) -> list[int]:
    """Process so many changes, and leave with one more in hand."""
    found: list[int] = []
    async with (
        reading(stream, User) as users,
        aclosing(users.changes(start="oldest", checkpoints=kept, checkpoint_every=every)) as changes,
    ):
        async for change in changes:
            if len(found) == number:
                break
            found.append(age_of(change))
    return found


@pytest.fixture
def kept() -> RecordedCheckpoints:
    return RecordedCheckpoints()


async def test_another_run_goes_on_behind_what_was_processed(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    for number in range(7):
        stream.add(user(number))
    assert await run(stream, kept, 3) == [0, 1, 2]
    assert kept.positions[ARN] == {ROOT: "3"}
    stream.end()
    assert await run(stream, kept, 9) == [3, 4, 5, 6]


async def test_a_change_counts_as_processed_when_its_consumer_comes_back(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    stream.add(user(1))
    stream.add(user(2))
    async with reading(stream, User) as users:
        changes = users.changes(start="oldest", checkpoints=kept, checkpoint_every=1)
        async with aclosing(changes):
            await anext(changes)
            await turns()
            assert kept.positions[ARN] == {ROOT: "oldest"}
            await anext(changes)
            assert kept.positions[ARN] == {ROOT: "1"}
    assert kept.positions[ARN] == {ROOT: "1"}


async def test_a_consumer_that_fails_is_given_the_same_change_again(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    stream.add(user(1))
    stream.add(user(2))

    async def fail_at_the_second(users: AsyncDynamoDBRepository[User]) -> None:
        async with aclosing(users.changes(start="oldest", checkpoints=kept)) as changes:
            async for change in changes:
                assert 1 / (age_of(change) - 2)

    async with reading(stream, User) as users:
        with pytest.raises(ZeroDivisionError):
            await fail_at_the_second(users)
    stream.end()
    assert await run(stream, kept, 9) == [2]


async def test_positions_are_saved_after_every_so_many_changes_and_pages(kept: RecordedCheckpoints) -> None:
    stream = ScriptedStream(page_size=5)
    for number in range(8):
        stream.add(user(number))
    stream.end()
    await run(stream, kept, 99, every=2)
    assert [saved[ROOT] for saved in kept.saved] == ["oldest", "2", "4", "5", "7", "end"]


async def test_pages_of_other_models_are_passed_and_saved(kept: RecordedCheckpoints) -> None:
    stream = ScriptedStream()
    for number in range(3):
        stream.add(Customer(customer_id=f"{number}"))
    async with reading(stream, Order) as orders:
        waiting = asyncio.ensure_future(anext(orders.changes(start="oldest", checkpoints=kept)))
        await turns(60)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert kept.positions[ARN] == {ROOT: "3"}


async def test_a_start_at_the_latest_that_is_interrupted_loses_nothing(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    """Nothing came before it was interrupted; what came before the next run is not left out."""
    stream.add(user(1))
    left, right = stream.split()
    stream.add(user(2), shard=left)
    (closed,) = stream.split(right, children=1)
    stream.split(closed, children=0)
    async with reading(stream, User) as users:
        waiting = asyncio.ensure_future(anext(users.changes(start="latest", checkpoints=kept)))
        await turns(60)
        waiting.cancel()
        await asyncio.wait([waiting])
    stream.add(user(3), shard=left)
    stream.shards[left].records[-1]["dynamodb"]["ApproximateCreationDateTime"] = 4_000_000_000
    (child,) = stream.split(closed, children=1)
    stream.add(user(4), shard=child)
    stream.end()
    assert sorted(await run(stream, kept, 9)) == [3, 4]


async def test_what_was_read_whole_is_not_read_again(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    stream.add(user(1))
    left, right = stream.split()
    stream.add(user(2), shard=left)
    stream.add(user(3), shard=right)
    assert await run(stream, kept, 2) in ([1, 2], [1, 3])
    stream.transport.requests.clear()
    stream.end()
    await run(stream, kept, 9)
    assert ROOT not in {payload["ShardId"] for payload in stream.asked("GetShardIterator")}


async def test_shards_that_are_gone_are_forgotten_when_what_follows_is_begun(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    stream.add(user(1))
    (child,) = stream.split(children=1)
    stream.add(user(2), shard=child)
    stream.add(user(3), shard=child)
    assert await run(stream, kept, 1) == [1]
    assert kept.positions[ARN] == {ROOT: "end"}
    stream.drop(ROOT)
    assert await run(stream, kept, 1) == [2]
    assert kept.positions[ARN] == {ROOT: "end", child: "2"}
    assert await run(stream, kept, 0) == []
    assert kept.positions[ARN] == {child: "2"}


@pytest.mark.parametrize("is_followed", [True, False])
async def test_a_shard_that_is_gone_before_it_was_read_is_an_error(
    stream: ScriptedStream, kept: RecordedCheckpoints, is_followed: bool
) -> None:
    stream.add(user(1))
    stream.add(user(2))
    assert await run(stream, kept, 1) == [1]
    if is_followed:
        stream.split()
    stream.drop(ROOT)
    with pytest.raises(StreamTrimmedError, match="changes are lost"):
        await run(stream, kept, 1)


async def test_a_gap_between_what_was_read_and_what_is_there_is_an_error(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    stream.add(user(1))
    (child,) = stream.split(children=1)
    stream.add(user(2), shard=child)
    assert await run(stream, kept, 1) == [1]
    (grandchild,) = stream.split(child, children=1)
    stream.drop(ROOT)
    stream.drop(child)
    with pytest.raises(StreamTrimmedError, match=f"{grandchild} follows a shard that was not read"):
        await run(stream, kept, 1)


async def test_a_position_whose_records_were_dropped_is_an_error(
    stream: ScriptedStream, kept: RecordedCheckpoints
) -> None:
    for number in range(6):
        stream.add(user(number))
    assert await run(stream, kept, 1) == [0]
    stream.drop(records=4)
    with pytest.raises(StreamTrimmedError, match="what follows in"):
        await run(stream, kept, 1)


async def test_the_oldest_may_follow_shards_that_are_gone(stream: ScriptedStream) -> None:
    stream.add(user(1))
    (child,) = stream.split(children=1)
    stream.add(user(2), shard=child)
    stream.drop(ROOT)
    stream.end()
    assert await run(stream, MemoryCheckpoints(), 9) == [2]


@pytest.mark.parametrize("position", ["", "x", "since:x", "-1", "٣"])
async def test_a_store_that_gives_what_was_never_saved_is_refused(
    stream: ScriptedStream, position: str
) -> None:
    with pytest.raises(InvalidRequestError, match=f"the checkpoint of {ROOT}"):
        await run(stream, MemoryCheckpoints({ARN: {ROOT: position}}), 1)


@st.composite
def histories(draw: st.DrawFn) -> tuple[ScriptedStream, list[int]]:
    """Make a stream of changes of four keys over shards that split; and the number of changes of each run."""
    stream = ScriptedStream(page_size=draw(st.integers(1, 3)))
    owners = dict.fromkeys("abcd", ROOT)
    for age in range(draw(st.integers(0, 25))):
        name = draw(st.sampled_from("abcd"))
        if draw(st.integers(0, 4)) == 0:
            split = owners[name]
            children = stream.split(split, children=draw(st.integers(1, 2)))
            moved = [each for each, owner in owners.items() if owner == split]
            owners.update((each, draw(st.sampled_from(children))) for each in moved)
        stream.add(user(age, name), shard=owners[name])
    return stream, draw(st.lists(st.integers(0, 6), max_size=6))


@given(histories(), st.integers(1, 4), st.booleans())
async def test_no_change_is_lost_and_those_of_a_key_keep_their_order_over_crashes(
    history: tuple[ScriptedStream, list[int]], every: int, expiring: bool
) -> None:
    stream, crashes = history
    written = {
        int(record["dynamodb"]["NewImage"]["age"]["N"]): record["dynamodb"]["NewImage"]["pk"]["S"]
        for shard in stream.shards.values()
        for record in shard.records
    }
    stream.end()
    kept = MemoryCheckpoints()
    runs: list[list[int]] = []
    for number in [*crashes, 1000]:
        # What is saved when the consumer leaves is lost in a crash.
        before = {arn: dict(positions) for arn, positions in kept.positions.items()}
        runs.append(await run(stream, kept, number, every=every))
        if expiring:
            stream.expire_iterators()
            saved = kept.positions if number % 2 else before
            kept = MemoryCheckpoints(saved)
    assert {age for each in runs for age in each} == set(written)
    for each in runs:
        for name in "abcd":
            ages = [age for age in each if written[age] == name]
            assert ages == sorted(set(ages))
    if not expiring:
        assert sum(map(len, runs)) == len(written)


async def test_positions_are_kept_in_a_table(embedded_config: DynamoDBConfig) -> None:
    logger = RecordingLogger()
    async with DynamoDBConnection(config=embedded_config, logger=logger) as connection:
        await connection.table_admin().create_table(ShardPosition)
        positions = connection.repository(ShardPosition)
        checkpoints, others = TableCheckpoints(positions, "mail"), TableCheckpoints(positions, "search")
        assert await checkpoints.load(ARN) == {}
        await checkpoints.save(ARN, {"shard-1": "oldest", "shard-2": "17", "shard-3": "end"})
        await checkpoints.save(ARN, {"shard-1": "1"})
        await checkpoints.save(ARN, {"shard-3": None})
        assert await checkpoints.load(ARN) == {"shard-1": "1", "shard-2": "17"}
        assert await others.load(ARN) == await checkpoints.load("another") == {}


@pytest.mark.parametrize("consumer", ["", None])
async def test_a_consumer_of_checkpoints_has_a_name(consumer: str) -> None:
    config = DynamoDBConfig(table_name="app")
    positions = AsyncDynamoDBRepository(ShardPosition, config=config, logger=RecordingLogger())
    with pytest.raises(InvalidRequestError, match="a consumer has a name"):
        TableCheckpoints(positions, consumer)


async def test_what_was_before_a_start_at_the_latest_is_passed_without_waiting(
    stream: ScriptedStream,
) -> None:
    for number in range(40):
        stream.add(user(number))
    stream.add(user(99))
    stream.shards[ROOT].records[-1]["dynamodb"]["ApproximateCreationDateTime"] = 4_000_000_001
    kept, time = MemoryCheckpoints({ARN: {ROOT: "since:4000000000"}}), SkippedTime()
    async with (
        reading(stream, User, time=time) as users,
        aclosing(users.changes(start="latest", checkpoints=kept)) as changes,
    ):
        assert age_of(await anext(changes)) == 99
    assert time.waits == []


async def test_a_position_is_saved_once(stream: ScriptedStream, kept: RecordedCheckpoints) -> None:
    for number in range(4):
        stream.add(user(number))
    stream.end()
    await run(stream, kept, 99, every=1)
    assert [saved[ROOT] for saved in kept.saved] == ["oldest", "1", "2", "3", "4", "end"]
