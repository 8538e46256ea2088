"""Models that share a table: three that make its keys differently, and three whose keys can meet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from dynarepo import DynamoDBBaseModel, GlobalIndex, KeyTemplate

__all__ = ["Bird", "Cat", "Customer", "Dog", "Invoice", "Order"]

_BY_STATUS = GlobalIndex("by_status", "status", KeyTemplate("gsi1sk", "{customer_id}"))
_OF_PETS = (
    GlobalIndex("by_name", "name", "sk", projection="KEYS_ONLY"),
    GlobalIndex("by_kind", "kind", "name"),
)


class Customer(BaseModel):
    """Its discriminator stands beside the fields, with a text of its own."""

    customer_id: str
    name: str = ""
    status: str = "open"
    expires_at: datetime | None = None

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "PROFILE")
        gsis = (_BY_STATUS,)
        discriminator = ("entity", "CUSTOMER")
        ttl = "expires_at"


class Order(BaseModel):
    """Likewise; some fields are those of a customer."""

    customer_id: str
    order_id: int
    total: int = 0
    status: str = "open"

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "ORDER#{order_id:04}")
        gsis = (
            _BY_STATUS,
            GlobalIndex("by_total", "status", "total", projection=("customer_id", "order_id")),
        )
        discriminator = ("entity", "ORDER")


class Invoice(BaseModel):
    """Its discriminator is the model's name."""

    customer_id: str
    number: int
    status: str = "open"

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = KeyTemplate("sk", "INVOICE#{number:04}")
        gsis = (_BY_STATUS,)
        discriminator = "entity"


class Cat(DynamoDBBaseModel):
    """Its discriminator is a field; nothing keeps its keys apart from those of the others."""

    kind: Literal["cat"] = "cat"
    name: str = "x"
    lives: int = 9

    class Meta:
        gsis = _OF_PETS
        discriminator = "kind"


class Dog(DynamoDBBaseModel):
    """Counts its writes."""

    kind: Literal["dog"] = "dog"
    name: str = "x"
    revision: int = 0

    class Meta:
        gsis = _OF_PETS
        discriminator = ("kind", "dog")
        version = "revision"


class Bird(DynamoDBBaseModel):
    """A third one, which takes part in no union of the first two."""

    kind: Literal["bird"] = "bird"
    name: str = "x"

    class Meta:
        gsis = _OF_PETS
        discriminator = "kind"
