"""`dynarepo tables`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calling import CommandLine

ORDER = "tests.cli.shop:Order"


def test_a_table_is_made_listed_and_deleted(cli: CommandLine) -> None:
    assert cli("tables", "create", ORDER, "-t", cli.table).stdout == f"created {cli.table}\n"
    assert cli.table in cli("tables", "list").stdout.splitlines()
    assert {"table": cli.table} in cli.lines("tables", "list")
    assert cli("tables", "delete", cli.table, "--yes").stdout == f"deleted {cli.table}\n"
    assert cli.table not in cli("tables", "list").stdout.splitlines()


def test_a_table_that_is_there_is_not_made_again(cli: CommandLine) -> None:
    cli.make_table()
    said = cli.refused("tables", "create", ORDER, "-t", cli.table, code=1)
    assert "a table of this name exists" in said
    assert "dynarepo tables diff" in said


def test_a_model_names_its_own_table_unless_the_command_line_does(cli: CommandLine) -> None:
    setting = "tests.cli.shop:Setting"
    assert cli.lines("tables", "create", setting) == [{"table": "settings"}]
    try:
        assert cli.lines("tables", "create", setting, "-t", cli.table) == [{"table": cli.table}]
    finally:
        cli("tables", "delete", "settings", "-y")


def test_the_environment_names_the_table_of_models_that_name_none(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", cli.table)
    assert cli.lines("tables", "create", ORDER) == [{"table": cli.table}]


def test_a_table_as_declared_has_no_differences(cli: CommandLine) -> None:
    cli.make_table()
    assert cli("tables", "diff", ORDER, "-t", cli.table).stdout == "the table is as declared\n"
    assert cli.lines("tables", "diff", ORDER, "-t", cli.table) == []


def test_differences_are_printed_and_end_with_code_3(cli: CommandLine) -> None:
    cli.make_table("tests.cli.shop:Visit")
    said = cli("tables", "diff", ORDER, "-t", cli.table, code=3).stdout
    assert "index by_status: missing" in said
    found = cli.lines("tables", "diff", ORDER, "-t", cli.table, code=3)
    assert {"missing"} == {each["kind"] for each in found}


def test_models_that_share_a_table_are_compared_together(cli: CommandLine) -> None:
    cli.make_table()
    cli("tables", "diff", ORDER, "tests.cli.shop:Visit", "-t", cli.table)
    assert "unexpected" in cli("tables", "diff", "tests.cli.shop:Visit", "-t", cli.table, code=3).stdout


def test_a_table_is_described(cli: CommandLine) -> None:
    cli.make_table()
    said = cli("tables", "describe", cli.table).stdout
    assert "key: partition pk (S), sort number (N)" in said
    assert "global index by_status: partition status (S), sort number (N), ALL" in said
    assert "local index by_total: partition pk (S), sort total (N), ALL" in said
    assert "expiry: none" in said
    (described,) = cli.lines("tables", "describe", cli.table)
    assert described["TableName"] == cli.table
    assert described["TtlAttribute"] is None


@pytest.mark.parametrize("command", ["describe", "delete"])
def test_a_table_that_is_not_there_is_told_of(command: str, cli: CommandLine) -> None:
    said = cli.refused("tables", command, cli.table, code=1)
    assert "`dynarepo tables list` names those there are" in said


def test_without_a_terminal_nothing_is_deleted_unless_yes_is_given(cli: CommandLine) -> None:
    cli.make_table()
    said = cli.refused("tables", "delete", cli.table)
    assert said == f"Delete table {cli.table}? There is no terminal to ask at: give --yes"
    assert cli.table in cli("tables", "list").stdout.splitlines()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("shop", "a model is given as package.module:Model"),
        ("tests.cli.none:Order", "there is no module tests.cli.none"),
        ("tests.cli.shop:None", "the module has no Pydantic model of this name"),
        ("tests.cli.shop:NOT_A_MODEL", "the module has no Pydantic model of this name"),
        ("tests.cli.shop:Undeclared", "Undeclared"),
    ],
)
def test_what_is_no_model_is_refused(path: str, said: str, cli: CommandLine) -> None:
    assert said in cli.refused("tables", "create", path, "-t", cli.table)


def test_a_module_that_cannot_be_imported_says_so(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken_models.py"
    path.write_text("import json\n\njson.loads('secret')\n")
    monkeypatch.chdir(tmp_path)
    said = cli.refused("tables", "create", "broken_models:Order", "-t", cli.table)
    assert said == f"broken_models:Order: importing the module raises JSONDecodeError in {path}, line 3"


def test_a_module_that_is_no_python_is_told_with_its_line(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wrong_models.py"
    path.write_text("\nclass\n")
    monkeypatch.chdir(tmp_path)
    said = cli.refused("tables", "create", "wrong_models:Order", "-t", cli.table)
    assert said == f"wrong_models:Order: importing the module raises SyntaxError in {path}, line 2"


def test_a_module_of_which_no_line_was_run_is_told_by_the_kind_of_error_alone(cli: CommandLine) -> None:
    said = cli.refused("tables", "create", ".models:Order", "-t", cli.table)
    assert said == ".models:Order: importing the module raises TypeError"


def test_log_events_go_to_stderr_where_they_are_wanted(cli: CommandLine) -> None:
    result = cli("tables", "list", "--json", "--verbose")
    assert "dynamodb.connection.opened" in result.stderr
    assert "opened" not in result.stdout
