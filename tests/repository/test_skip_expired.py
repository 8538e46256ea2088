"""Items that have expired and are still there: left out where that is asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConnection,
    GlobalIndex,
    InvalidCursorError,
    InvalidRequestError,
    LocalIndex,
    SortKeyCondition,
    attr,
)
from dynarepo._codec import bind
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import User
from tests.pages.paged_table import PagedTable

PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE: Final = datetime(2100, 1, 1, tzinfo=UTC)


class Session(BaseModel):
    user: str
    number: int
    name: str = "n"
    expires: datetime | None = Field(default=None, serialization_alias="x")

    class Meta:
        partition_key = "user"
        sort_key = "number"
        ttl = "expires"
        gsis = (
            GlobalIndex("by_name", "name", "number"),
            GlobalIndex("keys", "name", "number", projection="KEYS_ONLY"),
            GlobalIndex("by_expiry", "name", "expires"),
        )
        lsis = (LocalIndex("local", "name", projection="KEYS_ONLY"),)


class Name(BaseModel):
    name: str


Sessions = AsyncDynamoDBRepository[Session]

SESSIONS: Final = [Session(user="u", number=n, expires=(None, PAST, FUTURE)[n % 3]) for n in range(9)]
LIVE: Final = [session for session in SESSIONS if session.expires != PAST]
KEYS: Final = [("u", n) for n in range(9)]


@pytest.fixture
async def sessions(connection: DynamoDBConnection) -> Sessions:
    await connection.table_admin().create_table(Session)
    sessions = connection.repository(Session)
    await sessions.batch_write(SESSIONS)
    return sessions


def or_none(found: list[Session]) -> list[Session | None]:
    """Give `None` in place of what has expired."""
    return [session if session in LIVE else None for session in found]


async def test_reads_by_key_give_none_for_what_has_expired(sessions: Sessions) -> None:
    expected = or_none(SESSIONS)
    assert [await sessions.get_one(*key, skip_expired=True) for key in KEYS] == expected
    assert await sessions.batch_get(KEYS, skip_expired=True) == expected
    assert await sessions.transact_get(KEYS, skip_expired=True) == expected


async def test_reads_by_key_give_what_has_expired_unless_asked(sessions: Sessions) -> None:
    assert [await sessions.get_one(*key) for key in KEYS] == SESSIONS
    assert await sessions.batch_get(KEYS) == await sessions.transact_get(KEYS) == SESSIONS


async def test_a_view_need_not_have_the_expiry_time(sessions: Sessions) -> None:
    assert await sessions.get_one(*KEYS[1], view=Name, skip_expired=True) is None
    assert await sessions.get_one(*KEYS[2], view=Name, skip_expired=True) == Name(name="n")
    found = await sessions.batch_get(KEYS, view=Name, skip_expired=True)
    assert [name is None for name in found] == [session is None for session in or_none(SESSIONS)]
    page = await sessions.query_by_pk("u", view=Name, skip_expired=True)
    assert page.items == [Name(name="n")] * len(LIVE)


@pytest.mark.parametrize("page_size", [None, 1, 4])
async def test_listings_leave_out_what_has_expired(sessions: Sessions, page_size: int | None) -> None:
    options: dict[str, Any] = {"skip_expired": True, "page_size": page_size}
    later = SortKeyCondition.gt(3)
    assert [session async for session in sessions.iter_query_items("u", **options)] == LIVE
    assert [session async for session in sessions.iter_query_items("u", later, **options)] == LIVE[3:]
    pages = [page async for page in sessions.iter_query("u", **options)]
    assert sum(page.scanned_count for page in pages) == len(SESSIONS)
    scanned = [session async for session in sessions.iter_scan_items(segments=2, **options)]
    assert sorted(scanned, key=lambda session: session.number) == LIVE
    limited = await sessions.query_by_pk("u", limit=4, **options)
    assert limited.items == LIVE[:4]
    assert (await sessions.query_by_pk("u", cursor=limited.cursor, skip_expired=True)).items == LIVE[4:]


@pytest.mark.parametrize("options", [{"index": "by_name"}, {"index": "keys", "hydrate": True}], ids=str)
async def test_an_index_leaves_out_what_has_expired(sessions: Sessions, options: Any) -> None:
    page = await sessions.query_by_pk("n", skip_expired=True, limit=4, **options)
    assert page.items == LIVE[:4]
    rest = await sessions.query_by_pk("n", skip_expired=True, cursor=page.cursor, **options)
    assert rest.items == LIVE[4:]
    assert (await sessions.query_by_pk("n", **options)).items == SESSIONS


async def test_an_index_in_the_order_of_expiry_is_asked_by_its_sort_key(sessions: Sessions) -> None:
    with pytest.raises(InvalidRequestError, match="state it in the sort key condition"):
        await sessions.query_by_pk("n", index="by_expiry", skip_expired=True)
    later = SortKeyCondition.gt(datetime(2030, 1, 1, tzinfo=UTC))
    page = await sessions.query_by_pk_and_sk("n", later, index="by_expiry")
    assert {session.expires for session in page.items} == {FUTURE}


async def test_a_condition_holds_beside_it(sessions: Sessions) -> None:
    where = attr("name").eq("other") | attr("name").eq("n")
    assert (await sessions.query_by_pk("u", where=where, skip_expired=True)).items == LIVE
    nobody = attr("name").eq("other")
    assert (await sessions.query_by_pk("u", where=nobody, skip_expired=True)).items == []


async def test_counts_leave_out_what_has_expired(sessions: Sessions) -> None:
    assert await sessions.count("u") == len(SESSIONS)
    assert await sessions.count("u", skip_expired=True) == len(LIVE)
    assert await sessions.count("u", SortKeyCondition.ne(0), skip_expired=True) == len(LIVE) - 1
    assert await sessions.count("n", index="by_name", skip_expired=True) == len(LIVE)
    with pytest.raises(InvalidRequestError, match=r"index keys does not hold what Session needs \(x\)"):
        await sessions.count("n", index="keys", skip_expired=True)


class Kept(BaseModel):
    """Where no expiry time is stored as NULL, which is no time either."""

    user: str
    number: int
    expires: datetime | None

    class Meta:
        partition_key = "user"
        sort_key = "number"
        ttl = "expires"


async def test_an_item_whose_expiry_time_is_null_never_expires(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(Kept)
    kept = connection.repository(Kept)
    item = Kept(user="u", number=1, expires=None)
    await kept.save(item)
    assert await kept.get_one("u", 1, skip_expired=True) == item
    assert (await kept.query_by_pk("u", skip_expired=True)).items == [item]
    assert await kept.count("u", skip_expired=True) == 1


async def test_an_item_expires_between_two_pages_and_the_cursor_stays_good(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"limit": 2, "skip_expired": True}
    first = await sessions.query_by_pk("u", **options)
    assert first.items == LIVE[:2]
    monkeypatch.setattr(time, "time", lambda: datetime(2101, 1, 1, tzinfo=UTC).timestamp())
    second = await sessions.query_by_pk("u", cursor=first.cursor, **options)
    assert [session.expires for session in second.items] == [None, None]


async def test_a_cursor_is_not_good_for_a_listing_with_other_items(sessions: Sessions) -> None:
    page = await sessions.query_by_pk("u", limit=2, skip_expired=True)
    with pytest.raises(InvalidCursorError):
        await sessions.query_by_pk("u", cursor=page.cursor)


async def test_a_local_index_that_cannot_filter_gives_what_has_expired_to_be_left_out() -> None:
    items = [bind(Session).encode(session) for session in SESSIONS]
    fake = FakeTransport.answering(PagedTable(items, ("name", "user", "number")))
    options: dict[str, Any] = {"index": "local", "skip_expired": True}
    async with on_fake(fake, Session) as sessions:
        page = await sessions.query_by_pk("u", limit=4, **options)
        rest = await sessions.query_by_pk("u", cursor=page.cursor, **options)
        names = await sessions.query_by_pk("u", view=Name, **options)
        with pytest.raises(InvalidRequestError, match=r"index local does not hold what Session needs \(x\)"):
            await sessions.count("u", **options)
    assert (page.items, rest.items) == (LIVE[:4], LIVE[4:])
    assert names.items == [Name(name="n")] * len(LIVE)
    assert "FilterExpression" not in str(fake.requests)


# The moment of expiry


def at(now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock."""
    monkeypatch.setattr(time, "time", lambda: now)


def item(expires: str | None) -> Payload:
    """Store a session that expires then."""
    known = {"user": {"S": "u"}, "number": {"N": "1"}}
    return known if expires is None else {**known, "x": {"N": expires}}


@pytest.mark.parametrize(
    ("expires", "is_found"),
    [("999", False), ("1000", False), ("1001", True), ("1000.5", True), (None, True)],
)
async def test_an_item_is_there_until_its_second(
    expires: str | None, is_found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(1000.9, monkeypatch)
    stored = item(expires)
    fake = FakeTransport(
        {"Item": stored},
        {"Responses": {"app": [stored]}, "UnprocessedKeys": {}},
        {"Responses": [{"Item": stored}]},
    )
    async with on_fake(fake, Session) as sessions:
        found = [
            await sessions.get_one("u", 1, view=Name, skip_expired=True),
            *await sessions.batch_get([("u", 1)], view=Name, skip_expired=True),
            *await sessions.transact_get([("u", 1)], view=Name, skip_expired=True),
        ]
    assert found == [Name(name="n") if is_found else None] * 3


async def test_skipping_is_refused_before_anything_is_sent_where_nothing_expires() -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        for call in (
            users.get_one("p", "s", skip_expired=True),
            users.batch_get([("p", "s")], skip_expired=True),
            users.transact_get([("p", "s")], skip_expired=True),
            users.query_by_pk("p", skip_expired=True),
            users.query_by_pk_and_sk("p", SortKeyCondition.gt("s"), skip_expired=True),
            users.scan(skip_expired=True),
            users.count("p", skip_expired=True),
        ):
            with pytest.raises(InvalidRequestError, match="User declares no ttl"):
                await call
        for make in (users.iter_scan, users.iter_scan_items):
            with pytest.raises(InvalidRequestError, match="User declares no ttl"):
                make(skip_expired=True)
        for ask in (users.iter_query, users.iter_query_items):
            with pytest.raises(InvalidRequestError, match="User declares no ttl"):
                ask("p", skip_expired=True)
    assert fake.requests == []
