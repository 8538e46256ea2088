"""Several models in one table: what their declarations must agree on."""

from __future__ import annotations

import pytest

from dynarepo import DynamoDBBaseModel, DynamoDBConfig, SchemaError, TableAdmin
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from tests.recording_logger import RecordingLogger


class Customer(DynamoDBBaseModel):
    class Meta:
        table_name = "shop"


class Invoice(DynamoDBBaseModel):
    class Meta:
        table_name = "shop"


class Letter(DynamoDBBaseModel):
    class Meta:
        table_name = "post"


class Undecided(DynamoDBBaseModel):
    """Leaves the table to others."""


ACTIVE = {"Table": {"TableStatus": "ACTIVE"}}


def faked(*script: Payload) -> tuple[FakeTransport, TableAdmin]:
    fake = FakeTransport(*script)
    return fake, TableAdmin(config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=fake)


async def test_models_that_name_different_tables_share_none() -> None:
    fake, admin = faked()
    async with admin as tables:
        with pytest.raises(SchemaError, match="one table_name"):
            await tables.create_table(Customer, Undecided, Letter)
    assert fake.requests == []


@pytest.mark.parametrize("models", [(Customer, Invoice), (Undecided, Customer), (Customer, Undecided)])
async def test_the_one_name_that_is_declared_counts(models: tuple[type[DynamoDBBaseModel], ...]) -> None:
    fake, admin = faked({}, ACTIVE)
    async with admin as tables:
        assert await tables.create_table(*models) == "shop"
    assert fake.requests[0][1]["TableName"] == "shop"


async def test_a_name_that_the_call_gives_counts_before_what_is_declared() -> None:
    fake, admin = faked({}, ACTIVE)
    async with admin as tables:
        assert await tables.create_table(Customer, Letter, table_name="archive") == "archive"
    assert fake.requests[0][1]["TableName"] == "archive"
