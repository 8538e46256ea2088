"""The keys of a table and of its indexes, as tuples of key attributes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dynarepo._codec._keys import KeyAttribute
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidItemError, InvalidKeyError

__all__ = ["IndexKeys", "TableKeys", "key_of"]


@dataclass(frozen=True, slots=True)
class TableKeys:
    """The key of a table."""

    partition: KeyAttribute
    sort: KeyAttribute | None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """The partition key and, where there is one, the sort key."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def encode(self, pk: object, sk: object) -> WireItem:
        """Encode the key that a caller gives."""
        key = {self.partition.attribute: self.partition.encode(pk)}
        if self.sort is not None:
            if sk is None:
                raise InvalidKeyError(f"{self.sort.attribute}: the sort key is missing")
            key[self.sort.attribute] = self.sort.encode(sk)
        elif sk is not None:
            raise InvalidKeyError("a sort key was given, but the table has none")
        return key

    def known(self, pk: object, sk: object) -> WireItem:
        """Give the fields that a caller's key tells, by their stored names."""
        pairs = zip(self.attributes, (pk, sk), strict=False)
        return {name: wire for key, value in pairs for name, wire in key.known(value).items()}

    def of(self, item: WireItem) -> WireItem:
        """Give the key of an item as it is stored."""
        return key_of(item, self.attributes)


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """
    The key of an index, and what the index holds.

    `projected` are the stored names of the attributes that it holds beside all keys, or `None` for
    all attributes.
    """

    name: str
    is_global: bool
    partition: tuple[KeyAttribute, ...]
    sort: tuple[KeyAttribute, ...]
    projected: frozenset[str] | None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """Every attribute of the key."""
        return (*self.partition, *self.sort)


def key_of(item: WireItem, keys: Iterable[KeyAttribute]) -> WireItem:
    """Take key attributes out of a stored item."""
    found: WireItem = {}
    for key in keys:
        value: AttributeValue | None = item.get(key.attribute)
        if value is None:
            raise InvalidItemError("an item of the reply lacks a key attribute", fields=(key.attribute,))
        found[key.attribute] = value
    return found
