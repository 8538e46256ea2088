"""A table of which only the key is known, so that batches can tell its items apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from dynarepo._codec._dynamic import DYNAMIC
from dynarepo._codec._keys import KeyTag, check_key_value
from dynarepo._codec._nodes import Node
from dynarepo._codec._paths import Path
from dynarepo._codec._plain_items import decode_item
from dynarepo._codec._source import ItemReader
from dynarepo._codec._stored_key import StoredKey
from dynarepo._codec._table_keys import IndexKeys, TableKeys
from dynarepo._item_text import StoredItem, plain_item
from dynarepo._limits import MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES
from dynarepo._record import Record
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidKeyError, SchemaError

__all__ = ["PlainTable"]

V = TypeVar("V", bound=BaseModel)

_TAGS: Final[Mapping[str, KeyTag]] = {"S": "S", "N": "N", "B": "B"}


class PlainTable(Record, frozen=True):
    """
    A source of plain dicts.

    Attributes:
        keys: The attributes of the table's key, one or two.
        paths: What of the items is read; `None` where whole items are.
    """

    keys: Sequence[StoredKey]
    paths: tuple[Path, ...] | None = None
    name: str = "a plain item"
    needed: frozenset[str] = frozenset()
    discriminator: None = None
    expiry: None = None

    @classmethod
    def described(cls, types: Mapping[str, str]) -> PlainTable:
        """Make one of a table's key attributes and their types, the partition key first."""
        limits = (MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES)
        keys = [
            StoredKey(name, _TAGS[tag], limit)
            for (name, tag), limit in zip(types.items(), limits, strict=False)
        ]
        if not keys or len(types) > len(keys):
            raise InvalidKeyError("a table has one or two key attributes")
        return cls(keys)

    @classmethod
    def of_key(cls, key: WireItem, where: str, paths: tuple[Path, ...] | None = None) -> PlainTable:
        """Make one of a key; it does not tell which is the partition key, so the longer limit counts."""
        if len(key) > 2:
            raise InvalidKeyError(f"{where}: a key has one or two attributes, not {len(key)}")
        return cls(
            [
                StoredKey(name, _TAGS[tag], MAX_PARTITION_KEY_BYTES)
                for name, value in key.items()
                for tag in value
            ],
            paths,
        )

    @property
    def table(self) -> TableKeys:
        """The key of the table."""
        partition, sort = (*self.keys, None)[:2]
        assert partition is not None  # noqa: S101 - there is one
        return TableKeys(partition, sort)

    @property
    def indexes(self) -> Mapping[str, IndexKeys]:
        """None are known."""
        return {}

    def decode(self, item: StoredItem) -> dict[str, object]:
        """Give a stored item as a dict."""
        return decode_item(plain_item(item))

    def resolve(self, path: Path) -> tuple[Path, Node]:
        """Give a path as it is: everything is stored under its own name."""
        return path, DYNAMIC

    def view(self, model: type[V]) -> ItemReader[V]:
        """Refuse: there are no fields to view."""
        raise SchemaError(f"{model.__name__}: what has no model has no views")

    def check_item(self, item: WireItem, where: str) -> None:
        """Refuse an item without the key of the table, which would spoil the batch it travels in."""
        for key in self.keys:
            value = item.get(key.attribute)
            if value is None:
                raise InvalidKeyError(f"{where} lacks {key.attribute}, a key attribute of the table")
            if key.tag not in value:
                raise InvalidKeyError(f"{where}: the key value {key.attribute} is of the wrong type")
            check_key_value(f"{where}: {key.attribute}", value, key.max_bytes)

    def check_key(self, key: WireItem, where: str) -> None:
        """Refuse a key of other attributes than the table's."""
        names = {each.attribute for each in self.keys}
        if key.keys() != names:
            raise InvalidKeyError(f"{where} must have exactly {', '.join(sorted(names))}")
        self.check_item(key, where)
