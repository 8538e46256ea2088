"""The eight operators of a sort key condition."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dynarepo._expressions import SortKeyCondition

OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge", "begins_with"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_takes_one_value(operator: str) -> None:
    condition = getattr(SortKeyCondition, operator)("a")
    assert (condition.operator, condition.value, condition.upper) == (operator, "a", None)


def test_between_takes_two_values() -> None:
    condition = SortKeyCondition.between(1, 2)
    assert (condition.operator, condition.value, condition.upper) == ("between", 1, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"operator": "between", "value": 1},
        {"operator": "between", "value": None, "upper": 2},
        {"operator": "eq", "value": 1, "upper": 2},
        {"operator": "eq", "value": None},
        {"operator": "eq"},
        {"operator": "like", "value": "a"},
        {"operator": "EQ", "value": "a"},
        {"value": "a"},
        {"operator": "eq", "value": "a", "lower": 1},
    ],
)
def test_another_number_of_values_or_another_operator_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SortKeyCondition.model_validate(arguments)


def test_falsy_values_are_values() -> None:
    assert SortKeyCondition.between(0, 0).upper == 0
    assert SortKeyCondition.eq("").value == ""


def test_a_condition_does_not_change() -> None:
    condition = SortKeyCondition.eq("a")
    with pytest.raises(ValidationError, match="frozen"):
        condition.value = "b"  # type: ignore[misc]


def test_no_value_is_shown() -> None:
    assert "canary" not in repr(SortKeyCondition.between("canary", "canary2"))
    assert "canary" not in str(SortKeyCondition.eq("canary"))
    with pytest.raises(ValidationError) as caught:
        SortKeyCondition(operator="eq", value="canary", upper="canary")
    assert "canary" not in str(caught.value)
