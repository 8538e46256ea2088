"""Models that tests of the layers below the repository share: one for each way to declare a key."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, Field

from dynarepo._codec import bind
from dynarepo._requests import Target
from dynarepo._schema import DynamoDBBaseModel, GlobalIndex, KeyTemplate, LocalIndex, TableSchema

T = TypeVar("T", bound=BaseModel)


class User(DynamoDBBaseModel):
    """Keys are `pk` and `sk`, as they are stored."""

    email: str = ""
    age: int = 0
    nick: str | None = None
    tags: set[str] = Field(default_factory=set)


class Order(BaseModel):
    """Keys are made by templates."""

    customer_id: str
    order_id: str
    status: str
    placed_at: datetime
    number: int = 0
    total: Decimal = Decimal(0)
    note: str | None = None
    expires_at: datetime | None = None

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "ORDER#{placed_at}#{order_id}")
        gsis = (
            GlobalIndex("by-status", KeyTemplate("gsi1pk", "STATUS#{status}"), "placed_at"),
            GlobalIndex("by-note", "note", KeyTemplate("gsi2sk", "{status}#{number:06}#{order_id}")),
        )
        lsis = (LocalIndex("by-number", "number"),)
        ttl = "expires_at"


class Pipeline(BaseModel):
    """A partition key alone, and an index on a boolean."""

    pipeline_id: str
    is_active: bool
    updated_at: datetime
    owner: str | None = None

    class Meta:
        partition_key = "pipeline_id"
        sort_key = None
        gsis = (
            GlobalIndex("active", "is_active", "updated_at"),
            GlobalIndex("by-owner", "owner", projection="KEYS_ONLY"),
        )


class Event(BaseModel):
    """Keys are a number and binary, and an index has keys of several attributes."""

    device: int
    digest: bytes
    country: str = "se"
    city: str = "umea"
    year: int = 2026
    month: int = 1

    class Meta:
        partition_key = "device"
        sort_key = "digest"
        gsis = (GlobalIndex("by-place", ("country", "city"), ("year", "month")),)


def target(model: type[T], schema: TableSchema | None = None, *, consistent_read: bool = False) -> Target[T]:
    """Bind a model to the table `app`."""
    return Target(bind(model, schema), "app", consistent_read)
