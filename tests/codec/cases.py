"""Types of all kinds, values of them, and how they are stored."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, TypeVar
from uuid import UUID

from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    HttpUrl,
    JsonValue,
    PastDate,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    Tag,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema
from typing_extensions import TypeAliasType, TypedDict

from dynarepo._wire import AttributeValue

T = TypeVar("T")
UserId = NewType("UserId", str)


class Color(Enum):
    RED = "r"
    GREEN = "g"


class Mixed(Enum):
    TEXT = "1"
    NUMBER = 1
    PAIR = (1, "a")
    PLACE = PurePosixPath("/a")
    FRACTION = 0.5


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Word(StrEnum):
    A = "a"


class Rights(Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    name: str = "p"


class Options(TypedDict):
    size: int
    since: NotRequired[datetime]


class Boxed(TypedDict, Generic[T]):
    value: T


@dataclass
class Part:
    number: int
    tags: set[str] = field(default_factory=set)
    note: str | None = None


@dataclass(slots=True, frozen=True)
class Day:
    day: date


@dataclass
class Holder(Generic[T]):
    held: T


@pydantic_dataclass
class Checked:
    share: float
    parts: list[Part] = Field(serialization_alias="ps")


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    when: datetime
    code: UUID
    color: Color
    words: frozenset[str]
    pair: tuple[int, str]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    lives: int


class Square(BaseModel):
    side: int


class Circle(BaseModel):
    radius: int


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


class Numbers(RootModel[list[int]]):
    pass


class Nested(RootModel["dict[str, Nested] | str"]):
    pass


class Box(BaseModel, Generic[T]):
    value: T


Deep = TypeAliasType("Deep", "str | list[Deep] | None")


class Meters:
    """A type that only Pydantic knows, without an equality of its own."""

    def __init__(self, length: int) -> None:
        self.length = length

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        made = core_schema.no_info_after_validator_function(cls, core_schema.int_schema(lt=100))
        return core_schema.union_schema(
            [core_schema.is_instance_schema(cls), made],
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.length),
        )


Pair = TypeAliasType("Pair", "tuple[T, list[Pair[T]]]", type_params=(T,))
Bounded = TypeVar("Bounded", bound=date)
Choice = TypeVar("Choice", int, str)


@dataclass
class Wrapper(Generic[T]):
    inner: Holder[T]
    listed: Holder[list[T]]


@dataclass
class Loose(Generic[Bounded, Choice]):
    day: Bounded
    choice: Choice


def shape_of(value: Any) -> str:
    return "square" if "side" in (value if isinstance(value, dict) else value.__dict__) else "circle"


Shape = Annotated[
    Annotated[Square, Tag("square")] | Annotated[Circle, Tag("circle")],
    Discriminator(shape_of),
]
NULLABLE = Literal["a", 1, True, None]  # noqa: PYI061 - the node of None in a Literal is meant
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CODE = UUID("12345678-1234-5678-1234-567812345678")
STRICT = Strict(when=NOON, code=CODE, color=Color.RED, words=frozenset({"a"}), pair=(1, "x"))

CASES: list[tuple[Any, Any, AttributeValue | None]] = [
    (str, "", {"S": ""}),
    (str, "a\0é\U0001f600", {"S": "a\0é\U0001f600"}),
    (bytes, b"", {"B": ""}),
    (bytes, bytes(range(256)), None),
    (bool, False, {"BOOL": False}),
    (int, 10**30, {"N": "1" + "0" * 30}),
    (float, 0.1, {"N": "0.1"}),
    (Decimal, Decimal("1.10"), {"N": "1.1"}),
    (datetime, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
    (datetime, datetime.fromisoformat("2026-01-31T01:00+02:00"), {"S": "2026-01-30T23:00:00.000000Z"}),
    (date, date(2026, 1, 31), {"S": "2026-01-31"}),
    (time, time(1, 2, 3, 4), {"S": "01:02:03.000004"}),
    (time, time.fromisoformat("01:02+02:00"), {"S": "01:02:00.000000+02:00"}),
    (timedelta, timedelta(days=-1, microseconds=5), {"N": "-86399.999995"}),
    (timedelta, timedelta(hours=1), {"N": "3600"}),
    (timedelta, timedelta(0), {"N": "0"}),
    (UUID, CODE, {"S": str(CODE)}),
    (Path, Path("/a/b"), {"S": "/a/b"}),
    (PurePosixPath, PurePosixPath("a"), {"S": "a"}),
    (Color, Color.RED, {"S": "r"}),
    (Mixed, Mixed.TEXT, {"S": "1"}),
    (Mixed, Mixed.NUMBER, {"N": "1"}),
    (Mixed, Mixed.PAIR, {"L": [{"N": "1"}, {"S": "a"}]}),
    (Mixed, Mixed.PLACE, {"S": "/a"}),
    (Mixed, Mixed.FRACTION, {"N": "0.5"}),
    (Level, Level.HIGH, {"N": "2"}),
    (Word, Word.A, {"S": "a"}),
    (Rights, Rights.READ | Rights.WRITE, {"N": "3"}),
    (NULLABLE, 1, {"N": "1"}),
    (NULLABLE, True, {"BOOL": True}),
    (NULLABLE, None, {"NULL": True}),
    (int | None, None, {"NULL": True}),
    (None, None, {"NULL": True}),
    (list[int], [], {"L": []}),
    (list[str | None], ["a", None], {"L": [{"S": "a"}, {"NULL": True}]}),
    (Sequence[int], [1], {"L": [{"N": "1"}]}),
    (tuple[int, str], (1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
    (tuple[int, ...], (1, 2), {"L": [{"N": "1"}, {"N": "2"}]}),
    (tuple[()], (), {"L": []}),
    (deque[int], deque([1]), {"L": [{"N": "1"}]}),
    (Point, Point(1), {"L": [{"N": "1"}, {"S": "p"}]}),
    (set[str], {"b", "", "a"}, {"SS": ["", "a", "b"]}),
    (set[int], {1, 2}, {"NS": ["1", "2"]}),
    (set[bytes], {b"x"}, {"BS": ["eA=="]}),
    (frozenset[Decimal], frozenset({Decimal("1.50")}), {"NS": ["1.5"]}),
    (set[Color], {Color.RED}, {"SS": ["r"]}),
    (frozenset[UUID], frozenset({CODE}), {"SS": [str(CODE)]}),
    (set[datetime], {NOON}, {"SS": ["2026-01-31T12:00:00.000000Z"]}),
    (set[Any], {1, 2}, {"NS": ["1", "2"]}),
    (dict[str, int], {"a.b": 1}, {"M": {"a.b": {"N": "1"}}}),
    (dict[int, str], {7: "x"}, {"M": {"7": {"S": "x"}}}),
    (dict[UUID, int], {CODE: 1}, {"M": {str(CODE): {"N": "1"}}}),
    (dict[Level, int], {Level.LOW: 1}, {"M": {"1": {"N": "1"}}}),
    (dict[date, int], {date(2026, 1, 31): 1}, {"M": {"2026-01-31": {"N": "1"}}}),
    (Mapping[str, list[int]], {"a": [1]}, None),
    (dict, {"a": [1, {"b": None}]}, None),
    (list, ["a", b"b"], None),
    (Part, Part(1), {"M": {"number": {"N": "1"}}}),
    (Part, Part(1, {"t"}, "n"), None),
    (Day, Day(date(2026, 1, 31)), {"M": {"day": {"S": "2026-01-31"}}}),
    (Holder[UUID], Holder(CODE), {"M": {"held": {"S": str(CODE)}}}),
    (
        Checked,
        Checked(0.5, [Part(1)]),
        {"M": {"share": {"N": "0.5"}, "ps": {"L": [{"M": {"number": {"N": "1"}}}]}}},
    ),
    (Wrapper[UUID], Wrapper(Holder(CODE), Holder([CODE])), None),
    (
        tuple[Wrapper[UUID], Wrapper[int]],
        (Wrapper(Holder(CODE), Holder([CODE])), Wrapper(Holder(1), Holder([2]))),
        None,
    ),
    (Loose, Loose(date(2026, 1, 31), "x"), None),
    (tuple[Part, Part], (Part(1), Part(2)), None),
    (tuple[Options, Options], ({"size": 1}, {"size": 2}), None),
    (Pair[UUID], (CODE, [(CODE, [])]), None),
    (tuple, (1, "a"), None),
    (AwareDatetime, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
    (PastDate, date(2020, 1, 31), {"S": "2020-01-31"}),
    (defaultdict[str, float], defaultdict(float, {"a": 0.5, "b": 1.0}), None),
    (Options, {"size": 1}, {"M": {"size": {"N": "1"}}}),
    (Options, {"size": 1, "since": NOON}, None),
    (Boxed[UUID], {"value": CODE}, {"M": {"value": {"S": str(CODE)}}}),
    (Strict, STRICT, None),
    (list[Strict], [STRICT], None),
    (dict[str, Strict], {"a": STRICT}, None),
    (Cat | Dog, Dog(lives=1), None),
    (Annotated[Cat | Dog, Field(discriminator="kind")], Dog(lives=1), None),
    (Square | Circle, Circle(radius=1), {"M": {"radius": {"N": "1"}}}),
    (Shape, Circle(radius=1), None),
    (list[Shape], [Square(side=1), Circle(radius=1)], None),
    (Tree, Tree(value=1, children=[Tree(value=2)]), None),
    (Numbers, Numbers([1]), {"L": [{"N": "1"}]}),
    (Nested, Nested({"a": Nested("b")}), {"M": {"a": {"S": "b"}}}),
    (Box[datetime], Box[datetime](value=NOON), None),
    (Deep, ["a", [None]], None),
    (UserId, UserId("u"), {"S": "u"}),
    (int | str, "1", {"S": "1"}),
    (int | str, 1, {"N": "1"}),
    (int | float, 0.5, {"N": "0.5"}),
    (str | UUID, CODE, {"S": str(CODE)}),
    (str | datetime, "not a time", {"S": "not a time"}),
    (Word | str, "b", {"S": "b"}),
    (list[int] | set[int], {1}, {"NS": ["1"]}),
    (dict[str, int] | Square, {"x": 2}, None),
    (SecretStr, SecretStr("s"), {"S": "s"}),
    (SecretBytes, SecretBytes(b"s"), {"B": "cw=="}),
    (Secret[int], Secret[int](5), {"N": "5"}),
    (HttpUrl, HttpUrl("https://a.b/c"), {"S": "https://a.b/c"}),
    (AnyUrl | None, AnyUrl("x://y"), {"S": "x://y"}),
    (ipaddress.IPv4Address, ipaddress.IPv4Address("1.2.3.4"), {"S": "1.2.3.4"}),
    (Counter[str], Counter("aab"), None),
    (JsonValue, {"a": [1, 0.5, None, "x", True]}, None),
    (object, {"a": [Decimal("1.5"), {1}]}, None),
]
