"""
Lambdas that mypy and pyright must refuse; checked, never run.

Each line has an ignore for either checker, and both report an ignore that nothing needs.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from dynarepo import (
    AsyncReadRepository,
    AsyncWriteRepository,
    DynamoDBBaseModel,
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
    prepend,
    present,
    remove,
    remove_from_set,
    set_,
    size,
)


class Address(BaseModel):
    city: str
    lines: list[str]


class User(DynamoDBBaseModel):
    email: str
    age: int
    weight: float | None = None
    nick: str | None = None
    active: bool
    seen: datetime
    tags: set[str]
    notes: list[str]
    prefs: dict[str, int]
    address: Address


async def compare(users: AsyncReadRepository[User]) -> None:
    await users.scan(where=lambda u: u.agee > 5)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]
    await users.scan(where=lambda u: u.address.town == "x")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]
    await users.scan(where=lambda u: u.age > "x")  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: u.age == "x")  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
    await users.scan(where=lambda u: u.email == 5)  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
    await users.scan(where=lambda u: u.seen < 5)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: u.weight > 5)  # type: ignore[operator]  # pyright: ignore[reportOptionalOperand, reportUnknownLambdaType]
    await users.scan(where=lambda u: u.email < u.age)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: u.prefs[0] == 5)  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: u.notes["x"] == "x")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: u.email.startswith(5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: u.address.lines[0] > 5)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]


async def state(users: AsyncReadRepository[User], writer: AsyncWriteRepository[User], user: User) -> None:
    await users.scan(where=True)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.scan(where=user.age > 5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.scan(where="age > 5")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda: True)  # type: ignore[arg-type, misc]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: u.age)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: "x")  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: None)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: ~u.active)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType, reportDeprecated]
    await users.scan(where=lambda u: u.active & u.age)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: contains(u.tags, "x") & u.age)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: size(u.tags))  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: attr("age"))  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await writer.save(user, where=False)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await writer.create(user, where=user.active)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await writer.delete("a", "b", where=user.age > 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await writer.update("a", "b", {"age": 5}, where=user.email)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def call(users: AsyncReadRepository[User]) -> None:
    await users.scan(where=lambda u: between(u.age, "a", "b"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: between(u.email, 1, 5))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: between(u.tags, "a", "b"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: in_(u.age, ["x"]))  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: in_(u.email, [1, 2]))  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: in_(u.age, 1, 2))  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: begins_with(u.age, "x"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: begins_with(u.email, 5))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: begins_with(u.email, b"x"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: contains(u.email, 5))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: contains(u.tags, 5))  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: contains(u.notes, 5))  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: contains(u.age, 5))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: is_type(u.age, "number"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: size(u.tags) > "x")  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: not_(u.age))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.scan(where=lambda u: present(u.nick) > 5)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownLambdaType]
    await users.scan(where=lambda u: present(u.weight).startswith("a"))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]
    await users.scan(where=lambda u: exists(u.unknown))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]


async def update(users: AsyncWriteRepository[User]) -> None:
    await users.update("a", "b", lambda u: [set_(u.age).to("x")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.age).to(None)])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.age).to(u.email)])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.email).to(u.nick)])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.tags).to(["x"])])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.age).if_not_exists("x")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [set_(u.agee).to(5)])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    await users.update("a", "b", lambda u: [set_(u.age)])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: set_(u.age).to(5))  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [u.age == 5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: {"age": 5})  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", [remove("nick")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [remove(u.unknown)])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    await users.update("a", "b", lambda u: [increment(u.email, 1)])  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [increment(u.age, "x")])  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [increment(u.tags, 1)])  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [append(u.notes, [5])])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [append(u.notes, "x")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [append(u.email, ["x"])])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [prepend(u.notes, [5])])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [add_to_set(u.tags, {5})])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [add_to_set(u.tags, ["x"])])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [add_to_set(u.notes, {"x"})])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", lambda u: [remove_from_set(u.tags, {5})])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
