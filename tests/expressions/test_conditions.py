"""How conditions are written."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from dynarepo._expressions import Condition, attr, is_never
from dynarepo._expressions._conditions import And, In, Not, Or
from dynarepo.exceptions import ExpressionTooLongError, InvalidRequestError
from tests.expressions.writing import text_of, written

A, B, C, D = (attr(name).exists() for name in "abcd")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (attr("a").eq(1), "a = 1"),
        (attr("a").ne(1), "a <> 1"),
        (attr("a").lt(1), "a < 1"),
        (attr("a").le(1), "a <= 1"),
        (attr("a").gt(1), "a > 1"),
        (attr("a").ge(1), "a >= 1"),
        (attr("a").between(1, 2), "a BETWEEN 1 AND 2"),
        (attr("a").in_(1), "a IN (1)"),
        (attr("a").in_(1, 2, 3), "a IN (1, 2, 3)"),
        (attr("a").begins_with("x"), "begins_with(a, x)"),
        (attr("a").contains("x"), "contains(a, x)"),
        (attr("a").exists(), "attribute_exists(a)"),
        (attr("a").not_exists(), "attribute_not_exists(a)"),
        (attr("a").is_type("NULL"), "attribute_type(a, NULL)"),
        (attr("a").size().eq(1), "size(a) = 1"),
        (attr("a").size().ne(1), "size(a) <> 1"),
        (attr("a").size().lt(1), "size(a) < 1"),
        (attr("a").size().le(1), "size(a) <= 1"),
        (attr("a").size().gt(1), "size(a) > 1"),
        (attr("a").size().ge(0), "size(a) >= 0"),
        (attr("a").eq(attr("b")), "a = b"),
        (attr("a").between(attr("b"), attr("c.d")), "a BETWEEN b AND c.d"),
        (attr("a").in_(attr("b"), 2), "a IN (b, 2)"),
    ],
)
def test_each_operator_has_its_text(condition: Condition, text: str) -> None:
    assert text_of(condition) == text


def show(condition: Condition) -> str:
    return re.sub(r"attribute_exists\((\w)\)", r"\1", text_of(condition))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (A & B & C, "a AND b AND c"),
        (A & (B & C), "a AND b AND c"),
        (A | B | C, "a OR b OR c"),
        (A | (B | C), "a OR b OR c"),
        (A & B | C & D, "a AND b OR c AND d"),
        ((A | B) & (C | D), "(a OR b) AND (c OR d)"),
        (A & (B | C & D), "a AND (b OR c AND d)"),
        (~A, "NOT a"),
        (~~A, "a"),
        (~A & B, "NOT a AND b"),
        (~(A & B), "NOT (a AND b)"),
        (~(A | B) | C, "NOT (a OR b) OR c"),
        (~(~A & B), "NOT (NOT a AND b)"),
        (And((And((A, B)), C)), "a AND b AND c"),
        (Or((Or((A, B)), And((C, D)))), "a OR b OR c AND d"),
    ],
)
def test_parentheses_stand_where_precedence_needs_them_and_nowhere_else_rc61(
    condition: Condition, text: str
) -> None:
    assert show(condition) == text


def test_a_name_has_one_placeholder_and_each_value_its_own_rc62() -> None:
    text, members = written(attr("a").gt(1) & attr("a").lt(1) & attr("b.a").eq(1))
    assert text == "#n0 > :v0 AND #n0 < :v1 AND #n1.#n0 = :v2"
    assert members["ExpressionAttributeNames"] == {"#n0": "a", "#n1": "b"}
    assert set(members["ExpressionAttributeValues"]) == {":v0", ":v1", ":v2"}


def test_a_request_without_values_has_no_member_for_them() -> None:
    assert set(written(A)[1]) == {"ExpressionAttributeNames"}


def test_every_placeholder_is_used_rc62() -> None:
    bounded = attr("a").between(1, 2) & attr("b").in_(*range(150)) & attr("c").contains("x")
    text, members = written(bounded)
    placeholders = {*members["ExpressionAttributeNames"], *members["ExpressionAttributeValues"]}
    assert set(re.findall(r"[#:]\w+", text)) == placeholders


def test_an_in_of_over_100_values_becomes_several() -> None:
    assert isinstance(attr("a").in_(*range(100)), In)
    condition = attr("a").in_(*range(101))
    assert isinstance(condition, Or)
    assert text_of(condition).endswith("99) OR a IN (100)")
    assert show(A & condition).startswith("a AND (a IN (0, ")


NEVER = attr("a").in_()


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (NEVER, "a AND attribute_not_exists(a)"),
        (~NEVER, "NOT (a AND attribute_not_exists(a))"),
        (~~NEVER, "a AND attribute_not_exists(a)"),
        (NEVER & C, "a AND attribute_not_exists(a) AND c"),
        (C & NEVER, "c AND a AND attribute_not_exists(a)"),
        (C | NEVER, "c OR a AND attribute_not_exists(a)"),
        (C & (D | NEVER), "c AND (d OR a AND attribute_not_exists(a))"),
        (~NEVER & C, "NOT (a AND attribute_not_exists(a)) AND c"),
        (attr("a.b").in_(), "attribute_exists(a.b) AND attribute_not_exists(a.b)"),
    ],
)
def test_an_in_of_nothing_is_written_as_what_never_holds(condition: Condition, text: str) -> None:
    assert show(condition) == text


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        (NEVER, True),
        (~~NEVER, True),
        (NEVER & A, True),
        (A & B & NEVER, True),
        (A & (NEVER | attr("b").in_()), True),
        (NEVER | attr("b").in_(), True),
        (NEVER | A & NEVER, True),
        (A & attr("a").not_exists(), True),
        (~NEVER, False),
        (NEVER | A, False),
        (A & (NEVER | B), False),
        (A & ~NEVER, False),
        (A, False),
        (A & attr("b").not_exists(), False),
        (A | attr("a").not_exists(), False),
        (attr("a").in_(1), False),
        (attr("a").in_(*range(300)), False),
    ],
)
def test_what_never_holds_is_told_from_what_may(condition: Condition, never: bool) -> None:
    assert is_never(condition) is never


def test_300_operators_are_accepted_and_301_refused() -> None:
    """The service counts AND, OR, NOT, comparisons and functions, and `size(a) = 1` as two."""
    condition = And((A,) * 150)
    assert written(condition)[0].count("attribute_exists") == 150
    for longer in (And((A,) * 151), And((~A,) * 101), Or((attr("a").size().eq(1),) * 101)):
        with pytest.raises(ExpressionTooLongError, match="300 operators"):
            written(longer)


def test_4096_bytes_are_accepted_and_more_refused() -> None:
    with pytest.raises(ExpressionTooLongError, match="4096"):
        written(attr("a").in_(*range(700)))
    assert len(written(attr("a").in_(*range(500)))[0]) <= 4096


def test_an_in_of_100000_values_is_refused() -> None:
    with pytest.raises(ExpressionTooLongError):
        written(attr("a").in_(*range(100_000)))


def test_a_condition_nested_without_end_is_refused() -> None:
    condition = A
    for _ in range(100_000):
        condition = B & (A | condition)
    with pytest.raises(ExpressionTooLongError):
        written(condition)


def test_a_condition_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="write & for and"):
        bool(A)
    with pytest.raises(TypeError, match="no truth value"):
        A and B  # type: ignore[unreachable]  # noqa: B018
    with pytest.raises(TypeError, match="no truth value"):
        A or B  # type: ignore[unreachable]  # noqa: B018
    with pytest.raises(TypeError, match="no truth value"):
        not A  # noqa: B018
    with pytest.raises(TypeError, match="no truth value"):
        assert A


@pytest.mark.parametrize("other", [True, None, "a = 1", 1])
def test_a_condition_combines_with_conditions_only(other: object) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        A & other  # type: ignore[operator]
    with pytest.raises(TypeError, match="unsupported operand"):
        A | other  # type: ignore[operator]


@pytest.mark.parametrize("where", [True, False, "a = 1", "", 0, {}, attr("a")])
def test_only_a_condition_is_written(where: Condition) -> None:
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        written(where)


def test_an_unknown_kind_of_condition_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="unknown kind"):
        written(Condition())


@pytest.mark.parametrize("size", [-1, True, 1.0, "1", None])
def test_a_size_is_a_whole_number_from_0(size: int) -> None:
    with pytest.raises(InvalidRequestError, match="whole number"):
        written(attr("a").size().eq(size))


@pytest.mark.parametrize("tag", ["X", "", "string", None, 5])
def test_a_type_is_one_of_dynamodbs(tag: str) -> None:
    with pytest.raises(InvalidRequestError, match="one of S, N, B"):
        attr("a").is_type(tag)  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), [(2, 1), ("b", "a"), (1, "a"), ("é", "z"), (-1, -2)], ids=repr)
def test_a_range_from_high_to_low_or_of_two_types_is_refused(low: object, high: object) -> None:
    with pytest.raises(InvalidRequestError, match="a: between takes two values of one type"):
        written(attr("a").between(low, high))


def test_a_range_of_one_value_is_accepted() -> None:
    assert text_of(attr("a").between(1, 1)) == "a BETWEEN 1 AND 1"


def test_conditions_are_values() -> None:
    condition = ~(attr("a").eq(1) & attr("b").in_(1, 2))
    assert condition == ~(attr("a").eq(1) & attr("b").in_(1, 2))
    assert condition != ~(attr("a").eq(2) & attr("b").in_(1, 2))
    assert pickle.loads(pickle.dumps(condition)) == copy.deepcopy(condition) == condition  # noqa: S301
    assert isinstance(condition, Not)


@pytest.mark.parametrize(
    "condition",
    [
        attr("a").eq("canary"),
        attr("a").between("canary", "canary"),
        attr("a").in_("canary"),
        attr("a").begins_with("canary"),
        ~(attr("a").contains("canary") & attr("a").lt("canary")),
    ],
)
def test_no_value_is_shown_by_repr(condition: Condition) -> None:
    assert "canary" not in repr(condition)
