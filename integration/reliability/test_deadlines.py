"""
Whatever keeps a call waiting, it ends with its deadline, in an error that says what is known.

What waits is the server, the pool of connections, or the source of the credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo.exceptions import DeadlineExceededError
from dynarepo.testing import FakeTransport
from integration.behaviour.stores import SentOperations
from integration.reliability.quick_server import QuickServer
from integration.reliability.scenarios import Lateness
from integration.reliability.tally import Tally
from integration.reliability.waiting.credential_sources import SOURCES, Hang
from integration.reliability.waiting.public_calls import (
    ADMIN_CALLS,
    DATA_CALLS,
    SEVERAL_REQUESTS,
    PublicCall,
    not_called,
)
from integration.reliability.waiting.stalled import STALLS, CredentialServer, once_after, stalled
from integration.reliability.world import Account, World, connected
from tests.faked import turns

_DEADLINE: Final = 0.8
_GRACE_SECONDS: Final = 0.1
_GIVEN_UP_SECONDS: Final = 20
_TRANSPORTS: Final = ("direct", "aioboto3")

#: The loop can come round a hundred times a second while calls wait; where each blocks it, once for each.
_ROUNDS_A_SECOND: Final = 2

#: To open takes the SDK some work, during which nothing else runs.
_DEADLINE_OF_OPENING: Final = 2.0


@pytest.fixture
def impatient(quick_config: DynamoDBConfig) -> DynamoDBConfig:
    return quick_config.model_copy(update={"deadline": _DEADLINE, "attempt_timeout": 0.3})


@pytest.fixture
def anonymous(impatient: DynamoDBConfig) -> DynamoDBConfig:
    """Leave the credentials to the AWS chain."""
    return impatient.model_copy(update={"aws_access_key_id": None, "aws_secret_access_key": None})


@pytest_asyncio.fixture(loop_scope="session")
async def hang(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Hang]:
    async with SOURCES[request.param](monkeypatch, tmp_path) as hang:
        yield hang


@asynccontextmanager
async def free_loop() -> AsyncIterator[None]:
    """Demand that the loop comes round, again and again, until the end of the block."""
    clock, rounds = asyncio.get_running_loop().time, 0

    async def go_round() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0.01)
            rounds += 1

    began, going = clock(), asyncio.ensure_future(go_round())
    try:
        yield
    finally:
        going.cancel()
        await asyncio.wait([going])
    assert rounds >= (clock() - began) * _ROUNDS_A_SECOND, "the event loop was held up"


async def complaints(calls: Sequence[PublicCall], world: World, *, is_sent: bool) -> list[str]:
    """Make the calls, all at once, and say which of them ends late, or otherwise than promised."""
    clock, lateness = asyncio.get_running_loop().time, Lateness()
    due: dict[str, float] = {}

    async def complaint(each: PublicCall) -> str | None:
        returned, error = None, None
        try:
            async with asyncio.timeout(_GIVEN_UP_SECONDS):
                returned = await each.call(world)
        except Exception as raised:  # noqa: BLE001 - judged below, the foreign ones too
            error = raised
        late = clock() - due[each.name] - lateness.since(due[each.name] - 0.1)
        if late > _GRACE_SECONDS:
            return f"{each.name} took {late:.2f} s more than its deadline"
        return each.complaint(returned, error, is_sent=is_sent)

    async with lateness.watched(), free_loop():
        tasks = []
        for each in calls:
            due[each.name] = inf  # until it has begun
            tasks.append(asyncio.ensure_future(complaint(each)))
            await turns(3)  # a chunk of a batch has a deadline of its own, from when it begins
            due[each.name] = clock() + world.connection.config.deadline
        found = await asyncio.gather(*tasks)
    return [each for each in found if each is not None]


def count(tally: Tally, goal: str, tried: int, found: Sequence[str]) -> None:
    tally.add(goal, tried, tried - len(found), leaked=len(found))


def test_every_public_method_is_tried() -> None:
    assert not_called() == set()


@pytest.mark.parametrize(
    ("transport", "attempt_timeout"),
    [("direct", 0.3), ("direct", 4.0), ("aioboto3", 0.3)],
    ids=["direct, several attempts", "direct, one attempt", "aioboto3"],
)
@pytest.mark.parametrize("how", STALLS)
async def test_a_call_to_a_server_that_never_answers_ends_in_time(
    how: str, transport: str, attempt_timeout: float, impatient: DynamoDBConfig, tally: Tally
) -> None:
    calls = (*DATA_CALLS, *ADMIN_CALLS)
    async with stalled(how) as url:
        update = {"endpoint_url": url, "transport": transport, "attempt_timeout": attempt_timeout}
        async with connected(impatient.model_copy(update=update)) as world:
            found = await complaints(calls, world, is_sent=how != "unreachable")
    count(tally, "calls to a server that never answers", len(calls), found)
    assert found == []


async def test_a_call_of_several_requests_has_one_deadline(impatient: DynamoDBConfig, tally: Tally) -> None:
    """The first request takes most of the time, and the next is never answered."""
    config = impatient.model_copy(update={"attempt_timeout": 4.0})

    async def complaints_of(each: PublicCall) -> list[str]:
        transport = FakeTransport.answering(once_after(0.7 * _DEADLINE))
        connection = DynamoDBConnection(config=config, logger=SentOperations(), transport=transport)
        async with connection:
            found = await complaints([each], World.on(connection), is_sent=True)
        assert len(transport.requests) == 2, each.name
        return found

    ends = await asyncio.gather(*map(complaints_of, SEVERAL_REQUESTS))
    found = [text for texts in ends for text in texts]
    count(tally, "calls of several requests", len(SEVERAL_REQUESTS), found)
    assert found == []


async def test_a_call_in_a_full_pool_ends_in_time_and_has_no_effect(
    impatient: DynamoDBConfig, tally: Tally
) -> None:
    async with stalled("silent") as url:
        update = {"endpoint_url": url, "attempt_timeout": 60, "max_connections": 1}
        async with connected(impatient.model_copy(update=update)) as world:
            first = asyncio.ensure_future(world.accounts.with_options(deadline=60).get_one("o", "a"))
            await turns()
            found = await complaints(DATA_CALLS, world, is_sent=False)
            assert first.cancel()
            await asyncio.wait([first])
    count(tally, "calls in a full pool", len(DATA_CALLS), found)
    assert found == []


@pytest.mark.parametrize("hang", SOURCES, indirect=True)
async def test_opening_ends_in_time_when_the_credentials_never_come(
    hang: Hang, anonymous: DynamoDBConfig, tally: Tally
) -> None:
    clock, lateness = asyncio.get_running_loop().time, Lateness()
    patient = anonymous.model_copy(update={"deadline": _DEADLINE_OF_OPENING})
    begin = clock()
    async with DynamoDBConnection(config=patient, logger=SentOperations()):
        took = clock() - begin  # the SDK has to be made ready, and that waits for nobody
    connection = DynamoDBConnection(config=patient, logger=SentOperations())
    hang(True)
    async with lateness.watched(), free_loop():
        due = clock() + took + _DEADLINE_OF_OPENING
        with pytest.raises(DeadlineExceededError):
            async with asyncio.timeout(_GIVEN_UP_SECONDS):
                await connection.open()
        late = clock() - due - lateness.since(due - 0.1)
    hang(False)
    async with connection:
        pass
    is_in_time = late <= _GRACE_SECONDS
    tally.add("openings while credentials hang", 1, int(is_in_time), leaked=int(not is_in_time))
    assert is_in_time


@pytest.mark.parametrize("transport", _TRANSPORTS)
@pytest.mark.parametrize("hang", ["container", "process"], indirect=True)
async def test_a_call_ends_in_time_when_its_credentials_cannot_be_refreshed(
    transport: str, hang: Hang, anonymous: DynamoDBConfig, tally: Tally
) -> None:
    calls = (*DATA_CALLS, *ADMIN_CALLS)
    async with QuickServer() as server:
        update = {"endpoint_url": server.url, "transport": transport, "deadline": _DEADLINE_OF_OPENING}
        # One attempt each: the retries of all would leave no budget for the call behind them.
        config = anonymous.model_copy(update=update | {"attempt_timeout": 4.0})
        async with DynamoDBConnection(config=config, logger=SentOperations()) as connection:
            world = World.on(connection)
            hang(True)
            found = await complaints(calls, world, is_sent=False)
            hang(False)
            assert await world.accounts.with_options(deadline=10).get_one("o", "a") is not None
    count(tally, "calls while credentials hang", len(calls), found)
    assert found == []


@pytest.mark.parametrize("transport", _TRANSPORTS)
async def test_new_credentials_may_take_longer_than_an_attempt(
    transport: str, anonymous: DynamoDBConfig, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    credentials, number = CredentialServer(), 10
    update = {"transport": transport, "attempt_timeout": 0.2, "deadline": 4.0}
    async with QuickServer() as server, credentials.served():
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{credentials.url}/credentials")
        config = anonymous.model_copy(update=update | {"endpoint_url": server.url})
        async with DynamoDBConnection(config=config, logger=SentOperations()) as connection:
            credentials.seconds, credentials.lifetime, credentials.asked = 0.7, timedelta(hours=1), 0
            get_one = World.on(connection).accounts.get_one
            found = await asyncio.gather(*(get_one("o", "a") for _ in range(number)), return_exceptions=True)
    right = sum(isinstance(each, Account) for each in found)
    tally.add("calls while credentials take long", number, right, lost=number - right)
    assert right == number
    assert credentials.asked == 1
