"""The four requests that reading a stream takes, and what their replies say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dynarepo._pages import Caller
from dynarepo._record import Record
from dynarepo._request import Request
from dynarepo._requests import read_table
from dynarepo._streams._errors import StreamNotFoundError
from dynarepo._streams._lineage import Shard
from dynarepo._streams._records import MalformedRecordError, StreamRecord, read_record
from dynarepo._wire import Payload
from dynarepo.exceptions import RejectedError, TableNotFoundError, UnexpectedResponseError

__all__ = ["Batch", "Description", "StreamCalls", "is_expired", "is_trimmed"]

_EXPIRED: Final = "ExpiredIteratorException"
_TRIMMED: Final = "TrimmedDataAccessException"


class Description(Record, frozen=True):
    """A stream as it is: what it has of an item, whether it goes on, and its shards."""

    view_type: str | None
    goes_on: bool
    shards: tuple[Shard, ...]


class Batch(Record, frozen=True):
    """What one GetRecords gave; `next_iterator` is `None` at the end of the shard."""

    records: tuple[StreamRecord, ...]
    next_iterator: str | None


class StreamCalls:
    """
    Sends requests for the stream of one table.

    Args:
        caller: Sends them, with the options of a repository.
        table_name: The table.
        page_size: The most records of one GetRecords.
    """

    def __init__(self, caller: Caller, table_name: str, page_size: int | None) -> None:
        self._caller = caller
        self._table_name = table_name
        self._page_size = page_size

    async def find(self) -> str:
        """
        Give the ARN of the table's latest stream.

        Raises:
            TableNotFoundError: There is no such table.
            StreamNotFoundError: It never had a stream.
        """
        reply = await self._caller.channel.control("DescribeTable", {"TableName": self._table_name})
        arn = read_table(reply).get("LatestStreamArn")
        if not isinstance(arn, str):
            raise StreamNotFoundError(
                "the table has no stream: make it with create_table(stream=...), or call enable_stream",
                operation="DescribeTable",
                table_name=self._table_name,
            )
        return arn

    async def describe(self, stream_arn: str) -> Description:
        """Describe a stream with all its shards, over as many pages as they take."""
        shards: list[Shard] = []
        start: dict[str, str] = {}
        while True:
            reply = await self._send("DescribeStream", {"StreamArn": stream_arn, **start})
            described = _member(reply, "DescribeStream", "StreamDescription", dict)
            shards += _shards(described)
            last = described.get("LastEvaluatedShardId")
            if not isinstance(last, str):
                goes_on = described.get("StreamStatus") not in ("DISABLING", "DISABLED")
                return Description(described.get("StreamViewType"), goes_on, tuple(shards))
            start = {"ExclusiveStartShardId": last}

    async def iterator(self, stream_arn: str, shard_id: str, kind: str, after: str | None = None) -> str:
        """Ask for an iterator of a shard, of one of DynamoDB's kinds."""
        payload = {"StreamArn": stream_arn, "ShardId": shard_id, "ShardIteratorType": kind}
        if after is not None:
            payload["SequenceNumber"] = after
        reply = await self._send("GetShardIterator", payload)
        return str(_member(reply, "GetShardIterator", "ShardIterator", str))

    async def records(self, iterator: str) -> Batch:
        """Read the records behind an iterator."""
        payload: Payload = {"ShardIterator": iterator}
        if self._page_size is not None:
            payload["Limit"] = self._page_size
        reply = await self._send("GetRecords", payload)
        following = reply.get("NextShardIterator")
        return Batch(tuple(_records(reply)), following if isinstance(following, str) else None)

    async def idle(self, seconds: float) -> None:
        """Wait while there is nothing new."""
        await self._caller.channel.idle(seconds)

    async def _send(self, operation: str, payload: Payload) -> Payload:
        request = Request(operation, payload, table_name=self._table_name)
        try:
            return await self._caller.channel.stream(request, config=self._caller.config)
        except TableNotFoundError as error:
            raise StreamNotFoundError(
                "the stream, or this shard of it, is gone",
                operation=operation,
                table_name=self._table_name,
                code=error.code,
                request_id=error.request_id,
            ) from None


def is_expired(error: RejectedError) -> bool:
    """Tell whether an iterator is too old, and another has to be asked for."""
    return error.code == _EXPIRED


def is_trimmed(error: RejectedError) -> bool:
    """Tell whether the place that is asked for is no longer kept."""
    return error.code == _TRIMMED


def _shards(described: Payload) -> Iterator[Shard]:
    for shard in _member(described, "DescribeStream", "Shards", list):
        if not isinstance(shard, dict) or not isinstance(shard.get("ShardId"), str):
            raise UnexpectedResponseError("a shard of the reply has no ShardId", operation="DescribeStream")
        numbers = shard.get("SequenceNumberRange")
        closed = isinstance(numbers, dict) and numbers.get("EndingSequenceNumber") is not None
        yield Shard(shard["ShardId"], shard.get("ParentShardId"), closed)


def _records(reply: Payload) -> Iterator[StreamRecord]:
    for number, raw in enumerate(_member(reply, "GetRecords", "Records", list)):
        try:
            yield read_record(raw)
        except MalformedRecordError as error:
            raise UnexpectedResponseError(f"record {number} {error}", operation="GetRecords") from None


def _member(reply: Payload, operation: str, name: str, kind: type[Any]) -> Any:
    found = reply.get(name)
    if not isinstance(found, kind):
        raise UnexpectedResponseError(f"the reply lacks its {name}", operation=operation)
    return found
