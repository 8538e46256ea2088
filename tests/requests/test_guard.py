"""What a write demands by itself: each demand, all of them together, and beside the caller's condition."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import pytest

from dynarepo._codec import Entity, ModelResolver, bind, unite
from dynarepo._expressions import Condition, ExpressionWriter, attr
from dynarepo._requests import Guard
from dynarepo._requests._guard import is_live, is_ours
from dynarepo._schema import DynamoDBBaseModel
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import ExpressionTooLongError, InvalidRequestError
from tests.several_models import Bird, Cat, Customer, Dog, Order


class Plain(DynamoDBBaseModel):
    """Declares nothing more."""

    name: str = ""


class Counted(DynamoDBBaseModel):
    name: str = ""
    revision: int = 0

    class Meta:
        version = "revision"


#: Whether a model has a discriminator, and whether it counts versions.
MODELS: Final[Mapping[tuple[bool, bool], Entity[Any]]] = {
    (False, False): bind(Plain),
    (False, True): bind(Counted),
    (True, False): bind(Bird),
    (True, True): bind(Dog),
}
TEXT: Final[Mapping[type[Any], str]] = {Bird: "bird", Dog: "dog"}
UNCHANGED: Final[Mapping[str, AttributeValue | None]] = {"a": {"S": "x"}, "b": None}

ONE: Final = attr("name").eq("rex")
BOTH: Final = ONE & attr("name").exists()
EITHER: Final = ONE | attr("name").not_exists()


def written(guard: Guard, entity: Entity[Any], where: Condition | None = None) -> str:
    """Write a condition with its names and values in place of their placeholders."""
    writer = ExpressionWriter(ModelResolver(entity))
    text = writer.conjunction(guard.clauses(writer, entity), where)
    payload = writer.into({})
    shown = payload.get("ExpressionAttributeNames", {}) | {
        name: next(iter(wire.values())) for name, wire in payload.get("ExpressionAttributeValues", {}).items()
    }
    assert all(placeholder in text for placeholder in shown)
    for placeholder in sorted(shown, key=len, reverse=True):
        text = text.replace(placeholder, shown[placeholder])
    return text


@pytest.mark.parametrize(
    ("guard", "model", "text"),
    [
        (Guard(), Plain, ""),
        (Guard(exists=True), Plain, "attribute_exists(pk)"),
        (Guard(exists=False), Plain, "attribute_not_exists(pk)"),
        (Guard(), Bird, "attribute_not_exists(pk) OR kind = bird"),
        (Guard(exists=True), Bird, "attribute_exists(pk) AND kind = bird"),
        (Guard(exists=False), Bird, "attribute_not_exists(pk)"),
        (Guard(), Customer, "attribute_not_exists(pk) OR entity = CUSTOMER"),
        (Guard(version=0), Counted, "attribute_not_exists(revision) OR revision = 0"),
        (Guard(version=7), Counted, "revision = 7"),
        (
            Guard(version=0),
            Dog,
            "(attribute_not_exists(pk) OR kind = dog) AND (attribute_not_exists(revision) OR revision = 0)",
        ),
        (Guard(version=7), Dog, "(attribute_not_exists(pk) OR kind = dog) AND revision = 7"),
        (Guard(exists=True, version=7), Dog, "attribute_exists(pk) AND kind = dog AND revision = 7"),
        (Guard(unchanged=UNCHANGED), Plain, "a = x AND attribute_not_exists(b)"),
        (
            Guard(exists=True, version=7, unchanged=UNCHANGED),
            Dog,
            "attribute_exists(pk) AND kind = dog AND revision = 7 AND a = x AND attribute_not_exists(b)",
        ),
    ],
)
def test_each_demand_is_written(guard: Guard, model: type[Any], text: str) -> None:
    assert written(guard, bind(model)) == text


@pytest.mark.parametrize(
    ("guard", "where", "text"),
    [
        (Guard(), ONE, "(attribute_not_exists(pk) OR kind = bird) AND name = rex"),
        (
            Guard(),
            BOTH,
            "(attribute_not_exists(pk) OR kind = bird) AND name = rex AND attribute_exists(name)",
        ),
        (
            Guard(),
            EITHER,
            "(attribute_not_exists(pk) OR kind = bird) AND (name = rex OR attribute_not_exists(name))",
        ),
        (
            Guard(),
            ~EITHER,
            "(attribute_not_exists(pk) OR kind = bird) AND NOT (name = rex OR attribute_not_exists(name))",
        ),
        (
            Guard(exists=True),
            EITHER,
            "attribute_exists(pk) AND kind = bird AND (name = rex OR attribute_not_exists(name))",
        ),
        (
            Guard(exists=False),
            EITHER,
            "attribute_not_exists(pk) AND (name = rex OR attribute_not_exists(name))",
        ),
    ],
)
def test_the_callers_condition_never_weakens_a_demand(guard: Guard, where: Condition, text: str) -> None:
    assert written(guard, bind(Bird), where) == text


def test_the_callers_condition_alone_has_no_parentheses() -> None:
    assert written(Guard(), bind(Plain), EITHER) == "name = rex OR attribute_not_exists(name)"


COMBINATIONS: Final = list(
    product(
        MODELS.items(),
        (None, True, False),
        (None, 0, 7),
        ({}, UNCHANGED),
        (None, ONE, BOTH, EITHER),
    )
)


@pytest.mark.parametrize(
    ("model", "exists", "version", "unchanged", "where"),
    [each for each in COMBINATIONS if each[2] is None or each[0][0][1]],
)
def test_every_combination_is_a_conjunction_of_its_demands(
    model: tuple[tuple[bool, bool], Entity[Any]],
    exists: bool | None,
    version: int | None,
    unchanged: Mapping[str, AttributeValue | None],
    where: Condition | None,
) -> None:
    (is_discriminated, _), entity = model
    demands = []
    if exists is not None:
        demands.append("attribute_exists(pk)" if exists else "attribute_not_exists(pk)")
    if is_discriminated and exists is not False:
        ours = f"kind = {TEXT[entity.model]}"
        demands.append(ours if exists else f"attribute_not_exists(pk) OR {ours}")
    if version is not None:
        same = f"revision = {version}"
        demands.append(same if version else f"attribute_not_exists(revision) OR {same}")
    if unchanged:
        demands += ["a = x", "attribute_not_exists(b)"]
    if where is not None:
        texts = {
            ONE: "name = rex",
            BOTH: "name = rex AND attribute_exists(name)",
            EITHER: "name = rex OR attribute_not_exists(name)",
        }
        demands.append(texts[where])
    if len(demands) > 1:
        demands = [f"({demand})" if " OR " in demand else demand for demand in demands]
    text = written(Guard(exists, version, unchanged), entity, where)
    assert text == " AND ".join(demands)
    assert "((" not in text


def test_the_operators_of_the_demands_count() -> None:
    """The service takes 300: three of the discriminator, one that joins, and 296 of the caller's."""
    most = attr("name").exists()
    for _ in range(146):
        most = most & attr("name").exists()
    assert written(Guard(), bind(Bird), most & ONE).endswith("name = rex")
    with pytest.raises(ExpressionTooLongError):
        written(Guard(), bind(Bird), most & ONE & ONE)


@pytest.mark.parametrize("model", [Plain, Bird])
@pytest.mark.parametrize("version", [0, 1])
def test_a_version_of_a_model_that_counts_none_is_refused(model: type[Any], version: int) -> None:
    with pytest.raises(InvalidRequestError, match=f"{model.__name__} declares no version"):
        written(Guard(version=version), bind(model))


@pytest.mark.parametrize("version", [-1, True, 1.0, "1", b"1"])
def test_a_version_that_is_no_whole_number_is_refused(version: Any) -> None:
    with pytest.raises(InvalidRequestError, match="version= is the whole number"):
        written(Guard(version=version), bind(Dog))


def test_a_demand_hides_the_values_that_were_read() -> None:
    assert "canary" not in repr(Guard(unchanged={"a": {"S": "canary"}}))


def test_an_item_of_one_model_has_its_text_and_of_a_union_one_of_them() -> None:
    writer = ExpressionWriter(ModelResolver(bind(Cat)))
    assert is_ours(writer, unite([bind(Cat), bind(Dog), bind(Bird)]).discriminator).text == (
        "#n0 IN (:v0, :v1, :v2)"
    )
    kind = bind(Order).discriminator
    assert kind is not None
    assert is_ours(writer, kind).text == "#n1 = :v3"
    assert writer.into({}) == {
        "ExpressionAttributeNames": {"#n0": "kind", "#n1": "entity"},
        "ExpressionAttributeValues": {
            ":v0": {"S": "cat"},
            ":v1": {"S": "dog"},
            ":v2": {"S": "bird"},
            ":v3": {"S": "ORDER"},
        },
    }


def test_an_item_that_has_not_expired_is_live_and_so_is_one_without_a_time() -> None:
    """A comparison with an attribute that is not there is false."""
    writer = ExpressionWriter(ModelResolver(bind(Customer)))
    clause = is_live(writer, "expires_at", writer.value({"N": "5"}))
    assert writer.conjunction([clause], None) == "NOT #n0 <= :v0"
    assert writer.conjunction([clause], EITHER).startswith("NOT #n0 <= :v0 AND (")
