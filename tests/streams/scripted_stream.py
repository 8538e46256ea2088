"""A table's stream in memory: shards that split, records that are dropped, iterators that grow too old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository
from dynarepo._codec import Entity, bind
from dynarepo._wire import Payload, WireItem
from dynarepo.streams import Change
from dynarepo.testing import FakeTransport, WireReply, error_reply
from tests.faked import SkippedTime, on_fake
from tests.models import User

__all__ = ["ARN", "ROOT", "ScriptedStream", "age_of", "raw_record", "reading", "user"]

T = TypeVar("T", bound=BaseModel)

ARN: Final = "arn:aws:dynamodb:eu-west-1:123456789012:table/app/stream/2026-01-01T00:00:00.000"
ROOT: Final = "shard-0"


def user(age: int, name: str = "a") -> User:
    """Make an item whose age says which change it is of."""
    return User(pk=name, sk="x", age=age)


def age_of(change: Change[User]) -> int:
    """Say which change it is."""
    assert change.new is not None
    return change.new.age


def raw_record(
    number: int, new: BaseModel | None = None, old: BaseModel | None = None, **members: Any
) -> dict[str, Any]:
    """Make a record as it travels."""
    images = {
        name: _encoded(item) for name, item in (("OldImage", old), ("NewImage", new)) if item is not None
    }
    (item, *_) = images.values()
    names = [key.attribute for key in _bound(new or old).table.attributes]
    kind = "MODIFY" if len(images) == 2 else "INSERT" if new is not None else "REMOVE"
    body = {
        "ApproximateCreationDateTime": 1_767_225_600.0 + number,
        "Keys": {name: item[name] for name in reversed(names)},
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        **images,
    }
    return {"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": body, **members}


def _encoded(item: BaseModel) -> WireItem:
    return _bound(item).encode(item)


def _bound(item: BaseModel | None) -> Entity[BaseModel]:
    assert item is not None
    return bind(type(item))


@dataclass
class _Shard:
    parent: str | None = None
    records: list[dict[str, Any]] = field(default_factory=list)
    is_closed: bool = False
    dropped: int = 0


class ScriptedStream:
    """
    Answers the requests that reading takes.

    Attributes:
        transport: Answers them, and keeps them.
        page_size: How many records one GetRecords gives.
        failures: What is answered first, by operation.
    """

    def __init__(self, view_type: str = "NEW_AND_OLD_IMAGES", page_size: int = 2) -> None:
        self.transport = FakeTransport.answering(self._answer)
        self.page_size = page_size
        self.failures: dict[str, list[Any]] = {}
        self.shards: dict[str, _Shard] = {ROOT: _Shard()}
        self.hidden: set[str] = set()
        self._view_type = view_type
        self._status = "ENABLED"
        self._age = self._number = 0

    def add(
        self, new: BaseModel | None = None, old: BaseModel | None = None, shard: str = ROOT, **m: Any
    ) -> str:
        """Add a record to a shard; give its sequence number."""
        self._number += 1
        self.shards[shard].records.append(raw_record(self._number, new, old, **m))
        return str(self._number)

    def add_raw(self, record: object, shard: str = ROOT) -> None:
        """Add what may be no record."""
        records: list[Any] = self.shards[shard].records
        records.append(record)

    def split(self, shard: str = ROOT, children: int = 2) -> list[str]:
        """Close a shard; others follow it."""
        self.shards[shard].is_closed = True
        names = [f"shard-{len(self.shards) + number}" for number in range(children)]
        self.shards.update((name, _Shard(parent=shard)) for name in names)
        return names

    def end(self) -> None:
        """Switch the stream off; then whoever reads it comes to an end."""
        self._status = "DISABLED"
        for shard in self.shards.values():
            shard.is_closed = True

    def expire_iterators(self) -> None:
        """Let every iterator be too old."""
        self._age += 1

    def drop(self, shard: str = ROOT, records: int | None = None) -> None:
        """Drop the oldest records of a shard, or all of it."""
        if records is None:
            del self.shards[shard]
        else:
            self.shards[shard].dropped += records

    def asked(self, operation: str) -> list[Payload]:
        """Give the payloads of the requests of an operation."""
        return [payload for name, payload in self.transport.requests if name == operation]

    def _answer(self, operation: str, payload: Payload) -> Any:
        failures = self.failures.get(operation)
        if failures:
            return failures.pop(0)
        match operation:
            case "DescribeTable":
                return {"Table": {"TableStatus": "ACTIVE", "LatestStreamArn": ARN}}
            case "DescribeStream":
                return self._describe(payload)
            case "GetShardIterator":
                return self._iterator(payload)
        return self._records(payload)

    def _describe(self, payload: Payload) -> Payload:
        assert payload["StreamArn"] == ARN
        names = [name for name in self.shards if name not in self.hidden]
        start = payload.get("ExclusiveStartShardId")
        rest = names[names.index(start) + 1 :] if start else names
        described: Payload = {
            "StreamViewType": self._view_type,
            "StreamStatus": self._status,
            "Shards": [_described(name, self.shards[name]) for name in rest[:2]],
        }
        if len(rest) > 2:
            described["LastEvaluatedShardId"] = rest[1]
        return {"StreamDescription": described}

    def _iterator(self, payload: Payload) -> Payload | WireReply:
        name = payload["ShardId"]
        shard = self.shards.get(name)
        if shard is None:
            return error_reply("ResourceNotFoundException")
        match payload["ShardIteratorType"]:
            case "TRIM_HORIZON":
                place = shard.dropped
            case "LATEST":
                place = len(shard.records)
            case "AFTER_SEQUENCE_NUMBER":
                number = int(payload["SequenceNumber"])
                place = sum(int(each["dynamodb"]["SequenceNumber"]) <= number for each in shard.records)
        if place < shard.dropped:
            return error_reply("TrimmedDataAccessException")
        return {"ShardIterator": f"{name} {place} {self._age}"}

    def _records(self, payload: Payload) -> Payload | WireReply:
        name, place, age = payload["ShardIterator"].split()
        shard = self.shards[name]
        if int(age) < self._age:
            return error_reply("ExpiredIteratorException")
        if int(place) < shard.dropped:
            return error_reply("TrimmedDataAccessException")
        behind = int(place) + self.page_size
        reply: Payload = {"Records": shard.records[int(place) : behind]}
        if behind < len(shard.records) or not shard.is_closed:
            reply["NextShardIterator"] = f"{name} {min(behind, len(shard.records))} {self._age}"
        return reply


def _described(name: str, shard: _Shard) -> Payload:
    numbers = {"StartingSequenceNumber": "1"}
    if shard.is_closed:
        numbers["EndingSequenceNumber"] = "9"
    described: Payload = {"ShardId": name, "SequenceNumberRange": numbers}
    return described if shard.parent is None else {**described, "ParentShardId": shard.parent}


@asynccontextmanager
async def reading(
    stream: ScriptedStream, model: type[T], *, time: SkippedTime | None = None, **options: Any
) -> AsyncIterator[AsyncDynamoDBRepository[T]]:
    """Open a repository on a scripted stream, where waiting takes no time."""
    stream.transport.closed = False  # by the one before
    async with on_fake(stream.transport, model, time=time, **options) as repository:
        yield repository
