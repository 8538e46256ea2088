"""Every way of declaring a table, with items of it and their keys: what one test does with all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from dynarepo import AsyncDynamoDBRepository, DynamoDBConnection, TableSchema
from tests.models import FRAME_SCHEMA, Frame, Note, Order, Reading, Setting, User

__all__ = ["EVERY_KIND", "KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """
    A model and how its table was declared.

    Attributes:
        make: Gives the item of a number; `value` goes into a field that can be changed.
        key: Gives the key of an item, as methods take it.
        field: The name of the field that can be changed, a whole number.
    """

    model: type[Any]
    make: Callable[[int, int], Any]
    key: Callable[[Any], tuple[Any, ...]]
    field: str
    schema: TableSchema | None = None

    async def repository(self, connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Any]:
        """Create the table and give a repository of it."""
        await connection.table_admin().create_table(self.model, schema=self.schema)
        return connection.repository(self.model, schema=self.schema)

    def value(self, item: Any) -> int:
        """Give the field that can be changed."""
        return int(getattr(item, self.field))


KINDS: Final[dict[str, Kind]] = {
    "base model": Kind(
        User,
        lambda number, value: User(pk="p", sk=f"{number:03}", age=value),
        lambda item: (item.pk, item.sk),
        "age",
    ),
    "Meta": Kind(
        Reading,
        lambda number, value: Reading(sensor="p", at=Decimal(number) / 4, level=value),
        lambda item: (item.sensor, item.at),
        "level",
    ),
    "schema": Kind(
        Frame,
        lambda number, value: Frame(film="p", digest=bytes([number // 256, number % 256]), level=value),
        lambda item: (item.film, item.digest),
        "level",
        FRAME_SCHEMA,
    ),
    "templates": Kind(
        Order,
        lambda number, value: Order(
            customer_id="p",
            order_id=number,
            status="open",
            placed_at=datetime(2026, 1, 1, tzinfo=UTC),
            total=value,
        ),
        lambda item: ({"customer_id": item.customer_id}, {"order_id": item.order_id}),
        "total",
    ),
    "finished text": Kind(
        Order,
        lambda number, value: Order(
            customer_id="p",
            order_id=number,
            status="open",
            placed_at=datetime(2026, 1, 1, tzinfo=UTC),
            total=value,
        ),
        lambda item: (f"CUSTOMER#{item.customer_id}", f"ORDER#{item.order_id:04}"),
        "total",
    ),
    "no sort key": Kind(
        Setting,
        lambda number, value: Setting(name=f"{number:03}", level=value),
        lambda item: (item.name,),
        "level",
    ),
    "indexes": Kind(
        Note,
        lambda number, value: Note(owner="p", name=f"{number:03}", topic="t", rank=value),
        lambda item: (item.owner, item.name),
        "rank",
    ),
}

EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
