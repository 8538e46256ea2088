"""pydynox's own models: no Pydantic, and nothing validated but the exact number."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydynox import Model, ModelConfig, Transaction, set_default_client
from pydynox.attributes import (
    BooleanAttribute,
    DatetimeAttribute,
    DecimalAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    StringAttribute,
)

from benchmarks.clients import Operations
from benchmarks.clients.pydynox_client import client_of
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["operations"]


@dataclasses.dataclass
class _Address:
    street: str
    city: str
    postcode: str


class _Record(Model):
    model_config = ModelConfig(table=TABLE)
    pk = StringAttribute(partition_key=True)
    sk = StringAttribute(sort_key=True)
    email = StringAttribute()
    name = StringAttribute()
    status = StringAttribute()
    age = NumberAttribute()
    balance = DecimalAttribute()
    active = BooleanAttribute()
    created_at = DatetimeAttribute()
    tags = ListAttribute()
    address = MapAttribute(_Address)
    nickname = StringAttribute()


def _record(user: User) -> _Record:
    values = {name: getattr(user, name) for name in User.model_fields if name != "address"}
    return _Record(**values, address=_Address(**user.address.model_dump()))


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Make a client; there is nothing to close."""
    client = client_of(endpoint)
    set_default_client(client)
    record = _record(sample(1))
    batch = [_record(sample(number)) for number in range(BATCH)]
    keys = [{"pk": PARTITION, "sk": sample(number).sk} for number in range(PAGE)]

    async def query() -> list[_Record]:
        return [each async for each in _Record.query(PARTITION)]

    async def scan() -> list[_Record]:
        return [each async for each in _Record.scan()]

    async def transact_write() -> None:
        async with Transaction(client) as transaction:
            for each in batch[:10]:
                transaction.save_model(each)

    # An update gives nothing back, and a delete does not say whether there was something.
    yield {
        "get": lambda: _Record.get(pk=record.pk, sk=record.sk),
        "put": record.save,
        "query": query,
        "scan": scan,
        "batch_get": lambda: _Record.batch_get(keys),
        "transact_write": transact_write,
    }
