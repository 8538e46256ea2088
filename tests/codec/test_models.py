"""How the fields of models are stored: names, `None`, empty sets, extras, computed and serialized fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Self

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    computed_field,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from dynarepo._codec import compile_model
from dynarepo.exceptions import InvalidItemError, InvalidValueError, SchemaError


class Color(Enum):
    RED = "r"


class Address(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    street_name: str
    post_box: int | None = None


def _untyped(**values: Any) -> dict[str, Any]:
    return values


class TestNames:
    def test_the_serialization_alias_is_the_stored_name(self) -> None:
        class Item(BaseModel):
            mail: str = Field(validation_alias="email", serialization_alias="m")
            both: int = Field(alias="b")
            address: Address

        item = Item.model_validate({"email": "a", "b": 1, "address": {"streetName": "x"}})
        plan = compile_model(Item)
        wire = plan.encode(item)
        assert wire == {"m": {"S": "a"}, "b": {"N": "1"}, "address": {"M": {"streetName": {"S": "x"}}}}
        assert plan.decode(wire) == item

    def test_two_fields_under_one_name_are_refused(self) -> None:
        class Item(BaseModel):
            a: str
            other: str = Field(serialization_alias="a")

        with pytest.raises(SchemaError, match="'a' and 'other'"):
            compile_model(Item)

    def test_an_empty_name_is_refused(self) -> None:
        class Item(BaseModel):
            other: str = Field(serialization_alias="")

        with pytest.raises(SchemaError, match="empty name"):
            compile_model(Item)

    def test_a_name_of_65536_bytes_is_refused(self) -> None:
        class Item(BaseModel):
            other: str = Field(serialization_alias="n" * 65_536)

        with pytest.raises(SchemaError, match="65,535 bytes"):
            compile_model(Item)


class TestNone:
    def test_none_is_omitted_where_it_is_the_default_and_null_elsewhere(self) -> None:
        class Inner(BaseModel):
            a: int | None = None
            b: int | None

        class Item(BaseModel):
            a: int | None = None
            b: int | None
            c: int | None = 5
            inner: Inner

        item = Item(b=None, c=None, inner=Inner(b=None))
        plan = compile_model(Item)
        wire = plan.encode(item)
        null = {"NULL": True}
        assert wire == {"b": null, "c": null, "inner": {"M": {"b": null}}}
        assert plan.decode(wire) == item


class TestEmptySets:
    def test_an_empty_set_is_omitted_and_read_back_as_empty(self) -> None:
        @dataclass
        class Part:
            tags: frozenset[int]
            more: set[str] = field(default_factory=set)

        class Item(BaseModel):
            tags: set[str]
            words: set[str] | None
            more: set[str] = set()
            made: set[str] = Field(default_factory=set)
            part: Part

        item = Item(tags=set(), words=set(), part=Part(frozenset()))
        plan = compile_model(Item)
        wire = plan.encode(item)
        assert wire == {"part": {"M": {}}}
        assert plan.decode(wire) == item

    def test_an_empty_set_that_would_come_back_as_the_default_is_refused(self) -> None:
        class Item(BaseModel):
            tags: set[str] = {"a"}

        with pytest.raises(InvalidValueError, match="tags: an empty set"):
            compile_model(Item).encode(Item(tags=set()))

    def test_an_empty_set_in_a_typed_dict_is_refused(self) -> None:
        class Options(TypedDict):
            tags: set[str]

        class Item(BaseModel):
            options: Options

        with pytest.raises(InvalidValueError) as raised:
            compile_model(Item).encode(Item(options={"tags": set()}))
        assert raised.value.path == "options.tags"


class TestExtras:
    def test_unknown_attributes_are_dropped_undecoded(self) -> None:
        item = compile_model(Address).decode({"streetName": {"S": "x"}, "other": {"?": 1}})
        assert item.street_name == "x"

    def test_unknown_attributes_are_kept_where_the_model_allows_them(self) -> None:
        class Item(BaseModel):
            model_config = ConfigDict(extra="allow")

            a: int

        item = Item.model_validate({"a": 1, "b": ["x", {"c": None}]})
        plan = compile_model(Item)
        assert plan.decode(plan.encode(item)) == item
        with pytest.raises(InvalidValueError) as raised:
            plan.encode(Item.model_validate({"a": 1, "b": 0.5}))
        assert raised.value.path == "b"
        with pytest.raises(InvalidItemError):
            plan.decode({"a": {"N": "1"}, "b": {}})
        assert plan.resolve(("b", "c"))[0] == ("b", "c")

    def test_an_extra_that_hides_a_field_is_refused(self) -> None:
        class Item(BaseModel):
            model_config = ConfigDict(extra="allow")

            a: int = Field(alias="b")

        plan = compile_model(Item, derived_attributes=["key"])
        for name in ("a", "key", ""):
            with pytest.raises(InvalidValueError, match="name"):
                plan.encode(Item.model_validate({"b": 1, name: 2}))
        with pytest.raises(InvalidItemError, match="name of a field"):
            plan.decode({"b": {"N": "1"}, "a": {"N": "2"}})

    def test_unknown_attributes_are_refused_where_the_model_forbids_them(self) -> None:
        class Item(BaseModel):
            model_config = ConfigDict(extra="forbid")

            a: int

        with pytest.raises(InvalidItemError) as raised:
            compile_model(Item).decode({"a": {"N": "1"}, "b": {"N": "1"}})
        assert raised.value.fields == ("b",)

    def test_a_key_that_the_typed_dict_does_not_declare_is_refused(self) -> None:
        class Options(TypedDict):
            size: int

        class Item(BaseModel):
            options: Options

        with pytest.raises(InvalidValueError) as raised:
            compile_model(Item).encode(Item.model_construct(**_untyped(options={"size": 1, "x": 2})))
        assert raised.value.path == "options"

    def test_a_typed_dict_that_lacks_a_key_is_refused(self) -> None:
        class Options(TypedDict):
            size: int

        class Item(BaseModel):
            options: Options

        with pytest.raises(InvalidValueError) as raised:
            compile_model(Item).encode(Item.model_construct(**_untyped(options={})))
        assert raised.value.path == "options.size"


class TestComputed:
    def test_a_computed_field_is_written_and_never_read(self) -> None:
        class Item(BaseModel):
            a: int

            @computed_field(alias="d")  # type: ignore[prop-decorator]
            @property
            def double(self) -> int:
                return self.a * 2

            @computed_field  # type: ignore[prop-decorator]
            @cached_property
            def half(self) -> Decimal | None:
                return None

        plan = compile_model(Item)
        item = Item(a=1)
        wire = plan.encode(item)
        assert wire == {"a": {"N": "1"}, "d": {"N": "2"}, "half": {"NULL": True}}
        assert plan.decode(wire | {"d": {"?": 1}}) == Item(a=1)
        assert plan.fields["double"].computed


class TestExclusion:
    def test_an_excluded_field_is_not_stored(self) -> None:
        class Item(BaseModel):
            a: int
            b: int = Field(5, exclude=True)

        plan = compile_model(Item)
        assert plan.encode(Item(a=1, b=7)) == {"a": {"N": "1"}}
        assert plan.decode({"a": {"N": "1"}}).b == 5
        assert "b" not in plan.fields

    def test_a_field_that_is_excluded_by_its_value_comes_back_as_its_default(self) -> None:
        if "exclude_if" not in FieldInfo.__slots__:
            pytest.skip("new in Pydantic 2.12")
        without_default: Any = Field(exclude_if=bool)
        with pytest.raises(SchemaError, match="excluded"):
            compile_model(create_model("Item", a=(int, without_default)))
        plan = compile_model(create_model("Item", a=(int, Field(0, exclude_if=lambda value: value == 0))))
        assert plan.encode(plan.model(a=0)) == {}
        assert plan.decode({}) == plan.model(a=0)

    def test_private_attributes_are_not_stored(self) -> None:
        class Item(BaseModel):
            a: int
            _b: int = PrivateAttr(5)

        assert compile_model(Item).encode(Item(a=1)) == {"a": {"N": "1"}}


class TestConfigurations:
    def test_enum_values_are_stored_where_the_model_holds_them(self) -> None:
        class Item(BaseModel):
            model_config = ConfigDict(use_enum_values=True)

            color: Color = Color.RED

        plan = compile_model(Item)
        assert plan.encode(Item(color=Color.RED)) == plan.encode(Item()) == {"color": {"S": "r"}}
        assert plan.decode({"color": {"S": "r"}}) == Item(color=Color.RED)
        with pytest.raises(InvalidValueError):
            plan.encode(Item.model_construct(**_untyped(color="x")))

    def test_instances_may_be_validated_again(self) -> None:
        class Item(BaseModel):
            model_config = ConfigDict(revalidate_instances="always")

            address: Address

        plan = compile_model(Item)
        item = Item(address=Address.model_validate({"streetName": "x", "postBox": 5}))
        assert plan.decode(plan.encode(item)) == item

    def test_a_dataclass_field_that_is_not_given_must_come_back_by_itself(self) -> None:
        @dataclass
        class Part:
            a: int
            double: int = field(init=False)

            def __post_init__(self) -> None:
                self.double = self.a * 2

        class Item(BaseModel):
            part: Part

        plan = compile_model(Item)
        item = Item(part=Part(2))
        assert plan.encode(item) == {"part": {"M": {"a": {"N": "2"}}}}
        assert plan.decode(plan.encode(item)) == item
        item.part.double = 7
        with pytest.raises(InvalidValueError):
            plan.encode(item)


class Account(BaseModel):
    balance: Annotated[int, Field(ge=0)] = 0
    name: str = ""
    parts: list[Account] = []

    @field_validator("name")
    @classmethod
    def _name_is_short(cls, name: str) -> str:
        if len(name) > 5:
            raise ValueError("too long")
        return name

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.balance > 100 and not self.name:
            raise ValueError("the rich have names")
        return self


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"balance": -1}, "balance"),
        ({"name": "too long"}, "name"),
        ({"balance": 101}, ""),
        ({"parts": [Account().model_copy(update={"balance": -1})]}, "parts[0].balance"),
    ],
)
def test_a_copy_that_breaks_a_rule_of_the_model_is_refused_where_it_could_not_be_read(
    changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidValueError, match="breaks a rule of Account") as raised:
        compile_model(Account).encode(Account().model_copy(update=changes))
    assert raised.value.path == path


@pytest.mark.parametrize(("declared", "value"), [(float, 0), (Decimal, 3), (float | None, 5)])
def test_a_whole_number_as_a_default_of_another_number_is_stored(declared: Any, value: int) -> None:
    plan = compile_model(create_model("Item", field=(declared, value)))
    wire = plan.encode(plan.model())
    assert wire == {"field": {"N": str(value)}}
    assert plan.decode(wire) == plan.model()
