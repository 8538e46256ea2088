"""`dynarepo get`, `query`, `scan` and `count`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dynarepo.cli._conditions import Expressions
from tests.cli.calling import CommandLine, order

ORDER = "tests.cli.shop:Order"
BOOK = "tests.cli.shop:Book"
PK = "CUSTOMER#ada"


@pytest.fixture
def shop(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with ten orders of one customer and two of another."""
    cli.make_table()
    statuses = ["open", "paid"]
    ada = [order(number, status=statuses[number % 2]) for number in range(10)]
    cli.fill(tmp_path / "shop.jsonl", [*ada, order(1, "bob"), order(2, "bob", tags={"$SS": ["gift"]})])
    return cli


@pytest.fixture
def numbers(shop: CommandLine) -> CommandLine:
    """Let a command name the table by the environment, as one that is typed again and again."""
    shop.environment["DYNAMODB_TABLE_NAME"] = shop.table  # type: ignore[index]
    return shop


def found(cli: CommandLine, *args: object) -> list[int]:
    """Give the numbers of the orders that a command prints."""
    return [item["number"] for item in cli.lines(*args)]


def test_an_item_is_printed_for_people_and_for_machines(numbers: CommandLine) -> None:
    expected = order(3, status="paid")
    said = numbers("get", PK, "3").stdout
    assert len(said.splitlines()) == len(expected) + 2
    assert json.loads(said) == expected
    assert numbers.lines("get", PK, "3", "--consistent") == [expected]


def test_a_part_of_an_item_is_printed(numbers: CommandLine) -> None:
    assert numbers.lines("get", PK, "3", "--attributes", "total, status") == [
        {"total": 3.5, "status": "paid"}
    ]


def test_an_item_is_printed_as_its_model_has_it(numbers: CommandLine) -> None:
    expected = {
        "customer_id": "ada",
        "number": 3,
        "total": "3.5",
        "status": "paid",
        "tags": [],
        "placed_at": None,
    }
    assert numbers.lines("get", PK, "3", "--model", ORDER) == [expected]
    assert numbers.lines("get", '{"customer_id": "ada"}', "3", "--model", ORDER) == [expected]


@pytest.mark.parametrize("model", [[], ["--model", ORDER]])
def test_an_item_that_is_not_there_is_code_3(model: list[str], numbers: CommandLine) -> None:
    assert numbers.refused("get", PK, "99", *model, code=3) == "there is no such item"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["get", PK], "the key of the table is pk and number: give 2 values"),
        (["get", PK, "secret"], "the key number is a number"),
        (["get", PK, "secret", "--model", ORDER], "number: that is no value of this field"),
        (["get", "{secret", "1", "--model", ORDER], "the fields of pk are a JSON object"),
        (
            ["get", PK, "1", "--model", ORDER, "--attributes", "total"],
            "--attributes does not go with --model",
        ),
        (["get", "a", "1", "--model", "tests.cli.shop:Setting"], "Setting has no sort key"),
        (["scan", "--model", ORDER, "--attributes", "total"], "--attributes does not go with --model"),
        (["scan", "--where", "a", "like", "b"], "--where has no operator like; it has eq, ne"),
        (["scan", "--where", "a", "exists", "maybe"], "--where NAME exists takes yes or no"),
        (
            ["scan", "--where", "secret", "eq", "1", "--model", ORDER],
            "Order has no stored field secret; ",
        ),
        (["scan", "--where", "number", "eq", "secret", "--model", ORDER], "number: that is no value"),
        (["scan", "--index", "none"], "no index of this name; it has by_both, by_status, by_total"),
        (
            ["query", "open", "--index", "none", "--model", ORDER],
            "declares no index of this name; it has by_status",
        ),
        (
            ["query", "open", "--index", "by_both"],
            "a key of several attributes: `dynarepo scan --model` reads it",
        ),
        (
            ["query", "open", "--index", "by_both", "--model", ORDER],
            "a key of several attributes, which cannot be asked for: `dynarepo scan` reads it",
        ),
        (["count", "--sort-key", "eq", "1"], "--sort-key needs the partition key"),
        (["query", PK, "--where", "pk", "eq", "x"], "--where cannot name pk, a key of what is queried"),
        (["count", PK, "--where", "number.a", "eq", "x"], "--where cannot name number"),
        (
            ["query", "open", "--index", "by_status", "--where", "status", "exists", "yes"],
            "--where cannot name status",
        ),
        (["query", PK, "--where", "number", "eq", "1", "--model", ORDER], "cannot be filtered"),
        (
            ["query", PK, "--sort-key", "begins_with", "1"],
            "--sort-key begins_with takes text or binary, and number is a number",
        ),
        (
            ["query", PK, "--sort-key", "begins_with", "1", "--model", ORDER],
            "begins_with takes text for a",
        ),
        (["scan", "--where", "note", "begins_with", "5"], "--where begins_with takes text or binary, and"),
        (["scan", "--where", "note", "ge", "true"], "--where ge takes text, a number or binary, and"),
        (["scan", "--where", "", "eq", "x"], "a name is such as authors[0].name"),
        (["scan", "--where", "", "eq", "x", "--model", ORDER], "a name is such as authors[0].name"),
        (["query", ""], "the key pk has 1 to 2,048 bytes"),
        (["get", "k" * 2_049, "1"], "the key pk has 1 to 2,048 bytes"),
        (["scan", "--attributes", "total,total"], "--attributes takes no name twice"),
        (["scan", "--attributes", ""], "--attributes takes one name at least"),
        (
            ["scan", "--model", BOOK],
            "table: declared are shelf (S) and isbn (S), the table has pk (S) and number (N)",
        ),
        (["query", "a", "--model", BOOK], "Book's keys are not those of the table"),
        (["get", "a", "b", "--model", BOOK], "Book's keys are not those of the table"),
        (["count", "a", "--model", BOOK], "Book's keys are not those of the table"),
        (["count", "--model", BOOK], "Book's keys are not those of the table"),
    ],
)
def test_what_cannot_be_asked_is_refused(args: list[str], said: str, numbers: CommandLine) -> None:
    assert said in numbers.refused(*args)


def test_an_index_that_is_not_as_the_model_declares_it_is_refused(cli: CommandLine) -> None:
    cli.make_table("tests.cli.shop:Visit")
    query = ("query", "a", "--index", "by_status", "-t", cli.table, "--model")
    assert cli.refused(*query, ORDER) == "the table has no index of this name; it has none"
    cli("tables", "create", "tests.cli.shop:Reordered", "-t", f"{cli.table}-2")
    said = cli.refused("scan", "--index", "by_status", "-t", f"{cli.table}-2", "--model", ORDER)
    assert said == (
        "Order's keys are not those of the index: declared are status (S) and number (N), "
        "the index has status (S)"
    )


def test_a_query_of_an_index_may_filter_by_the_key_of_the_table(numbers: CommandLine) -> None:
    assert found(numbers, "query", "paid", "--index", "by_status", "--where", "pk", "eq", PK) == [
        1,
        3,
        5,
        7,
        9,
    ]


@pytest.mark.parametrize("model", [[], ["--model", ORDER]], ids=["raw", "model"])
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["query", PK], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (["query", PK, "--limit", "3"], [0, 1, 2]),
        (["query", PK, "--limit", "2", "--descending"], [9, 8]),
        (["query", PK, "--sort-key", "ge", "8"], [8, 9]),
        (["query", PK, "--where", "status", "eq", "paid", "--where", "total", "lt", "6"], [1, 3, 5]),
        (["query", PK, "--where", "status", "ne", "paid", "--limit", "2"], [0, 2]),
        (["query", PK, "--where", "status", "begins_with", "pa", "--consistent"], [1, 3, 5, 7, 9]),
        (["query", PK, "--where", "placed_at", "exists", "yes"], []),
        (["query", PK, "--where", "placed_at", "exists", "no", "--limit", "1"], [0]),
        (["query", "paid", "--index", "by_status", "--sort-key", "gt", "5"], [7, 9]),
        (["query", PK, "--index", "by_total", "--sort-key", "le", "1.5"], [0, 1]),
        (["query", "CUSTOMER#bob", "--where", "tags", "contains", "gift"], [2]),
    ],
)
def test_queries_are_the_same_by_name_and_by_model(
    args: list[str], expected: list[int], model: list[str], numbers: CommandLine
) -> None:
    assert found(numbers, *args, *model) == expected


def test_a_table_is_scanned(numbers: CommandLine) -> None:
    assert len(found(numbers, "scan")) == 12
    assert len(found(numbers, "scan", "--model", ORDER)) == 12
    assert len(found(numbers, "scan", "--limit", "5")) == 5
    assert found(numbers, "scan", "--where", "total", "gt", "8.6") == [9]
    assert numbers.lines("scan", "--attributes", "tags", "--where", "tags", "contains", "gift") == [
        {"tags": {"$SS": ["gift"]}}
    ]
    assert len(numbers("scan", "--limit", "1").stdout.splitlines()) == 7


@pytest.mark.parametrize("model", [[], ["--model", ORDER]], ids=["raw", "model"])
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], 12),
        ([PK], 10),
        ([PK, "--sort-key", "lt", "4"], 4),
        (["--where", "status", "eq", "paid"], 5),
        ([PK, "--where", "status", "eq", "paid"], 5),
        (["open", "--index", "by_status"], 7),
    ],
)
def test_items_are_counted(args: list[str], expected: int, model: list[str], numbers: CommandLine) -> None:
    assert numbers("count", *args, *model).stdout == f"{expected}\n"
    assert numbers.lines("count", *args, *model) == [{"count": expected}]


def test_a_table_without_a_sort_key_is_asked_by_its_partition_key_alone(
    cli: CommandLine, tmp_path: Path
) -> None:
    cli.make_table("tests.cli.shop:Setting")
    cli.fill(tmp_path / "settings.jsonl", [{"name": "a", "value": 1}])
    on_table = ("-t", cli.table)
    assert cli.lines("get", "a", *on_table) == [{"name": "a", "value": 1}]
    for command in ("get", "query"):
        found = cli.lines(command, "a", "--model", "tests.cli.shop:Setting", *on_table)
        assert found == [{"name": "a", "value": 1}]
    for more in ([], ["--model", "tests.cli.shop:Setting"]):
        said = cli.refused("query", "a", "--sort-key", "eq", "1", *more, *on_table)
        assert said == "there is no sort key: give the partition key alone"


def test_numbers_and_binary_are_exact(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    exact = "12345678901234567890.123456789012345678"
    path = tmp_path / "exact.jsonl"
    path.write_text(
        f'{{"pk":"a","number":1,"exact":{exact},"data":{{"$B":"AAE="}},"like":{{"$M":{{"$B":"x"}}}}}}\n'
    )
    cli("import", path, "-t", cli.table)
    for form in ([], ["--json"]):
        said = cli("get", "a", "1", "-t", cli.table, *form).stdout
        assert exact in said
        assert json.loads(said)["data"] == {"$B": "AAE="}
        assert json.loads(said)["like"] == {"$M": {"$B": "x"}}


def test_values_that_are_json_are_typed_and_others_are_text(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    values = [7, "7", True, None, "x"]
    cli.fill(tmp_path / "v.jsonl", [order(number, value=value) for number, value in enumerate(values)])
    for given, expected in (("7", 0), ('"7"', 1), ("true", 2), ("null", 3), ("x", 4)):
        assert found(cli, "scan", "-t", cli.table, "--where", "value", "eq", given) == [expected]


@pytest.fixture
def shelf(cli: CommandLine, tmp_path: Path) -> CommandLine:
    """Give a table with two books, one of which has a bit of everything."""
    cli.make_table(BOOK)
    full = {
        "authors": [{"name": "Ada"}, {"name": "Bob", "born": "2001-02-03T00:00:00Z"}],
        "copies": {"c": {"price": 12.5, "note": "torn"}, "a.b": {"price": 1}},
        "size": [20, "cm"],
        "ranks": [3, 1],
        "more": {"count": 7, "text": "7"},
        "cover": {"$B": "/w=="},
        "v1.2": "yes",
    }
    cli.fill(tmp_path / "books.jsonl", [{"shelf": "S", "isbn": "1"}, {"shelf": "S", "isbn": "2", **full}])
    cli.environment["DYNAMODB_TABLE_NAME"] = cli.table  # type: ignore[index]
    return cli


@pytest.mark.parametrize("model", [[], ["--model", BOOK]], ids=["raw", "model"])
@pytest.mark.parametrize(
    "where",
    [
        ["authors[0].name", "eq", "Ada"],
        ["authors[1].born", "exists", "yes"],
        ["copies.c.price", "gt", "12"],
        ["copies.c.note", "begins_with", "to"],
        [r"copies.a\.b.price", "eq", "1"],
        ["size[0]", "eq", "20"],
        ["ranks[1]", "lt", "2"],
        ["ranks", "contains", "3"],
        ["more.count", "eq", "7"],
        ["more.text", "eq", '"7"'],
    ],
    ids=" ".join,
)
def test_items_are_found_by_what_is_inside_their_attributes(
    where: list[str], model: list[str], shelf: CommandLine
) -> None:
    assert [item["isbn"] for item in shelf.lines("query", "S", "--where", *where, *model)] == ["2"]


def test_what_is_inside_is_read_as_its_own_type(shelf: CommandLine) -> None:
    born = ("--where", "authors[1].born", "ge", "2001-02-03T00:00Z", "--model", BOOK)
    assert len(shelf.lines("scan", *born)) == 1
    said = shelf.refused("scan", "--where", "authors[1].born", "eq", "secret", "--model", BOOK)
    assert said == "authors[1].born: that is no value of this field"
    said = shelf.refused("scan", "--where", "authors[1].nme", "eq", "a", "--model", BOOK)
    assert said.startswith("Book has no stored field authors[1].nme; Book has shelf, isbn, authors")


def test_what_is_inside_attributes_is_printed_alone(shelf: CommandLine) -> None:
    parts = r"isbn, copies.c.price, copies.a\.b, v1\.2"
    assert shelf.lines("get", "S", "2", "--attributes", parts) == [
        {
            "isbn": "2",
            "copies": {"c": {"price": 12.5}, "a.b": {"price": 1}},
            "v1.2": "yes",
        }
    ]


def test_elements_of_lists_are_asked_for_by_their_place() -> None:
    # Not by a command: moto takes no such projection.
    expressions = Expressions()
    expressions.project(r"authors[0].name,authors[1],v1\.2")
    assert expressions.members == {
        "ProjectionExpression": "#0[0].#1, #0[1], #2",
        "ExpressionAttributeNames": {"#0": "authors", "#1": "name", "#2": "v1.2"},
    }


@pytest.mark.parametrize(
    "args",
    [["get", "S", "2"], ["query", "S", "--sort-key", "eq", "2"], ["scan", "--where", "size[0]", "eq", "20"]],
)
@pytest.mark.parametrize("model", [[], ["--model", BOOK]], ids=["raw", "model"])
def test_binary_is_printed_as_base64(args: list[str], model: list[str], shelf: CommandLine) -> None:
    (book,) = shelf.lines(*args, *model)
    assert book["cover"] == {"$B": "/w=="}
