"""What the smallest parts of an item hold, what they weigh, and how they are named where they do not fit."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, RootModel, SecretStr, create_model

from dynarepo._codec import ModelPlan, bind, compile_model, encode_operand, encode_text, item_size
from dynarepo._codec._text import encode_name
from dynarepo._limits import MAX_ATTRIBUTE_NAME_BYTES
from dynarepo._schema import KeyTemplate, TableSchema
from dynarepo.exceptions import InvalidItemError, InvalidValueError


class Names(RootModel[list[str]]):
    """A list with a name of its own."""


class Sealed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 0


class Switch(BaseModel):
    is_on: bool
    number: int
    note: str = ""


SWITCH = TableSchema(KeyTemplate("pk", "S#{is_on}"), KeyTemplate("sk", "{number:3}"))


def plan_of(declared: Any) -> ModelPlan[Any]:
    return compile_model(create_model("Thing", a=(declared, ...)))


def encoded(declared: Any, value: object) -> Any:
    plan = plan_of(declared)
    return plan.encode(plan.model.model_construct(a=value))["a"]


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (str, 1, "is declared as str, but holds a value of type int"),
        (int, True, "is declared as int, but holds a value of type bool"),
        (int, 1.0, "is declared as int, but holds a value of type float"),
        (bool, 1, "is declared as bool, but holds a value of type int"),
        (bytes, "x", "is declared as bytes, but holds a value of type str"),
        (Decimal, 1.0, "is declared as Decimal, but holds a value of type float"),
        (date, datetime(2026, 1, 31), "is declared as date, but holds a value of type datetime"),  # noqa: DTZ001
        (UUID, "x", "is declared as UUID, but holds a value of type str"),
        (None, 0, "is declared as None, but holds a value of type int"),
        (SecretStr, "x", "is declared as a secret, but holds a value of type str"),
        (Names, ["x"], "is declared as Names, but holds a value of type list"),
        (Sealed, {"size": 1}, "is declared as Sealed, but holds a value of type dict"),
    ],
)
def test_a_value_of_another_type_is_refused_by_the_names_of_both(
    declared: Any, value: object, message: str
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        encoded(declared, value)
    assert (raised.value.message, raised.value.path) == (f"a: {message}", "a")


def test_an_attribute_that_a_model_forbids_is_named_in_pydantics_words() -> None:
    with pytest.raises(InvalidItemError, match=r"\(extra_forbidden\)") as raised:
        plan_of(Sealed).decode({"a": {"M": {"size": {"N": "1"}, "more": {"N": "1"}}}})
    assert raised.value.fields == ("a.more",)


def test_a_value_of_an_expression_is_refused_by_its_placeholder() -> None:
    with pytest.raises(InvalidValueError) as raised:
        encode_operand(":v0", object())
    assert raised.value.path == ":v0"


@pytest.mark.parametrize("character", ["x", "ä", "語", "🂡"])
def test_a_name_has_as_many_bytes_as_dynamodb_takes(character: str) -> None:
    size = len(character.encode())
    longest = character * (MAX_ATTRIBUTE_NAME_BYTES // size) + "x" * (MAX_ATTRIBUTE_NAME_BYTES % size)
    assert encode_name(longest) == longest
    with pytest.raises(InvalidValueError, match="more than 65,535 bytes"):
        encode_name(longest + "x")


def test_the_text_of_a_surrogate_is_refused_and_other_text_is_stored_as_it_is() -> None:
    assert encode_text("a\x00語🂡") == "a\x00語🂡"
    with pytest.raises(InvalidValueError, match="lone surrogate"):
        encode_text("a\ud800")


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "語"}, 3),
        ({"N": "-12.5"}, 4),
        ({"N": "100"}, 2),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"B": b64encode(b"12345").decode()}, 5),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22", "333"]}, 2 + 2 + 3),
        ({"BS": [b64encode(b"1").decode(), b64encode(b"1234").decode()]}, 5),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 3 + 2 + 2),
        ({"M": {"k": {"S": "a"}}}, 3 + 1 + 1 + 1),
    ],
)
def test_a_value_weighs_what_dynamodb_charges_for_it(value: Any, size: int) -> None:
    assert item_size({"name": value}) == 4 + size


@pytest.mark.parametrize(("text", "stored"), [("S#true", True), ("S#false", False)])
def test_the_parts_of_a_rendered_key_are_known_from_its_text(text: str, stored: bool) -> None:
    known = bind(Switch, SWITCH).table.known(text, "007")
    assert known == {"is_on": {"BOOL": stored}, "number": {"N": "7"}}
