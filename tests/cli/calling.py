"""How tests call the command line, and what they fill tables with."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from dynarepo._config import DynamoDBConfig
from dynarepo.cli._commands import dynarepo

__all__ = ["COMMAND", "ROOT", "CommandLine", "until"]

ROOT: Final = Path(__file__).parents[2]

#: The command, where its entry point need not be installed.
COMMAND: Final = (sys.executable, "-m", "dynarepo.cli")

#: Longer than any machine should take; no test is faster or slower by it.
_PATIENCE: Final = 60.0


def until(what: str, found: Callable[[], bool]) -> None:
    """Look again and again until something is so; fail where that takes too long."""
    deadline = time.monotonic() + _PATIENCE
    while not found():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class CommandLine:
    """Calls commands on a server, in this process or in one of their own."""

    config: DynamoDBConfig
    environment: Mapping[str, str] = field(repr=False)

    @property
    def table(self) -> str:
        """The name of the test's table."""
        return str(self.config.table_name)

    def __call__(self, *args: object, code: int = 0) -> Result:
        """Call a command, and check its exit code."""
        result = CliRunner().invoke(dynarepo, [str(arg) for arg in args], env=self.environment)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    def lines(self, *args: object, code: int = 0) -> list[Any]:
        """Call a command with `--json`, and read each line that it prints."""
        return [json.loads(line) for line in self(*args, "--json", code=code).stdout.splitlines()]

    def refused(self, *args: object, code: int = 2) -> str:
        """Call a command that fails, and give the one line that it says."""
        result = self(*args, code=code)
        (line,) = result.stderr.splitlines()
        assert line.startswith("dynarepo: ")
        return str(line.removeprefix("dynarepo: "))

    def started(self, *args: object, cwd: Path = ROOT) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, args)],
            env=dict(self.environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Nobody reads or waits for ever: neither a test, nor what ends one that failed.
        end = threading.Timer(_PATIENCE, process.kill)
        end.daemon = True
        end.start()
        return process

    def make_table(self, model: str = "tests.cli.shop:Order", name: str | None = None) -> str:
        """Make a table of a model."""
        name = self.table if name is None else name
        self("tables", "create", model, "-t", name)
        return name

    def fill(self, path: Path, items: Iterable[Mapping[str, object]], name: str | None = None) -> None:
        """Put items into a table, through a file."""
        path.write_text("".join(f"{json.dumps(item)}\n" for item in items))
        self("import", path, "-t", self.table if name is None else name, "--yes")

    def all_items(self, name: str | None = None) -> list[Any]:
        """Give every item of a table in an order of its own."""
        return in_order(self.lines("scan", "-t", self.table if name is None else name))


def in_order(items: Sequence[Any]) -> list[Any]:
    """Sort items, none left out."""
    return sorted(items, key=lambda item: (item["pk"], item["number"]))


def order(number: int, customer: str = "ada", **more: object) -> dict[str, object]:
    """Give an order as plain JSON."""
    item = {"pk": f"CUSTOMER#{customer}", "customer_id": customer, "number": number, "total": number + 0.5}
    return {**item, "status": "open", **more}
