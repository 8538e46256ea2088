"""What the stand-in of a `lambda u: ...` records, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import (
    Condition,
    attr,
    begins_with,
    between,
    condition_of,
    contains,
    exists,
    in_,
    is_type,
    not_,
    not_exists,
    present,
    set_,
    size,
)
from dynarepo.exceptions import InvalidRequestError
from tests.expressions.writing import written

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def recorded(where: Callable[[Any], Any]) -> Condition:
    condition = condition_of(where)
    assert condition is not None
    return condition


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        (lambda u: u.a == 1, attr("a").eq(1)),
        (lambda u: u.a != 1, attr("a").ne(1)),
        (lambda u: u.a < 1, attr("a").lt(1)),
        (lambda u: u.a <= 1, attr("a").le(1)),
        (lambda u: u.a > 1, attr("a").gt(1)),
        (lambda u: u.a >= 1, attr("a").ge(1)),
        (lambda u: 1 == u.a, attr("a").eq(1)),  # noqa: SIM300
        (lambda u: 1 != u.a, attr("a").ne(1)),  # noqa: SIM300
        (lambda u: 1 < u.a, attr("a").gt(1)),  # noqa: SIM300
        (lambda u: 1 <= u.a, attr("a").ge(1)),  # noqa: SIM300
        (lambda u: 1 > u.a, attr("a").lt(1)),  # noqa: SIM300
        (lambda u: 1 >= u.a, attr("a").le(1)),  # noqa: SIM300
        (lambda u: NOON < u.a, attr("a").gt(NOON)),  # noqa: SIM300
        (lambda u: Decimal("1.5") >= u.a, attr("a").le(Decimal("1.5"))),
        (lambda u: u.a == {"x"}, attr("a").eq({"x"})),
        (lambda u: u.a == u.b, attr("a").eq(attr("b"))),
        (lambda u: u.a < u.b.c, attr("a").lt(attr("b.c"))),
    ],
)
def test_a_comparison_is_recorded_either_way_round(where: Callable[[Any], Any], condition: Condition) -> None:
    assert recorded(where) == condition


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        (lambda u: u.address.city == "x", attr("address.city").eq("x")),
        (lambda u: u.lines[0] == "x", attr("lines[0]").eq("x")),
        (lambda u: u.grid[2][10].name == "x", attr("grid[2][10].name").eq("x")),
        (lambda u: u.prefs["a.b"] == "x", attr("prefs", "a.b").eq("x")),
        (lambda u: u.prefs["a"]["0"].c == "x", attr("prefs", "a", "0", "c").eq("x")),
        (lambda u: u.size == "x", attr("size").eq("x")),
        (lambda u: u.path_ == "x", attr("path_").eq("x")),
    ],
)
def test_a_part_is_named_by_its_path(where: Callable[[Any], Any], condition: Condition) -> None:
    assert recorded(where) == condition


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        (lambda u: u.a.startswith("x"), attr("a").begins_with("x")),
        (lambda u: begins_with(u.a, b"x"), attr("a").begins_with(b"x")),
        (lambda u: contains(u.a, "x"), attr("a").contains("x")),
        (lambda u: between(u.a, 1, 2), attr("a").between(1, 2)),
        (lambda u: between(u.a, u.b, u.c), attr("a").between(attr("b"), attr("c"))),
        (lambda u: in_(u.a, [1, 2]), attr("a").in_(1, 2)),
        (lambda u: in_(u.a, {1}), attr("a").in_(1)),
        (lambda u: in_(u.a, []), attr("a").in_()),
        (lambda u: in_(u.a, set()), attr("a").in_()),
        (lambda u: in_(u.a, [1, u.b]), attr("a").in_(1, attr("b"))),
        (lambda u: in_(u.a, list(range(250))), attr("a").in_(*range(250))),
        (lambda u: exists(u.a.b), attr("a.b").exists()),
        (lambda u: not_exists(u.a), attr("a").not_exists()),
        (lambda u: is_type(u.a, "NULL"), attr("a").is_type("NULL")),
        (lambda u: size(u.a) == 1, attr("a").size().eq(1)),
        (lambda u: size(u.a) != 1, attr("a").size().ne(1)),
        (lambda u: size(u.a) < 1, attr("a").size().lt(1)),
        (lambda u: size(u.a) <= 1, attr("a").size().le(1)),
        (lambda u: size(u.a) > 1, attr("a").size().gt(1)),
        (lambda u: 1 <= size(u.a), attr("a").size().ge(1)),  # noqa: SIM300
        (lambda u: present(u.a) > 1, attr("a").gt(1)),
        (lambda u: 1 < present(u.a), attr("a").gt(1)),  # noqa: SIM300
        (lambda u: present(u.a.b).startswith("x"), attr("a.b").begins_with("x")),
        (lambda u: present(u.a).b[0] == "x", attr("a.b[0]").eq("x")),
        (lambda u: size(present(u.a)) == 1, attr("a").size().eq(1)),
    ],
)
def test_a_function_is_recorded(where: Callable[[Any], Any], condition: Condition) -> None:
    assert recorded(where) == condition


A, B, C = attr("a").eq(True), attr("b").eq(True), attr("c").exists()


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        (lambda u: u.a, A),
        (lambda u: not_(u.a), ~A),
        (lambda u: not_(not_(u.a)), A),
        (lambda u: not_(exists(u.c)), ~C),
        (lambda u: ~exists(u.c), ~C),
        (lambda u: u.a & u.b, A & B),
        (lambda u: u.a | u.b, A | B),
        (lambda u: u.a & exists(u.c), A & C),
        (lambda u: exists(u.c) & u.a, C & A),
        (lambda u: u.a | exists(u.c), A | C),
        (lambda u: exists(u.c) | u.a, C | A),
        (lambda u: (u.a | u.b) & exists(u.c), (A | B) & C),
        (lambda u: u.a | u.b & exists(u.c), A | (B & C)),
        (lambda u: exists(u.c) & not_(u.a | u.b), C & ~(A | B)),
        (lambda u: (u.n >= 1) & (u.n < 5) & u.a, attr("n").ge(1) & attr("n").lt(5) & A),
    ],
)
def test_conditions_and_boolean_fields_combine(where: Callable[[Any], Any], condition: Condition) -> None:
    assert recorded(where) == condition


def test_a_condition_and_none_stay_what_they_are() -> None:
    assert condition_of(A) is A
    assert condition_of(None) is None


def test_the_function_is_called_once() -> None:
    calls = []

    def where(u: Any) -> Any:
        calls.append(u)
        return u.a == 1

    recorded(where)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (lambda u: u.a and exists(u.c), "a stands for a stored value.* write & for and"),
        (lambda u: u.a or exists(u.c), r"\| for or"),
        (lambda u: not u.a, r"not_\(\.\.\.\) for not"),
        (lambda u: (u.a == 1) and u.b, "a condition has no truth value: write & for and"),
        (lambda u: not u.a == 1, r"not_\(\.\.\.\) or ~ for not"),  # noqa: SIM201
        (lambda u: 1 < u.a < 5, "between for a chained comparison"),
        (lambda u: u.a == u.b == 1, "between for a chained comparison"),
        (lambda u: exists(u.a) if u.b else exists(u.c), "b stands for a stored value"),
        (lambda u: u.a in [1, 2], "in_ for in"),
        (lambda u: u.a in (u.b, 2), "in_ for in"),
        (lambda u: u.a in {1, 2}, r"write in_\(a, \[\.\.\.\]\)"),
        (lambda u: u.a not in {1, 2} and exists(u.c), r"write in_\(a, \[\.\.\.\]\)"),
        (lambda u: "x" in u.tags, r"write contains\(tags, value\)"),
        (lambda u: u.a in u.tags, r"write contains\(tags, value\)"),
        (lambda u: len(u.tags) > 1, r"write size\(tags\)"),
        (lambda u: any(tag == "x" for tag in u.tags), "tags stands for .* cannot be iterated"),
        (lambda u: contains(*u.tags), "cannot be iterated"),
        (lambda u: ~u.a, r"write not_\(a\)"),
        (lambda u: u.a + 1 > 5, r"write increment\(a, amount\)"),
        (lambda u: 1 + u.a > 5, r"write increment\(a, amount\)"),
        (lambda u: u.a - 1 > 5, r"write increment\(a, amount\)"),
        (lambda u: 1 - u.a > 5, r"write increment\(a, amount\)"),
        (lambda u: u.a == f"{u.b}", "text of b cannot be recorded"),
        (lambda u: u.a == str(u), "text of the model cannot be recorded"),
        (lambda u: size(u.a) and u.b, r"compare it, as in size\(u.tags\) > 0"),
        (lambda u: size(u.a) in {1, 2}, "compare it"),
        (lambda u: 1 < size(u.a) < 5, "between for a chained comparison"),
        (lambda u: u.a.b and 1, "a.b stands for"),
        (lambda u: (u.a is not None) & (u.a == 1), "unsupported operand"),
        (lambda u: (u.a == 1) | True, "unsupported operand"),
        (lambda u: u.a & True, "unsupported operand"),
        (lambda u: False | u.a, "unsupported operand"),
    ],
)
def test_what_python_decides_at_once_is_refused(where: Callable[[Any], Any], message: str) -> None:
    """Each of these would have been a part of the condition at most, or none at all."""
    with pytest.raises(TypeError, match=message):
        condition_of(where)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (lambda u: u.name.upper() == "X", "name.upper: DynamoDB cannot call methods"),
        (lambda u: u.name.endswith("x"), "name.endswith: .* of str, startswith is there"),
        (lambda u: u.lines[-1] == "x", "lines: an item is taken by .* index from 0"),
        (lambda u: u.lines[0:2] == ["x"], "index from 0"),
        (lambda u: u.lines[True] == "x", "index from 0"),
        (lambda u: u.lines[1.0] == "x", "index from 0"),
        (lambda u: u.lines[u.a] == "x", "index from 0"),
        (lambda u: u.a == size(u.b), "b: a size is compared with a number alone"),
        (lambda u: between(u.a, size(u.b), 2), "b: a size is compared with a number alone"),
        (lambda u: u.a.startswith(u.b), "b: takes a value here, not another field"),
        (lambda u: begins_with(u.a, u.b), "b: takes a value here"),
        (lambda u: contains(u.a, u.b), "b: takes a value here"),
        (lambda u: contains(u.a, size(u.b)), "b: takes a value here"),
        (lambda u: present(5) > 1, "takes a field of the model"),
        (lambda u: present(u) == 1, "takes a field of the model"),
        (lambda u: present(size(u.a)) > 1, "takes a field of the model"),
        (lambda u: present(attr("a")), "takes a field of the model"),
        (lambda u: ~exists(u), "takes a field of the model, such as u.age"),
        (lambda u: exists("a"), "takes a field of the model"),
        (lambda u: exists(attr("a")), "takes a field of the model"),
        (lambda u: u.a == u, "takes a field of the model"),
        (lambda u: size(5) > 1, "takes a field of the model"),
        (lambda u: contains("abc", "a"), "takes a field of the model"),
        (lambda u: not_(True), "not a value of type bool"),
        (lambda u: not_(size(u.a)), "not a value of type SizeStandIn"),  # type: ignore[arg-type]
    ],
)
def test_what_dynamodb_cannot_do_is_refused(where: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        condition_of(where)


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        (True, "bool"),
        (False, "bool"),
        ("a = 1", "str"),
        ({}, "dict"),
        (0, "int"),
        (attr("a"), "AttributePath"),
        (lambda u: True, "bool"),
        (lambda u: False, "bool"),
        (lambda u: None, "NoneType"),
        (lambda u: "canary", "str"),
        (lambda u: u.a is None, "bool"),
        (lambda u: isinstance(u.a, str), "bool"),
        (lambda u: [u.a == 1], "list"),
        (lambda u: size(u.a), "SizeStandIn"),
        (lambda u: set_(u.a).to(1), "Set"),
        (lambda u: attr("a"), "AttributePath"),
    ],
)
def test_what_is_no_condition_is_refused_and_never_taken_for_none(where: Any, kind: str) -> None:
    with pytest.raises(
        InvalidRequestError, match=rf"such as lambda u: u.age >= 18 .*, not a value of type {kind}$"
    ) as caught:
        condition_of(where)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("number", [-1, True, 1.5, "1", None])
def test_a_size_is_compared_with_a_whole_number(number: Any) -> None:
    with pytest.raises(InvalidRequestError, match="whole number from 0"):
        written(recorded(lambda u: size(u.a) == number))


def test_a_size_is_not_compared_with_a_field() -> None:
    with pytest.raises(InvalidRequestError, match="whole number from 0"):
        written(recorded(lambda u: size(u.a) == u.b))


@pytest.mark.parametrize("name", ["_a", "__await__", "__array__", "_path_"])
def test_a_private_name_is_no_field(name: str) -> None:
    with pytest.raises(AttributeError):
        condition_of(lambda u: getattr(u, name) == 1)


def test_reprs_show_paths_and_no_values() -> None:
    shown = []

    def where(u: Any) -> Any:
        shown.extend([repr(u), repr(u.a.lines[2])])
        return (u.a == "canary") & u.b.startswith("canary") | in_(u.c, ["canary"]) & contains(u.d, "canary")

    condition = recorded(where)
    assert shown == ["<the stored value of the model>", "<the stored value of a.lines[2]>"]
    assert "canary" not in repr(condition)
