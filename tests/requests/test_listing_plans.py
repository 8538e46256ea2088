"""Queries and scans of what an index holds: which are refused, what is filtered, and how much travels."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo._expressions import SortKeyCondition as Sort
from dynarepo._expressions import attr
from dynarepo._requests import Listing, Reading, Target
from dynarepo._schema import GlobalIndex, LocalIndex
from dynarepo.exceptions import InvalidRequestError
from tests.key_models import User, target
from tests.requests.planning import query, scan

NOW = 1_800_000_000
#: What the service is to check of the expiry time.
LIVE = f"NOT x <= {NOW}"


class Ticket(BaseModel):
    owner: str
    number: int
    team: str = ""
    rank: int = 0
    title: str = Field(default="", serialization_alias="t")
    text: str = ""
    expires: int | None = Field(default=None, serialization_alias="x")

    class Meta:
        partition_key = "owner"
        sort_key = "number"
        ttl = "expires"
        gsis = (
            GlobalIndex("everything", "team", "rank"),
            GlobalIndex("keys", "team", "rank", projection="KEYS_ONLY"),
            GlobalIndex("titles", "team", projection=("title", "expires")),
            GlobalIndex("by-expiry", "team", "expires", projection="KEYS_ONLY"),
        )
        lsis = (LocalIndex("by-rank", "rank", projection="KEYS_ONLY"),)


class Marked(BaseModel):
    """Of a model with a discriminator, which an index of some fields holds, and one of keys does not."""

    owner: str
    team: str
    title: str = ""

    class Meta:
        partition_key = "owner"
        discriminator = ("kind", "MARKED")
        gsis = (
            GlobalIndex("keys", "team", projection="KEYS_ONLY"),
            GlobalIndex("titles", "team", projection=("title",)),
        )


class Keys(BaseModel):
    owner: str
    number: int
    team: str


class Titled(BaseModel):
    number: int
    title: str


class Owned(BaseModel):
    owner: str


TICKETS, MARKED = target(Ticket), target(Marked)
HELD_BY_KEYS = {"owner", "number", "team", "rank"}


def reading(
    view: type[BaseModel] | None = None,
    *,
    of: Target[Any] = TICKETS,
    skip_expired: bool = False,
    now: int = NOW,
) -> Reading[Any]:
    """Read tickets at a fixed time."""
    found = Reading.of(of.source, view, skip_expired=skip_expired)
    return Reading(found.source, found.reader, found.expiry, now)


def listed(by: str, **asked: Any) -> Listing:
    """Plan a query or a scan of tickets."""
    return query(TICKETS, "a", **asked) if by == "query" else scan(TICKETS, **asked)


def payload(listing: Listing) -> dict[str, Any]:
    return listing.request(0, None, None).payload


def shown(listing: Listing, member: str) -> str:
    """Give an expression with its placeholders filled in."""
    sent = payload(listing)
    text: str = sent[member]
    for placeholder, name in sorted(sent["ExpressionAttributeNames"].items(), reverse=True):
        text = text.replace(placeholder, name)
    for placeholder, value in sorted(sent.get("ExpressionAttributeValues", {}).items(), reverse=True):
        text = text.replace(placeholder, str(next(iter(value.values()))))
    return text


def projected(listing: Listing) -> set[str]:
    return set(shown(listing, "ProjectionExpression").split(", "))


# What an index holds


@pytest.mark.parametrize(
    ("index", "view", "lacking"),
    [
        ("keys", None, "t, text, x"),
        ("titles", None, "rank, text"),
        ("keys", Titled, "t"),
        ("by-expiry", Titled, "t"),
    ],
)
@pytest.mark.parametrize("by", ["query", "scan"])
def test_what_an_index_does_not_hold_is_named_with_the_ways_out(
    by: str, index: str, view: type[BaseModel] | None, lacking: str
) -> None:
    name = "Ticket" if view is None else "Titled"
    with pytest.raises(InvalidRequestError) as raised:
        listed(by, index=index, reading=reading(view))
    assert raised.value.message == (
        f"index {index} does not hold what {name} needs ({lacking}): "
        "read a view of what it holds, or with hydrate=True"
    )


@pytest.mark.parametrize(
    ("index", "view", "sent"),
    [
        ("keys", Keys, HELD_BY_KEYS),
        ("keys", Owned, HELD_BY_KEYS),
        ("titles", Titled, {"owner", "number", "team", "t"}),
        ("everything", Titled, HELD_BY_KEYS | {"t"}),
        (None, Titled, {"owner", "number", "t"}),
        # A local index fetches from the table what it does not hold.
        ("by-rank", Titled, {"owner", "number", "rank", "t"}),
    ],
)
def test_a_view_of_what_is_held_travels_with_the_keys_and_nothing_else(
    index: str | None, view: type[BaseModel], sent: set[str]
) -> None:
    for by in ("query", "scan"):
        listing = listed(by, index=index, reading=reading(view))
        assert projected(listing) == sent
        assert "Select" not in payload(listing)
        assert not listing.hydrates


def test_whole_models_come_from_an_index_that_holds_them_and_from_every_local_one() -> None:
    everything = payload(query(TICKETS, "a", index="everything"))
    assert {"ProjectionExpression", "Select"}.isdisjoint(everything)
    assert payload(query(TICKETS, "a", index="by-rank"))["Select"] == "ALL_ATTRIBUTES"


@pytest.mark.parametrize("by", ["query", "scan"])
@pytest.mark.parametrize(("view", "hydrate"), [(Owned, False), (None, True)])
@pytest.mark.parametrize(
    ("index", "field"),
    [("keys", "title"), ("keys", "expires"), ("titles", "rank"), ("by-rank", "text"), ("by-rank", "expires")],
)
def test_a_filter_on_what_an_index_does_not_hold_is_refused(
    index: str, field: str, view: type[BaseModel] | None, hydrate: bool, by: str
) -> None:
    """DynamoDB would find nothing there, without a word."""
    with pytest.raises(InvalidRequestError, match=f"{field}: the index does not hold it"):
        listed(by, index=index, reading=reading(view), hydrate=hydrate, where=attr(field).exists())


def test_a_filter_names_what_the_index_holds() -> None:
    listing = query(TICKETS, "a", index="titles", reading=reading(Titled), where=attr("title").eq("x"))
    assert shown(listing, "FilterExpression") == "t = x"
    listing = query(TICKETS, "a", index="keys", hydrate=True, where=attr("owner").eq("x"))
    assert shown(listing, "FilterExpression") == "owner = x"


# Hydrating


@pytest.mark.parametrize("view", [None, Titled])
@pytest.mark.parametrize("by", ["query", "scan"])
def test_what_is_read_from_the_table_is_listed_by_its_keys(by: str, view: type[BaseModel] | None) -> None:
    listing = listed(by, index="keys", reading=reading(view), hydrate=True)
    assert listing.hydrates
    assert projected(listing) == HELD_BY_KEYS


@pytest.mark.parametrize(
    ("index", "view"), [("everything", None), ("titles", Titled), ("keys", Keys), ("by-rank", None)]
)
def test_an_index_that_holds_enough_is_read_itself(index: str, view: type[BaseModel] | None) -> None:
    listing = query(TICKETS, "a", index=index, reading=reading(view), hydrate=True)
    assert not listing.hydrates
    plain = query(TICKETS, "a", index=index, reading=reading(view))
    assert payload(listing) == payload(plain)


def test_hydrating_needs_an_index() -> None:
    for by in ("query", "scan"):
        with pytest.raises(InvalidRequestError, match="give index="):
            listed(by, hydrate=True)


def test_keys_are_listed_in_the_order_asked_and_never_consistently() -> None:
    sent = payload(query(TICKETS, "a", Sort.gt(1), index="keys", hydrate=True, descending=True))
    assert sent["ScanIndexForward"] is False
    with pytest.raises(InvalidRequestError, match="cannot be read consistently"):
        query(TICKETS, "a", index="keys", hydrate=True, consistent=True)


def test_other_models_are_left_out_by_the_index_where_it_tells_them_apart() -> None:
    listing = query(MARKED, "a", index="titles", reading=reading(of=MARKED))
    assert shown(listing, "FilterExpression") == "kind = MARKED"
    listing = query(MARKED, "a", index="keys", reading=reading(of=MARKED), hydrate=True)
    assert (listing.hydrates, listing.sifts) == (True, False)
    assert "FilterExpression" not in payload(listing)
    with pytest.raises(InvalidRequestError, match=r"index keys does not hold what Owned needs \(kind\)"):
        query(MARKED, "a", index="keys", reading=reading(Owned, of=MARKED))


# Expired items


def test_expired_items_are_filtered_by_the_service() -> None:
    listing = query(TICKETS, "a", reading=reading(skip_expired=True))
    assert shown(listing, "FilterExpression") == LIVE
    listing = scan(TICKETS, reading=reading(skip_expired=True), where=attr("rank").gt(1) | attr("rank").eq(0))
    expected = f"{LIVE} AND (rank > 1 OR rank = 0)"
    assert shown(listing, "FilterExpression") == expected
    assert not query(TICKETS, "a").has_filter


def test_the_expiry_time_is_filtered_where_the_index_holds_it_and_else_looked_at_later() -> None:
    listing = query(TICKETS, "a", index="titles", reading=reading(Titled, skip_expired=True))
    assert shown(listing, "FilterExpression") == LIVE
    assert projected(listing) == {"owner", "number", "team", "t", "x"}
    listing = query(TICKETS, "a", index="keys", reading=reading(skip_expired=True), hydrate=True)
    assert (listing.hydrates, listing.sifts) == (True, False)
    assert "FilterExpression" not in payload(listing)
    with pytest.raises(InvalidRequestError, match=r"index keys does not hold what Owned needs \(x\): read"):
        query(TICKETS, "a", index="keys", reading=reading(Owned, skip_expired=True))


def test_a_local_index_fetches_the_expiry_time_to_be_looked_at_later() -> None:
    listing = query(TICKETS, "a", index="by-rank", reading=reading(Titled, skip_expired=True))
    assert projected(listing) == {"owner", "number", "rank", "t", "x"}
    assert (listing.hydrates, listing.sifts, listing.has_filter) == (False, True, True)
    assert "FilterExpression" not in payload(listing)


def test_an_index_in_the_order_of_expiry_is_asked_by_its_sort_key() -> None:
    with pytest.raises(InvalidRequestError, match="the expiry time is a key of the queried index"):
        query(TICKETS, "a", index="by-expiry", reading=reading(Owned, skip_expired=True))
    listing = scan(TICKETS, index="by-expiry", reading=reading(Owned, skip_expired=True))
    assert shown(listing, "FilterExpression") == LIVE


def test_counts_leave_out_expired_items_where_they_can_tell_them() -> None:
    listing = query(TICKETS, "a", reading=reading(skip_expired=True), counts=True)
    assert payload(listing)["Select"] == "COUNT"
    assert shown(listing, "FilterExpression") == LIVE
    assert query(TICKETS, "a", index="titles", reading=reading(skip_expired=True), counts=True).has_filter
    with pytest.raises(InvalidRequestError) as raised:
        query(TICKETS, "a", index="keys", reading=reading(skip_expired=True), counts=True)
    assert raised.value.message == "index keys does not hold what Ticket needs (x)"
    with pytest.raises(InvalidRequestError, match=r"index by-rank does not hold what Ticket needs \(x\)$"):
        query(TICKETS, "a", index="by-rank", reading=reading(skip_expired=True), counts=True)


def test_a_count_needs_no_fields() -> None:
    sent = payload(query(TICKETS, "a", index="keys", counts=True))
    assert sent["Select"] == "COUNT"
    assert "ProjectionExpression" not in sent
    with pytest.raises(InvalidRequestError, match=r"does not hold what Marked needs \(kind\)$"):
        query(MARKED, "a", index="keys", reading=reading(of=MARKED), counts=True)


# Cursors


def test_a_cursor_is_good_whatever_the_time_the_view_and_how_items_are_read() -> None:
    listings = [
        query(
            TICKETS, "a", index="titles", reading=reading(view, skip_expired=True, now=now), hydrate=hydrate
        )
        for now in (NOW, NOW + 1000)
        for view, hydrate in ((None, True), (Titled, False), (Titled, True), (Owned, False))
    ]
    assert {listing.hydrates for listing in listings} == {True, False}
    assert len({listing.fingerprint() for listing in listings}) == 1


def test_a_filter_on_the_time_itself_still_binds_a_cursor() -> None:
    listings = [
        query(TICKETS, "a", reading=reading(skip_expired=True, now=now), where=attr("expires").gt(value))
        for now, value in ((NOW, NOW), (NOW + 1, NOW), (NOW, NOW + 1))
    ]
    first, later, other = (listing.fingerprint() for listing in listings)
    assert first == later
    assert first != other


def test_a_cursor_is_good_for_the_same_items_only() -> None:
    listings = [
        query(TICKETS, "a"),
        query(TICKETS, "a", reading=reading(skip_expired=True)),
        query(TICKETS, "a", where=attr("rank").gt(1)),
        query(TICKETS, "a", where=attr("rank").gt(1), reading=reading(skip_expired=True)),
        query(TICKETS, "a", index="everything"),
        query(TICKETS, "a", index="everything", reading=reading(skip_expired=True)),
        query(TICKETS, "a", index="keys", hydrate=True),
        query(TICKETS, "a", index="by-rank"),
        scan(TICKETS),
        scan(TICKETS, reading=reading(skip_expired=True)),
        query(target(User), "a"),
    ]
    assert len({listing.fingerprint() for listing in listings}) == len(listings)
