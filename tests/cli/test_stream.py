"""`dynarepo stream`."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from dynarepo.cli._checkpoint import alone
from dynarepo.cli._following import FileCheckpoints
from tests.cli.calling import CommandLine, order

ORDER = "tests.cli.shop:Order"


@pytest.fixture
def shop(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with a stream, in which there are three changes."""
    cli("tables", "create", ORDER, "-t", cli.table, "--stream", "new_and_old_images")
    cli.fill(tmp_path / "three.jsonl", [order(number) for number in range(3)])
    return cli


def test_changes_are_printed_from_the_oldest_one_on(shop: CommandLine) -> None:
    changes = shop.lines("stream", "-t", shop.table, "--start", "oldest", "--limit", "3")
    assert [change["kind"] for change in changes] == ["insert"] * 3
    assert sorted(change["key"]["number"] for change in changes) == [0, 1, 2]
    assert [change["new"] for change in changes] == [order(change["key"]["number"]) for change in changes]
    assert {change["old"] for change in changes} == {None}


def test_items_are_printed_as_their_model_has_them(shop: CommandLine) -> None:
    (change,) = shop.lines("stream", "-t", shop.table, "--start", "oldest", "--limit", "1", "--model", ORDER)
    assert change["new"]["total"] == "0.5"


def test_another_run_goes_on_where_one_was_ended_by_ctrl_c(shop: CommandLine, tmp_path: Path) -> None:
    state = tmp_path / "state"
    args = ("stream", "-t", shop.table, "--start", "oldest", "--json", "--state", state)
    with shop.started(*args) as process:
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert state.stat().st_mode & 0o777 == 0o600
    shop.fill(tmp_path / "more.jsonl", [order(7)])
    (change,) = shop.lines("stream", "-t", shop.table, "--limit", "1", "--state", state)
    assert change["key"]["number"] == 7
    assert change["sequence_number"] not in {each["sequence_number"] for each in first}


def test_two_runs_do_not_share_a_state_file(shop: CommandLine, tmp_path: Path) -> None:
    with alone(tmp_path / "state"):
        said = shop.refused("stream", "-t", shop.table, "--state", tmp_path / "state", code=1)
    assert "another run is at work on" in said


def test_a_table_without_a_stream_is_told_of(cli: CommandLine) -> None:
    cli.make_table()
    for model in ([], ["--model", ORDER]):
        said = cli.refused("stream", "-t", cli.table, *model, code=1)
        assert "the table has no stream: `dynarepo tables create --stream` makes one with it" in said


def test_a_model_of_another_table_is_refused(shop: CommandLine) -> None:
    first = ("stream", "-t", shop.table, "--start", "oldest", "--limit", "1")
    said = shop.refused(*first, "--model", "tests.cli.shop:Book")
    assert "Book's keys are not those of the table" in said


async def test_positions_are_kept_by_stream_and_forgotten_with_their_shard(tmp_path: Path) -> None:
    path = tmp_path / "state"
    store = FileCheckpoints(path)
    assert await store.load("one") == {}
    await store.save("one", {"a": "1", "b": "2"})
    await store.save("one", {"a": None, "b": "3"})
    assert await FileCheckpoints(path).load("one") == {"b": "3"}
    assert await FileCheckpoints(path).load("other") == {}


def test_a_state_file_of_something_else_is_refused(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("[]")
    assert "is no state file of a stream" in shop.refused("stream", "-t", shop.table, "--state", path)
