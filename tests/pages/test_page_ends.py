"""Where a page ends: with the last item of a listing there is no cursor, and nothing is asked for in vain."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo import InvalidRequestError, SortKeyCondition, attr
from dynarepo._codec import bind
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import User
from tests.pages.paged_table import PagedTable

#: Two ranges of the key, before and behind it.
NOT_B = SortKeyCondition.ne("b")
NOTHING = attr("age").exists() & attr("age").not_exists()


def serving(keys: str) -> FakeTransport:
    """Serve items of these sort keys, with no last key where nothing follows."""
    items = [bind(User).encode(User(pk="p", sk=key)) for key in keys]
    return FakeTransport.answering(PagedTable(items, ("pk", "sk"), is_exact=True))


def keys(items: list[User]) -> str:
    return "".join(item.sk for item in items)


async def test_a_page_that_is_full_at_the_end_of_the_last_range_is_the_last() -> None:
    async with on_fake(serving("abc"), User) as users:
        page = await users.query_by_pk_and_sk("p", NOT_B, page_size=2)
    assert (keys(page.items), page.cursor, page.last_evaluated_key) == ("ac", None, None)


async def test_a_page_that_is_full_at_the_end_of_another_range_goes_on_in_the_next() -> None:
    async with on_fake(serving("abc"), User) as users:
        first = await users.query_by_pk_and_sk("p", NOT_B, page_size=1)
        last = await users.query_by_pk_and_sk("p", NOT_B, page_size=1, cursor=first.cursor)
    assert (keys(first.items), keys(last.items), last.cursor) == ("a", "c", None)


async def test_a_page_with_room_goes_on_into_the_next_range() -> None:
    fake = serving("abcd")
    async with on_fake(fake, User) as users:
        page = await users.query_by_pk_and_sk("p", NOT_B, page_size=5)
    assert (keys(page.items), page.cursor, page.scanned_count) == ("acd", None, 3)
    assert [payload["Limit"] for _, payload in fake.requests] == [5, 4]


async def test_a_limit_that_the_last_item_meets_leaves_no_cursor() -> None:
    async with on_fake(serving("abc"), User) as users:
        page = await users.query_by_pk("p", limit=3)
        fewer = await users.query_by_pk("p", limit=2)
    assert (keys(page.items), page.cursor) == ("abc", None)
    assert keys(fewer.items) == "ab"
    assert fewer.last_evaluated_key == {"pk": "p", "sk": "b"}


async def test_a_page_that_goes_on_has_the_key_where_dynamodb_stopped() -> None:
    async with on_fake(serving("abc"), User) as users:
        page = await users.query_by_pk("p", limit=2, where=attr("age").ge(0), page_size=2)
    assert page.last_evaluated_key == {"pk": "p", "sk": "b"}


async def test_what_nothing_can_meet_is_not_asked_for() -> None:
    fake = serving("abc")
    async with on_fake(fake, User) as users:
        assert await users.count("p", where=NOTHING) == 0
        assert (await users.query_by_pk("p", where=NOTHING)).items == []
    assert fake.requests == []


@pytest.mark.parametrize("name", ["page_size", "limit"])
async def test_a_size_that_is_none_is_refused_by_its_name(name: str) -> None:
    options: dict[str, Any] = {name: 0}
    async with on_fake(serving("a"), User) as users:
        with pytest.raises(InvalidRequestError, match=f"^{name} is a whole number"):
            await users.query_by_pk("p", **options)
