"""`dynarepo export`, `import` and `copy`, from their beginning to their end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dynarepo.cli._checkpoint import alone
from dynarepo.cli._formats import FORMATS, format_of
from dynarepo.cli._raw_table import RawTable
from tests.cli.calling import CommandLine, in_order, order
from tests.cli.items import EVERY_TYPE

ORDER = "tests.cli.shop:Order"
ENDINGS = ["jsonl", "csv", "parquet", "json", "json.gz"]


@pytest.fixture
def shop(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with orders of four customers."""
    cli.make_table()
    folder = tmp_path / "filled"
    folder.mkdir()
    cli.fill(folder / "shop.jsonl", [order(number, f"c{number % 4}") for number in range(120)])
    return cli


def left(folder: Path) -> list[str]:
    """Name the files of a folder."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_exported_is_imported_again(ending: str, shop: CommandLine, tmp_path: Path) -> None:
    path, other = tmp_path / f"shop.{ending}", f"{shop.table}-other"
    (exported,) = shop.lines("export", path, "-t", shop.table)
    assert (exported["items"], exported["path"]) == (120, str(path))
    assert left(tmp_path) == [path.name]
    shop.make_table(name=other)
    (imported,) = shop.lines("import", path, "-t", other)
    assert imported["items"] == 120
    assert left(tmp_path) == [path.name]
    assert shop.all_items(other) == shop.all_items()


@pytest.mark.parametrize("name", FORMATS)
def test_every_type_goes_through_a_table(name: str, cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table("tests.cli.shop:Setting")
    # The embedded server takes neither these numbers nor empty elements.
    odd = {"tiny", "huge", "texts", "binaries"}
    item = {"name": {"S": "a"}} | {key: value for key, value in EVERY_TYPE.items() if key not in odd}
    FORMATS["dynamodb-json"].write(tmp_path / "one.json", lambda: iter([item]))
    cli("import", tmp_path / "one.json", "-t", cli.table)
    path = tmp_path / "all"
    cli("export", path, "--format", name, "-t", cli.table)
    (found,) = FORMATS[name].read(path, {})
    assert sorted(found.pop("numbers")["NS"]) == sorted(item["numbers"]["NS"])
    assert found == {key: value for key, value in item.items() if key != "numbers"}


def test_an_export_takes_an_index_and_a_filter(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    args = ("--index", "by_status", "--where", "number", "lt", "7", "--segments", "3", "-t", shop.table)
    assert shop("export", path, *args).stdout.startswith(f"exported 7 items to {path}: ")
    assert sorted(json.loads(line)["number"] for line in path.read_text().splitlines()) == list(range(7))


def test_an_export_can_be_consistent_and_bounded(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    bounds = ("--consistent", "--read-units", "100000", "--page-size", "10", "--segments", "2")
    (exported,) = shop.lines("export", path, *bounds, "-t", shop.table)
    assert exported["items"] == 120
    assert exported["read_units"] >= 12


def test_an_export_of_nothing_is_an_empty_file(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    for ending in ENDINGS:
        path = tmp_path / f"none.{ending}"
        cli("export", path, "-t", cli.table)
        assert list(format_of(path, None).read(path, {})) == []


def test_a_file_is_not_replaced_without_asking(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text("mine")
    assert "There is no terminal to ask at: give --yes" in shop.refused("export", path, "-t", shop.table)
    assert path.read_text() == "mine"
    shop("export", path, "-t", shop.table, "--yes")
    assert len(path.read_text().splitlines()) == 120


def test_items_are_not_replaced_without_asking(shop: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text(json.dumps(order(0, "c0", status="changed")))
    assert "has items. Replace those" in shop.refused("import", path, "-t", shop.table)
    assert "changed" not in str(shop.all_items())
    shop("import", path, "-t", shop.table, "--yes")
    assert str(shop.all_items()).count("changed") == 1


def test_the_last_of_several_items_with_one_key_wins(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    cli.fill(tmp_path / "same.jsonl", [order(1, turn=turn) for turn in range(1_100)])
    assert [item["turn"] for item in cli.all_items()] == [1_099]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"pk":"secret"}', "the item lacks number, a key attribute of the table"),
        ('{"pk":"a","number":"secret"}', "the item: the key value number is of the wrong type"),
        ("secret", "not JSON, from character 1 on"),
        ('{"pk":"secret","number":1,"\\ud800":2}', "a lone surrogate, which is no text"),
        (
            json.dumps({"pk": "a", "number": 1, "note": "secret " * 60_000}),
            "the item has 420,015 bytes, and DynamoDB stores 409,600: shorten it or leave it out",
        ),
    ],
    ids=["no key", "other key", "no JSON", "no text", "too large"],
)
def test_an_item_that_does_not_fit_is_told_by_its_place_before_its_chunk_is_sent(
    line: str, said: str, cli: CommandLine, tmp_path: Path
) -> None:
    cli.make_table()
    path = tmp_path / "odd.jsonl"
    path.write_text(f'{{"pk":"a","number":1}}\n\n{line}\n')
    assert cli.refused("import", path, "-t", cli.table, code=1) == f"{path}, line 3: {said}"
    assert cli.all_items() == []


@pytest.mark.parametrize(
    ("name", "place"), [("csv", "row 3"), ("dynamodb-json", "line 2"), ("parquet", "row 2")]
)
def test_every_format_tells_the_place_of_an_item_that_does_not_fit(
    name: str, place: str, cli: CommandLine, tmp_path: Path
) -> None:
    cli.make_table()
    path = tmp_path / "odd"
    FORMATS[name].write(path, lambda: iter([{"pk": {"S": "a"}, "number": {"N": "1"}}, {"pk": {"S": "b"}}]))
    said = cli.refused("import", path, "--format", name, "-t", cli.table, code=1)
    assert said == f"{path}, {place}: the item lacks number, a key attribute of the table"


def test_an_item_of_the_largest_size_is_imported(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.make_table()
    monkeypatch.setattr("dynarepo.cli._importing._MAX_ITEM_BYTES", 25)
    bare = {"pk": "a", "number": 1, "note": ""}  # 15 bytes
    cli.fill(tmp_path / "large.jsonl", [bare | {"note": "x" * 10}])
    (tmp_path / "larger.jsonl").write_text(json.dumps(bare | {"note": "x" * 11}))
    assert "has 26 bytes" in cli.refused(
        "import", tmp_path / "larger.jsonl", "-t", cli.table, "--yes", code=1
    )


def test_an_import_can_be_bounded(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f"{json.dumps(order(number))}\n" for number in range(60)))
    (imported,) = cli.lines("import", path, "-t", cli.table, "--write-units", "100000")
    assert imported["items"] == 60
    assert len(cli.all_items()) == 60


def test_files_that_are_not_there_or_have_no_format_are_refused(shop: CommandLine, tmp_path: Path) -> None:
    assert "does not exist" in shop.refused("import", tmp_path / "none.csv", "-t", shop.table)
    assert "give --format" in shop.refused("export", tmp_path / "none.txt", "-t", shop.table)
    said = shop.refused("export", tmp_path / "none" / "shop.csv", "-t", shop.table, code=1)
    assert "No such file or directory" in said


def test_a_table_is_copied(shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = shop.make_table(name=f"{shop.table}-copy")
    said = shop("copy", target, "-t", shop.table, "--segments", "2").stdout
    assert said.startswith("copied 120 items: ")
    assert shop.all_items(target) == shop.all_items()
    assert left(tmp_path) == []
    (copied,) = shop.lines(
        "copy", target, "-t", shop.table, "--where", "number", "lt", "5", "--yes", "--consistent"
    )
    assert copied["items"] == 5


def test_a_table_is_copied_into_another_region(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    region = "sa-east-1"
    shop("tables", "create", ORDER, "-t", shop.table, "--region", region)
    try:
        shop("copy", shop.table, "-t", shop.table, "--to-region", region, "--write-units", "100000")
        there = shop.lines("scan", "-t", shop.table, "--region", region)
        assert in_order(there) == shop.all_items()
    finally:
        shop("tables", "delete", shop.table, "--region", region, "--yes")


def test_a_copy_that_cannot_be_is_refused(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shop.refused("copy", shop.table, "-t", shop.table) == "TARGET is the table itself"
    target = shop.make_table("tests.cli.shop:Setting", f"{shop.table}-other")
    assert "have different keys" in shop.refused("copy", target, "-t", shop.table)
    assert "has items. Replace those" in shop.refused(
        "copy", shop.table, "-t", shop.make_table(name=f"{shop.table}-empty")
    )


@pytest.mark.parametrize("locked", ["shop.jsonl.state", "shop.jsonl.partial", "import-state", "copy-state"])
def test_a_second_run_is_refused_while_another_is_at_work(
    locked: str, cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "shop.jsonl"
    command: tuple[object, ...] = ("export", path)
    if locked == "import-state":
        path.write_text("{}")
        command = ("import", path, "--state", tmp_path / locked)
    elif locked == "copy-state":
        command = ("copy", "target", "--state", tmp_path / locked)
    with alone(tmp_path / locked):
        # Nothing is asked for: there is no such table.
        said = cli.refused(*command, "-t", cli.table, code=1)
        assert said == f"another run is at work on {tmp_path / locked}: let it end first"


def test_a_run_that_goes_on_says_how_many_items_it_did_itself(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dynarepo.cli._checkpoint.Checkpoint.remove", lambda _: None)
    target = shop.make_table(name=f"{shop.table}-copy")
    for args in (("export", "shop.csv"), ("import", "shop.csv", "--yes"), ("copy", target, "--yes")):
        assert "by this run" not in shop(*args, "-t", shop.table).stdout
        assert ", 0 of them by this run: 0.0 " in shop(*args, "-t", shop.table).stdout


def test_a_filter_with_a_limit_reads_whole_pages(shop: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, page = [], RawTable.page

    async def counting(self: RawTable, *args: object) -> object:
        asked.append(args)
        return await page(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(RawTable, "page", counting)
    assert len(shop.lines("scan", "-t", shop.table, "--where", "number", "lt", "7", "--limit", "5")) == 5
    assert len(asked) == 1


@pytest.mark.parametrize("recreated", [False, True])
def test_an_import_ended_in_its_first_chunk_goes_on_but_not_into_another_table(
    recreated: bool, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.make_table()
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f"{json.dumps(order(number))}\n" for number in range(60)))
    put_all = RawTable.put_all

    async def interrupted(self: RawTable, puts: list[object], *more: object) -> None:
        await put_all(self, puts[:25], *more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RawTable, "put_all", interrupted)
        assert "the same command goes on" in cli.refused("import", path, "-t", cli.table, code=130)
    if recreated:
        cli("tables", "delete", cli.table, "--yes")
        cli.make_table()
        assert "is of other work" in cli.refused("import", path, "-t", cli.table)
    else:
        cli("import", path, "-t", cli.table)
        assert len(cli.all_items()) == 60


def test_a_copy_writes_no_more_at_once_than_the_units_of_a_second(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, put_all = [], RawTable.put_all

    async def counting(self: RawTable, puts: list[object], *more: object) -> None:
        sizes.append(len(puts))
        await put_all(self, puts, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(RawTable, "put_all", counting)
    target = shop.make_table(name=f"{shop.table}-copy")
    args = ("--segments", 1, "--write-units", 30, "--state", tmp_path / "state")
    shop("copy", target, "-t", shop.table, *args)
    assert sizes[0] <= 30
    assert sum(sizes) == 120


def test_an_export_leaves_other_files_alone_and_is_its_owners(shop: CommandLine, tmp_path: Path) -> None:
    mine, path = tmp_path / "shop.new.csv", tmp_path / "shop.csv"
    mine.write_text("mine")
    for each in (path, tmp_path / "shop.jsonl"):
        shop("export", each, "-t", shop.table)
        assert each.stat().st_mode & 0o777 == 0o600
    assert mine.read_text() == "mine"


def test_an_export_to_parquet_without_pyarrow_reads_nothing(
    shop: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "dynarepo[parquet]" in shop.refused("export", tmp_path / "shop.parquet", "-t", shop.table)
    assert [each.name for each in tmp_path.iterdir()] == ["filled"]
