"""What is asked of the project itself: strict types, small functions, tests of everything, on servers too."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import dynarepo
from dynarepo import DynamoDBConnection
from integration import dynamodb_local
from integration.behaviour.stores import Stores
from tests.docs.markdown import ROOT
from tests.models import Setting, User

TOOLS: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def test_functions_are_under_complexity_10_and_50_statements() -> None:
    lint = TOOLS["ruff"]["lint"]
    assert {"C90", "PL"} <= set(lint["select"])
    assert lint["mccabe"]["max-complexity"] < 10
    assert lint["pylint"]["max-statements"] < 50
    rules = {"C90", "C901", "PL", "PLR", "PLR0915"}
    assert not rules & set(lint["ignore"])
    excepted = {path for path, ignored in lint["per-file-ignores"].items() if rules & set(ignored)}
    assert excepted <= {"tests/**", "integration/**"}
    pattern = re.compile(r"def (\w+).*# noqa: [A-Z0-9, ]*(?:C901|PLR0915)")
    allowed = {name for path in python_files("src", "examples") for name in pattern.findall(path.read_text())}
    assert not allowed


def test_source_and_tests_are_checked_strictly_by_two_type_checkers() -> None:
    assert TOOLS["mypy"]["strict"] is True
    assert {"src", "tests", "integration", "examples"} <= set(TOOLS["mypy"]["files"])
    # What is said beside that is about other clients, to compare with, which need not be installed.
    for override in TOOLS["mypy"]["overrides"]:
        assert not any(
            module.startswith(("dynarepo", "tests", "integration")) for module in override["module"]
        )
    assert "src/dynarepo" in TOOLS["pyright"]["include"]
    for path in python_files("src", "tests", "integration", "examples"):
        assert "type: ignore\n" not in path.read_text(), f"{path}: an ignore names its code"


def test_every_check_is_run_by_the_sessions_of_nox() -> None:
    """So that CI, which runs nox, lets no violation through."""
    functions = ast.parse((ROOT / "noxfile.py").read_text()).body
    run = [
        tuple(argument.value for argument in call.args if isinstance(argument, ast.Constant))
        for function in functions
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "run"
    ]
    assert {("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("pyright",)} <= set(run)


def public_methods() -> set[str]:
    """Name the methods and functions that users call."""
    found = set()
    for name in dynarepo.__all__:
        thing = getattr(dynarepo, name)
        if getattr(thing, "_is_protocol", False):
            continue  # the shape of what users give, and not call
        owners = [owner for owner in getattr(thing, "__mro__", ()) if owner.__module__.startswith("dynarepo")]
        members = {member: value for owner in owners for member, value in vars(owner).items()}
        for member, value in members.items() if owners else [(name, thing)]:
            if inspect.isfunction(getattr(value, "__func__", value)) and not member.startswith("_"):
                found.add(member)
    return found


def test_every_public_method_is_called_by_a_test() -> None:
    called = set()
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called |= {getattr(node.func, "attr", None), getattr(node.func, "id", None)}
    methods = public_methods()
    assert {"save", "query_by_pk", "create_table", "put_item", "between", "attr"} <= methods
    by_the_library = {"commit", "end", "observed"}  # at the end of a transaction's block, and on opening
    assert methods - called <= by_the_library


# The suite on servers


@pytest.mark.parametrize(
    ("environment", "dotenv", "expected"),
    [
        ("http://127.0.0.1:1", "DYNAMODB_ENDPOINT_URL=http://127.0.0.1:2\n", "http://127.0.0.1:1"),
        (None, "OTHER=x\nDYNAMODB_ENDPOINT_URL=http://127.0.0.1:2\n", "http://127.0.0.1:2"),
        (None, "OTHER=x\n", None),
        (None, None, None),
    ],
)
def test_the_server_to_test_on_is_named_by_the_environment_or_by_a_dotenv_file(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: str | None,
    dotenv: str | None,
    expected: str | None,
) -> None:
    monkeypatch.setattr(dynamodb_local, "_CHECKOUT", tmp_path)
    if environment is not None:
        monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", environment)
    if dotenv is not None:
        (tmp_path / ".env").write_text(dotenv)
    assert dynamodb_local._given_url() == expected


async def test_tables_of_the_suite_have_names_of_their_own_and_are_deleted_at_its_end(
    connection: DynamoDBConnection,
) -> None:
    stores = Stores(connection)
    users, settings = await stores.of(User), await stores.of(Setting)
    first, second = await stores.fresh(User), await stores.fresh(User)
    names = {users.table_name, settings.table_name, first.table_name, second.table_name}
    assert len(names) == 4
    assert (await stores.of(User)).table_name == users.table_name
    admin = connection.table_admin()
    assert names <= set(await admin.list_tables())
    await stores.drop()
    assert not names & set(await admin.list_tables())


@pytest.mark.parametrize("runner", [".ci/run", ".github/workflows/ci.yml"])
def test_ci_runs_every_session_that_nox_runs_unasked(runner: str) -> None:
    functions = [
        each
        for each in ast.parse((ROOT / "noxfile.py").read_text()).body
        if isinstance(each, ast.FunctionDef)
    ]
    unasked = {
        each.name
        for each in functions
        if each.decorator_list and "default=False" not in ast.unparse(each.decorator_list[0])
    }
    text = (ROOT / runner).read_text()
    assert "lint" in unasked
    assert {name for name in unasked if not re.search(rf"\b{name}\b", text)} == set()
