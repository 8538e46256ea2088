"""What a read makes of the items it finds: whole models or views, without the expired ones if so asked."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec import DecodeError, ItemReader, Source, decode_dynamic, decode_number
from dynarepo._expressions import ExpressionWriter, Path, check_length
from dynarepo._item_text import StoredItem, glance_at, plain_item
from dynarepo._record import Record
from dynarepo._requests._target import check_flag
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidItemError, InvalidRequestError, SchemaError, UnexpectedResponseError

__all__ = ["Reading"]

R = TypeVar("R")


class Reading(Record, Generic[R], frozen=True):
    """
    How one call reads.

    Attributes:
        source: What is stored.
        reader: What is made of it.
        expiry: The stored name of the expiry time where expired items are left out, else `None`.
        now: The time, in whole seconds, by which items are expired.
        operation: The operation that reads, for errors.
        table_name: The table that it reads, for errors.
    """

    source: Source[Any]
    reader: ItemReader[R]
    expiry: str | None = None
    now: int = field(default_factory=lambda: int(time.time()))
    operation: str | None = None
    table_name: str | None = None

    @classmethod
    def of(
        cls,
        source: Source[Any],
        view: type[BaseModel] | None = None,
        *,
        skip_expired: bool = False,
        operation: str | None = None,
        table_name: str | None = None,
    ) -> Reading[Any]:
        """
        Say how to read.

        Raises:
            InvalidRequestError: Expired items are to be left out, and none can expire; or it is not said by
                a `bool`.
            SchemaError: The view is no model, or has other fields than the source.
        """
        if view is not None and not isinstance(view, type):
            raise SchemaError("view= takes a Pydantic model class")
        expiry = None
        if skip_expired is not False and check_flag("skip_expired", skip_expired):
            expiry = source.expiry
            if expiry is None:
                raise InvalidRequestError(
                    f"{source.name} declares no ttl, so that skip_expired means nothing"
                )
        reader = source if view is None else source.view(view)
        return Reading(source, reader, expiry, operation=operation, table_name=table_name)

    @property
    def marks(self) -> frozenset[str]:
        """The attributes that tell whether an item counts at all."""
        kind = self.source.discriminator
        names = (self.expiry, None if kind is None else kind.attribute)
        return frozenset(name for name in names if name is not None)

    @property
    def needed(self) -> frozenset[str]:
        """The attributes that an index must hold for this."""
        return self.reader.needed | self.marks

    def project(self, writer: ExpressionWriter, keys: Iterable[str]) -> str | None:
        """
        Write the projection expression; `None` for whole items.

        The keys always go along: they show that there is an item, and which.
        """
        if self.reader.paths is None:
            return None
        paths = {*self.reader.paths, *((name,) for name in self.marks)}
        paths |= {(key,) for key in keys}
        shortest = [path for path in paths if not any(path[:n] in paths for n in range(1, len(path)))]
        return check_length(", ".join(writer.path(path) for path in sorted(shortest, key=_order)))

    def counts(self, item: StoredItem) -> bool:
        """Tell whether an item is of the model, as far as that is declared, and has not expired."""
        kind = self.source.discriminator
        return (kind is None or kind.marks(item)) and self.keeps(item)

    def keeps(self, item: StoredItem) -> bool:
        """Tell whether an item is to be returned: it has not expired."""
        if self.expiry is None:
            return True
        try:
            return decode_number(glance_at(self.expiry)(item)[self.expiry]["N"]) > self.now
        except (KeyError, TypeError, ValueError):
            return True  # what is no time never expires

    def make(self, item: StoredItem) -> R:
        """Make a model or view of an item; the error of one that does not fit says which item it is."""
        try:
            return self.reader.decode(item)
        except UnexpectedResponseError as error:
            error.operation, error.table_name = self.operation, self.table_name
            raise
        except InvalidItemError as error:
            stored = plain_item(item)
            keys = [_plain(stored.get(key.attribute)) for key in self.source.table.attributes]
            error.pk, error.sk = (*keys, None)[:2]
            error.operation, error.table_name = self.operation, self.table_name
            raise

    def found(self, item: StoredItem) -> R | None:
        """Make a model or view of an item, `None` of one that has expired."""
        return self.make(item) if self.expiry is None or self.keeps(item) else None


def _plain(value: AttributeValue | None) -> object:
    try:
        return None if value is None else decode_dynamic(value)
    except DecodeError:
        return None


def _order(path: Path) -> list[str]:
    return [str(step) for step in path]
