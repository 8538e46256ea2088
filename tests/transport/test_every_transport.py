"""What every transport does alike."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dynarepo.exceptions import (
    AuthenticationError,
    ConditionFailedError,
    ConnectionFailedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    IdempotencyMismatchError,
    ItemCollectionTooLargeError,
    ItemTooLargeError,
    RejectedError,
    ServiceUnavailableError,
    TableInUseError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    TransactionReason,
    UnexpectedResponseError,
)
from dynarepo.testing import Fault, FaultServer, WireReply, error_reply, success_reply
from tests.transport.rigs import EVERY_TRANSPORT, REAL_TRANSPORTS, Rig, opened, opened_without_server

ITEM = {
    "pk": {"S": "a"},
    "blob": {"B": base64.b64encode(bytes(range(256))).decode()},
    "B": {"B": ""},
    "BS": {"BS": ["AQ==", "Ag=="]},
    "nested": {"M": {"B": {"L": [{"B": "/w=="}]}, "S": {"S": "AQ=="}}},
    "number": {"N": "123456789012345678901234567890.12345678"},
    "null": {"NULL": True},
}


@pytest.fixture(params=EVERY_TRANSPORT)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with opened(request.param) as made:
        yield made


def with_headers(reply: WireReply, **headers: str | None) -> WireReply:
    merged = {**reply.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return replace(reply, headers={name: value for name, value in merged.items() if value is not None})


def with_body(body: bytes) -> WireReply:
    return replace(with_headers(success_reply({}), x_amz_crc32=None), body=body)


async def test_the_body_of_a_success_is_returned(rig: Rig) -> None:
    rig.play(success_reply({"Count": 0, "Items": [], "ScannedCount": 0}))
    assert await rig.send("Query", {"TableName": "app"}) == {"Count": 0, "Items": [], "ScannedCount": 0}


async def test_the_request_goes_out_as_it_was_built(rig: Rig) -> None:
    rig.play(success_reply({}))
    await rig.send("PutItem", {"TableName": "app", "Item": ITEM})
    assert rig.requests == [("PutItem", {"TableName": "app", "Item": ITEM})]


async def test_items_come_back_as_they_are_on_the_wire(rig: Rig) -> None:
    rig.play(success_reply({"Item": ITEM}))
    assert await rig.send("GetItem", {"TableName": "app"}) == {"Item": ITEM}


async def test_the_content_type_may_have_parameters(rig: Rig) -> None:
    rig.play(with_headers(success_reply({}), content_type="application/x-amz-json-1.0; charset=utf-8"))
    assert await rig.send("PutItem", {"TableName": "app"}) == {}


async def test_a_body_over_one_megabyte_is_sent_whole(rig: Rig) -> None:
    rig.play(success_reply({}))
    payload = {"TableName": "app", "Item": {"pk": {"S": "x" * 3_000_000}}}
    await rig.send("PutItem", payload)
    assert rig.requests == [("PutItem", payload)]


@pytest.mark.parametrize(
    ("code", "status", "expected", "may_have_acted"),
    [
        ("ProvisionedThroughputExceededException", 400, ThrottledError, False),
        ("ThrottlingException", 400, ThrottledError, False),
        ("RequestLimitExceeded", 400, ThrottledError, False),
        ("TransactionConflictException", 400, TransactionConflictError, False),
        ("ReplicatedWriteConflictException", 400, TransactionConflictError, False),
        ("TransactionInProgressException", 400, TransactionConflictError, True),
        ("ResourceNotFoundException", 400, TableNotFoundError, False),
        ("ResourceInUseException", 400, TableInUseError, False),
        ("ItemCollectionSizeLimitExceededException", 400, ItemCollectionTooLargeError, False),
        ("IdempotentParameterMismatchException", 400, IdempotencyMismatchError, False),
        ("AccessDeniedException", 400, AuthenticationError, False),
        ("ExpiredTokenException", 400, AuthenticationError, False),
        ("UnrecognizedClientException", 400, AuthenticationError, False),
        ("ValidationException", 400, RejectedError, False),
        ("SomethingNewException", 400, RejectedError, False),
        ("SomethingNewException", 500, ServiceUnavailableError, True),
        ("InternalServerError", 500, ServiceUnavailableError, True),
        ("ServiceUnavailable", 503, ServiceUnavailableError, True),
    ],
)
async def test_an_error_of_the_service_has_its_class_code_and_request_id_rf172(
    rig: Rig, code: str, status: int, expected: type[DynamoDBServiceError], may_have_acted: bool
) -> None:
    rig.play(error_reply(code, status=status, message="SECRET"))
    failure = await rig.failure("UpdateItem")
    error = failure.error
    assert type(error) is expected
    assert (error.operation, error.code, error.request_id) == ("UpdateItem", code, "FAKE0REQUEST0ID")
    assert failure.may_have_acted is may_have_acted
    assert "SECRET" not in f"{failure!r}{failure}{error!r}{error}"


@pytest.mark.parametrize("member", ["message", "Message"])
async def test_an_item_that_is_too_large_has_its_own_error(rig: Rig, member: str) -> None:
    text = "Item size to update has exceeded the maximum allowed size"
    members: dict[str, Any] = {member: text}
    rig.play(error_reply("ValidationException", **members))
    assert type((await rig.failure("UpdateItem")).error) is ItemTooLargeError


async def test_a_failed_condition_carries_the_stored_item(rig: Rig) -> None:
    rig.play(error_reply("ConditionalCheckFailedException", Item=ITEM))
    error = (await rig.failure("PutItem")).error
    assert type(error) is ConditionFailedError
    assert error.item == ITEM


async def test_a_failed_condition_without_an_item_says_none(rig: Rig) -> None:
    rig.play(error_reply("ConditionalCheckFailedException"))
    error = (await rig.failure("PutItem")).error
    assert isinstance(error, ConditionFailedError)
    assert error.item is None


async def test_the_reasons_of_a_cancelled_transaction_stand_where_its_operations_stood(rig: Rig) -> None:
    rig.play(
        error_reply(
            "TransactionCanceledException",
            CancellationReasons=[
                {"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": ITEM},
                {"Code": "TransactionConflict"},
            ],
        )
    )
    error = (await rig.failure("TransactWriteItems")).error
    assert type(error) is DynamoDBTransactionError
    assert error.reasons == (
        None,
        TransactionReason(1, "ConditionalCheckFailed", old_item=ITEM),
        TransactionReason(2, "TransactionConflict"),
    )


@pytest.mark.parametrize(
    ("codes", "retryable"),
    [
        (["TransactionConflict", "None"], True),
        (["ThrottlingError", "ProvisionedThroughputExceeded"], True),
        (["TransactionConflict", "ConditionalCheckFailed"], False),
        (["ValidationError"], False),
        (["None"], False),
        ([], False),
    ],
)
async def test_a_transaction_is_worth_repeating_when_every_reason_passes(
    rig: Rig, codes: list[str], retryable: bool
) -> None:
    reasons = [{"Code": code} for code in codes]
    rig.play(error_reply("TransactionCanceledException", CancellationReasons=reasons))
    assert (await rig.failure("TransactWriteItems")).error.retryable is retryable


@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestTimeTooSkewed"])
async def test_a_refused_signature_tells_the_difference_of_the_clocks(rig: Rig, code: str) -> None:
    rig.play(with_headers(error_reply(code), date="Sat, 01 Jan 2000 00:00:00 GMT"))
    error = (await rig.failure()).error
    assert isinstance(error, AuthenticationError)
    assert "2000-01-01T00:00:00+00:00" in str(error)
    assert "differs by +" in str(error)


@pytest.mark.parametrize("date", [None, "yesterday", "Sat, 01 Jan 2000 00:00:00"])
async def test_a_refused_signature_without_a_good_date_is_still_told(rig: Rig, date: str | None) -> None:
    rig.play(with_headers(error_reply("InvalidSignatureException"), date=date))
    assert type((await rig.failure()).error) is AuthenticationError


@pytest.mark.parametrize(
    ("status", "expected", "may_have_acted"),
    [
        (400, UnexpectedResponseError, False),
        (404, UnexpectedResponseError, False),
        (429, ThrottledError, False),
        (500, ServiceUnavailableError, True),
        (503, ServiceUnavailableError, True),
    ],
)
async def test_an_error_without_a_code_is_read_by_its_status_rf173(
    rig: Rig, status: int, expected: type[DynamoDBServiceError], may_have_acted: bool
) -> None:
    rig.play(WireReply(status, {"content-type": "text/html"}, b"<html>no</html>"))
    failure = await rig.failure()
    assert type(failure.error) is expected
    assert failure.error.code is None
    assert failure.may_have_acted is may_have_acted


@pytest.mark.parametrize("body", [b"", b"[1,2]", b"null", b"{}", b'{"__type":7}', b"\xff"])
async def test_an_error_with_an_odd_body_is_not_dynamodbs_rf173(rig: Rig, body: bytes) -> None:
    rig.play(WireReply(400, {}, body))
    error = (await rig.failure()).error
    assert type(error) is UnexpectedResponseError
    assert error.code is None


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(with_headers(success_reply({}), x_amz_crc32="1"), id="wrong checksum"),
        pytest.param(with_headers(success_reply({}), x_amz_crc32="no number"), id="odd checksum"),
        pytest.param(with_headers(success_reply({}), x_amzn_requestid=None), id="no request id"),
        pytest.param(with_headers(success_reply({}), content_type=None), id="no content type"),
        pytest.param(with_headers(success_reply({}), content_type="application/json"), id="other type"),
        pytest.param(WireReply(200, {"content-type": "text/html"}, b"<html>hello</html>"), id="html"),
        pytest.param(with_body(b""), id="empty"),
        pytest.param(with_body(b"[1,2]"), id="list"),
        pytest.param(with_body(b"null"), id="null"),
        pytest.param(with_body(b'{"Item": NaN}'), id="nan"),
        pytest.param(with_body(b'{"Item": "\xff"}'), id="bad utf-8"),
        pytest.param(with_body(b'{"a":' * 100_000), id="deep"),
        pytest.param(with_body(b"{} {}"), id="two objects"),
        pytest.param(replace(success_reply({}), status=201), id="status 201"),
    ],
)
async def test_a_success_that_is_not_dynamodbs_is_refused_rf174(rig: Rig, reply: WireReply) -> None:
    rig.play(reply)
    failure = await rig.failure("PutItem")
    assert type(failure.error) is UnexpectedResponseError
    assert failure.may_have_acted


async def test_a_damaged_error_is_not_believed(rig: Rig) -> None:
    rig.play(with_headers(error_reply("ConditionalCheckFailedException"), x_amz_crc32="1"))
    assert type((await rig.failure("PutItem")).error) is UnexpectedResponseError


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_its_target_never_asked_rf175(rig: Rig, status: int) -> None:
    async with FaultServer() as target:
        rig.play(with_headers(WireReply(status), location=f"{target.url}/"))
        failure = await rig.failure("PutItem")
        assert target.connections == 0
    assert type(failure.error) is UnexpectedResponseError
    assert not failure.may_have_acted


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.TRUNCATED], ids=lambda fault: fault.name)
async def test_a_reply_that_breaks_off_leaves_the_outcome_open_rf171(rig: Rig, fault: Fault) -> None:
    rig.play(fault)
    failure = await rig.failure("PutItem")
    assert type(failure.error) is ConnectionFailedError
    assert failure.may_have_acted


async def test_a_reply_that_does_not_come_in_time_leaves_the_outcome_open_rf176(rig: Rig) -> None:
    rig.play(Fault.SILENT)
    failure = await rig.failure("PutItem", timeout=0.5)
    assert type(failure.error) is DeadlineExceededError
    assert failure.may_have_acted


@pytest.mark.parametrize("kind", EVERY_TRANSPORT)
async def test_a_refused_connection_had_no_effect_rf171(kind: Any) -> None:
    async with opened_without_server(kind) as rig:
        failure = await rig.failure("PutItem")
    assert type(failure.error) is ConnectionFailedError
    assert not failure.may_have_acted


async def test_a_transport_goes_on_after_a_failure(rig: Rig) -> None:
    rig.play(Fault.RESET_AFTER, success_reply({"Item": {}}))
    await rig.failure()
    assert await rig.send("GetItem", {"TableName": "app"}) == {"Item": {}}


async def test_no_attempt_is_repeated_by_the_layers_below(rig: Rig) -> None:
    rig.play(error_reply("InternalServerError", status=500), success_reply({}))
    await rig.failure("GetItem")
    assert len(rig.requests) == 1


async def test_closing_twice_is_harmless_and_nothing_is_sent_afterwards(rig: Rig) -> None:
    await rig.transport.close()
    await rig.transport.close()
    failure = await rig.failure("PutItem")
    assert type(failure.error) is ConnectionFailedError
    assert not failure.may_have_acted
    if rig.server is not None:
        assert rig.server.connections == 0


@pytest.mark.parametrize("kind", REAL_TRANSPORTS)
async def test_connections_are_used_again(kind: str) -> None:
    async with opened(kind) as rig:
        assert rig.server is not None
        rig.play(*[success_reply({})] * 5)
        for _ in range(5):
            await rig.send("GetItem", {"TableName": "app"})
        assert rig.server.connections == 1
