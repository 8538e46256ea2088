"""Storage is in UTC; reads are in the time zone of the options, else of the configuration, else in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from dynarepo import DynamoDBConfig, DynamoDBConnection

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Visit(BaseModel):
    visit_id: str
    at: datetime
    seen: datetime | None = None
    kind: Literal["VISIT"] = "VISIT"

    class Meta:
        partition_key = "visit_id"
        updated_at = "seen"
        discriminator = "kind"


class VisitTime(BaseModel):
    at: datetime


async def test_an_option_decides_for_its_copy_alone(connection: DynamoDBConnection) -> None:
    visits = connection.repository(Visit, table_name="visits")
    await connection.table_admin().create_table(Visit, table_name="visits")
    await visits.save(Visit(visit_id="a", at=NOON))
    local = visits.with_options(user_timezone="Europe/Berlin")
    read = [
        await local.get_one("a"),
        *await local.batch_get(["a"]),
        *await local.transact_get(["a"]),
        *(await local.query_by_pk("a")).items,
        *(await local.scan(view=VisitTime)).items,
        await local.update("a", changes={"at": NOON}),
    ]
    assert [each.at.tzinfo for each in read if each] == [BERLIN] * 6
    assert [each.at for each in read if each] == [NOON] * 6
    plain = await visits.get_one("a")
    assert plain is not None
    assert plain.at.tzinfo is UTC


async def test_a_write_gives_its_time_in_the_zone(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Visit, table_name="timed-visits")
    visits = connection.repository(Visit, table_name="timed-visits").with_options(
        user_timezone="Europe/Berlin"
    )
    saved = await visits.save(Visit(visit_id="a", at=NOON))
    assert saved.seen is not None
    assert saved.seen.tzinfo is BERLIN
    assert await visits.get_one("a") == saved


def test_the_environment_decides_without_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_USER_TIMEZONE", "Europe/Berlin")
    assert DynamoDBConfig().user_timezone == "Europe/Berlin"
    assert DynamoDBConfig(user_timezone="Asia/Tokyo").zone == ZoneInfo("Asia/Tokyo")
    assert DynamoDBConfig(user_timezone="UTC").zone is None


def test_without_either_the_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DYNAMODB_USER_TIMEZONE", raising=False)
    assert DynamoDBConfig().zone is None


@pytest.mark.parametrize("name", ["Nowhere/City", "", "../../etc/passwd", "CEST+2"])
def test_an_unknown_zone_is_refused_by_field(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=r"user_timezone\n.*IANA name"):
        DynamoDBConfig(user_timezone=name)
    monkeypatch.setenv("DYNAMODB_USER_TIMEZONE", "Nowhere/City")
    with pytest.raises(ValidationError, match="user_timezone"):
        DynamoDBConfig()
