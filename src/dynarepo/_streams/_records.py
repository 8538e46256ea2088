"""
Records of a stream, as GetRecords and events of AWS Lambda have them, and the changes they tell of.

Both have one shape, but for the case of the names in `userIdentity`. A record is taken apart first, which
needs no model; only then are its items decoded, by the plan that decodes them in reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Generic, NoReturn, TypeVar

from pydantic import BaseModel

from dynarepo._codec import DecodeError, decode_dynamic
from dynarepo._record import Record
from dynarepo._requests import Reading
from dynarepo._streams._change import Change, ChangeKind
from dynarepo._streams._errors import InvalidChangeError
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidItemError, TableMismatchError

__all__ = ["ChangeDecoder", "MalformedRecordError", "StreamRecord", "read_record"]

R = TypeVar("R", bound=BaseModel)

_KINDS: Final = {kind.name: kind for kind in ChangeKind}
_WHOLE: Final = "NEW_AND_OLD_IMAGES"

#: DynamoDB nests up to 32 levels; what is deeper is not looked into, and refused as it is decoded.
_MAX_LEVELS: Final = 32


class MalformedRecordError(Exception):
    """What came is no record of a stream; the text says where."""


class StreamRecord(Record, frozen=True):
    """
    A record taken apart, with its items as they are stored.

    Attributes:
        view_type: What the stream has of an item, such as `NEW_IMAGE`; `None` where it is not said.
    """

    shown = ("kind", "sequence_number", "at", "expired", "view_type")

    kind: ChangeKind
    key: WireItem
    old: WireItem | None
    new: WireItem | None
    sequence_number: str
    at: datetime | None
    expired: bool
    view_type: str | None


def read_record(raw: object) -> StreamRecord:
    """
    Take a record apart.

    Raises:
        MalformedRecordError: It is none.
    """
    if not isinstance(raw, dict):
        raise MalformedRecordError("is not an object")
    kind = _KINDS.get(str(raw.get("eventName")))
    if kind is None:
        raise MalformedRecordError("has no eventName that is INSERT, MODIFY or REMOVE")
    body = raw.get("dynamodb")
    if not isinstance(body, dict):
        raise MalformedRecordError("lacks its member dynamodb")
    number = body.get("SequenceNumber")
    if not isinstance(number, str) or not (number.isascii() and number.isdigit()):
        raise MalformedRecordError("lacks its SequenceNumber")
    key = _item(body, "Keys")
    if not key:
        raise MalformedRecordError("lacks its Keys")
    return StreamRecord(
        kind,
        key,
        _image(body, "OldImage"),
        _image(body, "NewImage"),
        number,
        _time(body.get("ApproximateCreationDateTime")),
        kind is ChangeKind.REMOVE and _is_by_expiry(raw.get("userIdentity")),
        body.get("StreamViewType"),
    )


def _item(body: Mapping[str, Any], name: str) -> WireItem | None:
    item = body.get(name)
    if item is not None and not isinstance(item, dict):
        raise MalformedRecordError(f"has a member {name} that is not an object")
    return item


def _image(body: Mapping[str, Any], name: str) -> WireItem | None:
    item = _item(body, name)
    return item and {attribute: _value(value) for attribute, value in item.items()}


def _value(value: Any, level: int = 0) -> Any:
    """Give a value of an item with the empty maps in it as they are in other replies."""
    # DynamoDB Local 3.3 writes an empty map as `{}` in a record, and not as `{"M": {}}`; no other value is.
    if value == {}:
        return {"M": {}}
    if level == _MAX_LEVELS or not isinstance(value, dict):
        return value
    match value:
        case {"M": dict(members)} if len(value) == 1:
            return {"M": {name: _value(member, level + 1) for name, member in members.items()}}
        case {"L": list(elements)} if len(value) == 1:
            return {"L": [_value(element, level + 1) for element in elements]}
        case _:
            return value


def _time(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_by_expiry(identity: object) -> bool:
    if not isinstance(identity, dict):
        return False
    said = {str(name).lower(): value for name, value in identity.items()}
    return said.get("type") == "Service" and said.get("principalid") == "dynamodb.amazonaws.com"


class ChangeDecoder(Record, Generic[R], frozen=True):
    """Makes changes of records, for the items that are of its model or models."""

    reading: Reading[R]

    def check(self, view_type: str | None) -> None:
        """
        Make sure that every record tells whose item it is about.

        Raises:
            TableMismatchError: One may not: it lacks the item, and with it the discriminator.
        """
        source = self.reading.source
        if source.discriminator is not None and view_type != _WHOLE:
            raise TableMismatchError(
                f"{source.name}: the stream has {view_type}, and so not every change says of which model its "
                f"item is; models with a discriminator need a stream of {_WHOLE}"
            )

    def decode(self, record: StreamRecord, shard_id: str | None = None) -> Change[R] | None:
        """
        Make a change of a record; `None` where it is about an item of another model.

        An item that becomes another model's is removed for the one, and inserted for the other.

        Raises:
            InvalidChangeError: The item does not fit the model.
        """
        kind, old, new = record.kind, self._own(record.old), self._own(record.new)
        if self.reading.source.discriminator is not None:
            if old is None and new is None:
                return None
            if kind is ChangeKind.MODIFY and (old is None or new is None):
                kind = ChangeKind.INSERT if old is None else ChangeKind.REMOVE
        key: dict[str, object] = {}
        try:
            key.update(self._key(record.key))
            return Change(
                kind,
                key,
                None if old is None else self.reading.make(old),
                None if new is None else self.reading.make(new),
                record.sequence_number,
                shard_id,
                record.at,
                record.expired,
            )
        except InvalidItemError as error:
            _refuse(error, record, shard_id, key)

    def _own(self, item: WireItem | None) -> WireItem | None:
        return item if item is not None and self.reading.counts(item) else None

    def _key(self, stored: WireItem) -> Mapping[str, object]:
        try:
            return {name: decode_dynamic(value) for name, value in self._table_key(stored).items()}
        except DecodeError:
            raise InvalidItemError("a key of the change is not one that DynamoDB has") from None

    def _table_key(self, stored: WireItem) -> WireItem:
        return self.reading.source.table.of(stored)


def _refuse(
    error: InvalidItemError, record: StreamRecord, shard_id: str | None, key: Mapping[str, object]
) -> NoReturn:
    where = f"change {record.sequence_number}" + ("" if shard_id is None else f" of {shard_id}")
    pk, sk = (*key.values(), None, None)[:2]
    raise InvalidChangeError(
        f"{where}: {error.message}",
        fields=error.fields,
        sequence_number=record.sequence_number,
        shard_id=shard_id,
        pk=pk,
        sk=sk,
    ) from error
