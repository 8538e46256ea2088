"""What a read asks for of an item, and which items it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from dynarepo._codec import ModelResolver, bind, unite
from dynarepo._expressions import ExpressionWriter
from dynarepo._requests import Reading
from dynarepo._schema import KeyTemplate, TableSchema
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import ExpressionTooLongError, InvalidItemError, InvalidRequestError, SchemaError
from tests.key_models import Order, Pipeline

NOW = 1_800_000_000


class Address(BaseModel):
    street: str
    city: str = Field(default="?", serialization_alias="c")


class Session(BaseModel):
    user: str
    name: str = Field(default="", alias="n")
    address: Address
    expires: int | None = Field(default=None, serialization_alias="x")

    class Meta:
        partition_key = KeyTemplate("pk", "USER#{user}")
        sort_key = "user"
        ttl = "expires"
        discriminator = ("kind", "SESSION")


class Visit(BaseModel):
    """Where there may be no address, which is then stored as NULL."""

    user: str
    address: Address | None

    class Meta:
        partition_key = KeyTemplate("pk", "USER#{user}")
        sort_key = "user"
        discriminator = ("kind", "VISIT")


class Named(BaseModel):
    name: str


class Owned(BaseModel):
    user: str


class Street(BaseModel):
    street: str


class Placed(BaseModel):
    address: Address


class OnStreet(BaseModel):
    address: Street | None


class CityAndStreet(BaseModel):
    street: str
    city: str


class InCity(BaseModel):
    address: CityAndStreet


class Nothing(BaseModel):
    pass


SESSIONS, VISITS = bind(Session), bind(Visit)


def reading(view: type[BaseModel] | None = None, *, skip_expired: bool = False) -> Reading[Any]:
    """Read sessions at a fixed time."""
    found = Reading.of(SESSIONS, view, skip_expired=skip_expired)
    return Reading(found.source, found.reader, found.expiry, NOW)


def projection(of: Reading[Any], *keys: str) -> tuple[str | None, dict[str, str]]:
    """Give the projection expression, and what its placeholders stand for."""
    writer = ExpressionWriter(ModelResolver(of.source))
    text = of.project(writer, keys)
    return text, writer.into({}).get("ExpressionAttributeNames", {})


def paths(of: Reading[Any], *keys: str) -> list[str]:
    """Give the paths of the projection expression by their names."""
    text, names = projection(of, *keys)
    assert text is not None
    return [".".join(names[step] for step in path.split(".")) for path in text.split(", ")]


def session(**attributes: AttributeValue) -> dict[str, AttributeValue]:
    """Store a session with these attributes."""
    return {
        "user": {"S": "u"},
        "address": {"M": {"street": {"S": "s"}}},
        "kind": {"S": "SESSION"},
        **attributes,
    }


# What is asked for


def test_whole_items_have_no_projection() -> None:
    assert projection(reading(skip_expired=True), "pk", "user") == (None, {})


def test_a_projection_is_made_of_placeholders_alone() -> None:
    text, names = projection(reading(InCity), "pk")
    assert text == "#n0.#n1, #n0.#n2, #n3, #n4"
    assert names == {"#n0": "address", "#n1": "c", "#n2": "street", "#n3": "kind", "#n4": "pk"}


def test_keys_and_discriminator_always_go_along_and_nothing_goes_twice() -> None:
    assert paths(reading(Named), "pk", "user") == ["kind", "n", "pk", "user"]
    assert paths(reading(Owned), "pk", "user") == ["kind", "pk", "user"]
    assert paths(reading(Placed), "pk") == ["address", "kind", "pk"]


def test_the_expiry_time_goes_along_where_it_decides() -> None:
    assert paths(reading(Named, skip_expired=True), "pk") == ["kind", "n", "pk", "x"]


def test_a_view_without_fields_asks_for_the_keys() -> None:
    assert paths(Reading.of(bind(Pipeline), Nothing), "pipeline_id") == ["pipeline_id"]


def test_paths_do_not_overlap() -> None:
    """DynamoDB takes no `address, address.street`, which the two models would ask for."""
    assert SESSIONS.view(OnStreet).paths == (("address", "street"),)
    assert VISITS.view(OnStreet).paths == (("address",),)
    assert paths(Reading.of(unite([SESSIONS, VISITS]), OnStreet), "pk") == ["address", "kind", "pk"]


def test_a_projection_longer_than_the_service_takes_is_refused() -> None:
    fields: dict[str, Any] = {f"f{number}": (str, ...) for number in range(1000)}
    wide = create_model("Wide", **fields)
    with pytest.raises(ExpressionTooLongError):
        projection(Reading.of(bind(wide, TableSchema("f0")), wide), "f0")


def test_needed_are_the_fields_and_the_marks() -> None:
    everything = {"user", "n", "address", "x", "kind"}
    assert reading().needed == reading(skip_expired=True).needed == everything
    assert reading(Named).needed == {"n", "kind"}
    assert reading(Named, skip_expired=True).needed == {"n", "x", "kind"}
    assert reading(InCity).needed == {"address", "kind"}


def test_marks_are_what_tells_whether_an_item_counts() -> None:
    assert reading().marks == {"kind"}
    assert reading(skip_expired=True).marks == {"kind", "x"}
    assert Reading.of(bind(Order), skip_expired=True).marks == {"expires_at"}
    assert Reading.of(bind(Pipeline)).marks == set()


# What is kept


@pytest.mark.parametrize(
    ("stored", "is_kept"),
    [
        ({"N": str(NOW - 1)}, False),
        ({"N": str(NOW)}, False),
        ({"N": str(NOW + 1)}, True),
        ({"N": f"{NOW}.5"}, True),
        ({"N": "0"}, False),
        ({"N": "-1"}, False),
        (None, True),
        # DynamoDB never removes an item whose expiry time is no number.
        ({"NULL": True}, True),
        ({"S": "1"}, True),
        ({"N": "soon"}, True),
        ({"N": 1}, True),
    ],
    ids=str,
)
def test_an_item_is_kept_until_its_expiry_time(stored: AttributeValue | None, is_kept: bool) -> None:
    item = session() if stored is None else session(x=stored)
    assert reading(skip_expired=True).keeps(item) is is_kept
    assert reading().keeps(item)


def test_what_has_expired_is_not_found() -> None:
    item = session(x={"N": str(NOW)}, n={"S": "ada"})
    assert reading(skip_expired=True).found(item) is None
    assert reading(Named, skip_expired=True).found(item) is None
    assert reading(Named).found(item) == Named(name="ada")
    assert reading().found(item) == Session(user="u", n="ada", address=Address(street="s"), expires=NOW)


def test_an_expired_item_that_does_not_fit_is_not_looked_at() -> None:
    broken = session(x={"N": "1"}, n={"N": "1"})
    assert reading(skip_expired=True).found(broken) is None


def test_an_item_counts_if_it_is_of_the_model_and_has_not_expired() -> None:
    live, expired = {"N": str(NOW + 1)}, {"N": str(NOW)}
    assert reading(skip_expired=True).counts(session(x=live))
    assert not reading(skip_expired=True).counts(session(x=expired))
    assert reading().counts(session(x=expired))
    assert not reading().counts(session(kind={"S": "VISIT"}))
    assert not reading().counts({"user": {"S": "u"}})
    assert Reading.of(bind(Pipeline)).counts({"anything": {"S": "u"}})


@pytest.mark.parametrize("view", [None, Named])
@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ({}, ("USER#u", "u")),
        ({"user": {"N": "7"}}, ("USER#u", 7)),
        ({"user": {"S": 7}}, ("USER#u", None)),
        ({"user": {}}, ("USER#u", None)),
        ({"kind": {"S": "VISIT"}}, ("USER#u", "u")),
    ],
)
def test_an_item_that_does_not_fit_is_told_by_its_key_which_is_not_shown_rk17(
    view: type[BaseModel] | None, stored: dict[str, Any], key: tuple[object, object]
) -> None:
    for read in (reading(view).make, reading(view).found):
        with pytest.raises(InvalidItemError) as raised:
            read({"pk": {"S": "USER#u"}, **session(n={"N": "1"}), **stored})
        assert (raised.value.pk, raised.value.sk) == key
        assert "USER#u" not in str(raised.value) + repr(raised.value)


def test_a_key_without_a_sort_key_has_none() -> None:
    with pytest.raises(InvalidItemError) as raised:
        Reading.of(bind(Pipeline)).make({"pipeline_id": {"S": "p"}})
    assert (raised.value.pk, raised.value.sk) == ("p", None)
    with pytest.raises(InvalidItemError) as raised:
        Reading.of(bind(Pipeline)).make({})
    assert (raised.value.pk, raised.value.sk) == (None, None)


# What is refused


@pytest.mark.parametrize("view", [None, Named])
def test_skipping_expired_items_needs_an_expiry_time(view: type[BaseModel] | None) -> None:
    with pytest.raises(InvalidRequestError, match="Pipeline declares no ttl"):
        Reading.of(bind(Pipeline), view, skip_expired=True)


def test_a_union_expires_where_one_of_its_models_does() -> None:
    assert Reading.of(unite([SESSIONS, VISITS]), skip_expired=True).expiry == "x"


@pytest.mark.parametrize("view", [[], {}, "Named", Named(name="x"), list[Named], 1, int], ids=str)
def test_a_view_is_a_model(view: Any) -> None:
    for source in (SESSIONS, unite([SESSIONS, VISITS])):
        with pytest.raises(SchemaError, match="takes a Pydantic model class"):
            Reading.of(source, view)
