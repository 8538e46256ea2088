"""Views: how they are fitted to the stored model, and what of an item they ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from dynarepo.exceptions import InvalidItemError, WrongModelError
from tests.codec.viewing import (
    ADA,
    HOME,
    Address,
    Cat,
    City,
    Customer,
    Dog,
    Geo,
    Holder,
    Named,
    Numbers,
    Street,
    card,
    entity_of,
    seen,
    stored,
    view_of,
)
from tests.key_models import Pipeline

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Tree(BaseModel):
    value: int
    note: str = Field(default="", serialization_alias="n")
    left: Tree | None = None
    children: list[Tree] = []


class Leaf(BaseModel):
    value: int
    left: Leaf | None
    children: list[Leaf]


@dataclass
class Part:
    number: int
    note: str | None = None
    length: int = field(default=0, init=False)


@dataclass
class Number:
    number: int
    note: str | None = "invented"


class Where(TypedDict):
    street: str
    city: str


# Names and types


def test_the_stored_name_is_that_of_the_stored_model() -> None:
    class Renamed(BaseModel):
        name: str = Field(alias="theName", serialization_alias="shown")

    view = view_of(Renamed, Customer)
    assert view.paths == (("n",),)
    assert view.needed == {"n"}
    assert seen(Renamed, ADA).name == "ada"


def test_a_type_of_its_own_may_share_the_stored_type() -> None:
    shown = seen(card(color=str, balance=float, name=Literal["ada"]), ADA)
    assert (shown.color, shown.balance, shown.name) == ("red", 0.0, "ada")
    assert type(shown.balance) is float


def test_text_is_read_as_what_it_can_mean() -> None:
    code = UUID("12345678-1234-5678-1234-567812345678")
    shown = seen(card(code=UUID, when=str), stored(code=str, when=datetime)(code=str(code), when=NOON))
    assert (shown.code, shown.when) == (code, "2026-01-31T12:00:00.000000Z")


def test_text_that_means_nothing_to_the_view_is_an_invalid_item() -> None:
    with pytest.raises(InvalidItemError, match="Card: the stored item does not fit: name") as raised:
        seen(card(name=UUID), ADA)
    assert raised.value.fields == ("name",)
    assert "ada" not in str(raised.value)


def test_a_computed_field_is_read_as_a_plain_one() -> None:
    assert seen(card(initial=str), ADA).initial == "a"


def test_the_boolean_key_of_an_index_comes_back_as_a_boolean() -> None:
    shown = seen(card(is_active=bool), Pipeline(pipeline_id="a", is_active=True, updated_at=NOON))
    assert shown.is_active is True


def test_an_expiry_time_is_read_as_a_datetime_or_as_seconds() -> None:
    ada = ADA.model_copy(update={"expires": NOON})
    assert seen(card(expires=datetime), ada).expires == NOON
    assert seen(card(expires=int | None), ada).expires == int(NOON.timestamp())


def test_a_view_without_fields_asks_for_nothing() -> None:
    view = view_of(card(), Customer)
    assert (view.paths, view.needed) == ((), frozenset())
    assert seen(card(), ADA).model_dump() == {}


def test_the_stored_model_is_a_view_of_all_of_itself() -> None:
    assert seen(Customer, ADA) == ADA


def test_a_view_has_the_name_of_its_model_and_is_made_once() -> None:
    entity = entity_of(Customer)
    model = card(name=str)
    assert entity.view(model).name == "Card"
    assert entity.view(model) is entity.view(model)


def test_an_item_of_another_model_is_refused_by_its_discriminator() -> None:
    model = card(name=str)
    view = entity_of(stored(name=str), discriminator=("kind", "NAMED")).view(model)
    assert view.decode({"name": {"S": "x"}, "kind": {"S": "NAMED"}}) == model(name="x")
    for other in ({"kind": {"S": "OTHER"}}, {}):
        with pytest.raises(WrongModelError, match="is no Stored: its discriminator 'kind'"):
            view.decode({"name": {"S": "x"}, **other})


# Nested models


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"address": Street}, {"address.st"}),
        ({"address": card(street=str, city=str)}, {"address.st", "address.c"}),
        # What can be absent does not show whether there is an address.
        ({"address": City}, {"address"}),
        ({"address": card(tags=set[str])}, {"address"}),
        # No billing address is no attribute, and then there is no street either.
        ({"billing": Street | None}, {"billing.st"}),
        # No shipping address is NULL, which is not the same as none.
        ({"shipping": Street | None}, {"shipping"}),
        # A path into a list is one into a single element.
        ({"homes": list[Street]}, {"homes"}),
        ({"places": dict[str, Street]}, {"places"}),
        # The same model is read whole.
        ({"address": Address}, {"address"}),
        ({"address": card(street=str, geo=Geo | None)}, {"address.st", "address.geo"}),
        ({"address": card(street=str, geo=card(lon=int) | None)}, {"address.st", "address.geo.l"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_that_part_of_a_nested_model_is_asked_for_which_shows_that_it_is_there(
    fields: dict[str, Any], paths: set[str]
) -> None:
    view = view_of(card(**fields), Customer)
    assert {".".join(map(str, path)) for path in view.paths or ()} == paths
    assert view.needed == {path.partition(".")[0] for path in paths}


@pytest.mark.parametrize(
    "of", [Street, card(street=str, city=str), card(tags=set[str]), card(geo=Geo), Address]
)
def test_a_nested_view_sees_its_part_wherever_it_stands(of: type[BaseModel]) -> None:
    view: Any = of
    model = card(address=view, homes=tuple[view, ...], places=dict[str, view], pair=tuple[view, int] | None)
    shown, expected = seen(model, ADA), of(**{name: getattr(HOME, name) for name in of.model_fields})
    assert (shown.address, shown.homes, shown.places) == (expected, (expected, expected), {"a": expected})
    assert shown.pair == (expected, 1)


@pytest.mark.parametrize("of", [Street, City])
def test_a_nested_model_that_may_be_none_is_so_whether_it_is_stored_as_null_or_not_at_all(of: Any) -> None:
    model = card(billing=of | None, shipping=of | None)
    shown = seen(model, ADA)
    assert (shown.billing, shown.shipping) == (None, None)
    shown = seen(model, ADA.model_copy(update={"billing": HOME, "shipping": HOME}))
    expected = of(**{name: getattr(HOME, name) for name in of.model_fields})
    assert (shown.billing, shown.shipping) == (expected, expected)


def test_a_set_that_may_be_empty_does_not_show_that_there_is_a_whole() -> None:
    class Tagged(BaseModel):
        tags: set[str]
        name: str = ""

    model = stored(part=Tagged)
    view = card(part=card(tags=set[str]))
    assert view_of(view, model).paths == (("part",),)
    assert seen(view, model(part=Tagged(tags=set()))).part.tags == set()


def test_a_view_of_a_nested_model_of_which_there_is_none_needs_a_place_for_none() -> None:
    with pytest.raises(InvalidItemError, match="billing"):
        seen(card(billing=Street), ADA)


def test_a_recursive_model_is_seen_down_to_its_leaves() -> None:
    tree = Tree(value=1, left=Tree(value=2, left=Tree(value=3)), children=[Tree(value=4)])
    shown = seen(card(tree=Leaf), stored(tree=Tree)(tree=tree))
    assert shown.tree.model_dump() == {
        "value": 1,
        "left": {
            "value": 2,
            "left": {"value": 3, "left": None, "children": []},
            "children": [],
        },
        "children": [{"value": 4, "left": None, "children": []}],
    }


def test_a_recursive_path_ends_where_it_meets_itself() -> None:
    view = view_of(card(tree=Leaf), stored(tree=Tree))
    assert set(view.paths or ()) == {("tree", "value"), ("tree", "left"), ("tree", "children")}


def test_one_view_may_be_of_two_nested_models() -> None:
    shop = stored(cat=Cat, person=Named)(cat=Cat(name="tom"), person=Named(name="ada"))
    shown = seen(card(cat=Named, person=Named), shop)
    assert (shown.cat.name, shown.person.name) == ("tom", "ada")


def test_a_typed_dict_sees_a_part_of_a_model() -> None:
    assert seen(card(address=Where), ADA).address == {"street": "s", "city": "L"}


def test_a_dataclass_sees_a_part_of_a_model_and_a_model_one_of_a_dataclass() -> None:
    part = stored(part=Part)(part=Part(3))
    assert seen(card(part=Number), part).part == Number(3, None)
    assert seen(card(part=card(number=int)), part).part.number == 3
    assert seen(card(part=Part), part).part == Part(3)


def test_the_same_type_is_read_whole_in_whatever_it_stands() -> None:
    model = stored(pet=Cat | Dog, pets=list[Cat | Dog | None], numbers=Numbers, held=Holder[str])
    item = model(pet=Cat(name="tom"), pets=[Dog(name="rex"), None], numbers=[HOME], held=Holder("x"))
    shown = seen(
        card(pet=Cat | Dog, pets=tuple[Cat | Dog | None, ...], numbers=Numbers, held=Holder[str]), item
    )
    assert (shown.pet, shown.pets) == (Cat(name="tom"), (Dog(name="rex"), None))
    assert (shown.numbers, shown.held) == (Numbers([HOME]), Holder("x"))


def test_a_map_without_declared_fields_is_seen_as_what_the_view_declares() -> None:
    item = stored(data=dict[str, Any], untyped=Any)(data={"name": "x"}, untyped={"name": "y"})
    shown = seen(card(data=Named, untyped=Named), item)
    assert (shown.data.name, shown.untyped.name) == ("x", "y")
