"""Single fields: roles, validation, encoding and paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    Field,
    PlainSerializer,
    RootModel,
    ValidationInfo,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType

from dynarepo._codec import compile_model, encode_dynamic, item_size
from dynarepo.exceptions import InvalidItemError, InvalidRequestError, InvalidValueError, SchemaError

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CODE = UUID("12345678-1234-5678-1234-567812345678")


class Line(BaseModel):
    text: str = Field(serialization_alias="t")


class Cat(BaseModel):
    name: str
    lives: int


class Dog(BaseModel):
    name: str


class Numbers(RootModel[list[int]]):
    pass


@dataclass
class Part:
    size: int
    double: int = field(init=False, default=0)


@pydantic_dataclass
class Price:
    amount: Decimal

    @field_serializer("amount")
    def _amount(self, amount: Decimal) -> str:
        return f"{amount:.2f}"


Deep = TypeAliasType("Deep", "list[Deep] | int")


class Item(BaseModel):
    a: int = Field(gt=0)
    name: str | None = Field(default=None, serialization_alias="n")
    lines: list[Line] = []
    prefs: dict[str, Line] = {}
    by_code: dict[UUID, int] = {}
    pair: tuple[int, str] = (1, "x")
    pet: Cat | Dog | None = None
    anything: Any = None
    tags: set[str] = set()
    parent: Item | None = None
    numbers: Numbers = Numbers([])
    part: Part | None = None
    price: Price | None = None
    deep: Deep = 1
    call: Callable[[], int] | None = None

    @field_validator("name")
    @classmethod
    def _no_blank(cls, name: str | None) -> str | None:
        if name == " ":
            raise ValueError("canary")
        return name.strip() if name else name

    @model_validator(mode="after")
    def _never_alone(self) -> Item:
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return self.a * 2


class TestKeys:
    @pytest.mark.parametrize(
        ("declared", "value", "stored"),
        [
            (str, "a", {"S": "a"}),
            (bool, True, {"S": "true"}),
            (bool | None, False, {"S": "false"}),
            (Annotated[bool, Field(title="x")], False, {"S": "false"}),
            (int, 5, {"N": "5"}),
            (bytes, b"x", {"B": "eA=="}),
            (datetime, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
            (AnyUrl, AnyUrl("a://b"), {"S": "a://b"}),
            (Literal["a", "b"], "a", {"S": "a"}),
            (UUID | str, CODE, {"S": str(CODE)}),
        ],
        ids=str,
    )
    def test_a_key_has_one_scalar_type(self, declared: Any, value: Any, stored: Any) -> None:
        plan = compile_model(create_model("Item", field=(declared, ...)), key_fields=["field"])
        item = plan.model(field=value)
        assert plan.encode(item) == {"field": stored}
        assert plan.decode({"field": stored}) == item
        assert plan.fields["field"].role == "key"

    @pytest.mark.parametrize(
        "declared", [list[str], set[str], Line, Any, int | str, Literal["a", 1], None, float | bool]
    )
    def test_other_types_are_no_keys(self, declared: Any) -> None:
        with pytest.raises(SchemaError, match=r"Item\.field"):
            compile_model(create_model("Item", field=(declared, ...)), key_fields=["field"])

    def test_a_boolean_key_reads_only_its_two_texts(self) -> None:
        plan = compile_model(create_model("Item", field=(bool, ...)), key_fields=["field"])
        with pytest.raises(InvalidItemError):
            plan.decode({"field": {"S": "True"}})

    def test_booleans_inside_the_value_of_a_field_keep_their_type(self) -> None:
        plan = compile_model(
            create_model("Item", key=(str, ...), field=(list[bool], ...)), key_fields=["key"]
        )
        assert plan.encode(plan.model(key="a", field=[True]))["field"] == {"L": [{"BOOL": True}]}

    @pytest.mark.parametrize("default", [..., None])
    def test_a_key_without_a_value_is_absent(self, default: Any) -> None:
        plan = compile_model(create_model("Item", field=(str | None, default)), key_fields=["field"])
        item = plan.model(field=None)
        assert plan.encode(item) == {}
        assert plan.decode({}) == item

    def test_none_in_a_key_that_would_come_back_as_the_default_is_refused(self) -> None:
        plan = compile_model(create_model("Item", field=(str | None, "new")), key_fields=["field"])
        with pytest.raises(InvalidValueError, match="field"):
            plan.encode(plan.model(field=None))

    def test_a_computed_field_can_be_a_key(self) -> None:
        class Computed(BaseModel):
            a: int

            @computed_field  # type: ignore[prop-decorator]
            @property
            def group(self) -> bool | None:
                return None if self.a == 0 else self.a > 5

        plan = compile_model(Computed, key_fields=["group"])
        assert plan.encode(Computed(a=0)) == {"a": {"N": "0"}}
        assert plan.encode(Computed(a=7))["group"] == {"S": "true"}

    def test_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="no stored field 'x'"):
            compile_model(Item, key_fields=["x"])

    def test_an_excluded_field_is_no_key(self) -> None:
        with pytest.raises(SchemaError, match="excluded"):
            compile_model(create_model("Item", field=(str, Field("a", exclude=True))), key_fields=["field"])


class TestExpiry:
    @pytest.mark.parametrize(
        ("declared", "value", "stored"),
        [
            (datetime, NOON, "1769860800"),
            (datetime | None, NOON.astimezone(timezone(timedelta(hours=2))), "1769860800"),
            (int, 5, "5"),
            (int, 99_999_999_999, "99999999999"),
        ],
    )
    def test_it_is_stored_as_whole_epoch_seconds(self, declared: Any, value: Any, stored: str) -> None:
        plan = compile_model(create_model("Item", field=(declared, ...)), ttl_field="field")
        item = plan.model(field=value)
        assert plan.encode(item) == {"field": {"N": stored}}
        assert plan.decode(plan.encode(item)) == item

    @pytest.mark.parametrize(
        ("declared", "value"),
        [
            (datetime, NOON.replace(microsecond=1)),
            (datetime, datetime(2026, 1, 31)),  # noqa: DTZ001 - naive on purpose
            (datetime, datetime(5139, 1, 1, tzinfo=UTC)),
            (int, 100_000_000_000),
            (int, 1_769_860_800_000),
        ],
    )
    def test_a_value_that_would_not_expire_then_is_refused_rl167_rl170(
        self, declared: Any, value: Any
    ) -> None:
        plan = compile_model(create_model("Item", field=(declared, ...)), ttl_field="field")
        with pytest.raises(InvalidValueError, match="field"):
            plan.encode(plan.model(field=value))

    @pytest.mark.parametrize("stored", ["1.5", "1" * 30])
    def test_a_stored_value_that_is_no_epoch_second_does_not_fit(self, stored: str) -> None:
        plan = compile_model(create_model("Item", field=(datetime, ...)), ttl_field="field")
        with pytest.raises(InvalidItemError):
            plan.decode({"field": {"N": stored}})

    @pytest.mark.parametrize("declared", [str, Decimal, timedelta, list[int], Any])
    def test_other_types_are_refused(self, declared: Any) -> None:
        with pytest.raises(SchemaError, match=r"Item\.field"):
            compile_model(create_model("Item", field=(declared, ...)), ttl_field="field")


class TestDerivedAttributes:
    def test_they_are_not_read_back(self) -> None:
        for extra in ("ignore", "allow", "forbid"):
            model = create_model("Item", __config__={"extra": extra}, a=(int, ...))
            plan = compile_model(model, derived_attributes=["pk"])
            assert plan.decode({"a": {"N": "1"}, "pk": {"S": "x"}}) == plan.model(a=1)

    def test_one_that_is_a_field_is_read(self) -> None:
        plan = compile_model(create_model("Item", kind=(str, ...)), derived_attributes=["kind"])
        assert plan.decode({"kind": {"S": "x"}}) == plan.model(kind="x")

    def test_one_that_is_the_stored_name_of_a_field_is_refused(self) -> None:
        model = create_model("Item", kind=(str, Field(serialization_alias="pk")))
        with pytest.raises(SchemaError, match="'pk'"):
            compile_model(model, derived_attributes=["pk"])


class TestValidation:
    plan = compile_model(Item)

    def test_a_value_is_validated_by_the_rules_of_the_field(self) -> None:
        assert self.plan.validate_field("name", " x ") == "x"
        assert self.plan.validate_field("lines", [{"text": "a"}]) == [Line(text="a")]
        assert self.plan.validate_field("parent", {"a": 1}) == Item(a=1)

    @pytest.mark.parametrize(
        ("name", "value", "path", "kind"),
        [
            ("a", 0, "a", "greater_than"),
            ("a", "canary", "a", "int_parsing"),
            ("name", " ", "name", "value_error"),
            ("lines", [{"text": "a"}, {"text": 5}], "lines[1].text", "string_type"),
            ("prefs", {"canary": {"text": 5}}, "prefs", "string_type"),
            ("parent", {"a": 0}, "parent.a", "greater_than"),
            ("pet", {"name": 5}, "pet", "missing"),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused(
        self, name: str, value: object, path: str, kind: str
    ) -> None:
        with pytest.raises(InvalidValueError, match=kind) as raised:
            self.plan.validate_field(name, value)
        assert raised.value.path == path
        assert "canary" not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_unknown_and_computed_fields_take_no_value(self) -> None:
        for name in ("missing", "double", "n"):
            with pytest.raises(InvalidRequestError, match=name):
                self.plan.validate_field(name, 1)

    def test_a_validator_that_needs_other_fields_is_said_to(self) -> None:
        class Pair(BaseModel):
            a: int
            b: int

            @field_validator("b")
            @classmethod
            def _not_less(cls, b: int, info: ValidationInfo) -> int:
                return b if b > info.data["a"] else 0

        with pytest.raises(InvalidValueError, match="other fields"):
            compile_model(Pair).validate_field("b", 1)

    def test_a_field_is_encoded_as_in_an_item_or_omitted(self) -> None:
        assert self.plan.encode_field("a", 5) == {"N": "5"}
        assert self.plan.encode_field("name", None) is None
        assert self.plan.encode_field("tags", set()) is None
        with pytest.raises(InvalidValueError, match=r"lines\[0\]"):
            self.plan.encode_field("lines", ["x"])

    def test_a_part_with_a_serializer_method_is_encoded_by_it(self) -> None:
        _, node = self.plan.resolve(("price", "amount"))
        assert node.encode(Decimal(2), ("price", "amount")) == {"S": "2.00"}
        item = Item(a=1, price=Price(Decimal(2)))
        assert self.plan.encode(item)["price"] == {"M": {"amount": {"S": "2.00"}}}
        assert self.plan.decode(self.plan.encode(item)) == item

    def test_a_field_with_a_serializer_is_encoded_by_it(self) -> None:
        model = create_model("Item", field=(Annotated[int, PlainSerializer(str, return_type=str)], ...))
        assert compile_model(model).encode_field("field", 5) == {"S": "5"}


class TestPaths:
    plan = compile_model(Item)

    @pytest.mark.parametrize(
        ("path", "stored", "tags"),
        [
            (("a",), ("a",), {"N"}),
            (("name",), ("n",), {"S", "NULL"}),
            (("lines", 2, "text"), ("lines", 2, "t"), {"S"}),
            (("prefs", "any.key", "text"), ("prefs", "any.key", "t"), {"S"}),
            (("by_code", str(CODE)), ("by_code", str(CODE)), {"N"}),
            (("pair", 1), ("pair", 1), {"S"}),
            (("pet", "lives"), ("pet", "lives"), {"N"}),
            (("pet", "name"), ("pet", "name"), {"S"}),
            (("parent", "parent", "name"), ("parent", "parent", "n"), {"S", "NULL"}),
            (("double",), ("double",), {"N"}),
            (("numbers", 0), ("numbers", 0), {"N"}),
            (("part", "size"), ("part", "size"), {"N"}),
            (("deep", 0, 0), ("deep", 0, 0), {"L", "N"}),
        ],
    )
    def test_python_names_give_stored_names(
        self, path: tuple[str | int, ...], stored: tuple[str | int, ...], tags: set[str]
    ) -> None:
        found, node = self.plan.resolve(path)
        assert found == stored
        assert node.tags == tags

    def test_anything_may_be_inside_a_value_of_no_declared_type(self) -> None:
        stored, node = self.plan.resolve(("anything", "x", 3))
        assert stored == ("anything", "x", 3)
        assert node.encode("a", stored) == {"S": "a"}

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            (("missing",), "missing"),
            (("n",), "n"),
            ((0,), r"\[0\]"),
            (("a", "b"), r"a\.b"),
            (("lines", "x"), r"lines\.x"),
            (("lines", -1), r"lines\[-1\]"),
            (("lines", 0, "t"), r"lines\[0\]\.t"),
            (("pair", 2), r"pair\[2\]"),
            (("tags", 0), r"tags\[0\]"),
            (("pet", "wings"), r"pet\.wings"),
            ((), "empty"),
        ],
    )
    def test_what_the_model_does_not_declare_is_refused(
        self, path: tuple[str | int, ...], shown: str
    ) -> None:
        with pytest.raises(InvalidRequestError, match=shown):
            self.plan.resolve(path)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("é", 2),
        (b"xy", 2),
        (None, 1),
        (True, 1),
        (5, 2),
        (12345, 4),
        (-5, 3),
        (1000, 2),
        ([], 3),
        (["a", None], 3 + 2 + 2),
        ({"ab": "c"}, 3 + 1 + 3),
        ({"x", "yz"}, 3),
    ],
)
def test_the_size_of_an_item_follows_the_documented_rules(value: object, size: int) -> None:
    assert item_size({"name": encode_dynamic(value, ())}) == 4 + size
