"""Events of AWS Lambda, as AWS documents them."""

from __future__ import annotations

import copy
import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    ConfigurationError,
    DynamoDBConfig,
    InvalidRequestError,
    TableMismatchError,
)
from dynarepo.streams import Change, InvalidChangeError, handle_event
from dynarepo.testing import FakeTransport
from tests.recording_logger import RecordingLogger
from tests.several_models import Customer, Order
from tests.streams.scripted_stream import raw_record


class Message(BaseModel):
    Id: int
    Message: str
    Seal: bytes = b""

    class Meta:
        partition_key = "Id"


#: "Using AWS Lambda with Amazon DynamoDB", with a binary attribute added.
EVENT: Final = json.loads("""
{
  "Records": [
    {
      "eventID": "1",
      "eventVersion": "1.0",
      "dynamodb": {
        "Keys": {"Id": {"N": "101"}},
        "NewImage": {"Message": {"S": "New item!"}, "Id": {"N": "101"}, "Seal": {"B": "AAEC/w=="}},
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "SequenceNumber": "111",
        "SizeBytes": 26
      },
      "awsRegion": "us-west-2",
      "eventName": "INSERT",
      "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/EventSourceTable",
      "eventSource": "aws:dynamodb"
    },
    {
      "eventID": "2",
      "eventVersion": "1.0",
      "dynamodb": {
        "OldImage": {"Message": {"S": "New item!"}, "Id": {"N": "101"}},
        "SequenceNumber": "222",
        "Keys": {"Id": {"N": "101"}},
        "SizeBytes": 59,
        "NewImage": {"Message": {"S": "This item has changed"}, "Id": {"N": "101"}},
        "StreamViewType": "NEW_AND_OLD_IMAGES"
      },
      "awsRegion": "us-west-2",
      "eventName": "MODIFY",
      "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/EventSourceTable",
      "eventSource": "aws:dynamodb"
    },
    {
      "eventID": "3",
      "eventVersion": "1.0",
      "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
      "dynamodb": {
        "ApproximateCreationDateTime": 1479499740,
        "Keys": {"Id": {"N": "101"}},
        "OldImage": {"Message": {"S": "This item has changed"}, "Id": {"N": "101"}},
        "SequenceNumber": "333",
        "SizeBytes": 38,
        "StreamViewType": "NEW_AND_OLD_IMAGES"
      },
      "awsRegion": "us-west-2",
      "eventName": "REMOVE",
      "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/EventSourceTable",
      "eventSource": "aws:dynamodb"
    }
  ]
}
""")


def text_of(item: Message | None) -> str | None:
    return None if item is None else item.Message


class Recorder:
    """A handler that fails at one change."""

    def __init__(self, fails_at: str | None = None) -> None:
        self.changes: list[Change[Any]] = []
        self._fails_at = fails_at

    async def __call__(self, change: Change[Any]) -> None:
        if change.sequence_number == self._fails_at:
            raise ValueError("secret")
        self.changes.append(change)


@pytest.fixture
def logger() -> RecordingLogger:
    return RecordingLogger()


async def test_changes_come_in_their_order_and_nothing_is_to_be_repeated(logger: RecordingLogger) -> None:
    handler = Recorder()
    assert await handle_event(EVENT, Message, handler, logger=logger) == {"batchItemFailures": []}
    inserted, modified, removed = handler.changes
    assert (inserted.kind, inserted.key, inserted.old) == ("insert", {"Id": 101}, None)
    assert inserted.new == Message(Id=101, Message="New item!", Seal=b"\0\1\2\xff")
    assert (inserted.at, inserted.shard_id, inserted.expired) == (None, None, False)
    assert (modified.kind, text_of(modified.old), text_of(modified.new)) == (
        "modify",
        "New item!",
        "This item has changed",
    )
    assert (removed.kind, removed.new, removed.expired, removed.sequence_number) == (
        "remove",
        None,
        True,
        "333",
    )
    assert removed.at == datetime(2016, 11, 18, 20, 9, tzinfo=UTC)


async def test_a_handler_may_be_a_plain_function(logger: RecordingLogger) -> None:
    changes: list[Change[Message]] = []
    assert await handle_event(EVENT, Message, changes.append, logger=logger) == {"batchItemFailures": []}
    assert [change.sequence_number for change in changes] == ["111", "222", "333"]
    assert logger.events == []


async def test_what_a_plain_function_raises_is_a_failure(logger: RecordingLogger) -> None:
    def fail(change: Change[Message]) -> None:
        raise ValueError("secret")

    answer = await handle_event(EVENT, Message, fail, logger=logger)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "111"}]}


@pytest.mark.parametrize("options", [{"handler": None}, {"handler": 3}, {"on_invalid": 3}])
async def test_a_handler_that_is_no_function_is_refused(
    options: dict[str, Any], logger: RecordingLogger
) -> None:
    handler = Recorder()
    with pytest.raises(InvalidRequestError, match="a function or a coroutine function"):
        await handle_event(EVENT, Message, **{"handler": handler, "logger": logger, **options})
    assert handler.changes == []


async def test_a_logger_of_logging_is_refused_before_anything_is_processed() -> None:
    handler = Recorder()
    logger: Any = logging.getLogger("app")
    with pytest.raises(ConfigurationError, match="structlog"):
        await handle_event(EVENT, Message, handler, logger=logger)
    assert handler.changes == []


async def test_the_first_failure_is_what_is_repeated_from(logger: RecordingLogger) -> None:
    handler = Recorder(fails_at="222")
    answer = await handle_event(EVENT, Message, handler, logger=logger)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "222"}]}
    assert [change.sequence_number for change in handler.changes] == ["111"]
    ((level, event, fields),) = logger.events
    assert (level, event) == ("error", "dynamodb.stream.failed")
    assert fields == {"sequence_number": "222", "error": "ValueError"}


async def test_an_item_that_does_not_fit_is_a_failure_or_passed(logger: RecordingLogger) -> None:
    event = copy.deepcopy(EVENT)
    event["Records"][1]["dynamodb"]["NewImage"]["Message"] = {"N": "1"}
    answer = await handle_event(event, Message, Recorder(), logger=logger)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "222"}]}
    refused: list[InvalidChangeError] = []
    handler = Recorder()

    async def refuse(error: InvalidChangeError) -> None:
        refused.append(error)

    for on_invalid in (refuse, refused.append):
        answer = await handle_event(event, Message, handler, logger=logger, on_invalid=on_invalid)
        assert answer == {"batchItemFailures": []}
    assert [change.sequence_number for change in handler.changes] == ["111", "333"] * 2
    assert [str(error) for error in refused] == [str(refused[0])] * 2
    assert (refused[0].sequence_number, refused[0].shard_id, refused[0].pk) == ("222", None, 101)


async def test_a_repository_that_is_not_open_tells_the_models(logger: RecordingLogger) -> None:
    fake, handler = FakeTransport(), Recorder()
    config = DynamoDBConfig(table_name="app")
    messages = AsyncDynamoDBRepository(Message, config=config, logger=logger, transport=fake)
    await handle_event(EVENT, messages, handler, logger=logger)
    assert len(handler.changes) == 3
    assert fake.requests == []


async def test_models_that_share_a_table_get_their_own(logger: RecordingLogger) -> None:
    customer, order = Customer(customer_id="a"), Order(customer_id="a", order_id=1)
    event = {"Records": [raw_record(1, customer), raw_record(2, order), raw_record(3, None, order)]}
    of_orders, of_both = Recorder(), Recorder()
    await handle_event(event, Order, of_orders, logger=logger)
    await handle_event(event, (Customer, Order), of_both, logger=logger)
    assert [change.new for change in of_orders.changes] == [order, None]
    assert [change.new or change.old for change in of_both.changes] == [customer, order, order]


async def test_a_stream_that_does_not_tell_models_apart_is_refused(logger: RecordingLogger) -> None:
    event = {"Records": [raw_record(1, Order(customer_id="a", order_id=1))]}
    event["Records"][0]["dynamodb"]["StreamViewType"] = "NEW_IMAGE"
    with pytest.raises(TableMismatchError, match="models with a discriminator need"):
        await handle_event(event, Order, Recorder(), logger=logger)


def without(*path: str) -> dict[str, Any]:
    """Take something out of the last record of the event."""
    event: dict[str, Any] = copy.deepcopy(EVENT)
    place = event["Records"][-1]
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return event


def record_with(**members: Any) -> dict[str, Any]:
    """Change members of the only record of an event."""
    return {"Records": [{**EVENT["Records"][0], **members}]}


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({}, "lacks its Records"),
        ([], "lacks its Records"),
        ({"Records": {}}, "lacks its Records"),
        ({"Records": ["x"]}, "record 0 is not an object"),
        (without("eventName"), "record 2 has no eventName"),
        (without("eventSource"), "record 2 is of another"),
        (record_with(eventSource="aws:kinesis"), "record 0 is of another"),
        (without("dynamodb"), "record 2 lacks its member dynamodb"),
        (without("dynamodb", "SequenceNumber"), "record 2 lacks its SequenceNumber"),
        (without("dynamodb", "Keys"), "record 2 lacks its Keys"),
        (record_with(dynamodb={"SequenceNumber": "1", "Keys": []}), "a member Keys that is not an object"),
        (record_with(dynamodb={"SequenceNumber": 1}), "lacks its SequenceNumber"),
    ],
)
async def test_what_is_no_event_of_a_stream_is_refused_before_anything_is_processed(
    event: Any, complaint: str, logger: RecordingLogger
) -> None:
    handler = Recorder()
    with pytest.raises(InvalidRequestError, match=complaint):
        await handle_event(event, Message, handler, logger=logger)
    assert handler.changes == []
