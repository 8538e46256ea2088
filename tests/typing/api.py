"""What mypy and pyright infer for a user of the public API; checked, never run."""

# pyright: strict

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import assert_type

from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncUnionRepository,
    AsyncWriteRepository,
    Batch,
    Condition,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    Explanation,
    KeyTemplate,
    PaginationResult,
    SortKeyCondition,
    TableAdmin,
    TableSchema,
    TransactWriteItem,
    WriteTransaction,
    attr,
    set_,
)


class Logger:
    """As little as a logger needs."""

    def debug(self, event: str, /, **fields: object) -> None: ...
    def info(self, event: str, /, **fields: object) -> None: ...
    def warning(self, event: str, /, **fields: object) -> None: ...
    def error(self, event: str, /, **fields: object) -> None: ...


class User(DynamoDBBaseModel):
    email: str


class Plain(BaseModel):
    name: str


config = DynamoDBConfig(table_name="app")
logger = Logger()
schema = TableSchema(KeyTemplate("pk", "USER#{name}"))


def make() -> None:
    assert_type(AsyncDynamoDBRepository(User, config=config, logger=logger), AsyncDynamoDBRepository[User])
    assert_type(AsyncReadRepository(User, config=config, logger=logger), AsyncReadRepository[User])
    assert_type(AsyncWriteRepository(User, config=config, logger=logger), AsyncWriteRepository[User])
    assert_type(
        AsyncDynamoDBRepository(Plain, config=config, logger=logger, schema=schema, table_name="other"),
        AsyncDynamoDBRepository[Plain],
    )


async def open_and_close() -> None:
    users = AsyncDynamoDBRepository(User, config=config, logger=logger)
    async with users as same:
        assert_type(same, AsyncDynamoDBRepository[User])
    assert_type(await users.open(), None)
    assert_type(await users.close(), None)
    assert_type(await users.ping(), bool)
    assert_type(users.config, DynamoDBConfig)
    assert_type(users.model, type[User])
    assert_type(users.table_name, str)
    assert_type(users.with_options(deadline=30), AsyncDynamoDBRepository[User])


async def read(users: AsyncReadRepository[User]) -> None:
    assert_type(await users.get_one("a", "b"), User | None)
    assert_type(await users.get_one(pk={"name": "a"}, sk=None, consistent=True), User | None)
    assert_type(await users.query_by_pk("a"), PaginationResult[User])
    assert_type(
        await users.query_by_pk(
            "a",
            where=attr("email").contains("@"),
            index="by-email",
            limit=10,
            page_size=100,
            cursor=None,
            last_evaluated_key={"pk": "a", "sk": "b"},
            descending=True,
            consistent=None,
        ),
        PaginationResult[User],
    )
    assert_type(await users.query_by_pk_and_sk("a", SortKeyCondition.ne("b")), PaginationResult[User])
    assert_type(await users.scan(where=attr("email").exists(), limit=1), PaginationResult[User])
    assert_type(await users.count("a", SortKeyCondition.between("a", "b")), int)
    assert_type(await users.batch_get([("a", "b")]), list[User | None])
    assert_type(await users.load(("a", "b"), consistent=True), User | None)
    assert_type(await users.scan(segment=(0, 4), limit=1), PaginationResult[User])
    assert_type(await users.transact_get(("a", str(n)) for n in range(3)), list[User | None])
    assert_type(users.with_options(consistent_read=True), AsyncReadRepository[User])


async def iterate(users: AsyncReadRepository[User]) -> None:
    assert_type(users.iter_query("a"), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_query_items("a", SortKeyCondition.gt("b")), AsyncGenerator[User, None])
    assert_type(users.iter_scan(segments=4), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_scan(segments=4, cursor="x"), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_scan(segment=(0, 4)), AsyncGenerator[PaginationResult[User], None])
    assert_type(users.iter_scan_items(segment=(0, 4)), AsyncGenerator[User, None])
    assert_type(users.iter_scan_items(), AsyncGenerator[User, None])
    async for page in users.iter_query("a"):
        assert_type(page, PaginationResult[User])
    assert_type([user async for user in users.iter_scan_items()], list[User])


def look_at(page: PaginationResult[User]) -> None:
    assert_type(page.items, list[User])
    assert_type(page.count, int)
    assert_type(page.scanned_count, int)
    assert_type(page.last_evaluated_key, dict[str, object] | None)
    assert_type(page.cursor, str | None)


async def write(users: AsyncWriteRepository[User], user: User, stream: AsyncIterator[User]) -> None:
    assert_type(await users.save(user), User)
    assert_type(await users.save(user, where=attr("email").not_exists() | ~attr("email").eq("")), User)
    assert_type(await users.create(user), User)
    assert_type(await users.update("a", "b", {"email": "x"}), User)
    assert_type(await users.update("a", changes={"email": "x"}, where=attr("email").ne("x")), User)
    assert_type(await users.update("a", "b", {"email": "x"}, version=3), User)
    assert_type(await users.update("a", "b", lambda u: [set_(u.email).to("x")], version=3), User)
    assert_type(await users.delete("a", "b"), bool)
    assert_type(await users.delete("a", "b", where=lambda u: u.email == "x", version=3), bool)
    assert_type(await users.batch_write([user]), int)
    assert_type(await users.batch_write(stream), int)
    assert_type(await users.batch_delete([("a", "b")]), int)
    async with users.batch() as batch:
        assert_type(batch, Batch[User])
        assert_type(await batch.save(user), None)
        assert_type(await batch.delete("a", "b"), None)
    operations = [
        TransactWriteItem.put(user),
        TransactWriteItem.create(user, where=None),
        TransactWriteItem.update("a", "b", {"email": "x"}),
        TransactWriteItem.update("a", "b", {"email": "x"}, version=3),
        TransactWriteItem.delete("a", "b"),
        TransactWriteItem.delete("a", "b", version=3),
        TransactWriteItem.check("a", "b", where=attr("email").exists()),
    ]
    assert_type(operations, list[TransactWriteItem])
    assert_type(await users.transact_write(operations, client_token="x"), list[User | None])


async def share(connection: DynamoDBConnection) -> None:
    async with connection as same:
        assert_type(same, DynamoDBConnection)
    users = connection.repository(User)
    plain = connection.repository(Plain, schema=schema)
    assert_type(users, AsyncDynamoDBRepository[User])
    assert_type(plain, AsyncDynamoDBRepository[Plain])
    assert_type(connection.read_repository(User), AsyncReadRepository[User])
    writer = connection.write_repository(User)
    assert_type(writer, AsyncWriteRepository[User])
    assert_type(connection.table_admin(), TableAdmin)
    async with connection.transaction(client_token="x") as transaction:
        assert_type(transaction, WriteTransaction)
        assert_type(transaction.put(users, User(pk="a", sk="b", email="")), None)
        assert_type(transaction.create(plain, Plain(name="x"), where=attr("name").ne("x")), None)
        assert_type(transaction.update(writer, "a", "b", {"email": "x"}), None)
        assert_type(transaction.update(writer, "a", "b", {"email": "x"}, version=3), None)
        assert_type(transaction.delete(plain, "a"), None)
        assert_type(transaction.delete(plain, "a", version=3), None)
        assert_type(transaction.check(users, "a", "b", where=attr("email").exists()), None)
    assert_type(transaction.stored, list[BaseModel | None])


async def explain(
    users: AsyncDynamoDBRepository[User],
    reader: AsyncReadRepository[User],
    writer: AsyncWriteRepository[User],
    union: AsyncUnionRepository[User | Plain],
    user: User,
) -> None:
    explained = await users.explain(lambda r: r.query_by_pk("a", where=lambda u: u.email == "x"))
    assert_type(explained, Explanation)
    assert_type(explained.show(values=True), str)
    assert_type(explained.operation, str)
    assert_type(explained.table_name, str | None)
    assert_type(explained.index, str | None)
    assert_type(explained.names, Mapping[str, str])
    assert_type(await users.explain(lambda r: r.iter_scan_items(segments=4)), Explanation)
    assert_type(await users.explain(lambda r: r.transact_write([TransactWriteItem.put(user)])), Explanation)
    assert_type(
        await users.explain(lambda r: assert_type(r, AsyncDynamoDBRepository[User]).save(user)), Explanation
    )
    assert_type(await reader.explain(lambda r: r.iter_query("a")), Explanation)
    assert_type(await writer.explain(lambda r: r.delete("a", "b", version=3)), Explanation)
    assert_type(await union.explain(lambda r: r.get_one("a", "b")), Explanation)


async def administer(tables: TableAdmin) -> None:
    assert_type(await tables.create_table(User, Plain), str)
    assert_type(await tables.create_table(Plain, schema=schema), str)
    assert_type(await tables.table_exists(), bool)
    assert_type(await tables.list_tables(), list[str])
    assert_type(await tables.delete_table("app"), None)
    assert_type(await tables.wait_until_active(), None)


def state(error: DynamoDBServiceError) -> None:
    email = attr("address.lines", 2, "a.b")
    assert_type(email.eq("x") & ~email.size().gt(3) | email.between("a", "b"), Condition)
    assert_type(email.in_("a", "b"), Condition)
    assert_type(SortKeyCondition.begins_with("x"), SortKeyCondition)
    assert_type(error.operation, str | None)
    assert_type(error.table_name, str | None)
    assert_type(error.code, str | None)
    assert_type(error.request_id, str | None)
    assert_type(error.retryable, bool)
