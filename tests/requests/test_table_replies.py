"""What replies about tables say."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo import UnexpectedResponseError
from dynarepo._requests._table_replies import (
    index_status,
    is_active,
    is_on_demand,
    read_table,
    read_table_names,
    read_ttl,
)


@pytest.mark.parametrize(
    ("status", "indexes", "active"),
    [
        ("ACTIVE", [], True),
        ("UPDATING", [], False),
        ("ACTIVE", ["ACTIVE", "ACTIVE"], True),
        ("ACTIVE", ["ACTIVE", "CREATING"], False),
        ("CREATING", ["ACTIVE"], False),
    ],
)
def test_a_table_is_active_together_with_its_indexes(status: str, indexes: list[str], active: bool) -> None:
    table = {
        "TableStatus": status,
        "GlobalSecondaryIndexes": [
            {"IndexName": f"index{i}", "IndexStatus": s} for i, s in enumerate(indexes)
        ],
    }
    assert is_active(table) is active


def test_an_index_has_the_state_of_its_own_entry() -> None:
    entries = [{"IndexName": "one", "IndexStatus": "ACTIVE"}, {"IndexName": "two", "IndexStatus": "CREATING"}]
    table = {"GlobalSecondaryIndexes": entries}
    assert [index_status(table, name) for name in ("one", "two", "three")] == ["ACTIVE", "CREATING", None]
    assert index_status({}, "one") is None


@pytest.mark.parametrize(
    ("table", "on_demand"),
    [
        ({"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}, True),
        ({"BillingModeSummary": {"BillingMode": "PROVISIONED"}}, False),
        ({"BillingModeSummary": None}, False),
        ({}, False),
    ],
)
def test_a_table_is_provisioned_unless_it_says_otherwise(table: dict[str, Any], on_demand: bool) -> None:
    assert is_on_demand(table) is on_demand


@pytest.mark.parametrize(
    ("status", "attribute"),
    [("ENABLED", "gone_at"), ("ENABLING", "gone_at"), ("DISABLING", None), ("DISABLED", None)],
)
def test_expiry_is_on_from_the_moment_it_is_being_enabled(status: str, attribute: str | None) -> None:
    description = {"TimeToLiveStatus": status, "AttributeName": "gone_at"}
    assert read_ttl({"TimeToLiveDescription": description}) == attribute


@pytest.mark.parametrize(
    ("read", "reply"),
    [
        (read_table, {}),
        (read_table, {"Table": None}),
        (read_table, {"Table": {"GlobalSecondaryIndexes": None}}),
        (read_table, {"Table": {"GlobalSecondaryIndexes": ["by_status"]}}),
        (read_table_names, {}),
        (read_table_names, {"TableNames": "app"}),
        (read_ttl, {}),
        (read_ttl, {"TimeToLiveDescription": "ENABLED"}),
        (read_ttl, {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}),
    ],
)
def test_a_reply_without_what_it_must_have_is_an_error(read: Any, reply: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError):
        read(reply)
