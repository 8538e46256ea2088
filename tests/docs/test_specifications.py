"""The list of what was asked for is complete, and each row names tests and public names that are there."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

import dynarepo
from tests.docs.markdown import ROOT

PAGE: Final = ROOT / "docs" / "specifications.md"

#: How many rows each specification has. A row that is added or given up is counted here too.
EXPECTED: Final = {"A": 15, "B": 5, "C": 3, "D": 6, "E": 12}

_ROW: Final = re.compile(r"^\| *([A-Z]\d+) *\|(.*)\|$", re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_CODE_BLOCK: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)

#: A name in the form of a class, with what it has and with arguments: `Some.thing(a=, b=)`.
_NAME: Final = re.compile(r"`([A-Z]\w*)((?:\.\w+)*)(?:\(([^`]*)\))?`")
_CAMEL_CASE: Final = re.compile(r"[A-Z]\w*[a-z]\w*[A-Z]\w*|[A-Z]{2,}[a-z]\w*")


@dataclass(frozen=True)
class Row:
    """What is asked for, what holds here, and the tests that show it, by file and name."""

    number: str
    asked: str
    holds: str
    tests: tuple[tuple[str, str], ...]


def rows_of(text: str) -> list[Row]:
    found = []
    for number, cells in _ROW.findall(text):
        asked, holds, shown = (cell.strip() for cell in cells.split(" | "))
        found.append(Row(number, asked, holds, tuple((path, name) for name, path in _LINK.findall(shown))))
    return found


def problems(text: str, folder: Path) -> Iterator[str]:
    """Say what is wrong with a page that stands in a folder."""
    rows = rows_of(text)
    yield from numbering_problems([row.number for row in rows])
    for row in rows:
        if not row.asked or not row.holds:
            yield f"{row.number}: a cell is empty"
        if not row.tests:
            yield f"{row.number}: no test shows it"
        for path, name in row.tests:
            if name not in functions_of(folder / path) or not name.startswith("test_"):
                yield f"{row.number}: {path} has no test {name}"
    for name, members, arguments in _NAME.findall(_CODE_BLOCK.sub("", text)):
        if (name in dynarepo.__all__ or name == "Meta" or _CAMEL_CASE.fullmatch(name)) and not is_public(
            name, members.split(".")[1:], re.findall(r"(\w+)=", arguments)
        ):
            yield f"dynarepo has no {name}{members}" + (f"({arguments})" if arguments else "")


def numbering_problems(numbers: list[str]) -> Iterator[str]:
    """Say which numbers come twice and which are missing."""
    for number, count in Counter(numbers).items():
        if count > 1:
            yield f"{number}: stands there {count} times"
    for letter, count in Counter(number[0] for number in numbers).items():
        for place in range(1, count + 1):
            if f"{letter}{place}" not in numbers:
                yield f"{letter}{place}: is missing"


@cache
def functions_of(path: Path) -> set[str]:
    """Name the functions of a Python file; none where there is no file."""
    if not path.is_file() or path.suffix != ".py":
        return set()
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def is_public(name: str, members: list[str], arguments: list[str]) -> bool:
    """Tell whether the package has this name, the members behind it, and their arguments."""
    thing: Any = dynarepo.TableSchema if name == "Meta" else getattr(dynarepo, name, None)
    if thing is None or (name != "Meta" and name not in dynarepo.__all__):
        return False
    for member in members:
        if member.startswith("_") or not (hasattr(thing, member) or member in fields_of(thing)):
            return False
        thing = getattr(thing, member, None)
    return set(arguments) <= (arguments_of(thing) if arguments else set())


def fields_of(thing: Any) -> set[str]:
    """Name what instances of a class have: its fields, and what its constructor keeps."""
    annotated = {
        name for owner in getattr(thing, "__mro__", ()) for name in vars(owner).get("__annotations__", {})
    }
    return annotated | arguments_of(thing)


def arguments_of(thing: Any) -> set[str]:
    """Name the arguments of a call, those of `**options` included."""
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return set()
    options = dynarepo.QueryOptions.__annotations__ if "options" in parameters else {}
    return {*parameters, *options}


def test_the_page_is_in_order() -> None:
    assert list(problems(PAGE.read_text(), PAGE.parent)) == []


def test_no_row_was_given_up() -> None:
    assert Counter(row.number[0] for row in rows_of(PAGE.read_text())) == EXPECTED


HERE: Final = "tests/docs/test_specifications.py"
SHOWN: Final = f"[test_no_row_was_given_up]({HERE})"
GOOD: Final = f"""
| | asked for | holds | shown by |
|---|---|---|---|
| A1 | one | `AsyncDynamoDBRepository.save` and `PaginationResult.items` | {SHOWN} |
| A2 | two | `DynamoDBConfig.region`, `Meta.ttl`, `TableAdmin(config=)` | {SHOWN} |
| B1 | three | `DynamoDBBatchOperationError.failed_items`, `QueryOptions.limit` | {SHOWN}<br>{SHOWN} |

```python
NoSuchThing(`NoSuchThing`)
```
"""


def test_a_page_without_faults_has_no_problems() -> None:
    assert len(rows_of(GOOD)) == 3
    assert list(problems(GOOD, ROOT)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            f"{SHOWN} |\n| B1",
            "as everybody sees |\n| B1",
            "A2: no test shows it",
        ),
        ("| two |", "|  |", "A2: a cell is empty"),
        ("[test_no_row_was", "[test_no_row_was_ever", "A1: .* has no test test_no_row_was_ever_given_up"),
        (HERE, "tests/docs/test_gone.py", "A1: tests/docs/test_gone.py has no test"),
        (HERE, "README.md", "A1: README.md has no test"),
        ("test_no_row_was_given_up", "rows_of", "A1: .* has no test rows_of"),
        ("| A2 |", "| A1 |", "A1: stands there 2 times"),
        ("| A2 |", "| A3 |", "A2: is missing"),
        ("| B1 |", "| B2 |", "B1: is missing"),
        ("Repository.save", "Repository.store", "dynarepo has no AsyncDynamoDBRepository.store"),
        ("Repository.save", "Repository._target", "dynarepo has no AsyncDynamoDBRepository._target"),
        ("PaginationResult.items", "PaginationResult.rows", "dynarepo has no PaginationResult.rows"),
        ("PaginationResult.items", "PageOfItems", "dynarepo has no PageOfItems"),
        ("DynamoDBConfig.region", "DynamoDBConfig.area", "dynarepo has no DynamoDBConfig.area"),
        ("Meta.ttl", "Meta.table", "dynarepo has no Meta.table"),
        ("(config=)", "(configuration=)", r"dynarepo has no TableAdmin\(configuration=\)"),
    ],
)
def test_a_fault_is_noticed(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    found = list(problems(GOOD.replace(old, new), ROOT))
    assert any(re.match(problem, each) for each in found), found
