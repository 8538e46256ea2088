"""Queries of any shape, resumed after any page, read exactly what the oracle does, in its order."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dynarepo import GlobalIndex, LocalIndex, SortKeyCondition, attr
from integration.behaviour.stores import Stores


class Cell(BaseModel):
    sheet: str
    row: int
    colour: str
    weight: int
    visible: bool

    class Meta:
        partition_key = "sheet"
        sort_key = "row"
        gsis = (GlobalIndex("by_colour", partition_key="colour", sort_key="weight"),)
        lsis = (LocalIndex("by_weight", sort_key="weight"),)


OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "le": le,
    "gt": gt,
    "ge": ge,
}
cells = st.lists(
    st.tuples(st.integers(-6, 6), st.integers(-2, 2), st.booleans()),
    max_size=13,
    unique_by=lambda cell: cell[0],
)
sizes = st.none() | st.integers(1, 6)
listings = st.fixed_dictionaries(
    {
        "index": st.sampled_from([None, "by_colour", "by_weight"]),
        "operator": st.none() | st.sampled_from(sorted(OPERATORS)),
        "value": st.integers(-3, 3),
        "filtered": st.booleans(),
        "descending": st.booleans(),
        "limit": sizes,
        "page_size": sizes,
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cells, st.lists(listings, min_size=3, max_size=3))
async def test_every_page_begins_where_the_last_one_ended_rq115_rq116_rq117_ri143(
    stores: Stores, drawn: list[tuple[int, int, bool]], wanted: list[dict[str, Any]]
) -> None:
    repository = await stores.of(Cell)
    sheet = secrets.token_hex(8)
    written = [
        Cell(sheet=sheet, row=row, colour=sheet, weight=weight, visible=visible)
        for row, weight, visible in drawn
    ]
    await repository.batch_write(written)
    for listing in wanted:
        found = await _read(repository, sheet, **listing)
        expected = [cell for cell in written if _is_wanted(cell, **listing)]
        assert sorted(found, key=_row) == sorted(expected, key=_row), listing
        order = [_sort_key(cell, listing["index"]) for cell in found]
        assert order == sorted(order, reverse=listing["descending"]), listing


async def _read(
    repository: Any,
    sheet: str,
    *,
    operator: str | None,
    value: int,
    filtered: bool,
    limit: int | None,
    **options: Any,
) -> list[Cell]:
    if filtered:
        options["where"] = attr("visible").eq(True)
    found: list[Cell] = []
    cursor = None
    while True:
        options |= {"limit": limit, "cursor": cursor}
        if operator is None:
            page = await repository.query_by_pk(sheet, **options)
        else:
            condition = getattr(SortKeyCondition, operator)(value)
            page = await repository.query_by_pk_and_sk(sheet, condition, **options)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
        assert limit is None or page.count == limit


def _is_wanted(
    cell: Cell, *, index: str | None, operator: str | None, value: int, filtered: bool, **_: Any
) -> bool:
    selected = operator is None or OPERATORS[operator](_sort_key(cell, index), value)
    return selected and (cell.visible or not filtered)


def _sort_key(cell: Cell, index: str | None) -> int:
    return cell.row if index is None else cell.weight


def _row(cell: Cell) -> int:
    return cell.row
