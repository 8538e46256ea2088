"""What a person sees and presses at a real terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.calling import COMMAND, CommandLine, order
from tests.cli.terminal import TMUX, Terminal, opened_terminal

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed: apt-get install tmux")


@pytest.fixture
def terminal(cli: CommandLine) -> Iterator[Terminal]:
    """Give a terminal whose commands find the embedded server."""
    with opened_terminal(cli.environment) as opened:
        yield opened


@pytest.mark.parametrize(
    ("answer", "said", "is_left"), [("y", "deleted", False), ("n", "nothing was done", True)]
)
def test_before_a_table_is_deleted_it_asks(
    answer: str, said: str, is_left: bool, terminal: Terminal, cli: CommandLine
) -> None:
    cli.make_table()
    terminal.type(*COMMAND, "tables", "delete", cli.table)
    terminal.shows(f"Delete table {cli.table}? [y/N]:")
    terminal.send(answer, "Enter")
    terminal.shows(said)
    assert (cli.table in cli("tables", "list").stdout.splitlines()) is is_left


def test_an_interrupted_question_deletes_nothing(terminal: Terminal, cli: CommandLine) -> None:
    cli.make_table()
    terminal.type(*COMMAND, "tables", "delete", cli.table)
    terminal.shows("[y/N]:")
    terminal.send("C-c")
    terminal.shows("dynarepo: interrupted")
    terminal.send("echo code $?", "Enter")
    terminal.shows("code 130")
    assert cli.table in cli("tables", "list").stdout.splitlines()


def test_an_export_has_a_bar_and_goes_on_after_ctrl_c(
    terminal: Terminal, cli: CommandLine, tmp_path: Path
) -> None:
    cli.make_table()
    cli.fill(tmp_path / "filled.jsonl", [order(number, f"c{number % 8}") for number in range(300)])
    path = tmp_path / "shop.jsonl"
    export = (*COMMAND, "export", path, "-t", cli.table, "--segments", 2, "--page-size", 10)
    terminal.type(*export, "--read-units", 1)  # half a minute
    seen = terminal.shows("of about 300 items")
    assert "━" in seen
    terminal.shows("read units")
    terminal.shows("/s")
    terminal.send("C-c")
    terminal.shows("dynarepo: interrupted: the same command goes on where this one ended")
    assert not path.exists()
    terminal.send("clear", "Enter")
    terminal.type(*export)
    terminal.shows("exported 300 items")
    numbers = sorted(json.loads(line)["number"] for line in path.read_text().splitlines())
    assert numbers == list(range(300))


def test_local_serves_until_ctrl_c(terminal: Terminal, cli: CommandLine) -> None:
    terminal.type(*COMMAND, "local", "tests.cli.shop:Order", "tests.cli.shop:Setting", "--port", 0)
    seen = terminal.shows("export AWS_SECRET_ACCESS_KEY=")
    assert "table dynarepo: Order" in seen
    assert "table settings: Setting" in seen
    terminal.send("C-c")
    terminal.send("echo code $?", "Enter")
    terminal.shows("code 0")
