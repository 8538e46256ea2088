"""Views: values are those of the stored model, and absence means what it means there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from dynarepo._schema import GlobalIndex
from dynarepo.exceptions import InvalidItemError
from tests.codec.viewing import (
    ADA,
    HOME,
    Address,
    Color,
    Customer,
    Street,
    card,
    entity_of,
    seen,
    stored,
    view_of,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECONDS = PlainSerializer(lambda moment: moment.timestamp(), return_type=float)


@dataclass
class Part:
    number: int = 7
    note: str | None = None


@pydantic_dataclass
class CheckedPart:
    number: int = Field(default=7)
    note: str | None = Field(default=None)


@dataclass
class OtherPart:
    number: int = 0
    note: str | None = "invented"


class Loose(TypedDict, total=False):
    name: str


class LooseModel(BaseModel):
    name: str = "own"


class Timer(BaseModel):
    """Stored by a serializer of its own, under the name by which it is validated."""

    seconds: int = Field(alias="s")

    @model_serializer
    def _short(self) -> dict[str, int]:
        return {"s": self.seconds}


class Short(BaseModel):
    s: int


# What is absent


@pytest.mark.parametrize(
    ("declared", "viewed", "expected"),
    [
        ((str, "stored"), (str, "invented"), "stored"),
        ((list[int], [1]), (list[int], [2]), [1]),
        ((list[int], Field(default_factory=lambda: [1])), (list[int], [2]), [1]),
        ((str | None, None), (str | None, "invented"), None),
        ((str | None, "stored"), (str | None, None), "stored"),
        (set[str], (set[str], {"invented"}), set()),
        (set[str], (frozenset[str], frozenset({"invented"})), frozenset()),
        (set[str] | None, (set[str] | None, None), set()),
        ((frozenset[str], frozenset()), (set[str], {"invented"}), set()),
        ((Color, Color.RED), (str, "invented"), "red"),
        ((datetime, NOON), (str, "invented"), "2026-01-31T12:00:00.000000Z"),
        ((Address, HOME), (Street, Street(street="invented")), Street(street="s")),
        ((list[Address], [HOME]), (list[Street], []), [Street(street="s")]),
        ((Address | None, Field(default_factory=lambda: HOME)), (Street | None, None), Street(street="s")),
        # A default need not be of the type that is stored.
        ((int, "none"), (int | str, 0), "none"),
    ],
    ids=str,
)
def test_an_absent_attribute_means_what_the_stored_model_says(
    declared: Any, viewed: Any, expected: object
) -> None:
    """Not what the view has as its default, which would be an invention."""
    view = create_model("Card", __config__=ConfigDict(strict=True), field=viewed)
    shown: Any = view_of(view, stored(field=declared)).decode({})
    assert shown.field == expected
    assert type(shown.field) is type(expected)


def test_an_absent_key_of_an_index_is_none() -> None:
    entity = entity_of(stored(owner=str | None), gsis=(GlobalIndex("by-owner", "owner"),))
    view: Any = entity.view(create_model("Card", owner=(str | None, "invented")))
    assert view.decode({}).owner is None


def test_a_computed_field_that_is_absent_is_empty() -> None:
    class Tagged(BaseModel):
        pk: str

        @computed_field  # type: ignore[prop-decorator]
        @property
        def tags(self) -> set[str]:
            return set()

    assert seen(card(tags=set[str]), Tagged(pk="a")).tags == set()


def test_a_default_is_made_anew_for_each_item() -> None:
    view = view_of(
        card(made=dict[str, Any], odd=Any), stored(made=(dict[str, Any], {"a": [1]}), odd=(int, [1]))
    )
    first = view.decode({})
    first.made["a"].append(2)
    first.odd.append(2)
    assert (view.decode({}).made, view.decode({}).odd) == ({"a": [1]}, [1])


def test_what_the_stored_model_requires_is_missed_by_name() -> None:
    view = view_of(card(name=str, address=Street), stored(name=str, address=Address))
    with pytest.raises(InvalidItemError) as raised:
        view.decode({"address": {"M": {"st": {"S": "s"}}}})
    assert raised.value.fields == ("name",)
    with pytest.raises(InvalidItemError) as raised:
        view.decode({"name": {"S": "x"}, "address": {"M": {"street": {"S": "s"}}}})
    assert raised.value.fields == ("address.street",)


def test_none_without_a_place_for_it_is_the_default_of_the_view_or_an_error() -> None:
    model = stored(nick=(str | None, None))
    own: Any = create_model("Own", nick=(str, "own"))
    assert view_of(own, model).decode({}).nick == "own"
    with pytest.raises(InvalidItemError, match="nick"):
        view_of(card(nick=str), model).decode({})


def test_a_default_made_of_other_fields_is_left_to_the_view() -> None:
    view = view_of(card(name=str), stored(name=(str, Field(default_factory=lambda data: data["pk"]))))
    assert view.decode({"name": {"S": "x"}}).name == "x"
    with pytest.raises(InvalidItemError, match="name"):
        view.decode({})


@pytest.mark.parametrize("kind", [Part, CheckedPart])
def test_absence_in_a_dataclass_means_what_the_dataclass_says(kind: Any) -> None:
    view = view_of(card(part=OtherPart), stored(part=kind))
    assert view.decode({"part": {"M": {}}}).part == OtherPart(7, None)


def test_absence_in_a_typed_dict_is_left_to_the_view() -> None:
    model = stored(data=Loose)
    assert view_of(card(data=Loose), model).decode({"data": {"M": {}}}).data == {}
    assert view_of(card(data=LooseModel), model).decode({"data": {"M": {}}}).data == LooseModel()


# What the view says of itself


def test_what_a_view_says_of_writing_does_not_matter() -> None:
    class Card(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=str.upper)

        name: str = Field(exclude=True)
        when: Annotated[datetime, SECONDS]
        size: int

        @computed_field  # type: ignore[prop-decorator]
        @property
        def shout(self) -> str:
            return self.name.upper()

        @field_serializer("size")
        def _as_text(self, size: int) -> str:
            return str(size)

        @model_serializer
        def _hidden(self) -> dict[str, int]:
            return {}

    item = stored(name=str, when=datetime, size=int, other=str)(name="x", when=NOON, size=3, other="o")
    view = view_of(Card, type(item))
    wire = entity_of(type(item)).encode(item)
    assert set(view.paths or ()) == {("name",), ("when",), ("size",)}
    # `other` is no extra field of the view: it was not asked for, and is not looked at.
    shown = view.decode(wire | {"later": {"NULL": True}})
    assert (shown.name, shown.when, shown.size, shown.shout) == ("x", NOON, 3, "X")


def test_extra_attributes_are_not_taken_even_by_a_view_that_allows_them() -> None:
    class Card(BaseModel):
        model_config = ConfigDict(extra="allow")

        name: str

    shown = view_of(Card, Customer).decode({"n": {"S": "x"}, "later": {"S": "y"}})
    assert shown.model_extra == {}


def test_the_validators_of_the_view_are_run_and_those_of_the_stored_model_are_not() -> None:
    class Kept(BaseModel):
        pk: str
        name: str

        @field_validator("name")
        @classmethod
        def _trimmed(cls, name: str) -> str:
            return name.strip()

    class Card(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _long(cls, name: str) -> str:
            if len(name) < 3:
                raise ValueError("too short")
            return name.upper()

    view = view_of(Card, Kept)
    assert view.decode({"name": {"S": " ada"}}) == Card.model_construct(name=" ADA")
    with pytest.raises(InvalidItemError, match=r"Card: the stored item does not fit: name \(value_error\)"):
        view.decode({"name": {"S": "xy"}})


def test_a_view_may_be_strict() -> None:
    view: Any = create_model(
        "Card", __config__=ConfigDict(strict=True), color=(Color, ...), homes=(tuple[Street, ...], ...)
    )
    assert seen(view, ADA) == view(color=Color.RED, homes=(Street(street="s"), Street(street="s")))


# What the stored model's serializers store


def test_what_a_serializer_of_the_stored_model_gave_is_for_the_view_to_understand() -> None:
    class Kept(BaseModel):
        pk: str
        when: Annotated[datetime, SECONDS]
        size: int
        plain: datetime

        @field_serializer("size")
        def _as_text(self, size: int) -> str:
            return f"{size}"

    item = Kept(pk="a", when=NOON, size=3, plain=NOON)
    shown = seen(card(when=datetime, size=int, plain=datetime), item)
    assert (shown.when, shown.size, shown.plain) == (NOON, 3, NOON)
    raw = seen(card(when=float, size=str), item)
    assert (raw.when, raw.size) == (NOON.timestamp(), "3")


def test_a_nested_model_that_serializes_itself_is_read_whole_or_as_what_it_gives() -> None:
    item = stored(timer=Timer, many=list[Timer], none=Timer | None)(
        timer=Timer(s=1), many=[Timer(s=2)], none=None
    )
    shown = seen(card(timer=Timer, many=list[Timer | None], none=Timer | None), item)
    assert (shown.timer, shown.many, shown.none) == (Timer(s=1), [Timer(s=2)], None)
    shown = seen(card(timer=Short, many=list[Short], none=Short | None), item)
    assert (shown.timer, shown.many, shown.none) == (Short(s=1), [Short(s=2)], None)
