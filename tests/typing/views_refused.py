"""
Views and options of reads that mypy and pyright must refuse; checked, never run.

Each line has an ignore for either checker, and both report an ignore that nothing needs.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from pydantic import BaseModel

from dynarepo import AsyncReadRepository, DynamoDBBaseModel, QueryOptions, ScanOptions


class User(DynamoDBBaseModel):
    email: str


class Card(BaseModel):
    name: str


class NoModel:
    name: str


async def take_no_model(users: AsyncReadRepository[User]) -> None:
    await users.get_one("a", "b", view=NoModel)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.get_one("a", "b", view=Card(name="x"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.batch_get([("a", "b")], view=NoModel)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.transact_get([("a", "b")], view=int)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk("a", view=NoModel)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    users.iter_query_items("a", view="Card")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    users.iter_scan(view=NoModel)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


async def give_the_view_alone(users: AsyncReadRepository[User]) -> None:
    _ = (await users.query_by_pk("a", view=Card)).items[0].email  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    _ = (await users.get_one("a", "b", view=Card)).name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    await users.query_by_pk("a", view=Card, where=lambda user: user.name == "x")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownLambdaType, reportUnknownMemberType]


async def know_their_options(users: AsyncReadRepository[User]) -> None:
    await users.get_one("a", "b", views=Card)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.get_one("a", "b", hydrate=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.transact_get([("a", "b")], consistent=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.query_by_pk("a", view=Card, hydrated=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.query_by_pk("a", view=Card, limit="10")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk("a", skip_expired="yes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.scan(view=Card, descending=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    users.iter_scan_items(segment=2)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.count("a", view=Card)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def know_their_names() -> None:
    _query: QueryOptions[User] = {"limits": 5}  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportAssignmentType]
    _scan: ScanOptions[User] = {"descending": True}  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportAssignmentType]
