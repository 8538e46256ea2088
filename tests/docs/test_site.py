"""The documentation site has every page and every public name."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import dynarepo
import dynarepo.fastapi
import dynarepo.pytest_plugin
import dynarepo.streams
import dynarepo.testing
from tests.docs.markdown import DECISIONS, GUIDES, ROOT
from tests.docs.test_links import relative_links

REFERENCE = sorted(ROOT.glob("docs/reference/*.md"))


def pages_of(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from pages_of(entry)


def test_the_navigation_has_every_page_once() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    pages = [str(page.relative_to(ROOT / "docs")) for page in (*GUIDES, *DECISIONS, *REFERENCE)]
    top = {"index.md", "guides.md", "changelog.md", "contributing.md", "security.md"}
    assert sorted(pages_of(nav)) == sorted({*pages, *top} - {"README.md"})


@pytest.mark.parametrize(
    "module",
    [dynarepo, dynarepo.fastapi, dynarepo.pytest_plugin, dynarepo.streams, dynarepo.testing],
    ids=lambda it: it.__name__,
)
def test_the_reference_has_every_public_name(module: ModuleType) -> None:
    shown = {name for page in REFERENCE for name in re.findall(r"^::: (\S+)", page.read_text(), re.MULTILINE)}
    if module.__name__ not in shown:
        names = set(module.__all__) - {"__version__"}
        assert {f"{module.__name__}.{name}" for name in names - set(dynarepo.exceptions.__all__)} <= shown


def test_what_guides_link_to_has_a_page_on_the_site(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ".ci/site_pages.py", str(tmp_path)], cwd=ROOT, check=True)
    pages = list(tmp_path.rglob("*.md"))
    assert tmp_path / "source" / "examples" / "fastapi_app.py.md" in pages
    for page in pages:
        for path, _ in relative_links(page.read_text()):
            assert not path or (page.parent / path).resolve().is_relative_to(tmp_path), (page, path)
            assert not path or (page.parent / path).exists(), (page, path)
