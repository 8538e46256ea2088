"""Lists of entity tags, as RFC 9110 writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo.fastapi import etag
from dynarepo.fastapi._entity_tags import EntityTag, EntityTags, read_entity_tags

VERSIONS = st.integers(min_value=0, max_value=10**38 - 1)


@given(VERSIONS)
def test_a_version_comes_back_from_its_tag(version: int) -> None:
    read = read_entity_tags([etag(version)])
    assert read is not None
    assert [(tag.version, tag.is_weak) for tag in read.tags] == [(version, False)]


@given(st.lists(st.tuples(VERSIONS, st.booleans()), min_size=1), st.sampled_from([",", ", ", " ,\t", ",, "]))
def test_a_list_is_read_with_any_separator(tags: list[tuple[int, bool]], separator: str) -> None:
    read = read_entity_tags([separator.join("W/" * weak + etag(version) for version, weak in tags)])
    assert read is not None
    assert [(tag.version, tag.is_weak) for tag in read.tags] == tags


@pytest.mark.parametrize("lines", [["*"], [" *\t"]])
def test_a_star_is_any(lines: list[str]) -> None:
    assert read_entity_tags(lines) == EntityTags(is_any=True)


def test_several_lines_are_one_list() -> None:
    assert read_entity_tags(['"1"', 'W/"2"']) == EntityTags((EntityTag("1"), EntityTag("2", is_weak=True)))


def test_a_tag_may_hold_a_comma() -> None:
    assert read_entity_tags(['"a,b", "3"']) == EntityTags((EntityTag("a,b"), EntityTag("3")))


@pytest.mark.parametrize("opaque", ["", "03", "-1", "+1", "1.0", "x3", "3 ", "\xb3", "9" * 39])
def test_a_tag_that_etag_does_not_write_is_no_version(opaque: str) -> None:
    assert EntityTag(opaque).version is None


@pytest.mark.parametrize(
    "text",
    ["", ",", "3", '"3', '3"', "'3'", 'w/"3"', 'W/ "3"', '"3" "4"', '"3"; q=1', '*, "3"', '"a b"', '"3"\n'],
)
def test_what_is_no_list_of_tags_is_malformed(text: str) -> None:
    assert read_entity_tags([text]) is None
