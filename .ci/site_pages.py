"""
Gather what the documentation site is built from: the guides, and each file that they link to.

    python3 .ci/site_pages.py build/site-pages

The guides are written to be read in the checkout, and link to files outside `docs/`. On the site, each of
these files has a page of its own below `source/`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")
#: What the site has at its top.
TOP = {
    "README.md": "index.md",
    "docs/README.md": "guides.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
LANGUAGES = {".py": "python", ".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}


class Pages:
    """The pages of the site, as Markdown files in a directory."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._written: set[Path] = set()

    def write_all(self) -> None:
        """Write the README and the guides, and what can be reached from them."""
        shutil.rmtree(self._target, ignore_errors=True)
        for source in (*(ROOT / name for name in TOP), *sorted(DOCS.rglob("*"))):
            if source.is_file():
                self._write(source)

    def _write(self, source: Path) -> Path:
        """Write the page of a file, once; give its path."""
        page = self._target / _place(source)
        if page in self._written:
            return page
        self._written.add(page)
        page.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            page.write_text(self._with_entries(source, page))
        elif source.suffix == ".md":
            page.write_text(self._with_links(source, page))
        elif source.is_relative_to(DOCS) or source.suffix == ".svg":
            shutil.copyfile(source, page)
        else:
            page.write_text(_as_code(source))
        return page

    def _with_entries(self, directory: Path, page: Path) -> str:
        files = [file for file in sorted(directory.iterdir()) if file.is_file()]
        paths = [os.path.relpath(self._write(file), page.parent) for file in files]
        entries = [f"- [{file.name}]({path})\n" for file, path in zip(files, paths, strict=True)]
        return f"# {directory.relative_to(ROOT)}\n\n{''.join(entries)}"

    def _with_links(self, source: Path, page: Path) -> str:
        """Let the links of a page lead to the pages of what they name."""

        def led(link: re.Match[str]) -> str:
            named = (source.parent / link["path"]).resolve()
            if not named.is_relative_to(ROOT):
                return link[0]
            path = os.path.relpath(self._write(named), page.parent)
            return f"]({path}{link['anchor'] or ''})"

        text = source.read_text()
        ends = [0, *(at for code in CODE.finditer(text) for at in code.span()), len(text)]
        parts = [text[begin:end] for begin, end in pairwise(ends)]
        # Every second part is code, where what looks like a link is none.
        return "".join(part if number % 2 else LINK.sub(led, part) for number, part in enumerate(parts))


def _place(source: Path) -> Path:
    name = source.relative_to(ROOT).as_posix()
    if name in TOP:
        return Path(TOP[name])
    if source.is_relative_to(DOCS):
        return source.relative_to(DOCS)
    path = Path("source") / name
    if source.is_dir():
        return path / "index.md"
    return path if path.suffix in (".md", ".svg") else path.with_name(f"{path.name}.md")


def _as_code(source: Path) -> str:
    text = source.read_text()
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    language = LANGUAGES.get(source.suffix, "text")
    return f"# {source.relative_to(ROOT)}\n\n{fence}{language}\n{text}{fence}\n"


if __name__ == "__main__":
    Pages(Path(sys.argv[1])).write_all()
