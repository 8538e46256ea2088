"""Whatever ends a command is told in one line, without values, and by its exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dynarepo import DynamoDBConfig, exceptions
from dynarepo.cli import main
from dynarepo.cli._commands import dynarepo
from dynarepo.cli._exits import CommandError, Exit, told
from tests.cli.calling import ROOT, CommandLine, order


def raised(raising: Callable[[], object]) -> BaseException:
    """Give what is raised."""
    try:
        raising()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


def run_program(program: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def unexpected() -> None:
    raise KeyError("secret")


def partly() -> None:
    cause = exceptions.ThrottledError("too many", table_name="shop")
    raise exceptions.DynamoDBBatchOperationError(
        "3 written, 2 not written: too many", table_name="shop", failed_items=("secret",)
    ) from cause


CASES: list[tuple[BaseException, str, Exit]] = [
    (CommandError("no\n  such"), "no such", Exit.FAILED),
    (KeyboardInterrupt(), "interrupted", Exit.INTERRUPTED),
    (click.Abort(), "interrupted", Exit.INTERRUPTED),
    (click.UsageError("odd"), "odd", Exit.USAGE),
    (click.ClickException("odd"), "odd", Exit.FAILED),
    (exceptions.InvalidRequestError("odd"), "odd", Exit.USAGE),
    (exceptions.TableInUseError("busy", table_name="shop"), "busy [table=shop]", Exit.FAILED),
    (exceptions.RejectedError("no", table_name="my_table_name"), "no [table=my_table_name]", Exit.FAILED),
    (
        exceptions.AuthenticationError("no"),
        "no; check --profile, or AWS's environment and files",
        Exit.FAILED,
    ),
    (raised(partly), "3 written, 2 not written: too many [table=shop]", Exit.DIFFERENT),
    (exceptions.DynamoDBBatchOperationError("left"), "left", Exit.FAILED),
    (FileNotFoundError(2, "No such file", "a.csv"), "a.csv: No such file", Exit.FAILED),
    (OSError("odd"), "input or output: OSError", Exit.FAILED),
    (
        KeyError("secret"),
        "unexpected KeyError; DYNAREPO_TRACEBACK=1 shows all of it, values too",
        Exit.FAILED,
    ),
]


@pytest.mark.parametrize(("error", "line", "code"), CASES, ids=lambda case: type(case).__name__)
def test_an_error_is_one_line_and_a_code(error: BaseException, line: str, code: Exit) -> None:
    assert told(error) == (line, code)


def test_an_unexpected_error_says_where_and_not_what() -> None:
    line, code = told(raised(unexpected))
    assert line.startswith("unexpected KeyError in test_exits.py, line ")
    assert "secret" not in line
    assert code is Exit.FAILED


def test_an_unexpected_error_is_shown_as_a_whole_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNAREPO_TRACEBACK", "1")
    with pytest.raises(KeyError, match="secret"):
        told(raised(unexpected))


def test_options_that_the_configuration_refuses_are_named_and_their_values_not() -> None:
    error = raised(lambda: DynamoDBConfig(region="secret", endpoint_url="http://example.org"))
    line, code = told(error)
    assert code is Exit.USAGE
    assert line.startswith("--region: a region looks like 'eu-west-1'")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"table_name": "a b"}, "--table: a table name has 3 to 255"),
        ({"endpoint_url": "nonsense"}, "--endpoint-url must be an http or https URL with a host"),
        (
            {"endpoint_url": "http://10.0.0.1:8000"},
            "--endpoint-url is plain http and not on loopback; use https, or lead a port of this machine",
        ),
        ({"deadline": 0}, "--deadline: Input should be greater than 0"),
    ],
)
def test_the_configuration_speaks_of_options(given: dict[str, Any], said: str) -> None:
    line, _ = told(raised(lambda: DynamoDBConfig(**given)))
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nix"], "No such command 'nix'"),
        (["tables", "delete"], "tables delete: Missing argument 'TABLE'"),
        (["scan", "-t", "shop", "--limit", "0"], "Invalid value for '--limit'"),
        (["scan", "--endpoint-url", "http://example.org", "-t", "shop"], "plain http and not on loopback"),
        (["scan"], "no table is named: give --table"),
        (["scan", "--model", "tests.cli.shop:Order"], "no table is named: give --table"),
        (
            ["tables", "create", "tests.cli.shop:Order"],
            "no table is named: give --table, or set DYNAMODB_TABLE_NAME",
        ),
        (["tables", "describe", "a b"], "the table's name is an ARN, or 3 to 255"),
        (["scan", "--table", "a b"], "--table: a table name has 3 to 255"),
    ],
)
def test_a_wrong_call_is_one_line_and_code_2(args: list[str], said: str, cli: CommandLine) -> None:
    assert said in cli.refused(*args, code=2)


def test_an_endpoint_that_nobody_serves_fails_in_one_line(cli: CommandLine) -> None:
    line = cli.refused(
        "scan", "-t", "shop", "--endpoint-url", "http://127.0.0.1:9", "--deadline", "0.5", code=1
    )
    assert "check --endpoint-url" in line or "--deadline" in line


def test_missing_credentials_are_told_of(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = CliRunner().invoke(dynarepo, ["scan", "-t", "shop"])
    assert result.exit_code == Exit.USAGE
    said = "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role"
    assert result.stderr.startswith(f"dynarepo: {said}; check --profile")


def test_a_missing_region_is_told_of_like_missing_credentials(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DYNAMODB_REGION")
    result = CliRunner().invoke(dynarepo, ["scan", "-t", "shop"])
    assert result.exit_code == Exit.USAGE
    said = "dynarepo: no AWS region: give --region, or set DYNAMODB_REGION or AWS_DEFAULT_REGION\n"
    assert result.stderr == said


def test_every_command_has_help() -> None:
    def walk(command: click.Command, path: list[str]) -> None:
        result = CliRunner().invoke(dynarepo, [*path, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
        for option in command.params:
            assert isinstance(option, click.Argument) or getattr(option, "help", None), (path, option.name)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, [*path, name])

    walk(dynarepo, [])


def test_the_entry_point_is_installed() -> None:
    entry = Path(sys.executable).with_name("dynarepo")
    if not entry.exists():
        pytest.skip("the project is not installed with its scripts here")
    run = subprocess.run([entry, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("dynarepo, version ")


def test_without_the_extra_one_line_says_what_to_install() -> None:
    program = "import sys; sys.modules['click'] = None; from dynarepo.cli import main; main()"
    run = run_program(program)
    assert run.returncode == 1
    assert run.stderr == 'dynarepo: the command line needs the extra `cli`: pip install "dynarepo[cli]"\n'


@pytest.mark.parametrize(
    ("raised_by_import", "said"),
    [
        (ModuleNotFoundError(name="click"), "needs the extra `cli`"),
        (ModuleNotFoundError(name="other"), ModuleNotFoundError),
        (KeyboardInterrupt(), "130"),
    ],
)
def test_what_ends_the_import_of_the_commands_is_told(
    raised_by_import: BaseException, said: str | type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "dynarepo.cli._commands":
                raise raised_by_import

    monkeypatch.delitem(sys.modules, "dynarepo.cli._commands")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(said if isinstance(said, type) else SystemExit) as caught:
        main()
    assert isinstance(said, type) or said in str(caught.value)


def test_the_command_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["dynarepo", "--version"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0


def test_ctrl_c_is_code_130(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(command: Coroutine[Any, Any, object]) -> None:
        command.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("dynarepo.cli._tables.run", interrupted)
    result = CliRunner().invoke(dynarepo, ["tables", "list"])
    assert result.exit_code == Exit.INTERRUPTED
    assert result.stderr.strip() == "dynarepo: interrupted"


def test_a_reader_that_leaves_early_is_no_traceback(cli: CommandLine, tmp_path: Path) -> None:
    cli.make_table()
    cli.fill(tmp_path / "many.jsonl", [order(number, note="x" * 2_000) for number in range(100)])
    with cli.started("scan", "-t", cli.table, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_a_key_in_a_wrong_place_is_not_quoted(cli: CommandLine) -> None:
    for arguments in (["-s3cret"], ["--s3cret"], ["a", "b", "s3cret"]):
        message = cli.refused("get", *arguments, "-t", "shop", code=Exit.USAGE)
        assert "s3cret" not in message
        assert message.startswith("get: ")


def test_an_option_that_there_is_not_is_named_and_a_likely_one_is_asked_for(cli: CommandLine) -> None:
    said = cli.refused("get", "a", "--tabel", "shop", code=Exit.USAGE)
    assert "There is no option --tabel. Is --table " in said
    said = cli.refused("export", "e.csv", "--model=x:Y")
    assert "There is no option --model. A value that begins with - stands behind --." in said
    assert "--help meant" not in said


@pytest.mark.parametrize("path", [[], ["tables"]])
def test_a_family_without_a_command_shows_its_help(path: list[str]) -> None:
    result = CliRunner().invoke(dynarepo, path)
    assert result.exit_code == Exit.USAGE
    assert result.stderr == CliRunner().invoke(dynarepo, [*path, "--help"]).stdout


def test_another_missing_module_is_not_blamed_on_the_extra() -> None:
    program = "import sys; sys.modules['dynarepo.cli._local'] = None; from dynarepo.cli import main; main()"
    run = run_program(program)
    assert "dynarepo.cli._local" in run.stderr


@pytest.mark.parametrize("module", ["click", "rich", "dynarepo.cli", "pyarrow"])
def test_the_package_does_not_import_it(module: str) -> None:
    program = f"import dynarepo, dynarepo.testing, sys; sys.exit({module!r} in sys.modules)"
    assert run_program(program).returncode == 0


def test_the_shell_completes_commands() -> None:
    environment = {"_DYNAREPO_COMPLETE": "bash_complete", "COMP_WORDS": "dynarepo tab", "COMP_CWORD": "1"}
    run = run_program("from dynarepo.cli import main; main()", environment)
    assert run.stdout.strip() == "plain,tables"
