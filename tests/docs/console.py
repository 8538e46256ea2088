"""
The commands of a Markdown file, run from top to bottom in one folder.

In a `console` block, a line that begins with `$ ` is a command, and the lines below it are what it prints.
A `python` block that begins with a comment that names a file is that file. What needs a shell is run by one,
and any other call of `dynarepo` in this process, which takes a fraction of the time.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Final

from click.testing import CliRunner
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

from dynarepo.cli._commands import dynarepo
from dynarepo.testing._embedded import EmbeddedServer

__all__ = ["run_commands"]

_FILE: Final = re.compile(r"# (\S+\.py)\n")
_PLAIN: Final = re.compile(r"dynarepo [^|&<>$*]*")
_FUNCTION: Final = 'dynarepo() { "$PYTHON" -m dynarepo.cli "$@"; }\n'
_SECONDS: Final = 120


def run_commands(path: Path, folder: Path) -> int:
    """Run the commands of a file on an embedded server, and give their number; a failure names the line."""
    with _environment() as environment, _modules_of(folder):
        shell = _Shell(folder, environment)
        parsers = [CodeBlockParser("python", shell.save), CodeBlockParser("console", shell.run)]
        for example in Sybil(parsers).parse(path).examples():
            example.evaluate()
        return shell.count


@contextmanager
def _environment() -> Iterator[Mapping[str, str]]:
    server = EmbeddedServer()
    secrets = (server.config.aws_access_key_id, server.config.aws_secret_access_key)
    key, secret = (each.get_secret_value() for each in secrets if each is not None)
    try:
        yield {
            **os.environ,
            "PYTHON": sys.executable,
            "DYNAMODB_REGION": str(server.config.region),
            "DYNAMODB_ENDPOINT_URL": str(server.config.endpoint_url),
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }
    finally:
        server.stop()


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """Work in a folder, and forget the modules that were imported from it."""
    paths = sys.path.copy()
    with chdir(folder):
        try:
            yield
        finally:
            sys.path[:] = paths
            for file in folder.glob("*.py"):
                sys.modules.pop(file.stem, None)


class _Shell:
    """Saves files and runs commands in a folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.count = 0

    def save(self, example: Example) -> None:
        """Save a block that names a file."""
        if (named := _FILE.match(example.parsed)) is not None:
            (self._folder / named[1]).write_text(example.parsed)

    def run(self, example: Example) -> None:
        """Run the commands of a block, and compare what they print."""
        for part in example.parsed.removeprefix("$ ").split("\n$ "):
            command, _, expected = part.partition("\n")
            run = self._called if _PLAIN.fullmatch(command) else self._run
            printed, code = run(command)
            self.count += 1
            where = f"{example.path}, line {example.line}: {command}"
            assert printed.strip() == expected.strip(), f"{where} prints\n{printed}"
            assert code == 0, f"{where} ends with exit code {code}"

    def _called(self, command: str) -> tuple[str, int]:
        result = CliRunner().invoke(dynarepo, shlex.split(command)[1:], env=self._environment)
        return result.output, result.exit_code

    def _run(self, command: str) -> tuple[str, int]:
        run = subprocess.run(
            ["/bin/sh", "-c", _FUNCTION + command],
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return run.stdout, run.returncode
