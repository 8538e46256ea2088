"""What a table can be read as: one model, or several that share it; whole, or in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from pydantic import BaseModel

from dynarepo._codec._discriminator import Discriminator
from dynarepo._codec._nodes import Node
from dynarepo._codec._paths import Path
from dynarepo._codec._table_keys import IndexKeys, TableKeys
from dynarepo._item_text import StoredItem

__all__ = ["ItemReader", "Source"]

R_co = TypeVar("R_co", covariant=True)
V = TypeVar("V", bound=BaseModel)


class ItemReader(Protocol[R_co]):
    """Makes values of one type from stored items."""

    @property
    def name(self) -> str:
        """What it makes, for messages."""
        ...

    @property
    def paths(self) -> tuple[Path, ...] | None:
        """The stored paths that it reads; `None` where it reads whole items."""
        ...

    @property
    def needed(self) -> frozenset[str]:
        """The stored names of the attributes that it must be given, where an item has them."""
        ...

    def decode(self, item: StoredItem) -> R_co:
        """Make a value; `InvalidItemError` names the fields that do not fit."""
        ...


class Source(ItemReader[R_co], Protocol[R_co]):
    """Whole models of one table, its keys and indexes."""

    @property
    def table(self) -> TableKeys:
        """The key of the table."""
        ...

    @property
    def indexes(self) -> Mapping[str, IndexKeys]:
        """The indexes by name."""
        ...

    @property
    def discriminator(self) -> Discriminator | None:
        """What tells the items from those of other models, where that is declared."""
        ...

    @property
    def expiry(self) -> str | None:
        """The stored name of the expiry time, where one is declared."""
        ...

    def resolve(self, path: Path) -> tuple[Path, Node]:
        """Give the stored path and the node of a path of fields; `InvalidRequestError` if there is none."""
        ...

    def view(self, model: type[V]) -> ItemReader[V]:
        """Give the reader of a part of the fields; `SchemaError` if it has others."""
        ...
