"""
The examples of a Markdown file, run from top to bottom in one namespace.

A `python` block runs, with `await` at its top level. What it prints must be the `text` block that
follows it; a block that prints nothing has none.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Final

import structlog
from sybil import Example, Sybil
from sybil.document import Document
from sybil.parsers.markdown import CodeBlockParser

from dynarepo import DynamoDBConnection, TableAdmin
from dynarepo.testing import local_dynamodb

__all__ = ["DECISIONS", "GUIDES", "README", "ROOT", "TUTORIAL", "run_examples"]

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
GUIDES: Final = tuple(sorted(ROOT.glob("docs/*.md")))
TUTORIAL: Final = ROOT / "docs" / "tutorial.md"
DECISIONS: Final = tuple(sorted(ROOT.glob("docs/decisions/*.md")))


def run_examples(path: Path) -> int:
    """Run the examples of a file and give their number; a failure names the line."""
    with asyncio.Runner() as runner:
        blocks = _Blocks(runner)
        document = blocks.parse(path)
        served = _served()
        document.namespace.update(runner.run(served.__aenter__()))
        try:
            examples = list(document.examples())
            for example in examples:
                example.evaluate()
            blocks.check_all_output_is_shown()
        finally:
            runner.run(served.__aexit__(None, None, None))
    return len(examples)


@asynccontextmanager
async def _served() -> AsyncIterator[Mapping[str, object]]:
    """Give the names that `docs/README.md` promises to every guide."""
    logger = structlog.get_logger()
    async with (
        local_dynamodb(table_name="shop") as config,
        DynamoDBConnection(config=config, logger=logger) as connection,
        TableAdmin(config=config, logger=logger) as tables,
    ):
        yield {"config": config, "logger": logger, "connection": connection, "tables": tables}


class _Blocks:
    """Runs blocks and keeps what the last one printed until a text block has shown it."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._printed = ""
        self._printed_by = ""

    def parse(self, path: Path) -> Document:
        """Find the examples of a file."""
        parsers = [CodeBlockParser("python", self._run), CodeBlockParser("text", self._compare)]
        return Sybil(parsers).parse(path)

    def check_all_output_is_shown(self) -> None:
        """Refuse output that no text block shows."""
        assert not self._printed, f"{self._printed_by} prints what is not shown:\n{self._printed}"

    def _run(self, example: Example) -> None:
        self.check_all_output_is_shown()
        self._printed_by = f"{example.path}, line {example.line}"
        # Lines of tracebacks are those of the file.
        source = "\n" * (example.line + example.parsed.line_offset) + example.parsed
        code = compile(source, example.path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        with redirect_stdout(io.StringIO()) as printed:
            if code.co_flags & inspect.CO_COROUTINE:
                self._runner.run(eval(code, example.namespace))  # noqa: S307 - our own documentation
            else:
                exec(code, example.namespace)  # noqa: S102 - likewise
        self._printed = printed.getvalue()

    def _compare(self, example: Example) -> None:
        printed, self._printed = self._printed, ""
        assert example.parsed.strip() == printed.strip(), f"{self._printed_by} prints\n{printed}"
