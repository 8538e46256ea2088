"""Paths are parsed, never pasted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo._expressions import Path, attr, parse_path, show_path
from dynarepo.exceptions import InvalidRequestError
from tests.expressions.writing import written

#: Others are shown quoted, so that they make no lines of their own.
_PRINTABLE = st.characters(exclude_characters=".[]").filter(str.isprintable)
NAMES = st.text(_PRINTABLE, min_size=1, max_size=8)
PATHS = st.builds(
    lambda first, rest: (first, *rest), NAMES, st.lists(NAMES | st.integers(0, 999_999_999), max_size=5)
)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a[0]", ("a", 0)),
        ("a[1][22].b_c[3]", ("a", 1, 22, "b_c", 3)),
        ("größe", ("größe",)),
        ("two words", ("two words",)),
        ("a = :x OR b", ("a = :x OR b",)),
    ],
)
def test_a_path_is_names_and_indices(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "[0]",
        "a[]",
        "a[",
        "a]",
        "a[-1]",
        "a[x]",
        "a[0]b",
        "a.[0]",
        "a[1234567890]",
        "a" * 4097,
        None,
        5,
        ("a",),
    ],
)
def test_a_malformed_path_is_refused(text: Any) -> None:
    with pytest.raises(InvalidRequestError, match="path"):
        parse_path(text)


@given(PATHS)
def test_a_shown_path_reads_back(path: Path) -> None:
    assert parse_path(show_path(path)) == path


@pytest.mark.parametrize("name", ["a\nERROR forged", "\x1b[2J", "\u202eabc", "a\0", "a\u2028b", "x" * 70_000])
def test_a_shown_name_makes_no_line_of_its_own_and_has_an_end(name: str) -> None:
    shown = show_path(("prefs", name))
    assert shown.isprintable()
    assert len(shown) < 300


def test_further_steps_are_taken_as_they_are() -> None:
    assert attr("prefs", "a.b", "c[0]", 2).path == ("prefs", "a.b", "c[0]", 2)
    text, members = written(attr("prefs", "a.b", 2).exists())
    assert text == "attribute_exists(#n0.#n1[2])"
    assert members["ExpressionAttributeNames"] == {"#n0": "prefs", "#n1": "a.b"}


@pytest.mark.parametrize("step", ["", -1, True, 1.5, None, b"a", ("a",)])
def test_a_further_step_is_a_key_or_an_index(step: Any) -> None:
    with pytest.raises(InvalidRequestError, match="step of a path"):
        attr("a", step)
