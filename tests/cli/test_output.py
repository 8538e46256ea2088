"""What is printed, and what is asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dynarepo.cli._exits import CommandError
from dynarepo.cli._output import ask, counted, print_data, print_fact

TEXT = '{"a":[1.50,{"b":[]},[true,null]],"c":{},"d":12345678901234567890.5,"ä":"\\n"}'


def test_data_for_machines_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_data(TEXT, as_json=True)
    assert capsys.readouterr().out == f"{TEXT}\n"


def test_data_for_people_is_indented_and_keeps_all_digits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_data(TEXT, as_json=False)
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads(TEXT)
    assert printed.splitlines()[:3] == ["{", '  "a": [', "    1.50,"]
    assert '  "d": 12345678901234567890.5,' in printed.splitlines()


def test_facts_are_a_line_or_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    fact = {"at": datetime(2026, 1, 31, tzinfo=UTC), "of": Exception}
    print_fact("done", fact, as_json=False)
    print_fact("done", fact, as_json=True)
    line, machine = capsys.readouterr().out.splitlines()
    assert line == "done"
    assert json.loads(machine)["at"] == "2026-01-31T00:00:00+00:00"


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_harm_is_done_only_after_a_yes(answer: str, done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer.strip())
    if done:
        ask("Delete it?", yes=False)
    else:
        with pytest.raises(CommandError, match="nothing was done"):
            ask("Delete it?", yes=False)


def test_nothing_is_asked_where_the_answer_is_given() -> None:
    ask("Delete it?", yes=True)


def test_one_item_is_one_item() -> None:
    assert [counted(number) for number in (0, 1, 1_000)] == ["0 items", "1 item", "1,000 items"]
