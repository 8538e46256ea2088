"""
Wrong uses that mypy and pyright must refuse; checked, never run.

Each line has an ignore for either checker, and both report an ignore that nothing needs.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncWriteRepository,
    Condition,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    KeyTemplate,
    PaginationResult,
    SortKeyCondition,
    TableSchema,
    TransactWriteItem,
    attr,
)


class User(DynamoDBBaseModel):
    email: str


class Other(BaseModel):
    name: str


class NoModel:
    name: str


def make(config: DynamoDBConfig, logger: object) -> None:
    AsyncDynamoDBRepository(User)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AsyncDynamoDBRepository(User, config=config)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    AsyncDynamoDBRepository(User, config, logger)  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
    AsyncDynamoDBRepository(User, config=config, logger=logger)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncDynamoDBRepository(NoModel, config=config, logger=None)  # type: ignore[arg-type, type-var]  # pyright: ignore[reportArgumentType]


def configure() -> None:
    DynamoDBConfig(table_name=5)  # pyright: ignore[reportArgumentType]
    DynamoDBConfig(transport="boto3")  # pyright: ignore[reportArgumentType]
    DynamoDBConfig(tabel_name="app")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def read(users: AsyncReadRepository[User], page: PaginationResult[User]) -> None:
    await users.get_one()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.get_one("a", "b", True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    _ = (await users.get_one("a", "b")).email  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    await users.query_by_pk("a", where="age > 5")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk("a", where=True)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk("a", limit="10")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk("a", index_name="by-email")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await users.query_by_pk_and_sk("a", "b")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.query_by_pk_and_sk("a", None)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await users.count("a", where=attr("email"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.save(User(pk="a", sk="b", email=""))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    _ = page.items[0].name  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    _ = page.cursor.encode()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


async def write(users: AsyncWriteRepository[User]) -> None:
    await users.save(Other(name="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.create({"pk": "a"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.save(User(pk="a", sk="b", email=""), where=False)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", [("email", "x")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.update("a", "b", {1: "x"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await users.batch_write([Other(name="x")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await users.transact_write([{"Put": {}}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await users.get_one("a", "b")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    async with users.batch() as batch:
        await batch.save(Other(name="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def transact() -> None:
    TransactWriteItem.put({"pk": "a"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TransactWriteItem.check("a", "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TransactWriteItem("replace")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def share(connection: DynamoDBConnection) -> None:
    users = connection.repository(User)
    async with connection.transaction() as transaction:
        transaction.put("users", User(pk="a", sk="b", email=""))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        transaction.put(users, Other(name="x"))  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
        transaction.create(users, {"pk": "a"})  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
        transaction.check(users, "a", "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        transaction.update(users, "a", "b", ["email"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def state(condition: Condition) -> None:
    attr(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = attr("email") & attr("name")  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownVariableType]
    _ = condition | "email = :x"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnknownVariableType]
    attr("email").is_type("string")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    attr("email").size().gt("5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SortKeyCondition.between("a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SortKeyCondition(operator="like", value="a")  # pyright: ignore[reportArgumentType]


def declare() -> None:
    TableSchema()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TableSchema(partition_key=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TableSchema("pk", gsis=[{"name": "idx"}])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    KeyTemplate("pk")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
