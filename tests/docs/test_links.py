"""Links between the project's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import DECISIONS, GUIDES, README, ROOT

PAGES = (README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *GUIDES, *DECISIONS)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def relative_links(text: str) -> Iterator[tuple[str, str]]:
    """Give path and anchor of each link that stays in the project."""
    without_code = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for path, anchor in relative_links(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("page", [*GUIDES, *DECISIONS], ids=name_of)
def test_every_page_can_be_reached_from_the_index(page: Path) -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / path).resolve() for path, _ in relative_links(index.read_text())}
    assert page in {index, *linked}


def test_links_in_code_are_none() -> None:
    text = "[a](b.md#c)\n`[d](e)`\n```\n[f](g)\n```\n[h](https://example.com)"
    assert list(relative_links(text)) == [("b.md", "c")]
