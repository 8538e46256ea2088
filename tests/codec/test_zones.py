"""Datetimes are stored in UTC and read in the time zone that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from dynarepo._codec import bind
from dynarepo.exceptions import InvalidItemError
from tests.codec import strategies

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Stop(BaseModel):
    at: datetime


class Trip(BaseModel):
    trip_id: str
    starts: AwareDatetime
    changed: datetime | None = None
    ends: datetime | None = None
    stops: list[Stop] = []
    times: dict[str, datetime] = {}
    seen: set[datetime] = set()

    class Meta:
        partition_key = "trip_id"
        ttl = "ends"
        updated_at = "changed"


class TripCard(BaseModel):
    starts: datetime
    stops: list[Stop]


TRIP = Trip(
    trip_id="a", starts=NOON, changed=NOON, ends=NOON, stops=[Stop(at=NOON)], times={"x": NOON}, seen={NOON}
)


def test_every_datetime_of_an_item_is_read_in_the_zone() -> None:
    trip = bind(Trip, None, BERLIN).decode(bind(Trip).encode(TRIP))
    found = [trip.starts, trip.changed, trip.ends, trip.stops[0].at, trip.times["x"], *trip.seen]
    assert found == [NOON] * 6
    assert all(each is not None and each.tzinfo is BERLIN and each.hour == 13 for each in found)


def test_the_zone_changes_nothing_of_what_is_stored() -> None:
    local = bind(Trip, None, BERLIN).decode(bind(Trip).encode(TRIP))
    assert bind(Trip, None, BERLIN).encode(local) == bind(Trip).encode(local) == bind(Trip).encode(TRIP)


def test_without_a_zone_datetimes_are_in_utc() -> None:
    assert bind(Trip).decode(bind(Trip).encode(TRIP)).starts.tzinfo is UTC


def test_a_view_is_read_in_the_zone() -> None:
    card = bind(Trip, None, BERLIN).view(TripCard).decode(bind(Trip).encode(TRIP))
    assert (card.starts.tzinfo, card.stops[0].at.tzinfo) == (BERLIN, BERLIN)


def test_a_time_that_a_write_sets_is_in_the_zone() -> None:
    stored = bind(Trip, None, BERLIN).to_store(TRIP)
    assert stored.changed is not None
    assert stored.changed.tzinfo is BERLIN


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_survives_the_zone_also_where_its_clock_goes_back(instant: datetime) -> None:
    wire = bind(Trip).encode(Trip(trip_id="a", starts=instant))
    local = bind(Trip, None, BERLIN).decode(wire)
    assert local.starts.astimezone(UTC) == instant
    assert bind(Trip, None, BERLIN).encode(local) == wire


def test_an_instant_that_has_no_local_time_is_refused_by_field() -> None:
    wire = bind(Trip).encode(Trip(trip_id="a", starts=datetime.max.replace(tzinfo=UTC)))
    with pytest.raises(InvalidItemError, match="starts"):
        bind(Trip, None, ZoneInfo("Asia/Tokyo")).decode(wire)


def test_two_zones_do_not_share_a_plan() -> None:
    wire = bind(Trip).encode(TRIP)
    hours = {zone: bind(Trip, None, ZoneInfo(zone)).decode(wire).starts.utcoffset() for zone in ZONES}
    assert hours == ZONES


ZONES = {"Europe/Berlin": timedelta(hours=1), "Asia/Tokyo": timedelta(hours=9), "Etc/UTC": timedelta(0)}


@given(strategies.datetimes.filter(lambda at: 1 < at.year < 9999))
def test_an_instant_is_stored_in_utc_with_all_microseconds(at: datetime) -> None:
    stored = bind(Trip).encode(Trip(trip_id="a", starts=at))["starts"]
    assert stored == {"S": f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"}
