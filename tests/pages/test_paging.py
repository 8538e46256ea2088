"""Whatever pages DynamoDB cuts, a listing gives every item once, in order, and can be resumed anywhere."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dynarepo import AsyncDynamoDBRepository, PaginationResult, SortKeyCondition, attr
from dynarepo._codec import bind
from dynarepo._expressions._sort_key import SortKeyOperator
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import FRAME_SCHEMA, Frame, Note, Reading, User
from tests.pages.paged_table import PagedTable

CHECKS: Final[dict[SortKeyOperator, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


@dataclass(frozen=True)
class Case:
    """Items of one sort key type, in their order, and the values that conditions compare with."""

    model: Any
    schema: Any
    names: tuple[str, str]
    items: tuple[Any, ...]
    value: Any
    upper: Any
    prefix: Any

    def sort_key(self, item: Any) -> Any:
        """Give what the item sorts by."""
        value = getattr(item, self.names[1])
        return value.encode() if isinstance(value, str) else value


def text_case() -> Case:
    keys = ["", "a", "a0", "ab", "b", "ba", "é", "語", "🂡"]
    items = tuple(User(pk="p", sk=key or "A", age=n % 3) for n, key in enumerate(keys))
    return Case(User, None, ("pk", "sk"), items, "ab", "é", "a")


def number_case() -> Case:
    keys = ["-1E10", "-9.5", "-9", "0", "0.001", "7", "10", "1E3", "2E20"]
    items = tuple(Reading(sensor="p", at=Decimal(key), level=n % 3) for n, key in enumerate(keys))
    return Case(Reading, None, ("sensor", "at"), items, Decimal("7.0"), Decimal(1000), None)


def binary_case() -> Case:
    keys = [b"\x00", b"\x00\x00", b"a", b"aa", b"b", b"b\xff", b"\x7f", b"\x80", b"\xff\xff"]
    items = tuple(Frame(film="p", digest=key, level=n % 3) for n, key in enumerate(keys))
    return Case(Frame, FRAME_SCHEMA, ("film", "digest"), items, b"b", b"\x80", b"a")


CASES: Final = {"S": text_case(), "N": number_case(), "B": binary_case()}


def conditions(case: Case) -> dict[str, tuple[SortKeyCondition | None, list[Any]]]:
    """Give every condition, by name, with what it must find."""

    def found(holds: Callable[[Any], bool]) -> list[Any]:
        return [item for item in case.items if holds(case.sort_key(item))]

    def plain(value: Any) -> Any:
        return value.encode() if isinstance(value, str) else value

    value, upper = plain(case.value), plain(case.upper)
    table: dict[str, tuple[SortKeyCondition | None, list[Any]]] = {"none": (None, list(case.items))}
    for name, check in CHECKS.items():
        condition = SortKeyCondition(operator=name, value=case.value)
        table[name] = (condition, [item for item in case.items if check(case.sort_key(item), value)])
    table["between"] = (
        SortKeyCondition.between(case.value, case.upper),
        found(lambda key: value <= key <= upper),
    )
    if case.prefix is not None:
        prefix = plain(case.prefix)
        table["begins_with"] = (
            SortKeyCondition.begins_with(case.prefix),
            found(lambda key: key.startswith(prefix)),
        )
    return table


EVERY_CONDITION: Final = [(tag, name) for tag, case in CASES.items() for name in conditions(case)]


def table_of(case: Case, **options: Any) -> FakeTransport:
    """Serve a case's items."""
    entity = bind(case.model, case.schema)
    items = [entity.encode(item) for item in case.items]
    return FakeTransport.answering(PagedTable(items, case.names, **options))


async def pages_by_cursor(
    repository: AsyncDynamoDBRepository[Any],
    condition: SortKeyCondition | None,
    *,
    by_key: bool,
    **options: Any,
) -> AsyncIterator[PaginationResult[Any]]:
    """Ask for one page after the other, each by what the one before gave."""
    position: dict[str, Any] = {}
    while True:
        if condition is None:
            page = await repository.query_by_pk("p", **options, **position)
        else:
            page = await repository.query_by_pk_and_sk("p", condition, **options, **position)
        yield page
        assert (page.cursor is None) == (page.last_evaluated_key is None)
        if page.cursor is None:
            return
        position = {"last_evaluated_key": page.last_evaluated_key} if by_key else {"cursor": page.cursor}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("tag", "name"), EVERY_CONDITION)
async def test_every_page_size_gives_the_same_items_in_the_same_order(
    tag: str, name: str, descending: bool
) -> None:
    case = CASES[tag]
    condition, expected = conditions(case)[name]
    expected = expected[::-1] if descending else expected
    async with on_fake(table_of(case), case.model, schema=case.schema) as repository:
        for page_size in (None, *range(1, len(case.items) + 2)):
            options: dict[str, Any] = {"page_size": page_size, "descending": descending}
            pages = [page async for page in repository.iter_query("p", condition, **options)]
            assert [item for page in pages for item in page.items] == expected
            assert all(page.scanned_count <= (page_size or 100) for page in pages)
            assert [item async for item in repository.iter_query_items("p", condition, **options)] == expected
            for by_key in (False, True):
                resumed = [
                    item
                    async for page in pages_by_cursor(repository, condition, by_key=by_key, **options)
                    for item in page.items
                ]
                assert resumed == expected
        assert await repository.count("p", condition) == len(expected)


#: How DynamoDB may cut: some places for each of the first pages, and then one after the other.
CUTS = st.lists(st.integers(1, 4), max_size=12).map(lambda cuts: [*cuts, *([5] * 200)])
SIZES = st.none() | st.integers(1, 6)
NUMBERS = st.integers(0, 2**31 - 1).map(lambda bits: {n for n in range(31) if bits >> n & 1})


@dataclass(frozen=True)
class Drawn:
    """A dataset with a way of reading it."""

    kept: list[int]
    ghosts: list[int]
    cuts: list[int]
    options: dict[str, Any]
    condition: SortKeyCondition | None
    is_filtered: bool
    is_exact: bool

    def level(self, number: int) -> int:
        """Say what the filter sees."""
        return number * 7 % 5

    @property
    def expected(self) -> list[int]:
        """Give what must be read, in order."""
        found = [
            number
            for number in sorted(self.kept)
            if (not self.is_filtered or self.level(number) >= 2)
            and (self.condition is None or number != self.condition.value)
        ]
        return found[::-1] if self.options["descending"] else found

    @property
    def fake(self) -> FakeTransport:
        """Serve it, with a fresh iterator of cuts."""
        entity = bind(Reading)

        def wire(number: int) -> Any:
            return entity.encode(Reading(sensor="p", at=Decimal(number), level=self.level(number)))

        table = PagedTable(
            map(wire, self.kept),
            ("sensor", "at"),
            cuts=chain(self.cuts, repeat(5)),
            ghosts=map(wire, self.ghosts),
            is_exact=self.is_exact,
        )
        return FakeTransport.answering(table)

    @property
    def arguments(self) -> dict[str, Any]:
        """Give the options of the listing."""
        return {**self.options, "where": attr("level").ge(2) if self.is_filtered else None}


DRAWN = st.builds(
    lambda kept, ghosts, cuts, page_size, descending, split, is_filtered, is_exact: Drawn(
        sorted(kept),
        sorted(ghosts - kept),
        cuts,
        {"page_size": page_size, "descending": descending},
        None if split is None else SortKeyCondition.ne(Decimal(split)),
        is_filtered,
        is_exact,
    ),
    NUMBERS,
    NUMBERS,
    CUTS,
    SIZES,
    st.booleans(),
    st.none() | st.integers(0, 30),
    st.booleans(),
    st.booleans(),
)


def numbers(pages: list[PaginationResult[Reading]]) -> list[int]:
    return [int(item.at) for page in pages for item in page.items]


@hypothesis_settings(max_examples=100, deadline=None)
@given(drawn=DRAWN)
async def test_any_cut_of_pages_gives_every_item_once_in_order(drawn: Drawn) -> None:
    async with on_fake(drawn.fake, Reading) as repository:
        pages = [page async for page in repository.iter_query("p", drawn.condition, **drawn.arguments)]
    assert numbers(pages) == drawn.expected
    assert all(page.count == len(page.items) for page in pages)
    assert sum(page.scanned_count for page in pages) >= len(drawn.expected)
    assert all(page.count <= (drawn.options["page_size"] or 100) for page in pages)


@hypothesis_settings(max_examples=100, deadline=None)
@given(drawn=DRAWN, by_key=st.booleans())
async def test_every_page_can_be_resumed_by_its_cursor_and_by_its_key(drawn: Drawn, by_key: bool) -> None:
    async with on_fake(drawn.fake, Reading) as repository:
        pages = [
            page
            async for page in pages_by_cursor(repository, drawn.condition, by_key=by_key, **drawn.arguments)
        ]
    assert numbers(pages) == drawn.expected


@hypothesis_settings(max_examples=100, deadline=None)
@given(drawn=DRAWN, limit=st.integers(1, 7), by_key=st.booleans())
async def test_a_limit_counts_what_is_returned_and_resumes_right_behind_it(
    drawn: Drawn, limit: int, by_key: bool
) -> None:
    arguments = {**drawn.arguments, "limit": limit}
    async with on_fake(drawn.fake, Reading) as repository:
        pages = [
            page async for page in pages_by_cursor(repository, drawn.condition, by_key=by_key, **arguments)
        ]
    assert numbers(pages) == drawn.expected
    assert {page.count for page in pages[:-1]} <= {limit}
    assert pages[-1].count <= limit
    for page in pages[:-1]:
        assert page.last_evaluated_key == {"sensor": "p", "at": page.items[-1].at}


@hypothesis_settings(max_examples=60, deadline=None)
@given(drawn=DRAWN, limit=st.integers(1, 7))
async def test_a_limited_iteration_ends_at_its_limit_and_its_last_cursor_goes_on(
    drawn: Drawn, limit: int
) -> None:
    async with on_fake(drawn.fake, Reading) as repository:
        arguments = drawn.arguments
        pages = [page async for page in repository.iter_query("p", drawn.condition, limit=limit, **arguments)]
        assert numbers(pages) == drawn.expected[:limit]
        if (cursor := pages[-1].cursor) is not None:
            rest = repository.iter_query("p", drawn.condition, cursor=cursor, **arguments)
            assert numbers([page async for page in rest]) == drawn.expected[limit:]
        else:
            assert len(drawn.expected) <= limit


NOTES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 99)),
    min_size=5,
    max_size=25,
    unique_by=lambda note: note[1:],
)


@hypothesis_settings(max_examples=80, deadline=None)
@given(notes=NOTES, cuts=CUTS, limit=st.integers(1, 5), page_size=SIZES, descending=st.booleans())
async def test_items_with_one_index_key_come_once_each(
    notes: list[tuple[int, str, int]], cuts: list[int], limit: int, page_size: int | None, descending: bool
) -> None:
    """The position in an index holds the table's key too; a limit cuts between equal index keys."""
    items = [Note(owner=owner, name=f"{name:02}", topic="t", rank=rank) for rank, owner, name in notes]
    ordered = sorted(items, key=lambda item: (item.rank, item.owner, item.name), reverse=descending)
    entity = bind(Note)
    table = PagedTable(
        map(entity.encode, items), ("topic", "rank", "owner", "name"), cuts=chain(cuts, repeat(5))
    )
    options: dict[str, Any] = {
        "index": "by_topic",
        "limit": limit,
        "page_size": page_size,
        "descending": descending,
        "where": attr("text").lt("x"),
    }
    async with on_fake(FakeTransport.answering(table), Note) as repository:
        found: list[Note] = []
        cursor: str | None = None
        while True:
            page = await repository.query_by_pk("t", cursor=cursor, **options)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                break
            assert page.count == limit
    assert found == ordered


@hypothesis_settings(max_examples=60, deadline=None)
@given(drawn=DRAWN, limit=st.none() | st.integers(1, 7))
async def test_a_scan_is_paged_in_the_same_way(drawn: Drawn, limit: int | None) -> None:
    where, page_size = drawn.arguments["where"], drawn.arguments["page_size"]
    expected = [n for n in sorted(drawn.kept) if not drawn.is_filtered or drawn.level(n) >= 2]
    async with on_fake(drawn.fake, Reading) as repository:
        pages, cursor = [], None
        while True:
            pages.append(await repository.scan(where=where, page_size=page_size, limit=limit, cursor=cursor))
            cursor = pages[-1].cursor
            if cursor is None:
                break
    assert numbers(pages) == expected
    assert {page.count for page in pages[:-1]} <= {limit} or limit is None


def fifty_empty_pages() -> FakeTransport:
    """Serve 50 pages with nothing on them, and one with an item."""
    wire = [bind(Reading).encode(Reading(sensor="p", at=Decimal(n))) for n in range(51)]
    table = PagedTable(wire[50:], ("sensor", "at"), cuts=repeat(1), ghosts=wire[:50])
    return FakeTransport.answering(table)


async def test_50_empty_pages_do_not_end_a_listing_rq113() -> None:
    async with on_fake(fifty_empty_pages(), Reading) as repository:
        pages = [page async for page in repository.iter_query("p")]
        assert [page.count for page in pages] == [0] * 50 + [1, 0]
        assert [item.at async for item in repository.iter_query_items("p")] == [50]
        assert [item.at async for item in repository.iter_scan_items()] == [50]
        assert [item.at for item in (await repository.query_by_pk("p", limit=1)).items] == [50]


async def test_a_last_key_on_the_last_page_is_one_more_request_and_then_the_end_rq114() -> None:
    case = text_case()
    fake = table_of(case)
    async with on_fake(fake, User) as repository:
        pages = [page async for page in repository.iter_query("p", page_size=len(case.items))]
    assert [page.count for page in pages] == [len(case.items), 0]
    assert (pages[-1].last_evaluated_key, pages[-1].cursor) == (None, None)
    assert len(fake.requests) == 2
