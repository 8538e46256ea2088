"""Work that is killed in its middle goes on: nothing is lost, and nothing doubled."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.calling import CommandLine, in_order, order, until

COUNT = 400


@pytest.fixture
def shop(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with many orders."""
    cli.make_table()
    folder = tmp_path / "filled"
    folder.mkdir()
    cli.fill(folder / "shop.jsonl", [order(number, f"c{number % 16}") for number in range(COUNT)])
    return cli


def ended_by(number: signal.Signals, process: subprocess.Popen[str], state: Path, at_least: int) -> str:
    """End a process when it has saved that so many items are done, and give what it said."""

    def is_begun() -> bool:
        assert process.poll() is None, process.communicate()
        return state.exists() and json.loads(state.read_text())["items"] >= at_least

    try:
        until("a state file with items", is_begun)
        process.send_signal(number)
    except AssertionError:
        process.kill()
        raise
    finally:
        said = process.communicate()[1]
    assert json.loads(state.read_text())["items"] < COUNT
    return said


# The embedded server charges one unit for a page, so that each takes a fraction of a second.
SLOWLY = ("--page-size", 20, "--read-units", 5)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_export_goes_on(number: signal.Signals, ending: str, shop: CommandLine, tmp_path: Path) -> None:
    path, state = tmp_path / f"shop.{ending}", tmp_path / f"shop.{ending}.state"
    args = ("export", path, "-t", shop.table, "--segments", 2)
    process = shop.started(*args, *SLOWLY)
    said = ended_by(number, process, state, at_least=1)
    if number is signal.SIGINT:
        assert process.returncode == 130
        assert said == "dynarepo: interrupted: the same command goes on where this one ended\n"
    assert not path.exists()
    done = json.loads(state.read_text())["items"]
    (exported,) = shop.lines(*args, "--page-size", 20)
    # Each segment ends by one more page at most.
    assert exported["read_units"] <= (COUNT - done) / 20 + 4
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [path.name]
    assert (exported["items"], exported["items_this_run"]) == (COUNT, COUNT - done)
    other = shop.make_table(name=f"{shop.table}-other")
    (imported,) = shop.lines("import", path, "-t", other)
    assert imported["items"] == COUNT
    assert shop.all_items(other) == shop.all_items()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_import_goes_on(number: signal.Signals, cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    path = tmp_path / "shop.jsonl"
    orders = [order(each, f"c{each % 16}") for each in range(COUNT)]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in orders))
    state = tmp_path / "shop.jsonl.import-state"
    process = cli.started("import", path, "-t", cli.table, "--write-units", 4)
    ended_by(number, process, state, at_least=5)
    done = json.loads(state.read_text())["items"]
    # Batches of 25, each of one unit here, and none for what was done before.
    (imported,) = cli.lines("import", path, "-t", cli.table)
    assert imported["write_units"] <= (COUNT - done) / 25 + 1
    assert (imported["items"], imported["items_this_run"]) == (COUNT, COUNT - done)
    assert cli.all_items() == in_order(orders)
    assert not state.exists()


def test_a_copy_goes_on(shop: CommandLine, tmp_path: Path) -> None:
    target = shop.make_table(name=f"{shop.table}-copy")
    state = tmp_path / "copying"
    args = ("copy", target, "-t", shop.table, "--segments", 2, "--state", state)
    ended_by(signal.SIGKILL, shop.started(*args, *SLOWLY), state, at_least=1)
    done = json.loads(state.read_text())["items"]
    (copied,) = shop.lines(*args, "--page-size", 20)
    assert copied["read_units"] <= (COUNT - done) / 20 + 4
    assert (copied["items"], copied["items_this_run"]) == (COUNT, COUNT - done)
    assert shop.all_items(target) == shop.all_items()
    assert not state.exists()


def test_an_export_at_work_is_alone_until_it_is_killed(shop: CommandLine, tmp_path: Path) -> None:
    path, state = tmp_path / "shop.jsonl", tmp_path / "shop.jsonl.state"
    args = ("export", path, "-t", shop.table, "--segments", 2)
    process = shop.started(*args, *SLOWLY)
    try:
        until("a state file", state.exists)
        said = shop.refused(*args, "--restart", "--yes", code=1)
    finally:
        process.kill()
        process.communicate()
    assert said == f"another run is at work on {state}: let it end first"
    shop(*args)
    numbers = sorted(json.loads(line)["number"] for line in path.read_text().splitlines())
    assert numbers == list(range(COUNT))


def test_a_file_that_is_mended_is_imported_from_its_beginning(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.make_table()
    monkeypatch.setattr("dynarepo.cli._importing._CHUNK", 100)
    path = tmp_path / "shop.jsonl"
    lines = [json.dumps(order(number)) for number in range(COUNT)]
    path.write_text("\n".join([*lines[:150], "{", *lines[151:]]))
    args = ("import", path, "-t", cli.table)
    assert "shop.jsonl, line 151: not JSON" in cli.refused(*args, code=1)
    path.write_text("\n".join(lines))
    assert "the file changed since" in cli.refused(*args)
    (imported,) = cli.lines(*args, "--restart", "--yes")
    assert (imported["items"], imported["items_this_run"]) == (COUNT, COUNT)


def test_what_was_written_after_the_last_save_is_cut_off(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    args = ("export", path, "-t", shop.table, "--segments", 2)
    ended_by(signal.SIGKILL, shop.started(*args, *SLOWLY), tmp_path / "shop.jsonl.state", at_least=1)
    with (tmp_path / "shop.jsonl.partial").open("a") as file:
        file.write('{"pk":"half a li')
    shop(*args)
    numbers = sorted(json.loads(line)["number"] for line in path.read_text().splitlines())
    assert numbers == list(range(COUNT))


def test_an_export_whose_file_is_gone_does_not_go_on(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    args = ("export", path, "-t", shop.table, "--segments", 2)
    ended_by(signal.SIGKILL, shop.started(*args, *SLOWLY), tmp_path / "shop.jsonl.state", at_least=1)
    (tmp_path / "shop.jsonl.partial").unlink()
    assert "begin again by --restart" in shop.refused(*args)
    assert "is of other work" in shop.refused(*args, "--where", "number", "eq", "1")
    shop(*args, "--restart")
    assert len(path.read_text().splitlines()) == COUNT


def test_an_export_that_ended_before_its_last_step_is_not_done_again(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.jsonl"
    args = ("export", path, "-t", shop.table)
    with monkeypatch.context() as patched:
        patched.setattr("dynarepo.cli._checkpoint.Checkpoint.remove", lambda _: None)
        shop(*args)
    written = path.read_bytes()
    (exported,) = shop.lines(*args)
    assert (exported["items"], exported["read_units"]) == (COUNT, 0.0)
    assert path.read_bytes() == written
    assert not (tmp_path / "shop.jsonl.state").exists()


def test_a_file_that_became_shorter_does_not_go_on(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    path, state = tmp_path / "shop.csv", tmp_path / "state"
    path.write_text("pk:S,number:N\na,1\n")
    args = ("import", path, "-t", cli.table, "--state", state)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dynarepo.cli._checkpoint.Checkpoint.remove", lambda _: None)
        cli(*args)
    state.write_text(state.read_text().replace('"items": 1', '"items": 2'))
    assert "has fewer items than were imported" in cli.refused(*args)
