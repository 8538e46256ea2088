"""Many items through files and tables, ended in the middle again and again."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from dynarepo.cli._formats import FORMATS
from tests.cli.calling import CommandLine, in_order, order, until
from tests.cli.items import EVERY_TYPE

#: Items of half a KB, so that a page of a segment is a few hundred.
COUNT = 4_000
FILLER = "x" * 500


def orders() -> list[dict[str, object]]:
    """Give orders of many customers."""
    return [order(number, f"c{number % 97}", note=FILLER) for number in range(COUNT)]


@pytest.fixture
def shop(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with many orders."""
    cli.make_table()
    folder = tmp_path / "filled"
    folder.mkdir()
    cli.fill(folder / "shop.jsonl", orders())
    return cli


def kill_again_and_again(cli: CommandLine, state: Path, *args: object) -> int:
    """Kill a command whenever it has saved something new, and give how often it took to come to its end."""
    for times in range(100):
        before = state.read_text() if state.exists() else ""
        # It may be ended behind its last step, and then asks whether it is to be done once more.
        process = cli.started(*args, "--yes")

        def is_further(before: str = before, process: subprocess.Popen[str] = process) -> bool:
            return process.poll() is not None or (state.exists() and state.read_text() != before)

        until("something new in the state file", is_further)
        process.send_signal(signal.SIGINT if times % 2 else signal.SIGKILL)
        said = process.communicate()[1]
        assert process.returncode in {0, -signal.SIGKILL, 130}, said
        if process.returncode == 0:
            return times
    raise AssertionError("it never comes to its end")


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "json"])
def test_an_export_that_is_ended_again_and_again_has_every_item_once(
    ending: str, shop: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / f"shop.{ending}"
    bounds = ("--segments", 3, "--page-size", 100, "--read-units", 200)
    times = kill_again_and_again(
        shop, tmp_path / f"{path.name}.state", "export", path, "-t", shop.table, *bounds
    )
    assert times > 0
    other = shop.make_table(name=f"{shop.table}-other")
    (imported,) = shop.lines("import", path, "-t", other)
    assert imported["items"] == COUNT
    assert shop.all_items(other) == in_order(orders())


def test_an_import_that_is_ended_again_and_again_has_every_item(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in orders()))
    times = kill_again_and_again(
        cli, tmp_path / "shop.jsonl.import-state", "import", path, "-t", cli.table, "--write-units", 1_000
    )
    assert times > 0
    assert cli.all_items() == in_order(orders())


def test_a_copy_that_is_ended_again_and_again_has_every_item(shop: CommandLine, tmp_path: Path) -> None:
    target = shop.make_table(name=f"{shop.table}-copy")
    state = tmp_path / "copying"
    bounds = ("--segments", 4, "--page-size", 100, "--read-units", 200)
    times = kill_again_and_again(shop, state, "copy", target, "-t", shop.table, "--state", state, *bounds)
    assert times > 0
    assert shop.all_items(target) == shop.all_items()


@pytest.mark.parametrize("name", FORMATS)
def test_every_type_goes_through_a_table_and_a_file(name: str, cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table("tests.cli.shop:Setting")
    item = {"name": {"S": "a"}, **EVERY_TYPE}
    FORMATS["dynamodb-json"].write(tmp_path / "one.json", lambda: iter([item]))
    cli("import", tmp_path / "one.json", "-t", cli.table)
    path = tmp_path / "all"
    cli("export", path, "--format", name, "-t", cli.table)
    (found,) = FORMATS[name].read(path, {})
    for each in (found, item):
        each.update({key: {tag: sorted(each[key][tag])} for key, tag in SETS.items()})
    assert found == item


SETS = {"texts": "SS", "numbers": "NS", "binaries": "BS"}
