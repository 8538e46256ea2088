"""Stored items that are broken in some places, as other programs and other versions leave them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from hypothesis import strategies as st

from dynarepo._wire import WireItem

__all__ = ["broken", "each_broken"]

_NUMBERS: Final = ["0", "-0", "+5", " 5", "5\n", "007", "1_0", "0.50", ".5", "5.", "1E2", "1e999", "NaN", "٣"]
_LONG: Final = ["9" * 19, "-" + "9" * 18, "9" * 39, "0." + "1" * 40]
_TIMES: Final = ["2026-01-31T12:00:00", "2026-01-31T12:00:00Z", "2026-01-31T12:00+02:00"]
_TEXTS: Final = [
    *_NUMBERS,
    *_LONG,
    *_TIMES,
    "0001-01-01T00:00+02:00",
    "",
    "x",
    "true",
    "\ud800",
    "!!",
    "eA==",
]
_TAGS: Final = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "X"]
_ODD: Final = [
    None,
    True,
    False,
    0,
    5,
    0.5,
    [],
    [5],
    ["x", "x"],
    {},
    {"S": "x"},
    {"S": "x", "N": "5"},
    "NULL",
]
_NULLS: Final = [{"NULL": True}, {"NULL": False}, {"NULL": 1}, {"NULL": True, "S": "x"}]
TEXTS: Final = st.sampled_from(_TEXTS)
TAGS: Final = st.sampled_from(_TAGS)
CONTENTS: Final = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(0, 5), st.just(0.5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(TAGS, inner, max_size=2),
        st.dictionaries(TEXTS, st.dictionaries(TAGS, inner, min_size=1, max_size=1), max_size=2),
    ),
    max_leaves=4,
)


@st.composite
def broken(draw: st.DrawFn, item: WireItem) -> WireItem:
    """Draw what an item becomes by up to three changes, wherever in it."""
    changed = copy.deepcopy(item)
    for _ in range(draw(st.integers(0, 3))):
        if not changed:
            break
        container, key = draw(st.sampled_from(list(_places(changed))))
        match draw(st.sampled_from(["replace", "rename", "remove", "add"])):
            case "replace":
                container[key] = draw(CONTENTS)
            case "rename" if isinstance(container, dict):
                container[draw(TAGS)] = container.pop(key)
            case "remove":
                del container[key]
            case _ if isinstance(container, dict):
                container[draw(TAGS)] = draw(CONTENTS)
    return changed


def each_broken(item: WireItem) -> Iterator[WireItem]:
    """Give what an item becomes by each of many single changes, at each place in it."""
    for number, (_, key) in enumerate(_places(item)):
        for content in (*_TEXTS, *_ODD, *_NULLS):
            changed, container = _copy(item, number)
            container[key] = content
            yield changed
        for tag in _TAGS:
            changed, container = _copy(item, number)
            if isinstance(container, dict):
                container[tag] = copy.deepcopy(container[key])
                yield changed
        changed, container = _copy(item, number)
        del container[key]
        yield changed


def _copy(item: WireItem, number: int) -> tuple[WireItem, Any]:
    changed = copy.deepcopy(item)
    container, _ = next(islice(_places(changed), number, None))
    return changed, container


def _places(container: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(container) if isinstance(container, dict) else range(len(container))
    for key in keys:
        yield container, key
        if isinstance(container[key], dict | list):
            yield from _places(container[key])
