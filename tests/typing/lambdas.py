"""Conditions and updates as lambdas, as mypy and pyright read them; checked, never run."""

# pyright: strict

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import assert_type
from uuid import UUID

from pydantic import BaseModel, Field

from dynarepo import (
    Action,
    AsyncReadRepository,
    AsyncWriteRepository,
    Condition,
    DynamoDBBaseModel,
    TransactWriteItem,
    WriteTransaction,
    add_to_set,
    append,
    attr,
    begins_with,
    between,
    contains,
    exists,
    in_,
    increment,
    is_type,
    not_,
    not_exists,
    prepend,
    present,
    remove,
    remove_from_set,
    set_,
    size,
)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    city: str
    lines: list[str] = Field(default_factory=list[str])


class User(DynamoDBBaseModel):
    email: str
    age: int
    weight: float | None = None
    balance: Decimal
    nick: str | None = None
    photo: bytes | None = None
    active: bool
    color: Color
    ident: UUID
    born: date
    seen: datetime | None = None
    tags: set[str]
    roles: frozenset[str]
    notes: list[str]
    scores: list[int] | None = None
    pair: tuple[int, ...]
    prefs: dict[str, int]
    address: Address
    former: Address | None = None
    homes: list[Address]


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def compare(users: AsyncReadRepository[User], found: UUID) -> None:
    await users.query_by_pk("a", where=lambda u: u.age == 5)
    await users.query_by_pk("a", where=lambda u: 18 <= u.age)  # noqa: SIM300
    await users.query_by_pk("a", where=lambda u: u.balance > 5)
    await users.query_by_pk("a", where=lambda u: u.color != Color.RED)
    await users.query_by_pk("a", where=lambda u: u.ident == found)
    await users.query_by_pk("a", where=lambda u: u.born < date(2000, 1, 1))
    await users.query_by_pk("a", where=lambda u: u.nick == "ada")
    await users.query_by_pk("a", where=lambda u: u.seen == NOON)
    await users.query_by_pk("a", where=lambda u: u.email == u.nick)
    await users.query_by_pk("a", where=lambda u: u.email.startswith("ada"))
    await users.query_by_pk("a", where=lambda u: u.address.city == "x")
    await users.query_by_pk("a", where=lambda u: u.homes[0].lines[2] == "x")
    await users.query_by_pk("a", where=lambda u: u.prefs["a.b"] >= 5)
    await users.query_by_pk("a", where=attr("weight").gt(5))
    await users.query_by_pk("a", where=None)


async def combine(users: AsyncReadRepository[User]) -> None:
    await users.scan(where=lambda u: u.active)
    await users.scan(where=lambda u: not_(u.active))
    await users.scan(where=lambda u: u.active & (u.age >= 18))
    await users.scan(where=lambda u: (u.age >= 18) & u.email.startswith("ada") & contains(u.tags, "x"))
    await users.scan(where=lambda u: contains(u.tags, "x") | (u.age < 5) | u.active)
    await users.scan(where=lambda u: exists(u.nick) & ~contains(u.notes, "x") & not_(u.age == 5))
    await users.count("a", where=lambda u: not_((u.age == 5) | u.active))
    _ = [user async for user in users.iter_query_items("a", where=lambda u: u.age > 5)]
    _ = [page async for page in users.iter_scan(where=lambda u: u.age > 5, segments=4)]


async def call(users: AsyncReadRepository[User]) -> None:
    await users.scan(where=lambda u: between(u.age, 1, 5) & between(u.weight, 0.5, 5))
    await users.scan(where=lambda u: between(u.balance, 1, Decimal(5)) & between(u.email, "a", "b"))
    await users.scan(where=lambda u: between(u.seen, NOON, NOON) & between(u.born, date.min, date.max))
    await users.scan(where=lambda u: in_(u.age, [1, 2]) | in_(u.nick, ["a"]) | in_(u.color, {Color.RED}))
    await users.scan(where=lambda u: begins_with(u.nick, "a") | begins_with(u.photo, b"a"))
    await users.scan(where=lambda u: contains(u.email, "a") | contains(u.photo, b"a"))
    await users.scan(where=lambda u: contains(u.tags, "a") | contains(u.roles, "a"))
    await users.scan(where=lambda u: contains(u.scores, 1) | contains(u.pair, 1))
    await users.scan(where=lambda u: not_exists(u.address.lines[0]) | is_type(u.nick, "NULL"))
    await users.scan(where=lambda u: (size(u.tags) > 0) & (size(u.address.lines) == 2))


async def presume(users: AsyncReadRepository[User], writer: AsyncWriteRepository[User]) -> None:
    await users.scan(where=lambda u: present(u.weight) > 70.0)
    await users.scan(where=lambda u: (present(u.seen) < NOON) & present(u.nick).startswith("a"))
    await users.scan(where=lambda u: present(u.former).city == "x")
    await users.scan(where=lambda u: present(u.former).lines[0] >= "x")
    await users.scan(where=lambda u: present(u.scores)[0] > present(u.age))
    await writer.update("a", "b", lambda u: [set_(present(u.former).city).to("x")])


def infer(user: User) -> None:
    assert_type(present(user.weight), float)
    assert_type(present(user.nick), str)
    assert_type(present(user.age), int)
    assert_type(contains(user.tags, "x") & (user.age > 5), Condition)
    assert_type((user.age > 5) & contains(user.tags, "x"), Condition)
    assert_type((user.age > 5) | exists(user.nick), Condition)
    assert_type(not_(user.active), Condition)
    assert_type(size(user.tags), int)
    assert_type(set_(user.age).to(5), Action)
    assert_type(increment(user.age, 5), Action)


async def write(users: AsyncWriteRepository[User], user: User) -> None:
    await users.save(user, where=lambda u: u.age < 5)
    await users.create(user, where=lambda u: exists(u.nick))
    await users.delete("a", "b", where=lambda u: not_(u.active))
    await users.update("a", "b", {"age": 5}, where=lambda u: u.age < 5)
    updated = await users.update("a", "b", lambda u: [set_(u.age).to(5)], where=lambda u: u.age < 5)
    assert_type(updated, User)


async def update(users: AsyncWriteRepository[User]) -> None:
    await users.update("a", changes=lambda u: [])
    await users.update("a", "b", lambda u: (set_(u.age).to(5), remove(u.nick)))
    await users.update("a", "b", lambda u: [set_(u.nick).to("x"), set_(u.weight).to(None)])
    await users.update("a", "b", lambda u: [set_(u.nick).to(u.email), set_(u.email).if_not_exists("x")])
    await users.update("a", "b", lambda u: [set_(u.seen).to(NOON), set_(u.color).to(Color.BLUE)])
    await users.update("a", "b", lambda u: [set_(u.address).to(Address(city="x")), set_(u.tags).to(set())])
    await users.update("a", "b", lambda u: [set_(u.address.lines[0]).to("x"), set_(u.prefs["a.b"]).to(5)])
    await users.update("a", "b", lambda u: [increment(u.age, -1), increment(u.weight, 0.5)])
    await users.update("a", "b", lambda u: [increment(u.balance, Decimal(1)), increment(u.prefs["a"], 1)])
    await users.update("a", "b", lambda u: [append(u.notes, ["x"]), prepend(u.scores, [1])])
    await users.update("a", "b", lambda u: [append(u.homes, [Address(city="x")]), append(u.notes, u.notes)])
    await users.update("a", "b", lambda u: [add_to_set(u.tags, {"x"}), remove_from_set(u.roles, {"x"})])
    await users.update("a", "b", lambda u: [add_to_set(u.roles, frozenset({"x"})), remove(u.homes[0])])


def transact(transaction: WriteTransaction, users: AsyncWriteRepository[User]) -> None:
    transaction.update(users, "a", "b", lambda u: [increment(u.age, 1)], where=lambda u: u.age < 5)
    transaction.check(users, "a", "b", where=lambda u: u.active)
    TransactWriteItem.delete("a", "b", where=attr("age").gt(5))
