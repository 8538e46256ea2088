"""A reply that was lost is no reason to tell the caller something else than what was done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from dynarepo import TransactWriteItem
from dynarepo._wire import Payload, WireItem
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import SkippedTime, longest, on_fake
from tests.models import User


async def test_of_1000_creates_none_takes_its_own_item_for_somebody_elses_ru91() -> None:
    """A tenth of the replies are lost after the item was stored."""
    chance = random.Random(91)  # noqa: S311 - a choice, no secret
    stored: dict[str, WireItem] = {}
    lost = 0

    def answer(_operation: str, payload: Payload) -> Any:
        nonlocal lost
        item = payload["Item"]
        found = stored.get(item["sk"]["S"])
        stored.setdefault(item["sk"]["S"], dict(item))
        if chance.random() < 0.1:
            lost += 1
            return lost_reply()
        return {} if found is None else error_reply("ConditionalCheckFailedException", Item=found)

    users = [User(pk="p", sk=f"{number:04}", age=number) for number in range(1_000)]
    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User) as repository:
        assert [await repository.create(user) for user in users] == users
    assert [item["age"] for item in stored.values()] == [{"N": str(user.age)} for user in users]
    assert lost > 50
    assert len(fake.requests) == len(users) + lost


@pytest.mark.parametrize("jitter", [longest, lambda _low, high: high / 2], ids=["long waits", "short waits"])
async def test_a_transaction_that_is_under_way_for_6_seconds_is_done_rt161(
    jitter: Callable[[float, float], float],
) -> None:
    begin = asyncio.get_running_loop().time()

    def answer(_operation: str, _payload: Payload) -> Any:
        is_under_way = asyncio.get_running_loop().time() - begin < 6
        return error_reply("TransactionInProgressException") if is_under_way else {}

    time, fake = SkippedTime(), FakeTransport(lost_reply(), *[answer] * 30)
    async with on_fake(fake, User, time=time, jitter=jitter) as repository:
        await repository.transact_write([TransactWriteItem.put(User(pk="p", sk="s"))])
    assert 6 <= sum(time.waits) < repository.config.deadline
    assert len({payload["ClientRequestToken"] for _, payload in fake.requests}) == 1
