"""Conditions meet the model: names are looked up, values are encoded as the field stores them."""

from __future__ import annotations

import re
import traceback
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from dynarepo._codec import ModelResolver, bind
from dynarepo._expressions import Condition, ExpressionWriter, attr
from dynarepo._schema import GlobalIndex, TableSchema
from dynarepo._wire import Payload
from dynarepo.exceptions import DynamoDBServiceError, InvalidRequestError, InvalidValueError

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CANARY = "canary-7351"


class Color(Enum):
    RED = "red"


class Line(BaseModel):
    text: str = Field(alias="t")
    amount: Decimal = Decimal(0)


class Thing(BaseModel):
    pk: str
    sk: str = "x"
    name: str | None = Field(default=None, alias="n")
    age: int = 0
    price: Decimal = Decimal(0)
    active: bool = False
    listed: bool = True
    at: datetime | None = None
    color: Color = Color.RED
    photo: bytes = b""
    tags: set[str] = Field(default_factory=set)
    colors: frozenset[Color] = frozenset()
    numbers: set[int] = Field(default_factory=set)
    blobs: set[bytes] = Field(default_factory=set)
    lines: list[Line] = Field(default_factory=list)
    words: list[str] = Field(default_factory=list)
    prefs: dict[str, int] = Field(default_factory=dict)
    anything: Any = None
    line: Line | None = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    pk: str


THING = TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "listed"),))


def written(
    condition: Condition, model: type[BaseModel] = Thing, schema: TableSchema = THING
) -> tuple[str, Payload]:
    writer = ExpressionWriter(ModelResolver(bind(model, schema)))
    text = writer.condition(condition)
    return text, writer.into({})


def value_of(condition: Condition) -> Payload:
    (value,) = written(condition)[1]["ExpressionAttributeValues"].values()
    return dict(value)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (attr("name").eq("ada"), {"S": "ada"}),
        (attr("age").eq(7), {"N": "7"}),
        (attr("age").gt(7.5), {"N": "7.5"}),
        (attr("age").gt(Decimal("1E3")), {"N": "1000"}),
        (attr("price").lt(7), {"N": "7"}),
        (attr("active").eq(True), {"BOOL": True}),
        (attr("listed").eq(True), {"S": "true"}),
        (attr("at").lt(NOON), {"S": "2026-01-31T12:00:00.000000Z"}),
        (attr("color").ne(Color.RED), {"S": "red"}),
        (attr("photo").eq(b"\xff"), {"B": "/w=="}),
        (attr("tags").eq({"b", "a"}), {"SS": ["a", "b"]}),
        (attr("words").eq(["a"]), {"L": [{"S": "a"}]}),
        (attr("prefs").eq({"a": 1}), {"M": {"a": {"N": "1"}}}),
        (attr("anything").eq([1, "a"]), {"L": [{"N": "1"}, {"S": "a"}]}),
        (attr("line").eq(Line(t="a")), {"M": {"t": {"S": "a"}, "amount": {"N": "0"}}}),
        (attr("lines[0].amount").gt(1), {"N": "1"}),
        (attr("prefs", "a.b").eq(1), {"N": "1"}),
        (attr("name").begins_with("a"), {"S": "a"}),
        (attr("at").begins_with("2026-01"), {"S": "2026-01"}),
        (attr("photo").begins_with(b"\xff"), {"B": "/w=="}),
        (attr("name").contains("a"), {"S": "a"}),
        (attr("photo").contains(b"\xff"), {"B": "/w=="}),
        (attr("tags").contains("a"), {"S": "a"}),
        (attr("colors").contains(Color.RED), {"S": "red"}),
        (attr("numbers").contains(1), {"N": "1"}),
        (attr("numbers").contains(1.0), {"N": "1"}),
        (attr("blobs").contains(b"\xff"), {"B": "/w=="}),
        (attr("words").contains("a"), {"S": "a"}),
        (attr("lines").contains(Line(t="a")), {"M": {"t": {"S": "a"}, "amount": {"N": "0"}}}),
        (attr("anything").contains("a"), {"S": "a"}),
        (attr("anything").contains(1), {"N": "1"}),
        (attr("anything").contains({"a": 1}), {"M": {"a": {"N": "1"}}}),
        (attr("tags").is_type("SS"), {"S": "SS"}),
        (attr("words").size().gt(2), {"N": "2"}),
    ],
)
def test_a_value_is_encoded_as_its_field_stores_it(condition: Condition, value: Payload) -> None:
    assert value_of(condition) == value


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (attr("name"), "#n0", ["n"]),
        (attr("lines[2].text"), "#n0[2].#n1", ["lines", "t"]),
        (attr("line.text"), "#n0.#n1", ["line", "t"]),
        (attr("prefs.a"), "#n0.#n1", ["prefs", "a"]),
        (attr("prefs", "a.b[0]"), "#n0.#n1", ["prefs", "a.b[0]"]),
        (attr("anything.x[1]", "y.z"), "#n0.#n1[1].#n2", ["anything", "x", "y.z"]),
    ],
)
def test_a_path_is_written_with_stored_names(path: Any, text: str, names: list[str]) -> None:
    written_text, members = written(path.exists())
    assert written_text == f"attribute_exists({text})"
    assert list(members["ExpressionAttributeNames"].values()) == names


@pytest.mark.parametrize(
    "path",
    [
        attr("nope"),
        attr("n"),
        attr("Name"),
        attr("name.first"),
        attr("name[0]"),
        attr("lines.text"),
        attr("lines[0].t"),
        attr("lines[0].nope"),
        attr("tags[0]"),
        attr("age = :x OR b"),
        attr("#n0"),
        attr(":v0"),
        attr("model_fields"),
        attr("__class__"),
    ],
)
def test_an_unknown_field_is_refused(path: Any) -> None:
    with pytest.raises(InvalidRequestError, match="Thing has no stored field"):
        written(path.exists())


@pytest.mark.parametrize(
    "condition",
    [
        attr("age").eq("7"),
        attr("age").eq(True),
        attr("age").eq(float("nan")),
        attr("age").between(1, "9"),
        attr("age").in_(1, 2, "3"),
        attr("age").in_(1, [2]),
        attr("name").eq(7),
        attr("name").eq(b"ada"),
        attr("name").eq("\ud800"),
        attr("active").eq(1),
        attr("active").eq("true"),
        attr("listed").eq("true"),
        attr("at").eq("2026-01-31T12:00:00.000000Z"),
        attr("at").eq(datetime(2026, 1, 1)),  # noqa: DTZ001
        attr("color").eq("red"),
        attr("photo").eq("ada"),
        attr("tags").eq("ada"),
        attr("tags").eq({1}),
        attr("tags").eq(set()),
        attr("tags").contains(7),
        attr("numbers").contains("7"),
        attr("blobs").contains("7"),
        attr("colors").contains("red"),
        attr("words").contains(7),
        attr("lines").contains("a"),
        attr("prefs").eq({"a": "b"}),
        attr("anything").eq(NOON),
        attr("anything").eq(object()),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_the_field(condition: Condition) -> None:
    path = condition.path[0]  # type: ignore[attr-defined]
    with pytest.raises(InvalidValueError) as caught:
        written(condition)
    assert caught.value.path.startswith(path)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (attr("name").eq(None), "not_exists"),
        (attr("name").in_("a", None), "not_exists"),
        (attr("age").between(None, 1), "not_exists"),
        (attr("name").begins_with(None), "not_exists"),
        (attr("tags").contains(None), "not_exists"),
        (attr("age").begins_with(1), "begins_with takes text"),
        (attr("age").begins_with("1"), "begins_with takes text"),
        (attr("name").begins_with(1), "begins_with takes text"),
        (attr("name").begins_with(b"a"), "begins_with takes text"),
        (attr("photo").begins_with("a"), "begins_with takes text"),
        (attr("tags").begins_with("a"), "begins_with takes text"),
        (attr("name").begins_with(attr("sk")), "begins_with takes text"),
        (attr("age").contains(1), "contains takes a part"),
        (attr("prefs").contains("a"), "contains takes a part"),
        (attr("name").contains(1), "contains takes a part"),
        (attr("active").contains(True), "contains takes a part"),
        (attr("active").lt(True), "only text, numbers and binary have an order"),
        (attr("tags").gt({"a"}), "only text, numbers and binary have an order"),
        (attr("words").between(["a"], ["b"]), "only text, numbers and binary have an order"),
        (attr("anything").between(1, "a"), "two values of one type"),
        (attr("anything").lt([1]), "only text, numbers and binary have an order"),
    ],
)
def test_a_condition_that_does_not_suit_its_field_is_refused(condition: Condition, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        written(condition)


def test_a_refused_value_is_not_shown() -> None:
    for condition in (
        attr("age").eq(CANARY),
        attr("age").in_(1, CANARY),
        attr("numbers").contains(CANARY),
        attr("age").begins_with(CANARY),
        attr("name").between(CANARY, "a"),
        attr("anything").eq({CANARY: object()}),
    ):
        with pytest.raises(DynamoDBServiceError) as caught:
            written(condition)
        assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("other", ["name", "sk", "color"])
def test_fields_of_one_stored_type_can_be_compared(other: str) -> None:
    text, members = written(attr("pk").lt(attr(other)))
    assert text == "#n0 < #n1"
    assert "ExpressionAttributeValues" not in members


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (attr("name").eq(attr("age")), "name and age: .* types differ"),
        (attr("age").between(attr("price"), attr("name")), "age and name: .* types differ"),
        (attr("age").in_(1, attr("tags")), "age and tags: .* types differ"),
        (attr("active").lt(attr("active")), "compared with itself"),
        (attr("tags").lt(attr("colors")), "tags and colors: .* types differ"),
        (attr("age").eq(attr("nope")), "no stored field nope"),
    ],
)
def test_fields_that_cannot_be_compared_are_refused(condition: Condition, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        written(condition)


def test_forbidden_attributes_are_refused_however_deep() -> None:
    resolver = ModelResolver(bind(Thing, THING), lambda name: "is a key" if name in {"n", "prefs"} else None)
    for condition in (
        attr("name").exists(),
        attr("prefs.a").eq(1),
        attr("age").eq(1) | ~attr("name").contains("a"),
        attr("sk").eq(attr("name")),
        attr("prefs").size().gt(1),
    ):
        with pytest.raises(InvalidRequestError, match="is a key"):
            ExpressionWriter(resolver).condition(condition)


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "a = :x OR attribute_exists(password)",
            "#n0",
            ":v0",
            "a.b[0]",
            "a) OR (b",
            "SIZE",
            "SELECT",
            "\0",
            "a\ud800",
            "\uff41",
            "a" * 70_000,
        ]
    ),
)
ALLOWED = re.compile(r"^[#:\w\s=<>,().\[\]+-]*$")
WORDS = re.compile(
    r"#n\d+|:v\d+|\[\d+\]|AND|OR|NOT|BETWEEN|IN|size|contains|begins_with"
    r"|attribute_exists|attribute_not_exists|attribute_type|<>|<=|>=|[=<>,(). ]"
)


@given(st.lists(HOSTILE, min_size=1, max_size=4), st.lists(HOSTILE, min_size=3, max_size=3))
def test_no_name_or_value_ever_stands_in_an_expression(names: list[str], values: list[str]) -> None:
    path = attr("x", *names)
    condition = (
        (path.eq(values[0]) & ~path.contains(values[1]))
        | path.in_(*values)
        | path.begins_with(values[2])
        | path.size().gt(1) & path.exists() & path.not_exists() & path.is_type("S")
        | path.between(values[0], values[0])
    )
    try:
        text, members = written(condition, Open, TableSchema("pk"))
    except (InvalidRequestError, InvalidValueError):
        return
    assert ALLOWED.fullmatch(text)
    assert WORDS.sub("", text) == ""
    assert set(members["ExpressionAttributeNames"].values()) == {"x", *names}
    assert set(re.findall(r"[#:][nv]\d+", text)) == {
        *members["ExpressionAttributeNames"],
        *members["ExpressionAttributeValues"],
    }


@given(HOSTILE)
def test_a_hostile_name_is_no_field_of_a_closed_model(name: str) -> None:
    try:
        condition = attr(name).exists()
    except InvalidRequestError:
        return
    if name not in Thing.model_fields:
        with pytest.raises(InvalidRequestError):
            written(condition)


@pytest.mark.parametrize("name", ["a\ud800", "a" * 65_536])
def test_a_name_that_cannot_be_stored_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="a step of the path is no name"):
        written(attr("x", name).exists(), Open, TableSchema("pk"))


@pytest.mark.parametrize("values", [[1, 2], (1, 2), {1, 2}, frozenset({1}), []])
def test_values_that_come_as_one_are_to_be_given_one_by_one(values: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^age: give the values one by one: in_\(\*values\)$"):
        written(attr("age").in_(values))


@pytest.mark.parametrize(
    "condition",
    [
        attr("age").in_(1, [2]),
        attr("age").in_("1"),
        attr("age").eq([1]),
        attr("words").in_([1]),
        attr("tags").in_({1}),
    ],
)
def test_any_other_value_that_does_not_fit_is_told_by_its_type(condition: Condition) -> None:
    with pytest.raises(InvalidValueError, match="is declared as"):
        written(condition)


def test_a_list_is_a_value_of_a_list() -> None:
    assert written(attr("words").in_(["a"]))
