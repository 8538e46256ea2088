"""A model whose rules are the types of its fields is not validated once more; every other one is."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import GenericAlias
from typing import Annotated, Any, Literal, Optional, Self
from uuid import UUID

import pytest
from annotated_types import MaxLen
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PastDate,
    PrivateAttr,
    StringConstraints,
    create_model,
    field_validator,
    model_validator,
)

from dynarepo._codec import _unconstrained, compile_model
from dynarepo._codec._unconstrained import defaults_to_fill_in, takes_all_of_its_types
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidValueError
from tests.codec.cases import NOON
from tests.codec.reference import by_nodes, parts_of


class Color(Enum):
    RED = "r"


class Street(BaseModel):
    name: str


class Wide(BaseModel):
    model_config = ConfigDict(title="Any", extra="forbid", populate_by_name=True, frozen=True)
    text: str = Field(alias="t", description="any text")
    raw: bytes
    number: int
    ratio: float = 0.5
    price: Decimal = Field(default_factory=Decimal)
    day: date
    at: datetime
    id: UUID
    is_on: bool
    street: Street
    streets: list[Street]
    color: Color = Color.RED
    size: Literal["a", 1]
    length: timedelta
    opens: time
    words: set[str]
    names: frozenset[str]
    counts: dict[str, dict[str, int | None]]
    coded: dict[int, str]
    texts: list[list[str]] | None = None


def test_a_model_of_plain_types_takes_all_of_them() -> None:
    assert takes_all_of_its_types(compile_model(Wide).node)


class Validated(BaseModel):
    field: str

    @field_validator("field")
    @classmethod
    def check(cls, value: str) -> str:
        assert value != "bad"
        return value


class CheckedBefore(BaseModel):
    field: str

    @model_validator(mode="before")
    @classmethod
    def check(cls, values: Mapping[str, object]) -> Mapping[str, object]:
        assert values["field"] != "bad"
        return values


class CheckedAfter(BaseModel):
    field: str

    @model_validator(mode="after")
    def check(self) -> CheckedAfter:
        assert self.field != "bad"
        return self


class Private(BaseModel):
    field: str
    _seen: bool = PrivateAttr(default=False)


class Finished(BaseModel):
    field: str

    def model_post_init(self, _: object, /) -> None:
        assert self.field != "bad"


class Begun(BaseModel):
    field: str

    def __init__(self, **values: Any) -> None:
        assert values["field"] != "bad"
        super().__init__(**values)


def _not_bad(value: Any) -> Any:
    assert value not in ("bad", -1)
    return value


def _of(declared: Any, **config: Any) -> type[BaseModel]:
    return create_model("Item", __config__=ConfigDict(**config), field=(declared, ...))  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("model", "bad"),
    [
        (Validated, "bad"),
        (CheckedBefore, "bad"),
        (CheckedAfter, "bad"),
        (Begun, "bad"),
        (_of(Annotated[str, AfterValidator(_not_bad)]), "bad"),
        (_of(Annotated[int, BeforeValidator(_not_bad)]), -1),
        (_of(Annotated[str, Field(min_length=4)]), "bad"),
        (_of(Annotated[str, StringConstraints(pattern="^a")]), "bad"),
        (_of(Annotated[bytes, MaxLen(1)]), b"bad"),
        (_of(Annotated[int, Field(ge=0)]), -1),
        (_of(Annotated[float, Field(gt=0)]), -0.5),
        (_of(Annotated[float, Field(multiple_of=2)]), 0.5),
        (_of(Annotated[Decimal, Field(max_digits=2)]), Decimal("1.25")),
        (_of(PastDate), date(9999, 1, 1)),
        (
            _of(Annotated[datetime, Field(lt=datetime(2026, 1, 1, tzinfo=UTC))]),
            datetime(2027, 1, 1, tzinfo=UTC),
        ),
        (_of(Annotated[list[str], Field(min_length=1)]), []),
        (_of(list[Annotated[str, Field(min_length=4)]]), ["bad"]),
        (_of(Optional[Annotated[int, Field(ge=0)]]), -1),  # noqa: UP045 - of None too
        (_of(str, str_max_length=2), "bad"),
        (_of(str, str_min_length=4), "bad"),
    ],
    ids=str,
)
def test_what_breaks_a_rule_beside_the_types_is_refused(model: type[BaseModel], bad: object) -> None:
    plan = compile_model(model)
    assert not takes_all_of_its_types(plan.node)
    with pytest.raises(InvalidValueError, match="breaks a rule"):
        plan.encode(model.model_construct(field=bad))


@pytest.mark.parametrize(
    "model",
    [
        _of(str, str_strip_whitespace=True),
        _of(str, str_to_lower=True),
        _of(Decimal, strict=True),
        _of(Annotated[str, Field(strict=True)]),
        _of(AwareDatetime),
        _of(Color, use_enum_values=True),
        _of(dict[str, Annotated[str, Field(min_length=4)]]),
        _of(tuple[str, int]),
        _of(int | str),
        _of(Any),
        _of(CheckedAfter),
        Finished,
        Private,
    ],
    ids=lambda model: str(model.__pydantic_core_schema__["schema"]["fields"]["field"]["schema"]["type"]),
)
def test_what_is_not_known_to_have_no_rule_is_validated(model: type[BaseModel]) -> None:
    assert not takes_all_of_its_types(compile_model(model).node)


class Made(BaseModel):
    def __new__(cls, *_: object, **__: object) -> Self:
        return super().__new__(cls)

    field: str = ""


class Watched(BaseModel):
    field: str = ""


class Watching:
    """Stands before a validator as those of Pydantic's plugins do."""

    def __init__(self, validator: Any) -> None:
        self.validate_python = validator.validate_python


Watched.__pydantic_validator__ = Watching(Watched.__pydantic_validator__)  # type: ignore[assignment]


@pytest.mark.parametrize(
    "model",
    [
        Made,
        Watched,
        create_model("Item", field=(str, Field(default_factory=str))),
        create_model("Item", field=(list[str], ["a"])),
        create_model("Item", field=(int, Field(default="1", validate_default=True))),
        create_model("Item", __config__=ConfigDict(validate_default=True), field=(int, "1")),
        create_model("Item", __config__=ConfigDict(extra="allow"), field=(str, "a")),
    ],
)
@pytest.mark.parametrize("item", [{}, {"more": {"S": "b"}}])
def test_what_else_may_be_done_to_make_an_instance_is_done(model: type[BaseModel], item: WireItem) -> None:
    plan = compile_model(model)
    assert takes_all_of_its_types(plan.node)
    assert defaults_to_fill_in(plan.node) is None
    made, reference = plan.decode(item), by_nodes(plan).decode(item)
    assert made == reference
    assert parts_of(made) == parts_of(reference)


@pytest.mark.parametrize("default", [None, "a", 1, 0.5, True, Decimal(1), NOON, Color.RED, b"a"], ids=str)
def test_a_default_that_cannot_be_changed_is_filled_in(default: Any) -> None:
    plan = compile_model(
        create_model("Item", field=(type(default) if default is not None else str | None, default))
    )
    assert defaults_to_fill_in(plan.node) == {"field": default}
    made = plan.decode({})
    assert made.model_dump() == {"field": default}
    assert made.model_fields_set == set()


def test_models_are_validated_where_the_parts_of_an_instance_are_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_unconstrained, "PARTS", [None])
    assert defaults_to_fill_in(compile_model(Street).node) is None
    assert compile_model(Street).decode({"name": {"S": "a"}}) == Street(name="a")


def test_an_instance_that_was_made_without_validation_can_be_changed_and_copied() -> None:
    made = compile_model(Street).decode({"name": {"S": "a"}})
    made.name = "b"
    assert made == Street(name="b") == deepcopy(made) == made.model_copy()
    assert made.model_dump_json() == '{"name":"b"}'


def test_a_nested_model_is_validated_by_its_own_rules() -> None:
    inner = create_model("Inner", text=(Annotated[str, Field(min_length=4)], ...))
    several: Any = GenericAlias(list, (inner,))
    outer: Any = create_model("Outer", inner=(inner, ...), inners=(several, ...))
    plan = compile_model(outer)
    assert takes_all_of_its_types(plan.node)
    fine, bad = inner(text="fine"), inner.model_construct(text="bad")
    cases: list[dict[str, Any]] = [{"inner": bad, "inners": []}, {"inner": fine, "inners": [fine, bad]}]
    for held in cases:
        with pytest.raises(InvalidValueError, match="breaks a rule"):
            plan.encode(outer.model_construct(**held))
