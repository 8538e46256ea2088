"""Updates that are sent as transactions: done once, and read after it."""

from __future__ import annotations

import pytest

from dynarepo import (
    ConditionFailedError,
    ItemNotFoundError,
    TransientError,
    WriteOutcomeUnknownError,
    increment,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import on_fake
from tests.models import User

WIRE: Payload = {"pk": {"S": "a"}, "sk": {"S": "b"}, "email": {"S": "e"}, "age": {"N": "4"}}


async def test_it_is_sent_with_one_token_until_it_is_answered_and_read_consistently() -> None:
    fake = FakeTransport(lost_reply(), lost_reply(), {}, {"Item": WIRE})
    async with on_fake(fake, User) as users:
        found = await users.update("a", "b", lambda u: [increment(u.age, 1)], exactly_once=True)
    assert found.age == 4
    *writes, (read, payload) = fake.requests
    assert [operation for operation, _ in writes] == ["TransactWriteItems"] * 3
    assert len({body["ClientRequestToken"] for _, body in writes}) == 1
    assert (read, payload["ConsistentRead"]) == ("GetItem", True)


async def test_a_read_that_fails_after_it_does_not_say_that_nothing_was_done() -> None:
    fake = FakeTransport.answering(
        lambda operation, _: {} if operation == "TransactWriteItems" else error_reply("ThrottlingException")
    )
    async with on_fake(fake, User) as users:
        with pytest.raises(WriteOutcomeUnknownError, match="the update was done") as raised:
            await users.update("a", "b", {"age": 3}, exactly_once=True)
    assert isinstance(raised.value.__cause__, TransientError)
    assert (raised.value.pk, raised.value.sk, raised.value.table_name) == ("a", "b", "app")


async def test_an_item_that_is_gone_by_then_is_said_to_be() -> None:
    async with on_fake(FakeTransport({}, {}), User) as users:
        with pytest.raises(ItemNotFoundError, match="the update was done"):
            await users.update("a", "b", {"age": 3}, exactly_once=True)


@pytest.mark.parametrize(
    ("item", "expected"),
    [(None, ItemNotFoundError), (WIRE, ConditionFailedError)],
)
async def test_a_failed_condition_is_named_as_for_an_update_alone(item: object, expected: type) -> None:
    reason = {"Code": "ConditionalCheckFailed"} | ({"Item": item} if item else {})
    fake = FakeTransport(error_reply("TransactionCanceledException", CancellationReasons=[reason]))
    async with on_fake(fake, User) as users:
        with pytest.raises(ConditionFailedError) as raised:
            await users.update("a", "b", {"age": 3}, where=lambda u: u.age > 9, exactly_once=True)
    assert type(raised.value) is expected
    assert (raised.value.item is None) is (item is None)
