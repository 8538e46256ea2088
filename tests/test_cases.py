"""
The behaviours that a DynamoDB repository owes its users are numbered cases, and each has a test.

The name of a test that shows one ends in its number, behind an `r` and the letter of its subject; several
numbers may follow one another: `test_a_longer_key_is_refused_rk06_rk07`, `test_filters_agree_rc51_to_rc58`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

SUBJECTS: Final = {
    "k": range(1, 21),  # keys and items
    "n": range(21, 36),  # numbers
    "v": range(36, 51),  # other values, sizes, depth
    "c": range(51, 70),  # conditions and filters
    "u": range(70, 93),  # updates, versions
    "b": range(93, 111),  # batches
    "q": range(111, 136),  # queries, scans, pages
    "i": range(136, 146),  # indexes
    "t": range(146, 166),  # transactions
    "l": range(166, 171),  # expiry
    "f": range(171, 179),  # faults and errors
}

#: Cases without a test, and why.
ABSENT: Final = {
    144: "that an index lags behind its table is AWS's to show, and stands in the guides",
}

_NUMBERS: Final = re.compile(r"(?:_(?:to_)?r[a-z]\d+)+$")
_NUMBER: Final = re.compile(r"_(to_)?r([a-z])(\d+)")


def cases_of(name: str) -> Iterator[int]:
    """Give the numbers at the end of a test's name."""
    found = _NUMBERS.search(name)
    last = 0
    for to, subject, digits in _NUMBER.findall(found[0] if found else ""):
        number = int(digits)
        if number not in SUBJECTS.get(subject, ()) or (to and not 0 < last < number):
            raise ValueError(f"{name}: there is no such case as {to}r{subject}{digits}")
        yield from range(last + 1 if to else number, number + 1)
        last = number


def shown() -> set[int]:
    """Give the numbers that the tests of this project carry."""
    files = [path for folder in ("tests", "integration") for path in (ROOT / folder).rglob("test_*.py")]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {number for name in names if name.startswith("test_") for number in cases_of(name)}


def test_every_case_has_a_test_or_a_reason_to_have_none() -> None:
    every = {number for numbers in SUBJECTS.values() for number in numbers}
    assert every == set(range(1, 179))
    assert sorted(every - shown() - ABSENT.keys()) == []


def test_a_case_with_a_test_needs_no_reason() -> None:
    assert sorted(shown() & ABSENT.keys()) == []


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("test_a_key", []),
        ("test_a_key_rk07", [7]),
        ("test_a_key_rk06_rk07_rq123", [6, 7, 123]),
        ("test_a_key_rc51_to_rc53_rc65", [51, 52, 53, 65]),
        ("test_a_key_rk07_of_bytes", []),
    ],
)
def test_a_name_ends_in_its_numbers(name: str, numbers: list[int]) -> None:
    assert list(cases_of(name)) == numbers


@pytest.mark.parametrize(
    "name",
    ["test_a_rk21", "test_a_rk0", "test_a_rf179", "test_a_rx1", "test_a_to_rc51", "test_a_rc53_to_rc51"],
)
def test_a_number_belongs_to_its_subject(name: str) -> None:
    with pytest.raises(ValueError, match="there is no such case"):
        list(cases_of(name))
