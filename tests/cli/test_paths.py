"""Paths as they are typed."""

from __future__ import annotations

import pytest

from dynarepo._expressions import Path
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._paths import path_of, paths_of


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name", ("name",)),
        ("a b-c,d:é", ("a b-c,d:é",)),
        ("authors[0].name", ("authors", 0, "name")),
        ("grid[1][20]", ("grid", 1, 20)),
        (r"v1\.2", ("v1.2",)),
        (r"a\[0\]", ("a[0]",)),
        (r"a\\.b", ("a\\", "b")),
        (r"\.", (".",)),
        ("0.1", ("0", "1")),
    ],
)
def test_a_path_has_steps(text: str, path: Path) -> None:
    assert path_of(text) == path


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[-1]", "a[x]", "a[0]b", "a\\", "a[1234567890]"],
)
def test_what_is_no_path_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(CommandError, match=r"^a name is such as authors\[0\]\.name") as caught:
        path_of(text)
    assert caught.value.code is Exit.USAGE


def test_paths_stand_between_commas() -> None:
    assert paths_of(r"a, b.c ,d\,e,f[0]") == [("a",), ("b", "c"), ("d,e",), ("f", 0)]


@pytest.mark.parametrize("text", ["a,a", "a.b,c,a", "a,a[0]", "a,a.b", "b[0],b[0].c"])
def test_paths_inside_each_other_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match="no name twice, and none inside another"):
        paths_of(text)


@pytest.mark.parametrize("text", ["a.b,a.c", "a[0],a[1]", "a,ab", "a[0],a.0"])
def test_paths_beside_each_other_are_not(text: str) -> None:
    assert len(paths_of(text)) == 2
