"""What the scripted transport adds to being a transport; the rest is in `test_every_transport`."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo._transport import AttemptError
from dynarepo.exceptions import ConditionFailedError, ConnectionFailedError, ThrottledError
from dynarepo.testing import (
    FakeTransport,
    WireReply,
    connection_refused,
    error_reply,
    lost_reply,
    success_reply,
)


async def send(fake: FakeTransport, operation: str = "GetItem", **payload: Any) -> Any:
    return await fake.send(operation, payload, timeout=5)


async def test_replies_come_in_the_order_of_the_script() -> None:
    fake = FakeTransport({"n": 1}, success_reply({"n": 2}), lambda operation, payload: {"n": payload["n"]})
    assert [await send(fake, n=3) for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_a_script_that_is_too_short_fails_loudly() -> None:
    with pytest.raises(AssertionError, match="no reply for PutItem, request 1"):
        await send(FakeTransport(), "PutItem")


async def test_one_function_can_answer_everything() -> None:
    fake = FakeTransport.answering(lambda operation, payload: {"operation": operation})
    assert [await send(fake, name) for name in ("A", "B")] == [{"operation": "A"}, {"operation": "B"}]
    assert fake.requests == [("A", {}), ("B", {})]


async def test_a_script_can_be_added_to_and_then_be_a_function() -> None:
    fake = FakeTransport({"n": 1})
    fake.answer_next({"n": 2}, {"n": 3})
    assert [await send(fake) for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 3}]
    fake.answer_all(lambda operation, payload: {"operation": operation})
    assert [await send(fake, name) for name in ("A", "B")] == [{"operation": "A"}, {"operation": "B"}]


async def test_a_function_may_be_a_coroutine_and_give_any_entry() -> None:
    async def answer(operation: str, payload: dict[str, Any]) -> WireReply:
        return error_reply("ConditionalCheckFailedException", Item={"pk": {"S": "a"}})

    with pytest.raises(AttemptError) as raised:
        await send(FakeTransport(answer))
    assert isinstance(raised.value.error, ConditionFailedError)
    assert raised.value.error.item == {"pk": {"S": "a"}}


async def test_an_error_of_the_library_fails_the_attempt_without_effect() -> None:
    error = ThrottledError("slow down")
    with pytest.raises(AttemptError) as raised:
        await send(FakeTransport(error))
    assert raised.value.error is error
    assert not raised.value.may_have_acted


async def test_another_exception_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError):
        await send(FakeTransport(KeyError("x")))


@pytest.mark.parametrize(("entry", "may_have_acted"), [(lost_reply(), True), (connection_refused(), False)])
async def test_lost_and_refused_connections_can_be_played(entry: AttemptError, may_have_acted: bool) -> None:
    with pytest.raises(AttemptError) as raised:
        await send(FakeTransport(entry))
    assert isinstance(raised.value.error, ConnectionFailedError)
    assert raised.value.may_have_acted is may_have_acted


async def test_header_names_of_a_scripted_reply_may_have_capitals() -> None:
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "R"}
    assert await send(FakeTransport(WireReply(200, headers, b"{}"))) == {}
