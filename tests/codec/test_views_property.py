"""Whatever a model holds, a view of any part of it holds the same values."""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Final, Optional

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dynarepo._codec._sameness import same
from tests.codec import strategies
from tests.codec.cases import CASES
from tests.codec.test_round_trip import PROPERTIES
from tests.codec.viewing import Address, Geo, card, seen, stored


def cases() -> list[tuple[Any, list[Any]]]:
    """Give each declared type with all values of it."""
    values: dict[str, tuple[Any, list[Any]]] = {}
    for declared, value, _ in CASES:
        values.setdefault(str(declared), (declared, []))[1].append(value)
    return list(values.values())


#: Fields that always have a value: their types, and values.
REQUIRED: Final = {f"r{number}": each for number, each in enumerate(cases())}
#: Fields that may be `None`, which is stored as no attribute: their types, and strategies.
OPTIONAL: Final = {
    f"o{number}": each
    for number, each in enumerate(
        [*PROPERTIES, *((declared, st.sampled_from(values)) for declared, values in REQUIRED.values())]
    )
}
EVERYTHING: Final[Any] = stored(
    **{name: declared for name, (declared, _) in REQUIRED.items()},
    **{name: (Optional[declared], None) for name, (declared, _) in OPTIONAL.items()},  # noqa: UP045 - of None too
)
BASE: Final[BaseModel] = EVERYTHING(**{name: values[0] for name, (_, values) in REQUIRED.items()})


@given(data=st.data())
@settings(max_examples=100)
def test_a_view_of_any_fields_holds_the_same_values(data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from([*REQUIRED, *OPTIONAL]), max_size=6))
    values: dict[str, Any] = {
        name: data.draw(
            st.sampled_from(REQUIRED[name][1])
            if name in REQUIRED
            else (st.none() | OPTIONAL[name][1]).filter(lambda value: value not in (set(), frozenset()))
        )
        for name in sorted(names)
    }
    item = BASE.model_copy(update=values)
    view = card(
        **{
            name: EVERYTHING.model_fields[name].annotation if value is None else types_of(name)
            for name, value in values.items()
        }
    )
    shown = seen(view, item)
    assert type(shown) is view
    for name in names:
        assert same(getattr(shown, name), getattr(item, name)), name


def types_of(name: str) -> Any:
    """Give the type of a field that has a value."""
    return (REQUIRED if name in REQUIRED else OPTIONAL)[name][0]


geos = st.builds(Geo, lat=strategies.ints, lon=strategies.ints)
addresses = st.builds(
    Address,
    street=strategies.texts,
    city=strategies.texts,
    geo=st.none() | geos,
    tags=st.sets(strategies.texts, max_size=2),
)
Shop: Final[Any] = stored(
    address=Address,
    omitted=(Address | None, None),
    null=Address | None,
    listed=list[Address],
    keyed=dict[str, Address | None],
    pair=(tuple[Address, int] | None, None),
)
shops = st.builds(
    Shop,
    address=addresses,
    omitted=st.none() | addresses,
    null=st.none() | addresses,
    listed=st.lists(addresses, max_size=2),
    keyed=st.dictionaries(strategies.names, st.none() | addresses, max_size=2),
    pair=st.none() | st.tuples(addresses, strategies.ints),
)


@st.composite
def address_views(draw: st.DrawFn) -> type[BaseModel]:
    """Draw a view of some fields of an address, or the whole."""
    geo: Any = draw(st.sampled_from([Geo, card(lat=int), card(lon=int), card()]))
    types: dict[str, Any] = {"street": str, "city": str, "geo": geo | None, "tags": frozenset[str]}
    names = draw(st.sets(st.sampled_from(sorted(types))))
    choices: list[type[BaseModel]] = [Address, card(**{name: types[name] for name in names})]
    return draw(st.sampled_from(choices))


@st.composite
def shop_views(draw: st.DrawFn) -> type[BaseModel]:
    """Draw a view of some fields of a shop, each with a view of an address of its own."""
    address, omitted, null, listed, keyed, pair = (draw(address_views()) for _ in range(6))
    types: dict[str, Any] = {
        "address": address,
        "omitted": omitted | None,
        "null": null | None,
        "listed": GenericAlias(list, (listed,)),
        "keyed": GenericAlias(dict, (str, keyed | None)),
        "pair": GenericAlias(tuple, (pair, int)) | None,
    }
    names = draw(st.sets(st.sampled_from(sorted(types)), min_size=1))
    return card(**{name: types[name] for name in names})


@given(shop=shops, view=shop_views())
@settings(max_examples=100)
def test_a_view_of_any_part_of_nested_models_holds_the_same_values(
    shop: BaseModel, view: type[BaseModel]
) -> None:
    assert shows(seen(view, shop), shop)


def shows(shown: Any, whole: Any) -> bool:
    """Tell whether all that is shown is what the whole has there."""
    if isinstance(whole, BaseModel):
        names = type(shown).model_fields
        return all(shows(getattr(shown, name), getattr(whole, name)) for name in names)
    if isinstance(whole, list | tuple):
        return len(shown) == len(whole) and all(map(shows, shown, whole))
    if isinstance(whole, dict):
        return shown.keys() == whole.keys() and all(shows(shown[key], whole[key]) for key in whole)
    return bool(shown == whole)
