"""Replies that do not fit are `InvalidItemError` with the field, whatever they hold."""

from __future__ import annotations

import traceback
from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, HttpUrl, RootModel, create_model, field_validator, model_validator

from dynarepo._codec import compile_model
from dynarepo.exceptions import InvalidItemError

CANARY = "canary-7351"


class Color(Enum):
    RED = "r"


class Point(NamedTuple):
    x: int


class Address(BaseModel):
    lines: list[str]
    size: int = Field(1, gt=0, serialization_alias="sz")


class Tree(BaseModel):
    children: list[Tree] = []


class Positive(RootModel[list[int]]):
    @field_validator("root")
    @classmethod
    def _some(cls, root: list[int]) -> list[int]:
        if not root:
            raise ValueError(CANARY)
        return root


def _deep(levels: int) -> dict[str, Any]:
    wire: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        wire = {"L": [wire]}
    return wire


CASES: list[tuple[Any, Any, str]] = [
    (str, {}, "field"),
    (str, {"S": "a", "N": "1"}, "field"),
    (str, {"X": CANARY}, "field"),
    (str, {"S": 5}, "field"),
    (str, {"N": "5"}, "field"),
    (str, {"NULL": True}, "field"),
    (str, None, "field"),
    (str, [CANARY], "field"),
    (str, CANARY, "field"),
    (int, {"N": CANARY}, "field"),
    (int, {"N": "1.5"}, "field"),
    (int, {"N": "1E999999999"}, "field"),
    (int, {"N": "9" * 1_000_000}, "field"),
    (int, {"N": 5}, "field"),
    (Decimal, {"N": "NaN"}, "field"),
    (float, {"N": "1e999"}, "field"),
    (bool, {"BOOL": "true"}, "field"),
    (bool, {"BOOL": 1}, "field"),
    (int | None, {"NULL": False}, "field"),
    (int | None, {"NULL": True, "N": "1"}, "field"),
    (bytes, {"B": "a"}, "field"),
    (bytes, {"B": "!!!!"}, "field"),
    (bytes, {"B": "é"}, "field"),
    (datetime, {"S": "2026-01-31T12:00:00"}, "field"),
    (datetime, {"S": "2026-01-31"}, "field"),
    (datetime, {"S": "0001-01-01T00:00:00+02:00"}, "field"),
    (date, {"S": "20260131"}, "field"),
    (time, {"S": "1200"}, "field"),
    (timedelta, {"N": "0.0000001"}, "field"),
    (timedelta, {"N": "1E30"}, "field"),
    (UUID, {"S": "{12345678-1234-5678-1234-567812345678}"}, "field"),
    (UUID, {"S": CANARY}, "field"),
    (Color, {"S": CANARY}, "field"),
    (Color, {"N": "x"}, "field"),
    (Color, {"L": [{"S": object()}]}, "field"),
    (Literal["a"], {"S": CANARY}, "field"),
    (HttpUrl, {"S": CANARY}, "field"),
    (Counter[str], {"B": "eA=="}, "field"),
    (Address | Point, {"M": {"x": {"S": CANARY}}}, "field.lines"),
    (list[int], {"L": {}}, "field"),
    (list[int], {"L": [{"N": "1"}, {"S": CANARY}]}, "field[1]"),
    (tuple[int, int], {"L": [{"N": "1"}]}, "field"),
    (tuple[int, str], {"L": [{"N": "1"}, {"N": "1"}]}, "field[1]"),
    (Point, {"L": []}, "field"),
    (set[int], {"SS": ["a"]}, "field"),
    (set[int], {"NS": ["a"]}, "field"),
    (set[int], {"NS": [1]}, "field"),
    (set[int], {"NS": "1"}, "field"),
    (dict[str, int], {"M": []}, "field"),
    (dict[str, int], {"M": {"a": {"N": "1"}, CANARY: {"S": CANARY}}}, "field[key 1]"),
    (dict[int, int], {"M": {CANARY: {"N": "1"}}}, "field[key 0]"),
    (dict[str, int] | int, {"S": CANARY}, "field"),
    (Address, {"M": {}}, "field.lines"),
    (Address, {"M": {"lines": {"L": [{"N": "1"}]}}}, "field.lines[0]"),
    (Address, {"M": {"lines": {"L": []}, "sz": {"N": "0"}}}, "field.size"),
    (list[Address], {"L": [{"M": {"lines": {"L": []}, "sz": {"S": CANARY}}}]}, "field[0].size"),
    (Positive, {"L": []}, "field"),
    (Any, {"X": 1}, "field"),
    (Any, {"S": 1}, "field"),
    (Any, {"N": CANARY}, "field"),
    (Any, {"SS": [1]}, "field"),
    (Any, {"L": [{"M": {CANARY: {}}}]}, "field[0][key 0]"),
]


@pytest.mark.parametrize(("declared", "stored", "path"), CASES, ids=lambda value: str(value)[:30])
def test_a_malformed_value_is_an_invalid_item(declared: Any, stored: Any, path: str) -> None:
    plan = compile_model(create_model("Item", field=(declared, ...)))
    with pytest.raises(InvalidItemError) as raised:
        plan.decode({"field": stored})
    assert raised.value.fields == (path,)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("declared", [Any, Tree, list[Any], object])
@pytest.mark.parametrize("levels", [32, 5_000])
def test_a_reply_that_is_nested_too_deeply_is_an_invalid_item(declared: Any, levels: int) -> None:
    plan = compile_model(create_model("Item", field=(declared, ...)))
    with pytest.raises(InvalidItemError):
        plan.decode({"field": _deep(levels)})


def test_a_recursive_reply_is_bounded() -> None:
    wire: dict[str, Any] = {"M": {}}
    for _ in range(5_000):
        wire = {"M": {"children": {"L": [wire]}}}
    with pytest.raises(InvalidItemError, match="nested too deeply"):
        compile_model(Tree).decode(wire["M"])


@pytest.mark.parametrize("item", [None, [], "x", 5])
def test_what_is_no_item_is_an_invalid_item(item: Any) -> None:
    with pytest.raises(InvalidItemError):
        compile_model(Address).decode(item)


def test_all_fields_that_do_not_fit_are_named() -> None:
    class Item(BaseModel):
        a: int = Field(gt=5)
        b: str
        c: int

    with pytest.raises(InvalidItemError) as raised:
        compile_model(Item).decode({"a": {"N": "1"}, "c": {"N": "1"}})
    assert raised.value.fields == ("a", "b")
    assert "a (greater_than), b (missing)" in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_failure_of_a_whole_model_names_no_field() -> None:
    class Item(BaseModel):
        a: int

        @model_validator(mode="after")
        def _never(self) -> Item:
            raise ValueError(CANARY)

    with pytest.raises(InvalidItemError) as raised:
        compile_model(Item).decode({"a": {"N": "1"}})
    assert raised.value.fields == ()
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500000+00:00"),
        ("2026-01-31 12:00+00:00", "2026-01-31T12:00:00+00:00"),
    ],
)
def test_instants_of_other_programs_are_read(stored: str, expected: str) -> None:
    plan = compile_model(create_model("Item", field=(datetime, ...)))
    assert plan.decode({"field": {"S": stored}}).field.isoformat() == expected  # type: ignore[attr-defined]
