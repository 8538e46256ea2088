"""Lists, tuples, sets and dicts: what is refused says why, and how deep they may stand in each other."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from pydantic import create_model

from dynarepo._codec import DecodeError, ModelPlan, compile_model, decode_dynamic
from dynarepo._limits import MAX_DEPTH
from dynarepo.exceptions import InvalidItemError, InvalidValueError

DEEPEST = MAX_DEPTH - 1  # the attribute itself is a level


def plan_of(declared: Any) -> ModelPlan[Any]:
    return compile_model(create_model("Thing", a=(declared, ...)))


def encoded(declared: Any, value: object) -> Any:
    plan = plan_of(declared)
    return plan.encode(plan.model.model_construct(a=value))["a"]


def decoded(declared: Any, wire: Any) -> Any:
    return plan_of(declared).decode({"a": wire}).a


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (list[int], (1,), "is declared as list, but holds a value of type tuple"),
        (deque[int], [1], "is declared as deque, but holds a value of type list"),
        (tuple[int, ...], [1], "is declared as tuple, but holds a value of type list"),
        (tuple[int, str], [1, "x"], "is declared as tuple, but holds a value of type list"),
        (tuple[int, str], (1,), "is declared with 2 elements, but holds 1"),
        (set[int], frozenset({1}), "is declared as set, but holds a value of type frozenset"),
        (frozenset[int], {1}, "is declared as frozenset, but holds a value of type set"),
        (dict[str, int], [1], "is declared as dict, but holds a value of type list"),
        (dict[str, int], {1: 1}, "its key is of type int, not str"),
    ],
)
def test_a_container_of_another_type_is_refused_by_the_names_of_both(
    declared: Any, value: object, message: str
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        encoded(declared, value)
    assert raised.value.message.endswith(message)
    assert raised.value.path.startswith("a")


@pytest.mark.parametrize("first", [list[int] | tuple[int, int], tuple[int, int] | list[int]])
def test_a_list_as_long_as_a_tuple_of_the_union_is_taken_for_the_tuple(first: Any) -> None:
    assert decoded(first, {"L": [{"N": "1"}, {"N": "2"}]}) == (1, 2)
    assert decoded(first, {"L": [{"N": "1"}]}) == [1]
    assert encoded(first, (1, 2)) == {"L": [{"N": "1"}, {"N": "2"}]}
    with pytest.raises(InvalidValueError, match="would come back as another type"):
        encoded(first, [1, 2])


def dicts(levels: int) -> tuple[Any, Any, Any]:
    """Give dicts in each other: their type, a value and how it is stored."""
    declared: Any = str
    value: Any = "x"
    wire: Any = {"S": "x"}
    for _ in range(levels):
        declared, value, wire = dict[str, declared], {"k": value}, {"M": {"k": wire}}
    return declared, value, wire


def lists(levels: int) -> tuple[Any, Any, Any]:
    declared: Any = str
    value: Any = "x"
    wire: Any = {"S": "x"}
    for _ in range(levels):
        declared, value, wire = list[declared], [value], {"L": [wire]}
    return declared, value, wire


def tuples(levels: int) -> tuple[Any, Any, Any]:
    declared: Any = str
    value: Any = "x"
    wire: Any = {"S": "x"}
    for _ in range(levels):
        declared, value, wire = tuple[declared, int], (value, 1), {"L": [wire, {"N": "1"}]}
    return declared, value, wire


@pytest.mark.parametrize("nested", [dicts, lists, tuples])
def test_what_is_nested_as_deep_as_dynamodb_nests_comes_back(nested: Any) -> None:
    declared, value, wire = nested(DEEPEST)
    assert encoded(declared, value) == wire
    assert decoded(declared, wire) == value


@pytest.mark.parametrize("nested", [dicts, lists, tuples])
def test_one_level_more_is_neither_written_nor_read(nested: Any) -> None:
    declared, value, wire = nested(DEEPEST + 1)
    with pytest.raises(InvalidValueError, match="nested deeper than DynamoDB's 32 levels"):
        encoded(declared, value)
    with pytest.raises(InvalidItemError, match="nested too deeply"):
        decoded(declared, wire)


@pytest.mark.parametrize("nested", [dicts, lists])
def test_values_of_no_declared_type_have_the_same_bounds(nested: Any) -> None:
    _, value, wire = nested(DEEPEST)
    assert encoded(Any, value) == wire
    assert decoded(Any, wire) == decode_dynamic(wire) == value
    _, value, wire = nested(DEEPEST + 1)
    with pytest.raises(InvalidValueError, match="nested deeper"):
        encoded(Any, value)
    with pytest.raises(InvalidItemError, match="nested too deeply"):
        decoded(Any, wire)
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode_dynamic(wire)


def test_an_element_that_does_not_fit_is_named_by_its_place() -> None:
    wire = {"M": {"k": {"L": [{"S": "x"}, {"N": "1"}]}}}
    with pytest.raises(InvalidItemError) as raised:
        decoded(dict[str, list[str]], wire)
    assert "stored as N, not as S" in str(raised.value)
    with pytest.raises(InvalidItemError, match="not 2 elements"):
        decoded(tuple[int, int], {"L": [{"N": "1"}]})
