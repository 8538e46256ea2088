"""Views that are refused when they are made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, RootModel, model_serializer

from dynarepo.exceptions import SchemaError
from tests.codec.viewing import (
    Address,
    Cat,
    Color,
    Customer,
    Dog,
    Holder,
    Named,
    Numbers,
    Street,
    card,
    stored,
    view_of,
)


class Secretive(BaseModel):
    pk: str

    @model_serializer
    def shuffled(self) -> dict[str, str]:
        return {"kp": self.pk}


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (card(unknown=str), r"Card\.unknown: Customer stores no field of this name"),
        (card(address=card(zip=str)), r"Card\.address\.zip: Address stores no field"),
        (card(homes=list[card(zip=str)]), r"Card\.homes\.zip: Address stores no field"),  # type: ignore[misc]
        (card(pk=str), r"Card\.pk: Customer stores no field"),
        (card(n=str), r"Card\.n: Customer stores no field"),
        (card(name=int), r"Card\.name: the field is stored as another type \(S\)"),
        (card(name=int | None), r"Card\.name: the field is stored as another type"),
        (card(billing=str | None), r"Card\.billing: the field is stored as another type \(M\)"),
        (card(homes=list[str]), r"Card\.homes: the field is stored as another type \(M\)"),
        (card(homes=set[str]), r"Card\.homes: the field is stored as another type \(L\)"),
        (card(places=dict[str, int]), r"Card\.places: the field is stored as another type"),
        (card(address=card(street=bool)), r"Card\.address\.street: the field is stored as another type"),
        (card(pair=list[Street]), r"Card\.pair: nested models stand in it otherwise"),
        (card(expires=str), r"Card\.expires: the expiry time is a datetime or an int"),
        (Numbers, "Numbers: a view has named fields"),
    ],
    ids=str,
)
def test_what_is_no_part_of_the_stored_model_is_refused_by_name(view: type[BaseModel], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        view_of(view, Customer)


@pytest.mark.parametrize(
    ("declared", "viewed"),
    [
        (Cat | Dog, Named),
        (Cat | Dog, Cat | Named),
        (Cat | Dog, Cat | Dog | Named),
        (Cat | str, Cat | UUID),
        (Numbers, list[Street]),
        (Numbers, RootModel[list[Street]]),
        (list[tuple[Address, int]], list[tuple[Street, int, int]]),
    ],
    ids=str,
)
def test_a_part_of_what_may_be_of_several_models_is_refused(declared: Any, viewed: Any) -> None:
    with pytest.raises(SchemaError, match=r"Card\.field: nested models stand in it otherwise"):
        view_of(card(field=viewed), stored(field=declared))


def test_a_generic_dataclass_of_another_type_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"Card\.field\.held: the field is stored as another type"):
        view_of(card(field=Holder[int]), stored(field=Holder[str]))


def test_a_part_of_a_model_that_serializes_itself_is_refused() -> None:
    with pytest.raises(SchemaError, match="Secretive has a serializer of its own"):
        view_of(card(pk=str), Secretive)


@pytest.mark.parametrize("view", [int, Color, Holder[str], dict, "Card"], ids=str)
def test_a_view_is_a_model(view: Any) -> None:
    with pytest.raises(SchemaError, match="takes a Pydantic model class"):
        view_of(view, Customer)
