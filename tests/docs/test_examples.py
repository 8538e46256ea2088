"""What the documentation shows works as it stands there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.docs.markdown import GUIDES, README, TUTORIAL, run_examples


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def name_of(path: Path) -> str:
    return path.name


# The tutorial's are files of a project: test_tutorial.py.
@pytest.mark.parametrize("path", sorted({README, *GUIDES} - {TUTORIAL}), ids=name_of)
def test_the_examples_of_a_page_run_and_print_what_it_says(path: Path) -> None:
    assert run_examples(path) > 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```python\nprint(1)\n```\n", "prints what is not shown"),
        ("```python\nprint(1)\n```\n\n```python\npass\n```\n", "prints what is not shown"),
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "prints\n1"),
        ("```python\nawait connection.repository(int)\n```\n", "needs a Pydantic model class"),
    ],
)
def test_an_example_that_does_otherwise_fails(tmp_path: Path, text: str, complaint: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(Exception, match=complaint):
        run_examples(page)
