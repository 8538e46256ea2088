"""Items of models as JSON, and text as values of their fields."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import pytest
from pydantic import Base64Bytes, BaseModel, PlainSerializer

from dynarepo.cli._conditions import key_item
from dynarepo.cli._declared import types_inside
from dynarepo.cli._exits import CommandError
from dynarepo.cli._model_json import model_text
from tests.cli.shop import Author, Book, Copy, Order

Hex = Annotated[bytes, PlainSerializer(bytes.hex, when_used="json")]


class Inner(BaseModel):
    data: bytes


class Outer(BaseModel):
    raw: bytes = b"\xfe"
    inner: Inner = Inner(data=b"text")
    all: list[bytes] = [b"\xff"]
    by_name: dict[str, tuple[bytes, ...]] = {"a": (b"",)}
    total: Decimal = Decimal("1.50")


class Hexed(BaseModel):
    raw: Hex


class Configured(BaseModel, ser_json_bytes="base64"):
    raw: bytes


class Encoded(BaseModel):
    raw: Base64Bytes


class Untyped(BaseModel):
    more: Any


def test_bytes_are_base64_however_deep_and_whether_they_are_text_or_not() -> None:
    assert json.loads(model_text(Outer())) == {
        "raw": {"$B": "/g=="},
        "inner": {"data": {"$B": "dGV4dA=="}},
        "all": [{"$B": "/w=="}],
        "by_name": {"a": [{"$B": ""}]},
        "total": "1.50",
    }


@pytest.mark.parametrize(("model", "text"), [(Hexed, "ff"), (Configured, "_w=="), (Encoded, "/w==")])
def test_bytes_are_written_as_the_model_says_where_it_does(model: type[BaseModel], text: str) -> None:
    assert model_text(model.model_construct(raw=b"\xff")) == f'{{"raw":"{text}"}}'


def test_binary_of_no_declared_type_is_base64() -> None:
    untyped = Untyped(more={"a": b"\xff", "b": PurePosixPath("x")})
    assert model_text(untyped) == '{"more":{"a":{"$B":"/w=="},"b":"x"}}'


@pytest.mark.parametrize(
    ("declared", "step", "inside"),
    [
        (Book, "isbn", [str]),
        (Book, "none", []),
        (Copy, "price", [Decimal]),
        (Author | None, "name", [str]),
        (Annotated[list[int], "of a kind"], 3, [int]),
        (list[int] | dict[str, str], 0, [int, str]),
        (list, 0, []),
        (dict[str, int], "a", [int]),
        (tuple[int, str], 1, [str]),
        (tuple[int, str], 2, []),
        (tuple[int, ...], 5, [int]),
        (set[int], 0, [int]),
        (str, 0, []),
        (int, "a", []),
        (Any, "a", []),
        (Literal["a"], "a", []),
    ],
)
def test_what_is_inside_a_type_has_types(declared: Any, step: str | int, inside: list[Any]) -> None:
    assert list(types_inside(declared, step)) == inside


@pytest.mark.parametrize(
    ("tag", "text", "said"),
    [
        ("S", "\udcff", "the key pk is text"),
        ("B", "not base64", "the key pk is binary as base64"),
        ("B", "", "the key pk has 1 to 2,048 bytes"),
        ("N", "", "the key pk is a number"),
    ],
)
def test_what_is_no_key_is_refused(tag: str, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        key_item({"pk": tag}, text, None)


def test_a_binary_key_is_base64() -> None:
    assert key_item({"pk": "B"}, "/w==", None) == {"pk": {"B": "/w=="}}


def test_items_without_binary_are_as_pydantic_writes_them() -> None:
    order = Order(customer_id="ada", number=1, total=Decimal("2.50"))
    assert model_text(order) == order.model_dump_json()
