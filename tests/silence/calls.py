"""Every public operation, called with values of ours, and a service that has values of ours, too."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import SecretStr

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConfig,
    DynamoDBConnection,
    SortKeyCondition,
    TransactWriteItem,
    append,
    attr,
    begins_with,
    between,
    contains,
    in_,
    increment,
    set_,
)
from dynarepo._codec import bind
from dynarepo._connection import Channel
from dynarepo._requests import table_definition
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from dynarepo.testing._fake import Answer
from tests.faked import SkippedTime, longest
from tests.recording_logger import RecordingLogger
from tests.silence.canaries import (
    AMOUNT,
    BLOB,
    NUMBER,
    STORED,
    TEXT,
    Card,
    Plain,
    Sight,
    Vault,
    plain,
    vault,
)

__all__ = ["CALLS", "CONFIG", "RESOURCE_CALLS", "Rig", "open_rig", "serve"]

CONFIG: Final = DynamoDBConfig(
    table_name="app",
    region="eu-west-1",
    aws_access_key_id=SecretStr(TEXT),
    aws_secret_access_key=SecretStr(TEXT),
    aws_session_token=SecretStr(TEXT),
    cursor_keys=(SecretStr(TEXT * 2), SecretStr(TEXT)),
    cursor_scope="tenant",
    deadline=3,
)


@dataclass(frozen=True)
class Rig:
    """All that users hold, on a scripted transport."""

    connection: DynamoDBConnection
    fake: FakeTransport
    logger: RecordingLogger

    @property
    def vaults(self) -> AsyncDynamoDBRepository[Vault]:
        return self.connection.repository(Vault)

    @property
    def plains(self) -> AsyncDynamoDBRepository[Plain]:
        return self.connection.repository(Plain, table_name="plain")


@asynccontextmanager
async def open_rig(answer: Answer) -> AsyncIterator[Rig]:
    """Open a connection on a transport that answers so."""
    fake, logger = FakeTransport.answering(answer), RecordingLogger()
    sleep = SkippedTime().sleep
    async with Channel(CONFIG, logger, transport=fake, sleep=sleep, jitter=longest) as channel:
        yield Rig(DynamoDBConnection(config=CONFIG, logger=logger, channel=channel), fake, logger)


Call: TypeAlias = Callable[[Rig], Awaitable[object]]

PK: Final = {"owner": TEXT}
SK: Final = {"name": TEXT}
KEY: Final = (PK, SK)
NATIVE_KEY: Final = {"pk": TEXT, "sk": TEXT}
NATIVE_ITEM: Final = {**NATIVE_KEY, "text": TEXT, TEXT: [NUMBER, BLOB, {TEXT: AMOUNT}], "set": {TEXT}}
WHERE: Final = attr("text").eq(TEXT) & attr("number").lt(NUMBER) & attr("prefs", TEXT).ne(TEXT)


def held(u: Any) -> Any:
    several = between(u.amount, AMOUNT, AMOUNT) & in_(u.text, [TEXT, TEXT + "2"])
    return several & begins_with(u.text, TEXT) & contains(u.tags, TEXT) & (u.prefs[TEXT] == TEXT)


def actions(u: Any) -> Any:
    return [
        set_(u.text).to(TEXT),
        set_(u.prefs[TEXT]).to(TEXT),
        set_(u.part.text).to(TEXT),
        increment(u.number, NUMBER),
        append(u.words, [TEXT]),
    ]


async def _drain(things: AsyncIterable[object]) -> None:
    async for _ in things:
        pass


async def _stream(*things: Any) -> AsyncIterator[Any]:
    for thing in things:
        yield thing


async def _mixed(rig: Rig) -> None:
    async with rig.plains.batch() as batch:
        await batch.save(plain())
        await batch.delete(TEXT + "2", TEXT)


async def _transaction(rig: Rig) -> None:
    async with rig.connection.transaction(client_token=TEXT) as transaction:
        transaction.put(rig.plains, plain(), where=attr("text").eq(TEXT))
        transaction.update(rig.vaults, PK, SK, {"text": TEXT}, where=held)
        transaction.delete(rig.plains, TEXT, TEXT + "2")
        transaction.check(rig.plains, TEXT, TEXT + "3", where=attr("text").ne(TEXT))


async def _paged(rig: Rig) -> None:
    first = await rig.vaults.query_by_pk(PK, where=held, limit=1)
    await rig.vaults.query_by_pk(PK, where=held, cursor=first.cursor)
    await rig.vaults.query_by_pk(PK, where=held, last_evaluated_key=first.last_evaluated_key)


async def _explained(rig: Rig) -> None:
    explanations = [await rig.vaults.explain(call) for call in EXPLAINED]
    explanations.append(await rig.plains.explain(lambda r: r.batch_write([plain()])))
    for explanation in explanations:
        rig.logger.info("explained", shown=[str(explanation), repr(explanation)])


EXPLAINED: Final[list[Any]] = [
    lambda r: r.save(vault(), where=attr("text").eq(TEXT)),
    lambda r: r.update(PK, SK, {"text": TEXT, "tags": {TEXT}}),
    lambda r: r.delete(PK, SK, version=3),
    lambda r: r.query_by_pk_and_sk(
        PK, SortKeyCondition.between(TEXT, TEXT + "2"), where=attr("blob").eq(BLOB)
    ),
    lambda r: r.iter_scan(where=attr("amount").between(AMOUNT, AMOUNT)),
    lambda r: r.batch_get([KEY, (PK, TEXT)]),
    lambda r: r.load(KEY),
    lambda r: r.transact_write([TransactWriteItem.put(vault())]),
    lambda r: r.transact_get([KEY]),
]

#: By name, what is done with values of ours.
CALLS: Final[dict[str, Call]] = {
    "get_one": lambda rig: rig.vaults.get_one(*KEY),
    "get_one, view": lambda rig: rig.vaults.get_one(*KEY, view=Sight, skip_expired=True),
    "get_one, plain": lambda rig: rig.plains.get_one(TEXT, TEXT, consistent=True),
    "query_by_pk": lambda rig: rig.vaults.query_by_pk(PK, where=WHERE),
    "query_by_pk, paged": _paged,
    "query_by_pk, encrypted": lambda rig: rig.vaults.with_options(encrypt_cursors=True).query_by_pk(PK),
    "query_by_pk, index": lambda rig: rig.vaults.query_by_pk(TEXT, index="by_topic", hydrate=True),
    "query_by_pk_and_sk, ne": lambda rig: rig.vaults.query_by_pk_and_sk(PK, SortKeyCondition.ne(TEXT)),
    "query_by_pk_and_sk, between": lambda rig: rig.plains.query_by_pk_and_sk(
        TEXT, SortKeyCondition.between(TEXT, TEXT + "2")
    ),
    "iter_query": lambda rig: _drain(rig.vaults.iter_query(PK, where=held)),
    "iter_query_items": lambda rig: _drain(rig.plains.iter_query_items(TEXT, where=attr("text").eq(TEXT))),
    "scan": lambda rig: rig.vaults.scan(where=held),
    "iter_scan": lambda rig: _drain(rig.vaults.iter_scan(where=WHERE, segments=3)),
    "iter_scan, one segment": lambda rig: _drain(rig.vaults.iter_scan(where=WHERE, segment=(1, 3))),
    "iter_scan_items": lambda rig: _drain(rig.plains.iter_scan_items(where=attr("text").eq(TEXT))),
    "count": lambda rig: rig.vaults.count(PK, SortKeyCondition.ge(TEXT), where=held),
    "batch_get": lambda rig: rig.vaults.batch_get([KEY, KEY]),
    "load": lambda rig: rig.vaults.load(KEY),
    "transact_get": lambda rig: rig.vaults.transact_get([KEY]),
    "save": lambda rig: rig.vaults.save(vault(version=3), where=WHERE),
    "save, plain": lambda rig: rig.plains.save(plain()),
    "create": lambda rig: rig.vaults.create(vault()),
    "update, dict": lambda rig: rig.vaults.update(PK, SK, {"text": TEXT, "parts": [], "tags": {TEXT}}),
    "update, actions": lambda rig: rig.vaults.update(PK, SK, actions, where=held, version=3),
    "update, once": lambda rig: rig.vaults.update(PK, SK, actions, exactly_once=True),
    "upsert": lambda rig: rig.vaults.upsert(vault()),
    "mutate": lambda rig: rig.vaults.mutate(*KEY, change=lambda v: v.model_copy(update={"text": TEXT})),
    "delete": lambda rig: rig.vaults.delete(*KEY, where=held, version=3),
    "delete, plain": lambda rig: rig.plains.delete(TEXT, TEXT),
    "batch_write": lambda rig: rig.plains.batch_write([plain(), plain(sk=TEXT + "2")]),
    "batch_write, stream": lambda rig: rig.plains.batch_write(_stream(plain(), plain(sk=TEXT + "2"))),
    "batch_delete": lambda rig: rig.plains.batch_delete([(TEXT, TEXT), (TEXT, TEXT + "2")]),
    "batch": _mixed,
    "transact_write": lambda rig: rig.vaults.transact_write(
        [
            TransactWriteItem.create(vault()),
            TransactWriteItem.update(PK, {"name": TEXT + "2"}, actions, where=WHERE, version=3),
            TransactWriteItem.delete(PK, {"name": TEXT + "3"}, where=held),
        ]
    ),
    "transaction": _transaction,
    "union, get_one": lambda rig: rig.connection.union_repository(Vault, Card).get_one(f"VAULT#{TEXT}", TEXT),
    "union, query": lambda rig: rig.connection.union_repository(Vault, Card).query_by_pk(PK),
    "union, scan": lambda rig: _drain(rig.connection.union_repository(Vault, Card).iter_scan_items()),
    "gateway, put_item": lambda rig: rig.connection.table_gateway().put_item(
        NATIVE_ITEM, condition_expression="#t <> :t", names={"#t": "text"}, values={":t": TEXT}
    ),
    "gateway, get_item": lambda rig: rig.connection.table_gateway().get_item(NATIVE_KEY),
    "gateway, update_item": lambda rig: rig.connection.table_gateway().update_item(
        NATIVE_KEY, "SET #t = :t", names={"#t": "text"}, values={":t": TEXT}
    ),
    "gateway, delete_item": lambda rig: rig.connection.table_gateway().delete_item(NATIVE_KEY),
    "gateway, query": lambda rig: rig.connection.table_gateway().query(
        "pk = :p", values={":p": TEXT}, last_evaluated_key=NATIVE_KEY
    ),
    "gateway, iter_query": lambda rig: _drain(
        rig.connection.table_gateway().iter_query("pk = :p", values={":p": TEXT})
    ),
    "gateway, scan": lambda rig: rig.connection.table_gateway().scan(
        filter_expression="#t = :t", names={"#t": "text"}, values={":t": TEXT}
    ),
    "gateway, iter_scan": lambda rig: _drain(
        rig.connection.table_gateway().iter_scan(last_evaluated_key=NATIVE_KEY)
    ),
    "gateway, batch_write_items": lambda rig: rig.connection.table_gateway().batch_write_items(
        [NATIVE_ITEM], [{"pk": TEXT, "sk": TEXT + "2"}]
    ),
    "gateway, batch_get_items": lambda rig: rig.connection.table_gateway().batch_get_items([NATIVE_KEY]),
    "explain": _explained,
}

#: What has no value to send, and meets those of the service alone.
RESOURCE_CALLS: Final[dict[str, Call]] = {
    "ping": lambda rig: rig.vaults.ping(),
    "admin, create_table": lambda rig: rig.connection.table_admin().create_table(Vault, Card, wait=False),
    "admin, explicit": lambda rig: rig.connection.table_admin().create_table(
        key_schema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        attribute_definitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        wait=False,
    ),
    "admin, table_exists": lambda rig: rig.connection.table_admin().table_exists(),
    "admin, list_tables": lambda rig: rig.connection.table_admin().list_tables(),
    "admin, ttl_attribute": lambda rig: rig.connection.table_admin().ttl_attribute(),
    "admin, enable_ttl": lambda rig: rig.connection.table_admin().enable_ttl("expires_at"),
    "admin, disable_ttl": lambda rig: rig.connection.table_admin().disable_ttl(),
    "admin, diff": lambda rig: rig.connection.table_admin().diff(Vault, Card),
    "admin, verify": lambda rig: rig.connection.table_admin().verify(Vault, Card),
}


_DEFINED: Final = table_definition([bind(Vault), bind(Card)], "app", CONFIG)
DESCRIBED: Final[Payload] = _DEFINED | {
    "TableStatus": "ACTIVE",
    "GlobalSecondaryIndexes": [
        index | {"IndexStatus": "ACTIVE"} for index in _DEFINED["GlobalSecondaryIndexes"]
    ],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}


def serve(operation: str, payload: Payload) -> Payload:
    """Answer as the service does that has one item in each table."""
    return _REPLIES[operation](payload) if operation in _REPLIES else {}


def _page(payload: Payload) -> Payload:
    page: Payload = {"Count": 1, "ScannedCount": 1}
    stored = STORED[payload["TableName"]]
    if payload.get("Select") != "COUNT":
        page["Items"] = [stored]
    if "ExclusiveStartKey" not in payload:
        names = ("pk", "sk", "topic", "name") if "IndexName" in payload else ("pk", "sk")
        page["LastEvaluatedKey"] = {name: stored[name] for name in names}
    return page


_REPLIES: Final[dict[str, Callable[[Payload], Payload]]] = {
    "GetItem": lambda payload: {"Item": STORED[payload["TableName"]]},
    "UpdateItem": lambda payload: {"Attributes": STORED[payload["TableName"]]},
    "DeleteItem": lambda payload: {"Attributes": STORED[payload["TableName"]]},
    "Query": _page,
    "Scan": _page,
    "BatchGetItem": lambda payload: {
        "Responses": {table: [STORED[table]] for table in payload["RequestItems"]},
        "UnprocessedKeys": {},
    },
    "BatchWriteItem": lambda _: {"UnprocessedItems": {}},
    "TransactGetItems": lambda payload: {
        "Responses": [{"Item": STORED["app"]} for _ in payload["TransactItems"]]
    },
    "DescribeTable": lambda _: {"Table": DESCRIBED},
    "DescribeTimeToLive": lambda _: {
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    },
    "ListTables": lambda _: {"TableNames": ["app"]},
}
