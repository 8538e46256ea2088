"""Where a request goes: a model bound to a table, and the options that shape its requests."""

from __future__ import annotations

from typing import Final, Generic, TypeGuard, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity, Source, decode_dynamic
from dynarepo._item_text import ItemText, StoredItem, is_item
from dynarepo._limits import MAX_PAGE_SIZE
from dynarepo._record import Record
from dynarepo._request import Repeat, Request
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import InvalidRequestError, UnexpectedResponseError

__all__ = ["Target", "check_count", "check_flag", "is_items", "is_objects", "unexpected"]

T = TypeVar("T", bound=BaseModel)

#: What the items of nearly all replies are.
_ITEMS: Final = frozenset({dict, ItemText})


class Target(Record, Generic[T], frozen=True):
    """A model, or a union of models, in a table."""

    source: Source[T]
    table_name: str
    consistent_read: bool = False

    @property
    def entity(self) -> Entity[T]:
        """The model, for what can be done with one alone: to write."""
        if not isinstance(self.source, Entity):
            raise InvalidRequestError(f"{self.source.name}: takes one model, not a union")
        return self.source

    def payload(self, **members: object) -> Payload:
        """Begin a request's body."""
        return {"TableName": self.table_name, "ReturnConsumedCapacity": "TOTAL", **members}

    def request(
        self, operation: str, payload: Payload, key: WireItem | None = None, repeat: Repeat | None = None
    ) -> Request:
        """Address a request; the key goes along for logs and errors only."""
        # A key is text nearly always, and then it stands there.
        values = [value["S"] if "S" in value else decode_dynamic(value) for value in (key or {}).values()]
        pk, sk = (*values, None, None)[:2]
        return Request(operation, payload, self.table_name, pk, sk, repeat or Repeat())


def check_count(name: str, value: int | None) -> int | None:
    """Refuse a limit or page size that is no whole number from 1."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_PAGE_SIZE:
        raise InvalidRequestError(f"{name} is a whole number from 1 to {MAX_PAGE_SIZE}")
    return value


def check_flag(name: str, value: object) -> bool:
    """Refuse what is neither `True` nor `False`: of a text such as "no", the truth would be a surprise."""
    if value is True or value is False:
        return value
    raise InvalidRequestError(f"{name} is True or False")


def is_items(value: object) -> TypeGuard[list[StoredItem]]:
    """Tell whether a part of a reply is a list of items."""
    return isinstance(value, list) and (_ITEMS.issuperset(map(type, value)) or all(map(is_item, value)))


def is_objects(value: object) -> TypeGuard[list[Payload]]:
    """Tell whether a part of a reply is a list of objects, such as keys."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def unexpected(operation: str, what: str) -> UnexpectedResponseError:
    """Name what a reply lacks."""
    return UnexpectedResponseError(f"the reply {what}", operation=operation)
