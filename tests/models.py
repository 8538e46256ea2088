"""Small models, one for each way of declaring a table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from dynarepo import DynamoDBBaseModel, GlobalIndex, KeyTemplate, LocalIndex, TableSchema

__all__ = ["FRAME_SCHEMA", "Frame", "Note", "Order", "Reading", "Setting", "User"]


class User(DynamoDBBaseModel):
    """Keys of the base model, text both."""

    age: int = 0
    nick: str | None = None


class Reading(BaseModel):
    """Plain, with a number as sort key."""

    sensor: str
    at: Decimal
    level: int = 0

    class Meta:
        partition_key = "sensor"
        sort_key = "at"


class Frame(BaseModel):
    """Declares nothing, so that it comes with a schema; its sort key is binary."""

    film: str
    digest: bytes
    level: int = 0


FRAME_SCHEMA = TableSchema(partition_key="film", sort_key="digest")


class Setting(BaseModel):
    """In a table without a sort key."""

    name: str
    value: str = ""
    level: int = 0

    class Meta:
        partition_key = "name"


class Order(BaseModel):
    """Keys made from templates, and a global index."""

    customer_id: str
    order_id: int
    status: str
    placed_at: datetime
    total: int = 0

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "ORDER#{order_id:04}")
        gsis = (
            GlobalIndex(
                "by_status", partition_key=KeyTemplate("gsi1pk", "STATUS#{status}"), sort_key="placed_at"
            ),
        )


class Note(BaseModel):
    """With indexes of both kinds, one of them of keys only."""

    owner: str
    name: str
    topic: str | None = None
    rank: int = 0
    text: str = ""

    class Meta:
        partition_key = "owner"
        sort_key = "name"
        gsis = (
            GlobalIndex("by_topic", partition_key="topic", sort_key="rank"),
            GlobalIndex("topic_keys", partition_key="topic", projection="KEYS_ONLY"),
        )
        lsis = (LocalIndex("by_rank", sort_key="rank"),)
