"""What the guide to the command line shows is what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import run_commands
from tests.docs.markdown import ROOT


def test_the_commands_of_the_guide_print_what_it_says(tmp_path: Path) -> None:
    assert run_commands(ROOT / "docs" / "command-line.md", tmp_path) > 10


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("$ echo one\ntwo\n", "echo one prints\none"),
        ("$ exit 3\n", "exit 3 ends with exit code 3"),
        ("$ dynarepo tables list\nshop\n", "tables list prints"),
    ],
)
def test_a_command_that_does_otherwise_fails(block: str, complaint: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n{block}```\n")
    with pytest.raises(AssertionError, match=complaint):
        run_commands(page, tmp_path)
