"""Tables that exist: changed, and compared with what models declare."""

from __future__ import annotations

import pickle

import pytest

from dynarepo import (
    InvalidRequestError,
    RejectedError,
    TableAdmin,
    TableDifference,
    TableMismatchError,
    TableNotFoundError,
)
from dynarepo._repository import _live_table
from dynarepo._wire import Payload
from tests.models import Order
from tests.repository.scripted_tables import (
    CONFIG,
    NO_TTL,
    NOT_FOUND,
    by_status,
    expiry,
    faked,
    operations,
    orders_table,
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live_table, "_POLL_SECONDS", 0)


@pytest.mark.parametrize(
    ("reply", "attribute"),
    [(expiry("gone_at"), "gone_at"), (expiry("gone_at", "ENABLING"), "gone_at"), (NO_TTL, None)],
)
async def test_the_expiry_attribute_is_the_one_that_is_enabled(reply: Payload, attribute: str | None) -> None:
    fake, tables = faked(reply)
    async with tables:
        assert await tables.ttl_attribute("other") == attribute
    assert fake.requests == [("DescribeTimeToLive", {"TableName": "other"})]


async def test_expiry_is_switched_on_and_off() -> None:
    fake, tables = faked(NO_TTL, {}, expiry("gone_at"), {})
    async with tables:
        await tables.enable_ttl("gone_at", "other")
        await tables.disable_ttl("other")
    assert operations(fake) == ["DescribeTimeToLive", "UpdateTimeToLive"] * 2
    on, off = (payload for operation, payload in fake.requests if operation == "UpdateTimeToLive")
    assert on["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "gone_at"}
    assert off["TimeToLiveSpecification"] == {"Enabled": False, "AttributeName": "gone_at"}
    assert {payload["TableName"] for _, payload in fake.requests} == {"other"}


async def test_expiry_that_is_as_wanted_is_not_changed() -> None:
    """AWS would refuse that, and takes one change in an hour."""
    fake, tables = faked(expiry("gone_at"), NO_TTL)
    async with tables:
        await tables.enable_ttl("gone_at")
        await tables.disable_ttl()
    assert operations(fake) == ["DescribeTimeToLive"] * 2


async def test_expiry_by_a_second_attribute_is_refused() -> None:
    fake, tables = faked(expiry("gone_at"))
    async with tables:
        with pytest.raises(RejectedError, match=r"expire by gone_at.*disable_ttl.*table=app"):
            await tables.enable_ttl("expires_at")
    assert operations(fake) == ["DescribeTimeToLive"]


async def test_an_expiry_attribute_without_a_name_is_refused_without_a_request() -> None:
    fake, tables = faked()
    async with tables:
        with pytest.raises(InvalidRequestError):
            await tables.enable_ttl("")
    assert fake.requests == []


async def test_adding_an_index_waits_until_it_is_active() -> None:
    fake, tables = faked(
        orders_table(),
        {},
        orders_table(),
        orders_table(by_status("CREATING")),
        orders_table(by_status("ACTIVE"), by_status("CREATING", name="other")),
    )
    async with tables:
        await tables.add_index(Order, "by_status", table_name="other")
    assert operations(fake) == ["DescribeTable", "UpdateTable"] + ["DescribeTable"] * 3
    assert {payload["TableName"] for _, payload in fake.requests} == {"other"}
    (update,) = fake.requests[1][1]["GlobalSecondaryIndexUpdates"]
    assert update["Create"]["IndexName"] == "by_status"


async def test_adding_an_index_that_is_there_only_waits() -> None:
    fake, tables = faked(
        orders_table(by_status("CREATING")), orders_table(by_status("CREATING")), orders_table(by_status())
    )
    async with tables:
        await tables.add_index(Order, "by_status")
    assert operations(fake) == ["DescribeTable"] * 3


async def test_changing_indexes_without_waiting_ends_with_the_change() -> None:
    fake, tables = faked(orders_table(), {}, {})
    async with tables:
        await tables.add_index(Order, "by_status", wait=False)
        await tables.remove_index("by_status", wait=False)
    assert operations(fake) == ["DescribeTable", "UpdateTable", "UpdateTable"]


async def test_an_index_that_does_not_go_with_the_table_is_not_added() -> None:
    for reply, what in (
        (orders_table(sort_key="number"), "table key"),
        (orders_table(by_status("ACTIVE", "gsi1pk")), "index by_status"),
    ):
        fake, tables = faked(reply)
        async with tables:
            with pytest.raises(TableMismatchError) as caught:
                await tables.add_index(Order, "by_status")
        assert [found.what for found in caught.value.differences] == [what]
        assert operations(fake) == ["DescribeTable"]


async def test_an_index_that_the_model_lacks_is_refused_without_a_request() -> None:
    fake, tables = faked()
    async with tables:
        with pytest.raises(InvalidRequestError, match="by_status"):
            await tables.add_index(Order, "by_colour")
    assert fake.requests == []


async def test_removing_an_index_waits_until_it_is_gone() -> None:
    other = by_status(name="other")
    fake, tables = faked(
        {},
        orders_table(by_status(), other),
        orders_table(by_status("DELETING"), other),
        orders_table(other),
    )
    async with tables:
        await tables.remove_index("by_status", "shop")
    assert operations(fake) == ["UpdateTable"] + ["DescribeTable"] * 3
    assert {payload["TableName"] for _, payload in fake.requests} == {"shop"}


async def test_a_table_as_declared_has_no_differences() -> None:
    fake, tables = faked(orders_table(by_status()), NO_TTL, orders_table(by_status()), NO_TTL)
    async with tables:
        assert await tables.diff(Order) == ()
        await tables.verify(Order)
    assert operations(fake) == ["DescribeTable", "DescribeTimeToLive"] * 2


async def test_differences_of_a_table_are_those_of_keys_indexes_expiry_and_billing() -> None:
    provisioned = CONFIG.model_copy(update={"read_capacity": 1, "write_capacity": 1})
    fake, tables = faked(
        orders_table(by_status(name="other"), sort_key="number"), expiry("gone_at"), config=provisioned
    )
    async with tables:
        found = await tables.diff(Order, table_name="shop")
    assert [(difference.kind, difference.what) for difference in found] == [
        ("different", "table key"),
        ("missing", "index by_status"),
        ("unexpected", "index other"),
        ("unexpected", "ttl"),
        ("different", "billing"),
    ]
    assert {payload["TableName"] for _, payload in fake.requests} == {"shop"}


async def test_verifying_refuses_what_is_missing_or_different_and_nothing_else() -> None:
    indexes = by_status("ACTIVE", "gsi1pk"), by_status(name="other")
    _, tables = faked(orders_table(*indexes), expiry("gone_at"))
    async with tables:
        with pytest.raises(TableMismatchError) as caught:
            await tables.verify(Order)
    error = caught.value
    assert error.differences == (
        TableDifference("different", "index by_status", "sort key placed_at (S)", "none"),
    )
    assert str(error) == (
        "the table is not as the models declare it: "
        "index by_status: declared with sort key placed_at (S), the table has none [table=app]"
    )
    assert pickle.loads(pickle.dumps(error)).differences == error.differences  # noqa: S301


async def test_verifying_permits_what_no_model_declares() -> None:
    _, tables = faked(orders_table(by_status(), by_status(name="other")), expiry("gone_at"))
    async with tables:
        await tables.verify(Order)


async def test_a_table_that_is_not_there_cannot_be_compared() -> None:
    for call in (TableAdmin.diff, TableAdmin.verify):
        _, tables = faked(NOT_FOUND)
        async with tables:
            with pytest.raises(TableNotFoundError):
                await call(tables, Order)
