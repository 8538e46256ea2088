"""Updates that are refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from pydantic import ConfigDict

from dynarepo._expressions import (
    Action,
    add_to_set,
    append,
    attr,
    increment,
    prepend,
    remove,
    remove_from_set,
    set_,
)
from dynarepo._schema import DynamoDBBaseModel
from dynarepo.exceptions import DynamoDBServiceError, InvalidRequestError, InvalidValueError
from tests.key_models import Order
from tests.requests.updating import Line, written, written_action

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

#: To a checker, these could be right.
TEXT: Any = "canary"
SEVERAL: Any = ("canary",)
LISTED: Any = ["canary"]
NOTHING: Any = None


class Open(DynamoDBBaseModel):
    """Keeps fields that it does not declare."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda u: set_(u.age).to(-1), r"^age: does not fit the field \(greater_than_equal\)"),
        (lambda u: set_(u.age).to("canary"), "^age: does not fit"),
        (lambda u: set_(u.age).to(None), "^age: does not fit"),
        (lambda u: set_(u.short).to("canary"), "^short: does not fit"),
        (lambda u: set_(u.age).if_not_exists(-1), "^age: does not fit"),
        (lambda u: set_(u.weight).to(float("nan")), "^weight: NaN"),
        (lambda u: set_(u.lines).to([{"canary": 1}]), "^lines.*: does not fit"),
        (lambda u: set_(u.line.count).to("canary"), r"^line.count: does not fit"),
        (lambda u: set_(u.listed[0]).to(None), r"^listed\[0\]: does not fit"),
        (lambda u: set_(u.line.count).if_not_exists("canary"), "^line.count: does not fit"),
        (lambda u: set_(u.age).to(object()), "^age: does not fit"),
        (lambda u: append(u.numbers, ["canary"]), r"^numbers\[0\]: "),
        (lambda u: append(u.lines, [{"canary": 1}]), r"^lines\[0\]\.text: does not fit"),
        (lambda u: append(u.listed, ["\ud800canary"]), r"^listed\[0\]: .*surrogate"),
        (lambda u: append(u.listed, [u.name]), r"^listed\[0\]: does not fit"),
        (lambda u: add_to_set(u.tags, {5}), "^tags: does not fit"),
        (lambda u: add_to_set(u.needed, {"canary"}), "^needed: does not fit"),
        (lambda u: remove_from_set(u.tags, {None}), "^tags: is declared as str"),
        (lambda u: increment(u.weight, float("inf")), "^weight: NaN and infinity"),
        (lambda u: increment(u.age, 10**200), "^age: "),
        (lambda u: increment(u.age, Decimal("0." + "1" * 39)), "^age: .*38"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(
    action: Callable[[Any], Action], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message) as caught:
        written_action(action)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda u: increment(u.name, 1), "name: increment takes a number field and a number"),
        (lambda u: increment(u.active, 1), "active: increment takes"),
        (lambda u: increment(u.age, "canary"), "age: increment takes"),
        (lambda u: increment(u.age, True), "age: increment takes"),
        (lambda u: increment(u.age, None), "age: increment takes"),
        (lambda u: increment(u.age, u.visits), "age: increment takes"),
        (lambda u: increment(u.age, 0.5), "age: a field of whole numbers takes a whole amount"),
        (lambda u: increment(u.visits, Decimal("0.5")), "visits: a field of whole numbers"),
        (lambda u: append(u.name, ["canary"]), "name: takes a list field and a list of elements"),
        (lambda u: append(u.tags, ["canary"]), "tags: takes a list field"),
        (lambda u: append(u.listed, TEXT), "listed: takes a list field"),
        (lambda u: append(u.listed, SEVERAL), "listed: takes a list field"),
        (lambda u: append(u.listed, NOTHING), "listed: takes a list field"),
        (lambda u: append(u.listed, []), "listed: takes a list field"),
        (lambda u: append(u.listed, u.listed), "listed: takes a list field"),
        (lambda u: prepend(u.listed, []), "listed: takes a list field"),
        (lambda u: prepend(u.age, [1]), "age: takes a list field"),
        (lambda u: add_to_set(u.listed, {"canary"}), "listed: takes a set field .* a set of elements"),
        (lambda u: add_to_set(u.tags, LISTED), "tags: takes a set field"),
        (lambda u: add_to_set(u.tags, set()), "tags: takes a set field"),
        (lambda u: add_to_set(u.tags, NOTHING), "tags: takes a set field"),
        (lambda u: add_to_set(u.loose["a"], {"canary"}), r"loose.a: takes a set field of the model itself"),
        (lambda u: remove_from_set(u.tags, set()), "tags: takes a set field"),
        (lambda u: remove_from_set(u.tags, TEXT), "tags: takes a set field"),
        (lambda u: remove_from_set(u.age, {1}), "age: takes a set field"),
        (
            lambda u: remove_from_set(u.marked, {"canary"}),
            "marked: an empty set would be read back as the default",
        ),
        (lambda u: set_(u.nick).if_not_exists(None), "nick: if_not_exists needs a value that is stored"),
        (lambda u: set_(u.tags).if_not_exists(set()), "tags: if_not_exists needs a value that is stored"),
        (lambda u: set_(u.name).to(u.age), "name: its type cannot hold every value of age"),
        (lambda u: set_(u.name).to(u.nick), "name: its type cannot hold every value of nick"),
        (lambda u: set_(u.age).to(u.loose), "age: its type cannot hold every value of loose"),
        (lambda u: set_(u.line).to(u.line.text), "line: its type cannot hold every value of line.text"),
        (lambda u: set_(u.name).to(u.unknown), "Thing has no stored field unknown"),
        (lambda u: remove(u.name), "name: has no default; an item without it could not be read"),
        (lambda u: set_(u.shout).to("canary"), "shout: a computed field cannot be updated"),
        (lambda u: set_(u.shout).if_not_exists("canary"), "shout: a computed field cannot be updated"),
        (lambda u: remove(u.shout), "shout: a computed field cannot be updated"),
        (lambda u: append(u.shout, ["canary"]), "shout: a computed field cannot be updated"),
        (lambda u: set_(u.unknown).to(1), "Thing has no field 'unknown' to update"),
        (lambda u: set_(u.unknown).if_not_exists(1), "Thing has no field 'unknown' to update"),
        (lambda u: increment(u.unknown, 1), "Thing has no field 'unknown' to update"),
        (lambda u: remove(u.s), "Thing has no field 's' to update"),
        (lambda u: remove(u[0]), "Thing has no field 0 to update"),
        (lambda u: remove(u.line.unknown), "Thing has no stored field line.unknown"),
        (lambda u: remove(u.listed.x), "Thing has no stored field listed.x"),
        (lambda u: remove(u.prefs[""]), "no name"),
        (remove, "takes a field of the model"),
        (lambda u: set_(TEXT).to(1), "takes a field of the model"),
        (lambda u: set_(attr("age")).to(NOTHING), "takes a field of the model"),
    ],
)
def test_an_action_that_does_not_suit_its_field_is_refused(
    action: Callable[[Any], Action], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        written_action(action)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["pk", "sk"])
@pytest.mark.parametrize(
    "action",
    [
        lambda field: set_(field).to("canary"),
        lambda field: set_(field).if_not_exists("canary"),
        lambda field: increment(field, 1),
        lambda field: append(field, ["canary"]),
        lambda field: remove(field),  # noqa: PLW0108 - named as the others
        lambda field: add_to_set(field, {"canary"}),
    ],
)
def test_the_tables_key_is_protected_from_every_action(name: str, action: Callable[[Any], Action]) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{name}: a part of the table's key cannot be updated"):
        written_action(lambda u: action(getattr(u, name)))


@pytest.mark.parametrize("name", ["customer_id", "order_id", "placed_at"])
@pytest.mark.parametrize("action", [remove, lambda field: set_(field).to("canary")])
def test_a_part_of_a_templated_table_key_is_protected(name: str, action: Callable[[Any], Action]) -> None:
    sk = {"placed_at": NOON, "order_id": "1"}
    with pytest.raises(InvalidRequestError, match=f"^{name}: a part of the table's key"):
        written_action(lambda u: action(getattr(u, name)), Order, {"customer_id": "ada"}, sk)


@pytest.mark.parametrize(
    "action", [remove, lambda field: set_(field).to(1), lambda field: remove_from_set(field, {1})]
)
def test_a_field_that_the_model_does_not_declare_is_refused(action: Callable[[Any], Action]) -> None:
    with pytest.raises(InvalidRequestError, match="Open has no field 'extra' to update"):
        written_action(lambda u: action(u.extra), Open)


OVERLAPS: list[tuple[Callable[[Any], Action], ...]] = [
    (lambda u: set_(u.age).to(1), lambda u: set_(u.age).to(2)),
    (lambda u: set_(u.age).to(1), lambda u: increment(u.age, 1)),
    (lambda u: increment(u.age, 1), lambda u: increment(u.age, 1)),
    (lambda u: set_(u.nick).to(None), lambda u: remove(u.nick)),
    (lambda u: set_(u.nick).to("x"), lambda u: remove(u.nick)),
    (lambda u: set_(u.short).to("x"), lambda u: set_(u.short).if_not_exists("y")),
    (lambda u: append(u.listed, ["x"]), lambda u: prepend(u.listed, ["x"])),
    (lambda u: append(u.listed, ["x"]), lambda u: remove(u.listed[0])),
    (lambda u: set_(u.listed).to([]), lambda u: set_(u.listed[1]).to("x")),
    (lambda u: add_to_set(u.tags, {"x"}), lambda u: remove_from_set(u.tags, {"y"})),
    (lambda u: set_(u.line).to(Line(text="x")), lambda u: set_(u.line.text).to("x")),
    (lambda u: remove(u.line), lambda u: increment(u.line.count, 1)),
    (lambda u: set_(u.prefs["a"]).to(1), lambda u: increment(u.prefs["a"], 1)),
    (lambda u: set_(u.lines[1].text).to("x"), lambda u: remove(u.lines[1])),
    (lambda u: set_(u.name).to("x"), lambda u: remove(u.nick), lambda u: set_(u.nick).to(u.name)),
]


@pytest.mark.parametrize("actions", [order for overlap in OVERLAPS for order in permutations(overlap)])
def test_two_changes_of_one_thing_are_refused_in_any_order_ru75_ru76(
    actions: tuple[Callable[[Any], Action], ...],
) -> None:
    with pytest.raises(InvalidRequestError, match=r"^(\w|[.\[\]])+: the update changes it twice$"):
        written(lambda u: [action(u) for action in actions])


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({}, "changes nothing"),
        (lambda u: [], "changes nothing"),
        (lambda u: None, r"a list of actions, such as \[set_"),
        (lambda u: set_(u.age).to(1), "a list of actions"),
        (lambda u: [set_(u.age)], r"^set_\(age\) lacks its value: write set_\(age\)\.to\(value\)$"),
        (lambda u: [set_(u.age).to(1), "canary"], "a list of actions"),
        (lambda u: [u.age == 1], "a list of actions"),
        (lambda u: {"age": 1}, "a list of actions"),
        (lambda u: (action for action in [set_(u.age).to(1)]), "a list of actions"),
        (lambda u: "canary", "a list of actions"),
        ([("age", 1)], "changes is a dict"),
        ("canary", "changes is a dict"),
        (5, "changes is a dict"),
    ],
)
def test_what_is_no_update_is_refused(update: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        written(update)
    assert "canary" not in str(caught.value)


def test_arithmetic_on_a_field_says_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"write increment\(age, amount\)"):
        written(lambda u: [set_(u.age).to(u.age + 1)])


def test_an_update_too_long_for_the_service_is_refused() -> None:
    with pytest.raises(DynamoDBServiceError, match="4096"):
        written(lambda u: [remove(u.prefs[f"key {number}"]) for number in range(1000)])
