"""Parts of fields and new elements go through the model's own rules, as far as these judge them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from typing_extensions import TypedDict

from dynarepo._expressions import Action, add_to_set, append, prepend, remove_from_set, set_
from dynarepo._schema import DynamoDBBaseModel
from dynarepo.exceptions import InvalidRequestError, InvalidValueError
from tests.requests.updating import written_action

Level = Annotated[int, Field(ge=0)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5)]

LONDON = {"M": {"city": {"S": "London"}, "lines": {"L": []}, "floor": {"N": "0"}}}


def _named(value: str, info: ValidationInfo) -> str:
    return f"{value} of {info.field_name}"


def _beside(value: int, info: ValidationInfo) -> int:
    return value + int(info.data["level"])


class Address(BaseModel):
    city: str
    lines: list[Label] = Field(default_factory=list, min_length=2)
    floor: Annotated[int, AfterValidator(_beside)] = 0

    @field_validator("city")
    @classmethod
    def _known(cls, city: str) -> str:
        if city == "Atlantis":
            raise ValueError("sunk")
        return city.title()


class Exact(BaseModel):
    model_config = ConfigDict(strict=True)

    level: Level
    labels: list[Label] = Field(default_factory=list)


class Tree(BaseModel):
    level: Level
    branches: list[Tree] = Field(default_factory=list)


class Levels(RootModel[list[Level]]):
    """A list that is a model."""


@dataclass
class Spot:
    level: Level


class Box(TypedDict):
    level: Level


class Pair(NamedTuple):
    level: Level
    label: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Level = 9
    name: Label = ""
    ages: list[Level] = Field(default_factory=list)


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str = ""
    ages: list[int] = Field(default_factory=list)


class Place(DynamoDBBaseModel):
    """One field for each way in which one thing stands in another."""

    level: Level = 0
    address: Address
    former: Address | None = None
    homes: list[Address] = Field(default_factory=list, max_length=2)
    labels: list[Label] = Field(default_factory=list, min_length=2, max_length=3)
    ordered: list[Level] = Field(default_factory=list)
    optional: list[Level] | None = None
    sequence: Sequence[Level] = Field(default_factory=list)
    named: list[Annotated[str, AfterValidator(_named)]] = Field(default_factory=list)
    beside: list[Annotated[int, AfterValidator(_beside)]] = Field(default_factory=list)
    prices: list[Decimal] = Field(default_factory=list)
    roles: set[Label] = Field(default_factory=set, max_length=1)
    frozen: frozenset[Level] = frozenset()
    prefs: dict[Label, Level] = Field(default_factory=dict)
    kinds: dict[Literal["a", "b"], int] = Field(default_factory=dict)
    numbered: dict[Level, Level] = Field(default_factory=dict)
    grouped: dict[Label, list[Level]] = Field(default_factory=dict)
    pair: tuple[Level, str] = (0, "")
    couple: Pair = Pair(0, "")
    many: tuple[Level, ...] = ()
    exact: Exact = Exact(level=0)
    tree: Tree = Tree(level=0)
    levels: Levels = Levels([])
    spot: Spot = Field(default_factory=lambda: Spot(0))
    box: Box = Field(default_factory=lambda: Box(level=0))
    pet: Annotated[Cat | Dog, Discriminator("kind")] = Dog(kind="dog")
    either: list[Level] | Address | None = None
    several: list[Level] | tuple[int, ...] | None = None
    anything: list[Any] = Field(default_factory=list)
    loose: Any = None

    @field_validator("ordered")
    @classmethod
    def _is_ordered(cls, ordered: list[int]) -> list[int]:
        if ordered[0] > ordered[1]:
            raise ValueError("not in order")
        return ordered

    @field_validator("prefs", mode="before")
    @classmethod
    def _has_default(cls, prefs: dict[str, int]) -> dict[str, int]:
        return {**prefs, "default": prefs["default"]}


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (lambda u: set_(u.address.city).to("london"), {"S": "London"}),
        (lambda u: set_(u.former.city).to("london"), {"S": "London"}),
        (lambda u: set_(u.homes[5].city).to("london"), {"S": "London"}),
        (lambda u: set_(u.address.city).if_not_exists("london"), {"S": "London"}),
        (lambda u: set_(u.homes[1]).to({"city": "london"}), LONDON),
        (lambda u: set_(u.labels[2]).to(" x "), {"S": "x"}),
        (lambda u: set_(u.address.lines[2]).to(" x "), {"S": "x"}),
        (lambda u: set_(u.optional[2]).to("5"), {"N": "5"}),
        (lambda u: set_(u.sequence[2]).to("5"), {"N": "5"}),
        (lambda u: set_(u.prices[2]).to(0.1), {"N": "0.1"}),
        (lambda u: set_(u.named[2]).to("x"), {"S": "x of named"}),
        (lambda u: set_(u.prefs["a"]).to("5"), {"N": "5"}),
        (lambda u: set_(u.numbered[1]).to("5"), {"N": "5"}),
        (lambda u: set_(u.kinds["a"]).to("5"), {"N": "5"}),
        (lambda u: set_(u.grouped["a"]).to(["5"]), {"L": [{"N": "5"}]}),
        (lambda u: set_(u.grouped["a"][0]).to("5"), {"N": "5"}),
        (lambda u: set_(u.pair[0]).to("5"), {"N": "5"}),
        (lambda u: set_(u.many[7]).to("5"), {"N": "5"}),
        (lambda u: set_(u.tree.branches[0].branches[1].level).to("5"), {"N": "5"}),
        (lambda u: set_(u.levels[0]).to("5"), {"N": "5"}),
        (lambda u: set_(u.spot.level).to("5"), {"N": "5"}),
        (lambda u: set_(u.box["level"]).to("5"), {"N": "5"}),
        (lambda u: set_(u.pet.lives).to("5"), {"N": "5"}),
        (lambda u: set_(u.either[0]).to("5"), {"N": "5"}),
        (lambda u: set_(u.either.city).to("london"), {"S": "London"}),
        (lambda u: set_(u.exact.level).to(5), {"N": "5"}),
        (lambda u: set_(u.loose["a"][2]).to("x"), {"S": "x"}),
        (lambda u: set_(u.anything[0]["a"]).to("x"), {"S": "x"}),
        (lambda u: append(u.labels, [" x ", "y"]), {"L": [{"S": "x"}, {"S": "y"}]}),
        (lambda u: prepend(u.optional, ["5"]), {"L": [{"N": "5"}]}),
        (lambda u: append(u.homes, [{"city": "london"}]), {"L": [LONDON]}),
        (lambda u: append(u.grouped["a"], ["5"]), {"L": [{"N": "5"}]}),
        (lambda u: add_to_set(u.roles, {" x", "y"}), {"SS": ["x", "y"]}),
        (lambda u: add_to_set(u.frozen, {"5"}), {"NS": ["5"]}),
    ],
)
def test_a_part_is_what_the_model_makes_of_it(action: Callable[[Any], Action], value: Any) -> None:
    assert written_action(action, Place).values[0] == value


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda u: set_(u.address.city).to("Atlantis"), r"address\.city: .*\(value_error\)"),
        (lambda u: set_(u.former.city).to(None), r"former\.city: .*\(string_type\)"),
        (lambda u: set_(u.homes[1]).to({"city": "Atlantis"}), r"homes\[1\]\.city: .*\(value_error\)"),
        (lambda u: set_(u.homes[1]).to({"canary": 1}), r"homes\[1\]\.city: .*\(missing\)"),
        (lambda u: set_(u.address.lines).to(["x"]), r"address\.lines: .*\(too_short\)"),
        (lambda u: set_(u.labels[2]).to("canary"), r"labels\[2\]: .*\(string_too_long\)"),
        (lambda u: set_(u.labels[2]).if_not_exists("canary"), r"labels\[2\]: .*\(string_too_long\)"),
        (lambda u: set_(u.ordered[1]).to(-1), r"ordered\[1\]: .*\(greater_than_equal\)"),
        (lambda u: set_(u.prefs["a"]).to(-1), r"prefs\.a: .*\(greater_than_equal\)"),
        (lambda u: set_(u.prefs["too long"]).to(1), r"prefs\.too long: .*\(string_too_long\)"),
        (lambda u: set_(u.kinds["c"]).to(1), r"kinds\.c: .*\(literal_error\)"),
        (lambda u: set_(u.numbered[1]).to(-1), r"numbered\[1\]: .*\(greater_than_equal\)"),
        (lambda u: append(u.grouped["too long"], [1]), r"grouped\.too long: .*\(string_too_long\)"),
        (lambda u: append(u.grouped["a"], [1, -1]), r"grouped\.a\[1\]: .*\(greater_than_equal\)"),
        (lambda u: set_(u.pair[0]).to(-1), r"pair\[0\]: .*\(greater_than_equal\)"),
        (lambda u: set_(u.many[7]).to(-1), r"many\[7\]: .*\(greater_than_equal\)"),
        (lambda u: set_(u.exact.level).to("5"), r"exact\.level: .*\(int_type\)"),
        (lambda u: append(u.exact.labels, [b"x"]), r"exact\.labels\[0\]: .*\(string_type\)"),
        (lambda u: set_(u.tree.branches[0].level).to(-1), r"tree\.branches\[0\]\.level: .*equal\)"),
        (lambda u: append(u.tree.branches, [{"level": -1}]), r"tree\.branches\[0\]\.level: .*equal\)"),
        (lambda u: set_(u.levels[0]).to(-1), r"levels\[0\]: .*\(greater_than_equal\)"),
        (lambda u: set_(u.spot.level).to(-1), r"spot\.level: .*\(greater_than_equal\)"),
        (lambda u: set_(u.box["level"]).to(-1), r"box\.level: .*\(greater_than_equal\)"),
        (lambda u: set_(u.pet.lives).to(-1), r"pet\.lives: .*\(greater_than_equal\)"),
        (lambda u: set_(u.either[0]).to(-1), r"either\[0\]: .*\(greater_than_equal\)"),
        (lambda u: append(u.labels, ["x", "canary"]), r"labels\[1\]: .*\(string_too_long\)"),
        (lambda u: prepend(u.optional, [-1]), r"optional\[0\]: .*\(greater_than_equal\)"),
        (lambda u: append(u.homes, [{"city": "Atlantis"}]), r"homes\[0\]\.city: .*\(value_error\)"),
        (lambda u: add_to_set(u.roles, {"canary"}), r"roles: .*\(string_too_long\)"),
        (lambda u: add_to_set(u.frozen, frozenset({-1})), r"frozen: .*\(greater_than_equal\)"),
    ],
)
def test_a_part_that_breaks_its_own_rule_is_refused(action: Callable[[Any], Action], message: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{message}$") as caught:
        written_action(action, Place)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "action",
    [
        lambda u: append(u.labels, ["x"]),
        lambda u: append(u.labels, ["x"] * 9),
        lambda u: append(u.homes, [Address(city="x")] * 9),
        lambda u: add_to_set(u.roles, {"x", "y"}),
        lambda u: set_(u.address.lines[0]).to("x"),
        lambda u: set_(u.ordered[0]).to(5),
        lambda u: append(u.ordered, [5, 4]),
        lambda u: set_(u.prefs["a"]).to(5),
    ],
)
def test_the_rules_of_what_stands_around_a_part_do_not_refuse_it(action: Callable[[Any], Action]) -> None:
    """A length, an order, or a key that must be there: one part cannot tell."""
    assert written_action(action, Place).values


@pytest.mark.parametrize(
    "action",
    [
        lambda u: set_(u.address.floor).to(5),
        lambda u: set_(u.beside[0]).to(5),
        lambda u: append(u.beside, [5]),
    ],
)
def test_a_part_whose_validator_needs_other_fields_is_refused(action: Callable[[Any], Action]) -> None:
    with pytest.raises(InvalidValueError, match="its validator needs other fields; save the whole item"):
        written_action(action, Place)


@pytest.mark.parametrize(
    "action",
    [
        lambda u: set_(u.pet.name).to("far too long"),
        lambda u: append(u.pet.ages, [-1]),
        lambda u: set_(u.several[0]).to(-1),
        lambda u: set_(u.numbered["-1"]).to(1),
        lambda u: remove_from_set(u.roles, {"far too long"}),
    ],
)
def test_a_part_whose_rules_cannot_be_told_is_checked_by_its_type_alone(
    action: Callable[[Any], Action],
) -> None:
    assert written_action(action, Place).values


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda u: set_(u.pet.name).to(5), r"pet\.name: is declared as str"),
        (lambda u: set_(u.couple[1]).to(5), r"couple\[1\]: "),
        (lambda u: set_(u.several[0]).to("5"), r"several\[0\]: is declared as int"),
        (lambda u: append(u.pair, [1]), "pair: is declared as tuple"),
        (
            lambda u: set_(u.anything[0]).to(object()),
            r"anything\[0\]: a value of type object would",
        ),
        (lambda u: append(u.homes, [u.address]), r"homes\[0\]: "),
    ],
)
def test_the_type_of_a_part_is_checked_whatever_its_rules(
    action: Callable[[Any], Action], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=f"^{message}"):
        written_action(action, Place)


@pytest.mark.parametrize(
    "action",
    [
        lambda u: set_(u.address.town).to("x"),
        lambda u: append(u.former.town, ["x"]),
        lambda u: set_(u.pair[2]).to("x"),
        lambda u: set_(u.level[0]).to(5),
    ],
)
def test_a_part_that_the_model_does_not_have_is_refused(action: Callable[[Any], Action]) -> None:
    with pytest.raises(InvalidRequestError, match=r"^Place has no stored field "):
        written_action(action, Place)
