"""Models that the commands are given by their paths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel

from dynarepo import GlobalIndex, KeyTemplate, LocalIndex

__all__ = ["NOT_A_MODEL", "Author", "Book", "Copy", "Order", "Reordered", "Setting", "Undeclared", "Visit"]

NOT_A_MODEL = 1


class Order(BaseModel):
    """A key of a template and a number, and an index of each kind."""

    customer_id: str
    number: int
    total: Decimal
    status: str = "open"
    tags: set[str] = set()
    placed_at: datetime | None = None

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = "number"
        gsis: ClassVar = [
            GlobalIndex("by_status", partition_key="status", sort_key="number"),
            GlobalIndex("by_both", partition_key=("status", "customer_id")),
        ]
        lsis: ClassVar = [LocalIndex("by_total", sort_key="total")]


class Setting(BaseModel):
    """A table of its own, without a sort key."""

    name: str
    value: int = 0

    class Meta:
        partition_key = "name"
        table_name = "settings"


class Visit(BaseModel):
    """Another model for the table of orders, without their indexes."""

    customer_id: str
    number: int

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = "number"


class Reordered(BaseModel):
    """Declares an index of orders in another way."""

    customer_id: str
    number: int
    status: str

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = "number"
        gsis: ClassVar = [GlobalIndex("by_status", partition_key="status")]


class Author(BaseModel):
    """An element of a list."""

    name: str
    born: datetime | None = None


@dataclass
class Copy:
    """An entry of a dict."""

    price: Decimal
    note: str = ""


class Book(BaseModel):
    """Fields with fields, of every kind that has some."""

    shelf: str
    isbn: str
    authors: list[Author] | None = None
    copies: dict[str, Copy] = {}
    size: Annotated[tuple[int, str] | None, "width and unit"] = None
    ranks: tuple[int, ...] = ()
    more: dict[str, Any] = {}
    cover: bytes = b""

    class Meta:
        partition_key = "shelf"
        sort_key = "isbn"


class Undeclared(BaseModel):
    """Says nothing of a table."""

    name: str
