"""Updates as DynamoDB reads them: what each action writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import (
    Action,
    add_to_set,
    append,
    increment,
    prepend,
    remove,
    remove_from_set,
    set_,
)
from dynarepo._requests import update_item
from dynarepo._schema import DynamoDBBaseModel, GlobalIndex
from dynarepo.exceptions import InvalidRequestError
from tests.key_models import Event, Order, Pipeline, target
from tests.requests.updating import Line, Thing, Written, written, written_action

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Ranked(DynamoDBBaseModel):
    """With plain fields as keys of an index."""

    topic: str | None = None
    rank: int = 0

    class Meta:
        partition_key = "pk"
        sort_key = "sk"
        gsis = (GlobalIndex("by-topic", "topic", "rank"),)


@pytest.mark.parametrize(
    ("action", "text", "values"),
    [
        (lambda u: set_(u.age).to(37), "SET age = :v0", [{"N": "37"}]),
        (lambda u: set_(u.short).to("x"), "SET s = :v0", [{"S": "x"}]),
        (lambda u: set_(u.nick).to(None), "REMOVE nick", []),
        (lambda u: set_(u.tags).to(set()), "REMOVE tags", []),
        (lambda u: set_(u.name).to(u.line.text), "SET name = line.text", []),
        (lambda u: set_(u.nick).to(u.name), "SET nick = name", []),
        (lambda u: set_(u.loose).to(u.age), "SET loose = age", []),
        (lambda u: set_(u.line.count).to(5), "SET line.count = :v0", [{"N": "5"}]),
        (lambda u: set_(u.line.text).to(u.name), "SET line.text = name", []),
        (lambda u: set_(u.listed[3]).to("x"), "SET listed[3] = :v0", [{"S": "x"}]),
        (lambda u: set_(u.prefs["a.b"]).to(5), "SET prefs.a.b = :v0", [{"N": "5"}]),
        (lambda u: set_(u.loose["a"][2]).to("x"), "SET loose.a[2] = :v0", [{"S": "x"}]),
        (
            lambda u: set_(u.lines[0]).to(Line(text="x")),
            "SET lines[0] = :v0",
            [{"M": {"text": {"S": "x"}, "count": {"N": "0"}}}],
        ),
        (lambda u: set_(u.age).if_not_exists(1), "SET age = if_not_exists(age, :v0)", [{"N": "1"}]),
        (lambda u: set_(u.short).if_not_exists("x"), "SET s = if_not_exists(s, :v0)", [{"S": "x"}]),
        (lambda u: set_(u.nick).if_not_exists(u.name), "SET nick = if_not_exists(nick, name)", []),
        (
            lambda u: set_(u.line.count).if_not_exists(1),
            "SET line.count = if_not_exists(line.count, :v0)",
            [{"N": "1"}],
        ),
        (lambda u: increment(u.age, 1), "SET age = if_not_exists(age, :v0) + :v1", [{"N": "0"}, {"N": "1"}]),
        (
            lambda u: increment(u.visits, -5),
            "SET visits = if_not_exists(visits, :v0) + :v1",
            [{"N": "0"}, {"N": "-5"}],
        ),
        (
            lambda u: increment(u.line.count, 10**22 + 1),
            "SET line.count = if_not_exists(line.count, :v0) + :v1",
            [{"N": "0"}, {"N": "10000000000000000000001"}],
        ),
        (
            lambda u: append(u.listed, ["x", "y"]),
            "SET listed = list_append(if_not_exists(listed, :v1), :v0)",
            [{"L": [{"S": "x"}, {"S": "y"}]}, {"L": []}],
        ),
        (
            lambda u: prepend(u.numbers, [1]),
            "SET numbers = list_append(:v0, if_not_exists(numbers, :v1))",
            [{"L": [{"N": "1"}]}, {"L": []}],
        ),
        (
            lambda u: append(u.loose["a"], [True]),
            "SET loose.a = list_append(if_not_exists(loose.a, :v1), :v0)",
            [{"L": [{"BOOL": True}]}, {"L": []}],
        ),
        (lambda u: remove(u.nick), "REMOVE nick", []),
        (lambda u: remove(u.age), "REMOVE age", []),
        (lambda u: remove(u.needed), "REMOVE needed", []),
        (lambda u: remove(u.listed[2]), "REMOVE listed[2]", []),
        (lambda u: remove(u.prefs["a"]), "REMOVE prefs.a", []),
        (lambda u: add_to_set(u.tags, {"y", "x"}), "ADD tags :v0", [{"SS": ["x", "y"]}]),
        (lambda u: add_to_set(u.needed, {1}), "ADD needed :v0", [{"NS": ["1"]}]),
        (lambda u: add_to_set(u.frozen, {"x"}), "ADD frozen :v0", [{"SS": ["x"]}]),
        (lambda u: add_to_set(u.frozen, frozenset({"x"})), "ADD frozen :v0", [{"SS": ["x"]}]),
        (lambda u: add_to_set(u.tags, frozenset({"x"})), "ADD tags :v0", [{"SS": ["x"]}]),
        (lambda u: remove_from_set(u.tags, {"x"}), "DELETE tags :v0", [{"SS": ["x"]}]),
        (lambda u: remove_from_set(u.needed, {1}), "DELETE needed :v0", [{"NS": ["1"]}]),
    ],
)
def test_each_action_has_its_text(action: Callable[[Any], Action], text: str, values: list[Any]) -> None:
    assert written_action(action) == Written(text, values)


@pytest.mark.parametrize(
    ("field", "amount", "text"),
    [
        ("weight", 0.1, "0.1"),
        ("weight", 1, "1"),
        ("weight", Decimal("0.1"), "0.1"),
        ("total", Decimal("1E-30"), "0.000000000000000000000000000001"),
        ("total", 0.5, "0.5"),
        ("total", 1, "1"),
        ("age", Decimal("1E3"), "1000"),
        ("age", 2.0, "2"),
        ("loose", Decimal("0.5"), "0.5"),
    ],
)
def test_an_amount_is_exact_and_of_any_number_type(field: str, amount: Any, text: str) -> None:
    assert written(lambda u: [increment(getattr(u, field), amount)]).values[1] == {"N": text}


def test_several_actions_share_one_clause_of_each_kind() -> None:
    update = written(
        lambda u: [
            remove_from_set(u.needed, {1}),
            increment(u.age, 1),
            remove(u.nick),
            add_to_set(u.tags, {"x"}),
            append(u.listed, ["x"]),
            set_(u.name).to("x"),
            set_(u.visits).to(None),
            remove(u.prefs["a"]),
            add_to_set(u.frozen, {"x"}),
        ]
    )
    assert update.text == (
        "SET age = if_not_exists(age, :v1) + :v2, "
        "listed = list_append(if_not_exists(listed, :v5), :v4), name = :v7 "
        "REMOVE nick, prefs.a, visits "
        "ADD tags :v3, frozen :v6 "
        "DELETE needed :v0"
    )


def test_names_and_values_are_shared_with_the_condition() -> None:
    payload = update_item(
        target(Thing), "a", "b", lambda u: [increment(u.age, 1)], lambda u: (u.age > 5) & (u.name != "x")
    ).payload
    assert payload["UpdateExpression"] == "SET #n0 = if_not_exists(#n0, :v0) + :v1"
    assert payload["ConditionExpression"] == "attribute_exists(#n1) AND #n0 > :v2 AND #n2 <> :v3"
    assert payload["ExpressionAttributeNames"] == {"#n0": "age", "#n1": "pk", "#n2": "name"}


def test_the_function_is_called_once_and_may_give_a_tuple() -> None:
    calls = []

    def actions(u: Any) -> Any:
        calls.append(u)
        return (set_(u.age).to(1), set_(u.name).to("x"))

    assert written(actions).text == "SET age = :v0, name = :v1"
    assert len(calls) == 1


def test_whole_values_are_what_the_model_makes_of_them() -> None:
    update = written(
        lambda u: [set_(u.nick).to("  ada "), set_(u.total).to(5), set_(u.line).to({"text": "x"})]
    )
    assert update.values == [{"S": "ada"}, {"N": "5"}, {"M": {"text": {"S": "x"}, "count": {"N": "0"}}}]
    assert written(lambda u: [set_(u.nick).if_not_exists(" ada ")]).values == [{"S": "ada"}]


ORDER_KEY = {"customer_id": "ada"}, {"placed_at": NOON, "order_id": "o1"}


def test_a_new_value_renews_the_index_keys_made_of_it() -> None:
    update = written(lambda u: [set_(u.status).to("paid"), set_(u.number).to(7)], Order, *ORDER_KEY)
    assert update.text == "SET status = :v0, number = :v1, gsi1pk = :v2, gsi2sk = :v3"
    assert update.values == [{"S": "paid"}, {"N": "7"}, {"S": "STATUS#paid"}, {"S": "paid#000007#o1"}]


def test_a_new_value_beside_other_actions_renews_too() -> None:
    update = written(
        lambda u: [increment(u.total, 1), set_(u.number).to(7), set_(u.status).to("paid")], Order, *ORDER_KEY
    )
    assert update.text.endswith("number = :v2, status = :v3, gsi1pk = :v4, gsi2sk = :v5")


def test_a_part_of_an_index_key_needs_the_others() -> None:
    with pytest.raises(InvalidRequestError, match=r"^status: part of the index key 'gsi2sk'; .* give number"):
        written(lambda u: [set_(u.status).to("canary")], Order, *ORDER_KEY)


@pytest.mark.parametrize(
    "action",
    [
        lambda u: increment(u.number, 1),
        lambda u: remove(u.number),
        lambda u: set_(u.status).if_not_exists("canary"),
        lambda u: set_(u.status).to(u.note),
    ],
)
def test_a_part_of_an_index_key_template_is_only_set_to_a_value(action: Callable[[Any], Action]) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^(number|status): part of a key of index .* set a value by"
    ):
        written_action(action, Order, *ORDER_KEY)


def test_a_plain_field_that_is_an_index_key_can_be_counted_and_removed() -> None:
    assert written(lambda u: [remove(u.topic)], Ranked).text == "REMOVE topic"
    assert written(lambda u: [increment(u.rank, 1)], Ranked).text.startswith("SET rank = ")
    assert written(lambda u: [set_(u.topic).to(None)], Ranked).text == "REMOVE topic"


@pytest.mark.parametrize(
    "action", [lambda u: set_(u.topic).if_not_exists("x"), lambda u: set_(u.topic).to(u.pk)]
)
def test_a_plain_field_that_is_an_index_key_is_only_set_to_a_value(action: Callable[[Any], Action]) -> None:
    with pytest.raises(InvalidRequestError, match=r"^topic: part of a key of index by-topic"):
        written_action(action, Ranked)


def test_a_boolean_index_key_is_set_as_it_is_stored() -> None:
    assert written(lambda u: [set_(u.is_active).to(False)], Pipeline, "a", None).values == [{"S": "false"}]


def test_a_number_that_is_a_key_of_several_attributes_is_set() -> None:
    update = written(lambda u: [set_(u.year).to(2027), increment(u.month, 1)], Event, 1, b"x")
    assert update.text == "SET month = if_not_exists(month, :v0) + :v1, year = :v2"


def test_the_expiry_time_is_set_by_an_action_and_not_by_a_dict() -> None:
    update = written(lambda u: [set_(u.expires_at).to(NOON + timedelta(hours=1))], Order, *ORDER_KEY)
    assert update == Written("SET expires_at = :v0", [{"N": "1769864400"}])
    with pytest.raises(InvalidRequestError, match=r"^expires_at: the expiry time cannot .* through a dict"):
        update_item(target(Order), *ORDER_KEY, {"expires_at": NOON}, None)


@pytest.mark.parametrize(
    "actions",
    [
        lambda u: [set_(u.listed[1]).to("x"), set_(u.listed[10]).to("y"), remove(u.listed[2])],
        lambda u: [set_(u.prefs["a"]).to(1), set_(u.prefs["ab"]).to(2)],
        lambda u: [set_(u.line.text).to("x"), increment(u.line.count, 1), append(u.lines, [Line(text="x")])],
        lambda u: [set_(u.name).to(u.line.text), set_(u.line.text).to(u.name)],
    ],
)
def test_changes_beside_each_other_are_no_overlap(actions: Callable[[Any], Any]) -> None:
    assert written(actions).text


def test_no_value_is_shown_by_the_request() -> None:
    actions = lambda u: [set_(u.name).to("canary"), append(u.listed, ["canary"])]  # noqa: E731
    assert "canary" not in repr(update_item(target(Thing), "a", "b", actions, None))
