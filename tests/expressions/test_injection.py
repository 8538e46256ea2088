"""Nothing that a caller gives stands in an expression, and a field that the model lacks is never sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError, create_model

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConfig,
    GlobalIndex,
    SortKeyCondition,
    TableGateway,
    TableSchema,
    attr,
    begins_with,
    contains,
    exists,
    in_,
    increment,
    remove,
    set_,
    size,
)
from dynarepo._codec import bind
from dynarepo._limits import MAX_ATTRIBUTE_NAME_BYTES
from dynarepo._requests import Reading, Target, get_item, update_item
from dynarepo.exceptions import ConfigurationError, InvalidRequestError, RequestRefusedError, SchemaError
from dynarepo.testing import FakeTransport
from tests.expressions.hostile import HOSTILE, RESERVED, assert_safe
from tests.faked import on_fake
from tests.recording_logger import RecordingLogger


class Line(BaseModel):
    wording: str = ""
    counted: int = 0


class Doc(BaseModel):
    """A field of each kind that an expression can reach into."""

    user_id: str = "u"
    item_id: str = "i"
    age: int = 0
    note: str = ""
    tags: set[str] = Field(default_factory=set)
    listed: list[str] = Field(default_factory=list)
    prefs: dict[str, int] = Field(default_factory=dict)
    others: dict[str, str] = Field(default_factory=dict)
    line: Line = Line()

    class Meta:
        partition_key = "user_id"
        sort_key = "item_id"
        gsis = (GlobalIndex("by_age", "age"),)


Docs = AsyncDynamoDBRepository[Doc]
STORED = bind(Doc).encode(Doc())


@pytest.fixture
def fake() -> FakeTransport:
    empty = {"Items": [], "Count": 0, "ScannedCount": 0, "Attributes": STORED}
    return FakeTransport.answering(lambda *_: empty)


@pytest.fixture
async def docs(fake: FakeTransport) -> AsyncIterator[Docs]:
    async with on_fake(fake, Doc) as repository:
        yield repository


#: Where a name can stand that should be a field's, or an index's.
NAMED: dict[str, Callable[[Docs, str], Any]] = {
    "where": lambda docs, name: docs.scan(where=attr(name).eq(1)),
    "where a part": lambda docs, name: docs.query_by_pk("u", where=attr("line", name).eq("x")),
    "where another": lambda docs, name: docs.delete("u", "i", where=attr("age").eq(attr(name))),
    "where a lambda": lambda docs, name: docs.scan(where=lambda d: getattr(d, name) == 1),
    "update": lambda docs, name: docs.update("u", "i", {name: 1}),
    "set": lambda docs, name: docs.update("u", "i", lambda d: [set_(getattr(d, name)).to(1)]),
    "increment": lambda docs, name: docs.update("u", "i", lambda d: [increment(getattr(d.line, name), 1)]),
    "copy": lambda docs, name: docs.update("u", "i", lambda d: [set_(d.age).to(getattr(d, name))]),
    "index": lambda docs, name: docs.query_by_pk("u", index=name),
    "last key": lambda docs, name: docs.query_by_pk("u", last_evaluated_key={"user_id": "u", name: "x"}),
}


@pytest.mark.parametrize("place", NAMED)
async def test_of_5000_names_that_the_model_lacks_none_is_sent(
    docs: Docs, fake: FakeTransport, place: str
) -> None:
    for name in HOSTILE:
        # What begins with an underscore is no field to Python.
        refusals = (RequestRefusedError, AttributeError) if name.startswith("_") else RequestRefusedError
        with pytest.raises(refusals):
            await NAMED[place](docs, name)
    assert fake.requests == []


#: Requests that reach into a dict by a key.
KEYED: dict[str, Callable[[Docs, str], Any]] = {
    "update": lambda docs, key: docs.update(
        "u",
        "i",
        lambda d: [set_(d.prefs[key]).to(1), remove(d.others[key])],
        where=attr("prefs", key).exists() & attr("others", key).ne("x"),
    ),
    "scan": lambda docs, key: docs.scan(
        where=lambda d: (d.prefs[key] == 1) | (size(d.others[key]) > 1) | exists(d.others[key])
    ),
}


@pytest.mark.parametrize("request_", KEYED)
async def test_5000_keys_of_dicts_stand_behind_placeholders_or_are_refused(
    docs: Docs, fake: FakeTransport, request_: str
) -> None:
    for key in HOSTILE:
        sent = len(fake.requests)
        if is_no_name(key):
            with pytest.raises(RequestRefusedError):
                await KEYED[request_](docs, key)
            assert len(fake.requests) == sent
        else:
            await KEYED[request_](docs, key)
            names = assert_safe(fake.requests[-1][1])
            assert set(names) - {"user_id"} == {"prefs", "others", key}


def is_no_name(key: str) -> bool:
    encoded = key.encode(errors="replace")
    return not key or "\ud800" in key or len(encoded) > MAX_ATTRIBUTE_NAME_BYTES


def with_value(docs: Docs, value: str) -> Any:
    return docs.update(
        "u",
        "i",
        lambda d: [set_(d.note).to(value), set_(d.prefs["x"]).to(1)],
        where=lambda d: begins_with(d.note, value) & contains(d.tags, value) & in_(d.note, [value, "y"]),
    )


async def test_5000_values_stand_behind_placeholders_as_they_are(docs: Docs, fake: FakeTransport) -> None:
    for value in HOSTILE:
        sent = len(fake.requests)
        if "\ud800" in value:
            with pytest.raises(RequestRefusedError):
                await with_value(docs, value)
            assert len(fake.requests) == sent
        else:
            await with_value(docs, value)
            payload = fake.requests[-1][1]
            assert set(assert_safe(payload)) == {"user_id", "note", "prefs", "x", "tags"}
            assert list(payload["ExpressionAttributeValues"].values()).count({"S": value}) == 4


def odd_models() -> Iterator[tuple[list[str], type[BaseModel]]]:
    """Give models whose attributes have the hostile names that attributes can have, a hundred at a time."""
    names = [name for name in HOSTILE if not is_no_name(name) and len(name) < 1_000]
    for at in range(0, len(names), 100):
        chunk = names[at : at + 100]
        fields: Any = {f"f{n}": (int, Field(0, alias=name)) for n, name in enumerate(chunk)}
        yield chunk, create_model("Odd", user_id=(str, ...), **fields)


def test_5000_names_of_attributes_stand_behind_placeholders() -> None:
    for names, model in odd_models():
        target = Target(bind(model, TableSchema("user_id")), "app")
        fields = [f"f{n}" for n in range(len(names))]
        where = attr("f0").gt(1)
        for field in fields[1:50]:
            where &= attr(field).ge(0)
        request = update_item(target, "u", None, dict.fromkeys(fields, 1), where)
        assert set(assert_safe(request.payload)) == {"user_id", *names}
        shown: Any = dict.fromkeys(fields, (int, ...))
        view = create_model("View", **shown)
        got = get_item(target, Reading.of(target.source, view), "u", None)
        assert set(assert_safe(got.payload)) == {"user_id", *names}


@pytest.mark.parametrize(
    "key", ["KEY", "size", "#n0", ":v0", "a.b[0]", "x = :v0 OR y", "a\0b", "é", "\u202e"]
)
async def test_a_key_of_an_odd_name_stands_behind_a_placeholder(fake: FakeTransport, key: str) -> None:
    fields: Any = {"one": (str, Field(alias=key)), "two": (str, Field(alias=key + "2")), "n": (int, 0)}
    schema = TableSchema("one", "two", gsis=(GlobalIndex("by_n", "two", "n"),))
    async with on_fake(fake, create_model("Keyed", **fields), schema=schema) as keyed:
        await keyed.query_by_pk_and_sk("u", SortKeyCondition.begins_with("x"), where=attr("n").gt(1))
        await keyed.query_by_pk_and_sk("u", SortKeyCondition.between(1, 2), index="by_n")
        await keyed.create(keyed.model.model_validate({key: "u", key + "2": "i"}))
    for _, payload in fake.requests:
        assert {*assert_safe(payload)} <= {key, key + "2", "n"}


def test_every_reserved_word_is_known() -> None:
    assert len(set(RESERVED)) == len(RESERVED) == 573
    assert set(RESERVED) | {word.lower() for word in RESERVED} <= set(HOSTILE)
    assert len(set(HOSTILE)) == len(HOSTILE) == 5_000


def test_5000_names_are_no_operators_and_no_types() -> None:
    for name in set(HOSTILE) - {"NULL", "N", "S", "B"}:
        with pytest.raises(ValidationError):
            SortKeyCondition.model_validate({"operator": name, "value": "x"})
        with pytest.raises(InvalidRequestError):
            attr("note").is_type(name)  # type: ignore[arg-type]


async def test_5000_names_are_no_tables_and_no_indexes() -> None:
    config, logger = DynamoDBConfig(), RecordingLogger()
    fake = FakeTransport()
    gateway = TableGateway(config=config, logger=logger, transport=fake)
    async with gateway:
        for name in HOSTILE:
            if re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", name):
                continue
            with pytest.raises(ValidationError):
                DynamoDBConfig(table_name=name)
            with pytest.raises(ConfigurationError):
                AsyncDynamoDBRepository(Doc, config=config, logger=logger, table_name=name)
            with pytest.raises(RequestRefusedError):
                await gateway.get_item({"pk": "x"}, table_name=name)
            for declared in ({"table_name": name}, {"gsis": [{"name": name, "partition_key": "counted"}]}):
                with pytest.raises(SchemaError):
                    bind(Line, TableSchema(**{"partition_key": "wording"} | declared))
    assert fake.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "age = :v0",
        "#n0 = :v0 OR pk = :v0",
        "#n0.x = :v0",
        "#n0 = :v0; DROP",
        "#n0 = 'x'",
        "#n0 = :v0 OR #n1 = :v0",
    ],
)
def test_an_expression_with_anything_else_would_be_found(text: str) -> None:
    names, values = {"#n0": "age"}, {":v0": {"N": "1"}}
    payload = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    assert assert_safe(payload | {"FilterExpression": "#n0 = :v0"}) == ["age"]
    with pytest.raises(AssertionError):
        assert_safe(payload | {"FilterExpression": text})
