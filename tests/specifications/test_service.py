"""A service with configuration and logger by injection: what it sends, says and raises, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Final

import pytest
import structlog
from structlog.testing import LogCapture

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBBatchOperationError,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    ItemNotFoundError,
    RejectedError,
    SortKeyCondition,
    TransactWriteItem,
)
from dynarepo.testing import FakeTransport, FaultServer, error_reply
from tests.faked import SkippedTime, on_fake
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.transport.rigs import config_for

Users = AsyncDynamoDBRepository[User]
Call = Callable[[Users], Any]

ADA: Final = User(pk="canary-p", sk="canary-s", age=36)
KEY: Final = ("canary-p", "canary-s")
STORED: Final = {"pk": {"S": "canary-p"}, "sk": {"S": "canary-s"}, "age": {"N": "36"}}
PAGE: Final = {"Items": [STORED], "Count": 1, "ScannedCount": 1}
EQUAL: Final = SortKeyCondition.eq("canary-s")

#: What each operation is answered when all is well.
REPLIES: Final[dict[str, Any]] = {
    "GetItem": {"Item": STORED},
    "PutItem": {},
    "UpdateItem": {"Attributes": STORED},
    "DeleteItem": {"Attributes": STORED},
    "Query": PAGE,
    "Scan": PAGE,
    "BatchGetItem": {"Responses": {"app": [STORED]}, "UnprocessedKeys": {}},
    "BatchWriteItem": {"UnprocessedItems": {}},
    "TransactGetItems": {"Responses": [{"Item": STORED}]},
    "TransactWriteItems": {},
    "DescribeTable": {"Table": {}},
}

#: Every call about one item, and DynamoDB's operation for it.
OF_ONE_ITEM: Final[dict[str, tuple[str, Call]]] = {
    "get_one": ("GetItem", lambda users: users.get_one(*KEY)),
    "save": ("PutItem", lambda users: users.save(ADA)),
    "create": ("PutItem", lambda users: users.create(ADA)),
    "update": ("UpdateItem", lambda users: users.update(*KEY, {"age": 37})),
    "upsert": ("UpdateItem", lambda users: users.upsert(ADA)),
    "delete": ("DeleteItem", lambda users: users.delete(*KEY)),
}

#: Every other call that asks the service.
OF_SEVERAL: Final[dict[str, tuple[str, Call]]] = {
    "query_by_pk": ("Query", lambda users: users.query_by_pk("canary-p")),
    "query_by_pk_and_sk": ("Query", lambda users: users.query_by_pk_and_sk("canary-p", EQUAL)),
    "iter_query": ("Query", lambda users: anext(users.iter_query("canary-p"))),
    "iter_query_items": ("Query", lambda users: anext(users.iter_query_items("canary-p"))),
    "count": ("Query", lambda users: users.count("canary-p")),
    "scan": ("Scan", lambda users: users.scan()),
    "iter_scan": ("Scan", lambda users: anext(users.iter_scan())),
    "iter_scan_items": ("Scan", lambda users: anext(users.iter_scan_items())),
    "batch_get": ("BatchGetItem", lambda users: users.batch_get([KEY])),
    "batch_write": ("BatchWriteItem", lambda users: users.batch_write([ADA])),
    "batch_delete": ("BatchWriteItem", lambda users: users.batch_delete([KEY])),
    "transact_get": ("TransactGetItems", lambda users: users.transact_get([KEY])),
    "transact_write": (
        "TransactWriteItems",
        lambda users: users.transact_write([TransactWriteItem.put(ADA)]),
    ),
}
EVERY_CALL: Final = OF_ONE_ITEM | OF_SEVERAL


def each(calls: dict[str, tuple[str, Call]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("operation", "call"), calls.values(), ids=calls.keys())


@asynccontextmanager
async def logged(transport: FakeTransport, **options: Any) -> AsyncIterator[tuple[Users, list[Any]]]:
    """Open a repository with a structlog logger, and give what it logs from now on."""
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture])
    config = DynamoDBConfig(table_name="app", **options)
    async with AsyncDynamoDBRepository(User, config=config, logger=logger, transport=transport) as users:
        capture.entries.clear()
        yield users, capture.entries


def hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:12]


# Made by injection


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_the_first_request_is_that_of_the_first_call(transport: str) -> None:
    """Neither making nor opening a repository pings the table."""
    async with FaultServer({"Item": STORED}) as server:
        config = config_for(server.url, transport, table_name="people")
        async with AsyncDynamoDBRepository(User, config=config, logger=RecordingLogger()) as users:
            assert server.connections == 0
            assert await users.get_one(*KEY) == ADA
        assert server.connections == 1
        (request,) = server.requests
    assert (request.operation, request.payload["TableName"]) == ("GetItem", "people")
    assert "Credential=AKIDEXAMPLE/" in request.headers["authorization"]
    assert "/eu-west-1/dynamodb/" in request.headers["authorization"]


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ({"region": "eu-west-1"}, "https://dynamodb.eu-west-1.amazonaws.com"),
        ({"region": "us-east-2"}, "https://dynamodb.us-east-2.amazonaws.com"),
        ({"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
    ],
)
async def test_the_configuration_alone_decides_between_a_local_server_and_aws(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    logger = RecordingLogger()
    config = DynamoDBConfig(table_name="app", **options)
    async with AsyncDynamoDBRepository(User, config=config, logger=logger):
        (opened,) = logger.named("dynamodb.connection.opened")
    assert (opened["endpoint"], opened["region"]) == (endpoint, options["region"])


# The log


@each(EVERY_CALL)
async def test_an_operation_is_a_debug_event_at_its_start_and_an_info_event_at_its_end(
    operation: str, call: Call
) -> None:
    fake = FakeTransport.answering(lambda operation, _: REPLIES[operation])
    async with logged(fake) as (users, events):
        await call(users)
    started, completed = events
    assert (started["log_level"], started["event"]) == ("debug", "dynamodb.operation.started")
    assert (completed["log_level"], completed["event"]) == ("info", "dynamodb.operation.completed")
    for event in events:
        assert (event["operation"], event["table"]) == (operation, "app")
    assert (completed["outcome"], completed["attempts"]) == ("success", 1)
    assert completed["duration_ms"] >= 0


@each(EVERY_CALL)
async def test_a_failure_is_an_error_event_before_it_is_raised_and_never_an_empty_answer(
    operation: str, call: Call
) -> None:
    fake = FakeTransport.answering(lambda *_: error_reply("ValidationException"))
    async with logged(fake) as (users, events):
        with pytest.raises(DynamoDBServiceError):
            await call(users)
        failed = events[-1]
    assert (failed["log_level"], failed["event"]) == ("error", "dynamodb.operation.failed")
    assert (failed["operation"], failed["table"]) == (operation, "app")
    assert (failed["error"], failed["code"]) == ("RejectedError", "ValidationException")
    assert failed["request_id"]
    assert failed["duration_ms"] >= 0
    assert len(fake.requests) == 1


@each(OF_ONE_ITEM)
async def test_the_keys_of_an_item_are_logged_hashed_and_as_they_are_when_asked_for(
    operation: str, call: Call
) -> None:
    for reply in (REPLIES[operation], error_reply("ValidationException")):
        for log_keys in (False, True):
            async with logged(FakeTransport(reply), log_keys=log_keys) as (users, events):
                try:
                    await call(users)
                except RejectedError:
                    assert reply is not REPLIES[operation]
            expected = KEY if log_keys else tuple(map(hashed, KEY))
            assert [(event["pk"], event["sk"]) for event in events] == [expected] * 2


@each(EVERY_CALL)
async def test_no_event_and_no_message_holds_a_value_or_a_key(operation: str, call: Call) -> None:
    stored = STORED | {"nick": {"S": "canary-n"}}
    shown: list[str] = []
    for reply in (REPLIES[operation], error_reply("ValidationException", message="canary", Item=stored)):
        async with logged(FakeTransport(reply)) as (users, events):
            try:
                await call(users)
            except DynamoDBServiceError as error:
                shown += [str(error), repr(error)]
        shown += map(str, events)
    assert len(shown) == 6
    assert "canary" not in str(shown)


# Errors


@each(OF_ONE_ITEM)
async def test_an_error_carries_operation_table_and_keys(operation: str, call: Call) -> None:
    async with on_fake(FakeTransport(error_reply("ValidationException")), User) as users:
        with pytest.raises(RejectedError) as raised:
            await call(users)
    error = raised.value
    assert (error.operation, error.table_name, error.pk, error.sk) == (operation, "app", *KEY)
    assert (error.code, error.request_id) == ("ValidationException", "FAKE0REQUEST0ID")


async def test_a_batch_error_carries_the_failed_items_and_the_successful_count() -> None:
    def answer(_operation: str, payload: Any) -> Any:
        (writes,) = payload["RequestItems"].values()
        return {"UnprocessedItems": {"app": [write for write in writes if "0007" in str(write)]}}

    items = [User(pk="p", sk=f"{number:04}") for number in range(30)]
    async with on_fake(FakeTransport.answering(answer), User, time=SkippedTime()) as users:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await users.batch_write(items)
    error = raised.value
    assert (error.failed_items, error.unknown_items, error.successful_count) == ((items[7],), (), 29)
    assert (error.operation, error.table_name) == ("BatchWriteItem", "app")


async def test_a_transaction_error_carries_a_reason_for_each_operation(
    connection: DynamoDBConnection,
) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    await users.save(ADA)
    with pytest.raises(DynamoDBTransactionError) as raised:
        await users.transact_write(
            [TransactWriteItem.put(User(pk="p", sk="s")), TransactWriteItem.create(ADA)]
        )
    error = raised.value
    fine, cause = error.reasons
    assert fine is None
    assert cause is not None
    assert (cause.code, cause.item, cause.old_item) == ("ConditionalCheckFailed", ADA, ADA)
    assert error.operation == "TransactWriteItems"


# One item


async def test_an_update_changes_chosen_fields_and_never_creates(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    with pytest.raises(ItemNotFoundError):
        await users.update(*KEY, {"age": 37})
    assert await users.get_one(*KEY) is None
    await users.save(ADA.model_copy(update={"nick": "ada"}))
    assert await users.update(*KEY, {"age": 37}) == User(pk=KEY[0], sk=KEY[1], age=37, nick="ada")
