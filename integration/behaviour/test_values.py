"""Values survive the server: empty ones, sets, binary, dates, unions, nested ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from dynarepo import DynamoDBBaseModel, GlobalIndex, InvalidValueError
from integration.behaviour.stores import Stores


class Colour(Enum):
    RED = "red"


class Suit(str, Enum):  # noqa: UP042 - another type than StrEnum
    HEARTS = "hearts"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str


class Values(DynamoDBBaseModel):
    text: str | None = "default"
    binary: bytes | None = b"default"
    listed: list[Any] | None = Field(default=[1])
    mapped: dict[str, Any] | None = Field(default={"a": 1})
    whole: int | None = 1
    flag: bool | None = True
    texts: set[str] = Field(default_factory=set)
    frozen: frozenset[str] = frozenset()
    binaries: set[bytes] = Field(default_factory=set)
    filled: set[str] = Field(default={"default"})
    row: tuple[int, str] = (1, "a")
    rows: tuple[int, ...] = (1,)
    moment: datetime | None = None
    day: date | None = None
    clock: time | None = None
    span: timedelta | None = None
    uuid: UUID | None = None
    colour: Colour | None = None
    suit: Suit | None = None
    nested: Cat | None = None
    mixed: int | str | None = None
    literal: Literal["a", 1] | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


class Event(BaseModel):
    room: str
    at: datetime

    class Meta:
        partition_key = "room"
        sort_key = "at"


class Profile(DynamoDBBaseModel):
    nickname: str | None = None

    class Meta:
        gsis = (GlobalIndex("by_nickname", partition_key="nickname"),)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("text", value) for value in ("", None, "é\0🦊")],
        *[("binary", value) for value in (b"", None, bytes(range(256)))],
        *[("listed", value) for value in ([], None, ["", b"", [], {}, 0, False, None])],
        ("mapped", {}),
        ("mapped", None),
        ("mapped", {"a": None, "b": "", "c": [], " ": {}}),
        *[("whole", value) for value in (0, None)],
        *[("flag", value) for value in (False, None)],
        *[("texts", value) for value in (set(), {""}, {"a", "b"})],
        *[("frozen", value) for value in (frozenset(), frozenset({"a", "b"}))],
        *[("binaries", value) for value in (set(), {b""}, {b"\xff", b"\0"})],
        ("row", (2, "b")),
        *[("rows", value) for value in ((), (1, 2, 3))],
        ("moment", datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)),
        ("day", date(2026, 1, 2)),
        ("clock", time(3, 4, 5, 678901)),
        ("span", timedelta(days=-1, microseconds=1)),
        ("uuid", UUID(int=1)),
        ("colour", Colour.RED),
        ("suit", Suit.HEARTS),
        ("nested", Cat(lives=7)),
        *[("mixed", value) for value in (1, "1", None)],
        *[("literal", value) for value in ("a", 1, None)],
        *[("pet", value) for value in (Cat(lives=1), Dog(name="Rex"))],
    ],
    ids=lambda value: f"{value}"[:20],
)
async def test_a_value_comes_back_as_itself_rv36_rv38_rv40_rv41_rv42(
    stores: Stores, pk: str, field: str, value: object
) -> None:
    values = await stores.of(Values)
    item = Values.model_validate({"pk": pk, "sk": "a", field: value})
    await values.save(item)
    read = await values.get_one(pk, "a")
    assert read == item
    assert type(getattr(read, field)) is type(value)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [("listed", ["a", set()], "listed[1]"), ("mapped", {"a": set()}, "mapped"), ("filled", set(), "filled")],
)
async def test_an_empty_set_that_would_not_come_back_is_refused_unsent_rv37(
    stores: Stores, sent: list[str], pk: str, field: str, value: object, path: str
) -> None:
    values = await stores.of(Values)
    sent.clear()
    with pytest.raises(InvalidValueError) as caught:
        await values.save(Values.model_validate({"pk": pk, "sk": "a", field: value}))
    assert caught.value.path.startswith(path)
    assert sent == []


async def test_times_of_any_offset_sort_as_moments_rv43(stores: Stores, raw: Any, pk: str) -> None:
    events = await stores.of(Event)
    hours = [9, -9, 0, 5, -3]
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    moments = [
        (start + timedelta(seconds=number)).astimezone(timezone(timedelta(hours=hour)))
        for number, hour in enumerate(hours)
    ]
    await events.batch_write(Event(room=pk, at=moment) for moment in reversed(moments))
    assert [event.at for event in (await events.query_by_pk(pk)).items] == moments
    assert await events.get_one(pk, moments[0].astimezone(UTC)) is not None
    stored = await raw.query(
        TableName=events.table_name,
        KeyConditionExpression="room = :r",
        ExpressionAttributeValues={":r": {"S": pk}},
    )
    assert len({len(item["at"]["S"]) for item in stored["Items"]}) == 1


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("levels", [30, 31])
async def test_31_containers_in_one_another_are_stored_rv44(stores: Stores, pk: str, levels: int) -> None:
    values = await stores.of(Values)
    item = Values(pk=pk, sk="a", mapped=nested(levels))
    await values.save(item)
    assert await values.get_one(pk, "a") == item


@pytest.mark.parametrize("levels", [32, 33, 5_000])
async def test_deeper_ones_are_refused_unsent_rv44(
    stores: Stores, sent: list[str], pk: str, levels: int
) -> None:
    values = await stores.of(Values)
    sent.clear()
    with pytest.raises(InvalidValueError, match="32 levels"):
        await values.save(Values.model_construct(pk=pk, sk="a", mapped=nested(levels)))
    assert sent == []


async def test_a_key_of_an_index_that_is_none_is_left_out_rv50(stores: Stores, pk: str, raw: Any) -> None:
    profiles = await stores.of(Profile)
    named = Profile(pk=pk, sk="b", nickname=pk)
    await profiles.batch_write([Profile(pk=pk, sk="a"), named])
    stored = await raw.get_item(TableName=profiles.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert stored["Item"].keys() == {"pk", "sk"}
    assert (await profiles.query_by_pk(pk, index="by_nickname")).items == [named]
    assert await profiles.get_one(pk, "a") == Profile(pk=pk, sk="a")
