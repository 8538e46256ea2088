"""Serializers of fields and models decide what is stored."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    Field,
    FieldSerializationInfo,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    computed_field,
    field_serializer,
    model_serializer,
)

from dynarepo._codec import bind, compile_model
from dynarepo.exceptions import InvalidItemError, InvalidValueError, SchemaError


class Color(Enum):
    RED = "r"


class TestSerializers:
    def test_a_serializer_method_decides_what_is_stored(self) -> None:
        class Item(BaseModel):
            price: Decimal
            unit: str
            plain: int

            @field_serializer("price")
            def _price(self, value: Decimal) -> str:
                return f"{value:.2f}"

            @field_serializer("plain", when_used="json")
            def _plain(self, value: int) -> str:
                return str(value)

            @computed_field  # type: ignore[prop-decorator]
            @property
            def label(self) -> list[str]:
                return [self.unit]

            @field_serializer("label")
            def _label(self, value: list[str]) -> str:
                return ",".join(value)

        plan = compile_model(Item, key_fields=["price"])
        item = Item(price=Decimal("1.5"), unit="kg", plain=1)
        wire = plan.encode(item)
        assert wire == {
            "price": {"S": "1.50"},
            "unit": {"S": "kg"},
            "plain": {"N": "1"},
            "label": {"S": "kg"},
        }
        assert plan.decode(wire) == item
        assert plan.encode_field("price", Decimal(2)) == {"S": "2.00"}

    def test_a_serializer_of_all_fields_applies_to_all(self) -> None:
        class Item(BaseModel):
            a: int
            b: int

            @field_serializer("*")
            def _all(self, value: int, info: FieldSerializationInfo) -> str:
                return f"{value}"

        plan = compile_model(Item)
        assert plan.encode(Item(a=1, b=2)) == {"a": {"S": "1"}, "b": {"S": "2"}}
        assert plan.decode(plan.encode(Item(a=1, b=2))) == Item(a=1, b=2)

    def test_an_annotation_that_is_no_scalar_stores_what_comes(self) -> None:
        class Item(BaseModel):
            a: int
            b: int

            @field_serializer("a")
            def _a(self, value: int) -> list[str]:
                return [str(value)]

            @field_serializer("b")
            def _b(self, value: int) -> str | None:
                return str(value) if value else None

        plan = compile_model(Item)
        assert plan.encode(Item(a=1, b=2)) == {"a": {"L": [{"S": "1"}]}, "b": {"S": "2"}}
        assert plan.encode(Item(a=1, b=0))["b"] == {"NULL": True}
        assert plan.fields["b"].node.tags == {"S", "NULL"}

    def test_a_failing_serializer_is_an_invalid_value_without_its_message(self) -> None:
        class Item(BaseModel):
            a: str

            @field_serializer("a")
            def _a(self, value: str) -> str:
                raise ValueError(value)

        plan = compile_model(Item)
        for call in (lambda: plan.encode(Item(a="canary")), lambda: plan.encode_field("a", "canary")):
            with pytest.raises(InvalidValueError) as raised:
                call()
            assert "canary" not in str(raised.value)
            assert raised.value.__cause__ is None

    def test_a_model_serializer_decides_for_the_whole_item(self) -> None:
        class Item(BaseModel):
            a: Decimal
            b: Color = Field(Color.RED, serialization_alias="B")

            @model_serializer(mode="wrap")
            def _wrap(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
                return {**handler(self), "kind": "item"}

        plan = compile_model(Item)
        item = Item.model_validate({"a": 2})
        wire = plan.encode(item)
        assert wire == {"a": {"N": "2"}, "B": {"S": "r"}, "kind": {"S": "item"}}
        assert plan.decode(wire) == item

    def test_a_model_serializer_decides_for_a_nested_model(self) -> None:
        class Money(BaseModel):
            amount: int

            @model_serializer
            def _dump(self) -> dict[str, Any]:
                return {"amount": str(self.amount)}

        class Item(BaseModel):
            money: list[Money]

        plan = compile_model(Item)
        item = Item(money=[Money(amount=5)])
        wire = plan.encode(item)
        assert wire == {"money": {"L": [{"M": {"amount": {"S": "5"}}}]}}
        assert plan.decode(wire) == item
        with pytest.raises(InvalidItemError) as raised:
            plan.decode({"money": {"L": [{"S": "x"}]}})
        assert raised.value.fields == ("money[0]",)

    def test_an_item_must_be_serialized_to_a_dict(self) -> None:
        class Item(BaseModel):
            a: int

            @model_serializer
            def _dump(self) -> str:
                return "x"

        with pytest.raises(InvalidValueError, match="dict"):
            compile_model(Item).encode(Item(a=1))


def unannotated(value):  # type: ignore[no-untyped-def]
    return str(value)


class ByType(BaseModel):
    pk: Annotated[Decimal, PlainSerializer(unannotated)]

    class Meta:
        partition_key = "pk"


class ByTypeOrNone(BaseModel):
    pk: Annotated[Decimal, PlainSerializer(lambda value: f"{value}")] | None

    class Meta:
        partition_key = "pk"


class ByMethod(BaseModel):
    pk: Decimal
    _serialize_pk = field_serializer("pk")(unannotated)

    class Meta:
        partition_key = "pk"


@pytest.mark.parametrize("model", [ByType, ByTypeOrNone, ByMethod])
def test_a_key_whose_serializer_does_not_say_what_it_returns_is_refused_with_what_to_do(
    model: type[BaseModel],
) -> None:
    with pytest.raises(SchemaError, match=r"cannot be a key.*annotate what its serializer returns"):
        bind(model)


def test_a_key_of_a_serializer_that_returns_something_else_is_refused_by_that() -> None:
    class Flagged(BaseModel):
        pk: Annotated[str, PlainSerializer(bool, return_type=bool)]

        class Meta:
            partition_key = "pk"

    with pytest.raises(SchemaError, match=r"cannot be a key.*this is stored as BOOL$"):
        bind(Flagged)
