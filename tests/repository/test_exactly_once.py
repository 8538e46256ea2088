"""Writes that are sent as transactions: done once, and updates read after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBBaseModel,
    DynamoDBTransactionError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    TransientError,
    VersionConflictError,
    WriteOutcomeUnknownError,
    attr,
    increment,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, WireReply, error_reply, lost_reply
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


class Counted(DynamoDBBaseModel):
    amount: int = 0
    version: int = 0

    class Meta:
        version = "version"


COUNTED: Payload = {"pk": {"S": "a"}, "sk": {"S": "b"}, "amount": {"N": "4"}, "version": {"N": "2"}}


def cancelled(item: Payload | None = None, code: str = "ConditionalCheckFailed") -> WireReply:
    reason = {"Code": code} | ({"Item": item} if item else {})
    return error_reply("TransactionCanceledException", CancellationReasons=[reason])


WRITES: dict[str, tuple[str, Callable[[AsyncDynamoDBRepository[Counted]], Awaitable[object]]]] = {
    "save": ("Put", lambda r: r.save(Counted(pk="a", sk="b", version=2), exactly_once=True)),
    "create": ("Put", lambda r: r.create(Counted(pk="a", sk="b"), exactly_once=True)),
    "upsert": ("Update", lambda r: r.upsert(Counted(pk="a", sk="b"), exactly_once=True)),
    "mutate": ("Put", lambda r: r.mutate("a", "b", change=lambda c: c, exactly_once=True)),
    "delete": ("Delete", lambda r: r.delete("a", "b", exactly_once=True)),
}


@pytest.mark.parametrize("name", WRITES)
async def test_every_write_of_one_item_can_be_done_exactly_once(name: str) -> None:
    lost = 2

    def answer(operation: str, _: Payload) -> Any:
        nonlocal lost
        if operation == "GetItem":
            return {"Item": COUNTED}
        lost -= 1
        return lost_reply() if lost >= 0 else {}

    fake = FakeTransport.answering(answer)
    action, write = WRITES[name]
    async with on_fake(fake, Counted) as counted:
        assert await write(counted)
    sent = [body for operation, body in fake.requests if operation == "TransactWriteItems"]
    assert len(sent) == 3
    assert len({body["ClientRequestToken"] for body in sent}) == 1
    ((only,),) = {tuple(entry) for body in sent for entry in body["TransactItems"]}
    assert only == action


@pytest.mark.parametrize("name", WRITES)
async def test_what_cancels_it_beside_its_condition_is_told_as_for_a_transaction(name: str) -> None:
    fake = FakeTransport.answering(
        lambda operation, _: (
            {"Item": COUNTED} if operation == "GetItem" else cancelled(code="ValidationError")
        )
    )
    async with on_fake(fake, Counted) as counted:
        with pytest.raises(DynamoDBTransactionError, match="ValidationError"):
            await WRITES[name][1](counted)


async def test_a_save_over_another_version_is_a_conflict() -> None:
    async with on_fake(FakeTransport(cancelled(COUNTED)), Counted) as counted:
        with pytest.raises(VersionConflictError) as raised:
            await counted.save(Counted(pk="a", sk="b", version=1), exactly_once=True)
    assert (raised.value.expected, raised.value.found) == (1, 2)


async def test_a_create_finds_what_there_is() -> None:
    async with on_fake(FakeTransport(cancelled(COUNTED)), Counted) as counted:
        with pytest.raises(ItemAlreadyExistsError) as raised:
            await counted.create(Counted(pk="a", sk="b"), exactly_once=True)
    assert raised.value.item == Counted(pk="a", sk="b", amount=4, version=2)


@pytest.mark.parametrize("options", [{}, {"version": 0}], ids=["any", "version 0"])
async def test_a_delete_tells_that_there_was_nothing(options: dict[str, Any]) -> None:
    async with on_fake(FakeTransport(cancelled()), Counted) as counted:
        assert await counted.delete("a", "b", exactly_once=True, **options) is False


async def test_a_delete_of_version_0_leaves_an_item_that_was_counted() -> None:
    async with on_fake(FakeTransport(cancelled(COUNTED)), Counted) as counted:
        with pytest.raises(VersionConflictError) as raised:
            await counted.delete("a", "b", version=0, exactly_once=True)
    assert (raised.value.expected, raised.value.found) == (0, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"version": 1},
        {"where": attr("amount").eq(1)},
        {"version": 0, "where": attr("amount").not_exists()},
    ],
)
async def test_a_delete_on_a_condition_raises_where_it_does_not_hold(options: dict[str, Any]) -> None:
    async with on_fake(FakeTransport(cancelled()), Counted) as counted:
        with pytest.raises(ConditionFailedError):
            await counted.delete("a", "b", exactly_once=True, **options)


async def test_mutate_begins_again_with_what_cancelled_its_save() -> None:
    fake = FakeTransport({"Item": COUNTED}, cancelled({**COUNTED, "version": {"N": "3"}}), {})
    async with on_fake(fake, Counted) as counted:
        assert (await counted.mutate("a", "b", change=lambda c: c, exactly_once=True)).version == 4
    assert [operation for operation, _ in fake.requests] == ["GetItem", *["TransactWriteItems"] * 2]
