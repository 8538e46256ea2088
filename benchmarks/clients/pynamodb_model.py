"""PynamoDB's own models: synchronous, and so called from threads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.constants import NUMBER, STRING
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from benchmarks.clients import REGION, Operations
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["operations"]


class _Exact(Attribute[Decimal]):  # PynamoDB's own number is a float
    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return str(value)

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class _Instant(Attribute[datetime]):  # PynamoDB's own reads no form but its own
    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return value.isoformat()

    def deserialize(self, value: str) -> datetime:
        return datetime.fromisoformat(value)


class _Address(MapAttribute[str, Any]):
    street = UnicodeAttribute()
    city = UnicodeAttribute()
    postcode = UnicodeAttribute()


class _Record(Model):
    class Meta:
        table_name = TABLE
        region = REGION
        host: str | None = None
        aws_access_key_id = "benchmark"
        aws_secret_access_key = "benchmark"  # noqa: S105
        max_pool_connections = 50

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    age = NumberAttribute()
    balance = _Exact()
    active = BooleanAttribute()
    created_at = _Instant()
    tags: ListAttribute[str] = ListAttribute(of=UnicodeAttribute)
    address = _Address()
    nickname = UnicodeAttribute(null=True)


def _record(user: User) -> _Record:
    values = {name: getattr(user, name) for name in User.model_fields if name != "address"}
    return _Record(**values, address=_Address(**user.address.model_dump()))


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Name the endpoint."""
    _Record.Meta.host = endpoint
    record = _record(sample(1))
    batch = [_record(sample(number)) for number in range(BATCH)]
    keys = [(PARTITION, sample(number).sk) for number in range(PAGE)]
    connection = Connection(
        region=REGION,
        host=endpoint,
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106
    )

    def update() -> _Record:
        record.update([_Record.status.set("closed"), _Record.age.set(37)])
        return record

    def batch_write() -> None:
        with _Record.batch_write() as writer:
            for each in batch:
                writer.save(each)

    def transact_write() -> None:
        with TransactWrite(connection=connection) as transaction:
            for each in batch[:10]:
                transaction.save(each)

    yield {
        "get": lambda: _Record.get(PARTITION, record.sk),
        "put": record.save,
        "update": update,
        "query": lambda: list(_Record.query(PARTITION)),
        "scan": lambda: list(_Record.scan()),
        "batch_get": lambda: list(_Record.batch_get(keys)),
        "batch_write": batch_write,
        "transact_write": transact_write,
    }
