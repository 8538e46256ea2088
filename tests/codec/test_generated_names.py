"""Generated readers and writers take attributes of any name, and compile none of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ConfigDict, Field, create_model

from dynarepo._codec import compile_model
from dynarepo._codec._generated_reader import generate_reader
from tests.codec.reference import HOSTILE, forms_of


@pytest.mark.parametrize("name", ["a.b", "é", "日本", "e\u0301", "😀", "-", "None", "f1", "S", "N" * 255])
def test_an_attribute_of_any_name_is_read(name: str) -> None:
    inner = create_model("Inner", part=(str, Field(serialization_alias=name)))
    model = create_model(
        "Item",
        __config__=ConfigDict(extra="forbid"),
        first=(str, Field(serialization_alias=name)),
        other=(inner | None, Field(default=None, serialization_alias=f"{name}2")),
    )
    item: Any = model(first="a", other={"part": "b"})
    plan = compile_model(model)
    for form in forms_of(plan.encode(item)):
        assert generate_reader(plan.node)(form, 1) == item


@pytest.mark.parametrize("name", [HOSTILE, HOSTILE.translate({ord(each): None for each in '"\n'})])
def test_the_text_of_names_is_never_compiled(name: str) -> None:
    fields: dict[str, Any] = {name: (str, ...), "other": (int, Field(serialization_alias=name * 2))}
    model: Any = create_model("Item", **fields)
    plan = compile_model(model)
    item = model(**{name: "a", "other": 1})
    wire = plan.encode(item)
    assert wire == {name: {"S": "a"}, name * 2: {"N": "1"}}
    assert plan.decode(wire) == item
    if '"' not in name:
        assert generate_reader(plan.node)(wire, 1) == item
