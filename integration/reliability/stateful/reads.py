"""Reads: what each gives of a dict, and how it is called. None changes anything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from dynarepo import Condition, SortKeyCondition, attr
from integration.reliability.stateful.desk import Desk, Foreseen
from integration.reliability.stateful.documents import (
    INDEX,
    Key,
    Shelved,
    State,
    Title,
    Where,
    is_expired,
)
from integration.reliability.stateful.writes import condition

__all__ = ["Count", "Get", "OfIndex", "Pages", "Ping", "Query", "Range", "Scan"]


def _shown(item: Shelved | None, *, skips_expired: bool = False, is_view: bool = False) -> Any:
    if item is None or (skips_expired and is_expired(item)):
        return None
    return Title(number=item.number, mark=item.mark, tags=item.tags) if is_view else item


def _view(is_view: bool) -> dict[str, Any]:
    return {"view": Title} if is_view else {}


@dataclass(frozen=True)
class Get:
    """Reads items by key, one or several."""

    keys: Sequence[Key]
    how: str
    skips_expired: bool
    is_view: bool

    def foresee(self, state: State) -> Foreseen:
        """Give them."""
        found = [
            _shown(state.get(key), skips_expired=self.skips_expired, is_view=self.is_view)
            for key in self.keys
        ]
        return Foreseen(state, found)

    async def call(self, desk: Desk, state: State) -> object:
        """Read them."""
        options: dict[str, Any] = {"skip_expired": self.skips_expired, **_view(self.is_view)}
        keys = [desk.key(key) for key in self.keys]
        match self.how:
            case "get_one":
                return desk.bare_all([await desk.repository.get_one(*keys[0], consistent=True, **options)])
            case "batch_get":
                return desk.bare_all(await desk.repository.batch_get(keys, consistent=True, **options))
        return desk.bare_all(await desk.repository.transact_get(keys, **options))


@dataclass(frozen=True)
class Range:
    """What is read of a shelf: a condition on the sort key, and on the items."""

    shelf: str
    operator: str | None
    low: int
    high: int
    where: Where | None
    descending: bool
    skips_expired: bool

    def of(self, state: State) -> list[Shelved]:
        """Give the items, in order."""
        found = [item for (shelf, number), item in state.items() if shelf == self.shelf and self._has(number)]
        found = [item for item in found if self.where is None or self.where.holds(item)]
        found = [item for item in found if not (self.skips_expired and is_expired(item))]
        return sorted(found, key=lambda item: item.number, reverse=self.descending)

    def options(self) -> dict[str, Any]:
        """Give the options of a query."""
        return {
            "where": condition(self.where),
            "descending": self.descending,
            "skip_expired": self.skips_expired,
            "consistent": True,
        }

    def sort_key(self) -> SortKeyCondition | None:
        """Say the condition on the sort key in the words of the library."""
        if self.operator is None:
            return None
        if self.operator == "between":
            return SortKeyCondition.between(self.low, self.high)
        operators: Mapping[str, Callable[[object], SortKeyCondition]] = {
            "eq": SortKeyCondition.eq,
            "ne": SortKeyCondition.ne,
            "lt": SortKeyCondition.lt,
            "le": SortKeyCondition.le,
            "gt": SortKeyCondition.gt,
            "ge": SortKeyCondition.ge,
        }
        return operators[self.operator](self.low)

    def _has(self, number: int) -> bool:
        return self.operator is None or _OPERATORS[self.operator](self, number)


_OPERATORS: Final[Mapping[str, Callable[[Range, int], bool]]] = {
    "eq": lambda asked, number: number == asked.low,
    "ne": lambda asked, number: number != asked.low,
    "lt": lambda asked, number: number < asked.low,
    "le": lambda asked, number: number <= asked.low,
    "gt": lambda asked, number: number > asked.low,
    "ge": lambda asked, number: number >= asked.low,
    "between": lambda asked, number: asked.low <= number <= asked.high,
}


@dataclass(frozen=True)
class Query:
    """Reads a range in portions, each by the cursor or the key where the one before ended."""

    range: Range
    limit: int
    page_size: int | None
    by_cursor: bool
    is_view: bool

    def foresee(self, state: State) -> Foreseen:
        """Give the portions; all but the last have so many items as were asked for."""
        found = [_shown(item, is_view=self.is_view) for item in self.range.of(state)]
        return Foreseen(state, [found[at : at + self.limit] for at in range(0, len(found), self.limit)])

    async def call(self, desk: Desk, state: State) -> object:
        """Read it all."""
        portions: list[Any] = []
        options = {"limit": self.limit, "page_size": self.page_size, **_view(self.is_view)}
        options |= self.range.options()
        shelf, sort_key = desk.prefix + self.range.shelf, self.range.sort_key()
        while True:
            if sort_key is None:
                page = await desk.repository.query_by_pk(shelf, **options)
            else:
                page = await desk.repository.query_by_pk_and_sk(shelf, sort_key, **options)
            assert (page.cursor is None) is (page.last_evaluated_key is None)
            assert page.cursor is None or page.count == len(page.items) == self.limit
            portions += [desk.bare_all(page.items)] if page.items else []
            if page.cursor is None:
                return portions
            name = "cursor" if self.by_cursor else "last_evaluated_key"
            options[name] = page.cursor if self.by_cursor else page.last_evaluated_key


@dataclass(frozen=True)
class Pages:
    """Reads a range page by page or item by item, leaves it early, and reads the rest by the cursor."""

    range: Range
    page_size: int
    leaves_after: int
    by_item: bool

    def foresee(self, state: State) -> Foreseen:
        """Give the items."""
        found = self.range.of(state)
        return Foreseen(state, found[: self.leaves_after] if self.by_item else found)

    async def call(self, desk: Desk, state: State) -> object:
        """Read them."""
        shelf, sort_key = desk.prefix + self.range.shelf, self.range.sort_key()
        options = {"page_size": self.page_size, **self.range.options()}
        if self.by_item:
            items = desk.repository.iter_query_items(shelf, sort_key, **options)
            return desk.bare_all(await _first(items, self.leaves_after))
        pages = await _first(desk.repository.iter_query(shelf, sort_key, **options), self.leaves_after)
        cursor = pages[-1].cursor if pages else None
        if cursor is not None:
            rest = desk.repository.iter_query(shelf, sort_key, cursor=cursor, **options)
            pages += [page async for page in rest]
        return [item for page in pages for item in desk.bare_all(page.items)]


async def _first(found: AsyncGenerator[Any, None], number: int) -> list[Any]:
    taken: list[Any] = []
    async with aclosing(found):
        async for each in found:
            taken.append(each)
            if len(taken) == number:
                break
    return taken


@dataclass(frozen=True)
class Count:
    """Counts a range."""

    range: Range

    def foresee(self, state: State) -> Foreseen:
        """Count the items."""
        return Foreseen(state, len(self.range.of(state)))

    async def call(self, desk: Desk, state: State) -> object:
        """Count them."""
        options = self.range.options()
        del options["descending"]
        return await desk.repository.count(desk.prefix + self.range.shelf, self.range.sort_key(), **options)


@dataclass(frozen=True)
class Scan:
    """Reads everything, in no order."""

    how: str
    where: Where | None
    segments: int
    page_size: int | None

    def foresee(self, state: State) -> Foreseen:
        """Give the items."""
        found = [item for item in state.values() if self.where is None or self.where.holds(item)]
        return Foreseen(state, sorted(found, key=lambda item: item.key))

    async def call(self, desk: Desk, state: State) -> object:
        """Read them."""
        where = attr("shelf").begins_with(desk.prefix)
        where = where if self.where is None else where & self.where.condition()
        return sorted(await self._items(desk, where), key=lambda item: item.key)

    async def _items(self, desk: Desk, where: Condition) -> list[Shelved]:
        options: dict[str, Any] = {"where": where, "page_size": self.page_size, "consistent": True}
        match self.how:
            case "scan":
                return desk.bare_all((await desk.repository.scan(limit=1000, **options)).items)
            case "iter_scan_items":
                found = desk.repository.iter_scan_items(segments=self.segments, **options)
                return desk.bare_all([item async for item in found])
        pages = desk.repository.iter_scan(segments=self.segments, **options)
        return [item async for page in pages for item in desk.bare_all(page.items)]


@dataclass(frozen=True)
class OfIndex:
    """Reads the items of a kind by the index, whose order among equal numbers is open."""

    kind: str
    descending: bool
    limit: int

    def foresee(self, state: State) -> Foreseen:
        """Give the items."""
        found = [item for item in state.values() if item.kind == self.kind]
        return Foreseen(state, sorted(found, key=self._rank))

    async def call(self, desk: Desk, state: State) -> object:
        """Read them."""
        options: dict[str, Any] = {"index": INDEX, "limit": self.limit, "descending": self.descending}
        items, cursor = [], None
        while True:
            page = await desk.repository.query_by_pk(desk.prefix + self.kind, cursor=cursor, **options)
            items += desk.bare_all(page.items)
            if (cursor := page.cursor) is None:
                break
        numbers = [item.number for item in items]
        assert numbers == sorted(numbers, reverse=self.descending)
        return sorted(items, key=self._rank)

    def _rank(self, item: Shelved) -> tuple[int, str]:
        return item.number, item.shelf


@dataclass(frozen=True)
class Ping:
    """Asks whether the table is there."""

    def foresee(self, state: State) -> Foreseen:
        """Say that it is."""
        return Foreseen(state, True, (False,))

    async def call(self, desk: Desk, state: State) -> object:
        """Ask."""
        return await desk.repository.ping()
