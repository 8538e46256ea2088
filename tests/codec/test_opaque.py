"""Types that Pydantic alone knows: stored as its JSON form, and proved by reading back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Json,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from dynarepo._codec import ModelPlan, compile_model
from dynarepo._limits import MAX_DEPTH
from dynarepo.exceptions import InvalidItemError, InvalidValueError


def wrapping(kind: type[Any], inner: CoreSchema, serialization: Any) -> CoreSchema:
    """Make the schema of a class around one value, which is taken as it is, or made of that value."""
    made = core_schema.no_info_after_validator_function(kind, inner)
    return core_schema.json_or_python_schema(
        json_schema=made,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(kind), made]),
        serialization=serialization,
    )


class Celsius:
    """A number to Pydantic, without an equality of its own."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.float_schema()
        dump = core_schema.plain_serializer_function_ser_schema(
            lambda value: value.degrees, return_schema=number, when_used="json"
        )
        return wrapping(cls, number, dump)


class Kelvin(Celsius):
    """A number that can be told from others."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kelvin) and self.degrees == other.degrees

    def __hash__(self) -> int:
        return hash(self.degrees)


class Aliased(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    size: int = Field(alias="s")


class Anything:
    """Whatever Pydantic makes JSON of."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Anything) and self.content == other.content

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        dump = core_schema.plain_serializer_function_ser_schema(lambda value: value.content)
        return wrapping(cls, core_schema.any_schema(), dump)


def by_handler(value: Any, handler: SerializerFunctionWrapHandler) -> Any:
    return handler(value)


def plan_of(declared: Any) -> ModelPlan[Any]:
    return compile_model(create_model("Thing", a=(declared, ...)))


def encoded(declared: Any, value: object) -> Any:
    plan = plan_of(declared)
    return plan.encode(plan.model.model_construct(a=value))["a"]


def decoded(declared: Any, wire: Any) -> Any:
    return plan_of(declared).decode({"a": wire}).a


def test_objects_without_an_equality_are_the_same_where_they_dump_alike() -> None:
    assert encoded(Celsius, Celsius(21.5)) == {"N": "21.5"}
    assert decoded(Celsius, {"N": "21.5"}).degrees == 21.5


def test_a_type_that_is_a_number_to_pydantic_can_be_a_key_and_an_element_of_a_set() -> None:
    assert encoded(dict[Kelvin, int], {Kelvin(1.5): 2}) == {"M": {"1.5": {"N": "2"}}}
    assert encoded(set[Kelvin], {Kelvin(1.5)}) == {"NS": ["1.5"]}
    assert decoded(set[Kelvin], {"NS": ["1.5"]}) == {Kelvin(1.5)}


def test_what_a_serializer_gives_is_stored_by_the_names_of_fields() -> None:
    declared = Annotated[Aliased, WrapSerializer(by_handler)]
    assert encoded(declared, Aliased(size=3)) == {"M": {"size": {"N": "3"}}}


def test_json_text_is_written_by_the_names_of_fields() -> None:
    assert encoded(Json[Aliased], Aliased(size=3)) == {"S": '{"size":3}'}
    assert decoded(Json[Aliased], {"S": '{"size":3}'}) == Aliased(size=3)


@pytest.mark.parametrize("content", [None, [1, "x", None], {"k": [1.5, True]}, 0.1])
def test_numbers_of_json_come_back_through_the_stored_ones(content: Any) -> None:
    assert decoded(Anything, encoded(Anything, Anything(content))) == Anything(content)


def test_its_stored_form_is_as_deep_as_dynamodb_nests() -> None:
    wire: Any = {"S": "x"}
    for _ in range(MAX_DEPTH - 2):
        wire = {"L": [wire]}
    assert decoded(list[Anything], {"L": [wire]})
    with pytest.raises(InvalidItemError):
        decoded(list[Anything], {"L": [{"L": [wire]}]})


def test_a_value_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="would not come back the same"):
        encoded(Anything, Anything((1, 2)))
    with pytest.raises(InvalidValueError, match="cannot be dumped as the declared Celsius"):
        encoded(Celsius, object())
    with pytest.raises(InvalidItemError, match="not a stored Celsius"):
        decoded(Celsius, {"S": "warm"})


def test_a_decimal_is_a_number_of_json() -> None:
    assert decoded(Celsius, {"N": str(Decimal("0.1"))}).degrees == 0.1
