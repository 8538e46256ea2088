"""Arguments of ours that are wrong, in every place that takes one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from dynarepo import (
    DynamoDBConfig,
    SortKeyCondition,
    TransactWriteItem,
    add_to_set,
    append,
    attr,
    increment,
    prepend,
    remove_from_set,
    set_,
)
from dynarepo._expressions._functions import begins_with, between, contains, in_
from tests.silence.calls import KEY, NATIVE_KEY, PK, SK, Rig
from tests.silence.canaries import BLOB, NUMBER, TEXT, Part, Vault, vault

__all__ = ["BAD", "PLACES"]


class Talkative:
    """Shows a value of ours wherever its text is made."""

    def __repr__(self) -> str:
        return TEXT

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return TEXT


def _deep() -> object:
    deep: object = TEXT
    for _ in range(40):
        deep = {TEXT: [deep]}
    return deep


def _endless() -> object:
    endless: list[object] = [TEXT]
    endless.append(endless)
    return endless


NAIVE: Final = datetime.fromtimestamp(NUMBER // 1000)  # noqa: DTZ006 - without a time zone it is refused

#: Values that fit in few places or none.
BAD: Final[list[Any]] = [
    TEXT, NUMBER, -NUMBER, BLOB, Talkative(), Talkative, [TEXT], (TEXT, TEXT, TEXT), {TEXT: TEXT}, {TEXT},
    {NUMBER}, {TEXT, NUMBER}, {TEXT, BLOB, None}, [], {}, set(), "", b"", None, True, float("nan"),
    float("inf"), Decimal("7351735173517351e200"),
    Decimal("735173517351." + "7351" * 20), NUMBER**20, TEXT + "\ud800",
    {TEXT: "\ud800"}, {TEXT: Talkative()}, {NUMBER: TEXT}, {(TEXT, 1): TEXT}, [Talkative()],
    [[TEXT, Talkative()]], {"text": NUMBER}, {"owner": TEXT + "#", "name": NUMBER}, {"number": TEXT},
    {"owner": NUMBER}, Part(), vault(), NAIVE, TEXT * 500, _deep(), _endless(),
    memoryview(BLOB), iter([TEXT]), lambda u: u.text == NUMBER, lambda _: TEXT, lambda u: u.missing == TEXT,
    {"tags": {NUMBER}}, {"part": {"text": ""}}, {"parts": [{"number": TEXT}]}, {"prefs": {TEXT: NUMBER}},
    attr("text").eq(TEXT), SortKeyCondition.eq(TEXT), TransactWriteItem.put(vault()),
]  # fmt: skip


def _of_fields() -> Iterator[tuple[str, Any]]:
    """Give what takes a value of a field, for each field."""
    for name in Vault.model_fields:
        yield f"save {name}", lambda rig, bad, n=name: rig.vaults.save(_constructed(n, bad))
        yield f"update {name}", lambda rig, bad, n=name: rig.vaults.update(PK, SK, {n: bad})
        yield f"where {name}", lambda rig, bad, n=name: rig.vaults.query_by_pk(PK, where=attr(n).eq(bad))
        yield f"set {name}", lambda rig, bad, n=name: _acted(rig, lambda u: set_(getattr(u, n)).to(bad))


def _constructed(name: str, bad: object) -> Vault:
    return Vault.model_construct(**dict(vault()) | {name: bad})


def _acted(rig: Rig, action: Any) -> Any:
    return rig.vaults.update(PK, SK, lambda u: [action(u)])


def _scanned(rig: Rig, where: Any) -> Any:
    return rig.vaults.scan(where=where)


def _named(bad: object) -> object:
    """Give attributes names that are none of our values: of attributes, messages have the names."""
    return {f"a{number}": each for number, each in enumerate(bad.values())} if isinstance(bad, dict) else bad


async def _sync(_: object) -> None:
    """Stand for a call that is over when it returns."""


async def _transaction(rig: Rig, bad: Any) -> None:
    async with rig.connection.transaction(client_token=bad) as transaction:
        transaction.put(rig.plains, bad)


async def _batch(rig: Rig, bad: Any) -> None:
    async with rig.plains.batch() as batch:
        await batch.delete(bad, bad)


_OTHERS: Final[dict[str, Any]] = {
    "get_one": lambda rig, bad: rig.vaults.get_one(bad, bad),
    "get_one, sk": lambda rig, bad: rig.vaults.get_one(PK, bad),
    "get_one, plain": lambda rig, bad: rig.plains.get_one(bad, bad),
    "get_one, view": lambda rig, bad: rig.vaults.get_one(*KEY, view=bad),
    "query, pk": lambda rig, bad: rig.vaults.query_by_pk(bad),
    "query, sk": lambda rig, bad: rig.vaults.query_by_pk_and_sk(PK, SortKeyCondition.ge(bad)),
    "query, between": lambda rig, bad: rig.plains.query_by_pk_and_sk(
        TEXT, SortKeyCondition.between(bad, TEXT)
    ),
    "query, condition": lambda rig, bad: rig.vaults.query_by_pk_and_sk(PK, bad),
    "query, operator": lambda rig, bad: _sync(SortKeyCondition(operator=bad, value=TEXT, upper=TEXT)),
    "query, index": lambda rig, bad: rig.vaults.query_by_pk(bad, index="by_topic"),
    "query, cursor": lambda rig, bad: rig.vaults.query_by_pk(PK, cursor=bad),
    "query, encrypted": lambda rig, bad: rig.vaults.with_options(encrypt_cursors=True).scan(cursor=bad),
    "query, last key": lambda rig, bad: rig.vaults.query_by_pk(PK, last_evaluated_key=bad),
    "query, last keys": lambda rig, bad: rig.vaults.query_by_pk(
        PK, last_evaluated_key={"pk": bad, "sk": TEXT}
    ),
    "query, limit": lambda rig, bad: rig.vaults.query_by_pk(PK, limit=bad),
    "query, page size": lambda rig, bad: rig.vaults.query_by_pk(PK, page_size=bad),
    "iter_scan, segments": lambda rig, bad: _sync(rig.vaults.iter_scan(segments=bad)),
    "iter_scan, segment": lambda rig, bad: _sync(rig.vaults.iter_scan(segment=(bad, bad))),
    "iter_scan, cursor": lambda rig, bad: _sync(rig.vaults.iter_scan(segments=3, cursor=bad)),
    "where": lambda rig, bad: rig.vaults.delete(*KEY, where=bad),
    "where, type": lambda rig, bad: _scanned(rig, attr("text").is_type(bad)),
    "where, lt": lambda rig, bad: _scanned(rig, attr("amount").lt(bad)),
    "where, between": lambda rig, bad: _scanned(rig, lambda u: between(u.text, bad, TEXT)),
    "where, in": lambda rig, bad: _scanned(rig, attr("number").in_(bad, NUMBER)),
    "where, in list": lambda rig, bad: _scanned(rig, lambda u: in_(u.number, bad)),
    "where, begins": lambda rig, bad: _scanned(rig, lambda u: begins_with(u.amount, bad)),
    "where, contains": lambda rig, bad: _scanned(rig, lambda u: contains(u.words, bad)),
    "where, size": lambda rig, bad: _scanned(rig, attr("words").size().ge(bad)),
    "where, entry": lambda rig, bad: _scanned(rig, lambda u: u.prefs["entry"] == bad),
    "where, loose": lambda rig, bad: _scanned(rig, attr("loose.entry").eq(bad)),
    "where, truth": lambda rig, bad: _scanned(rig, lambda u: (u.text == bad) and (u.text == TEXT)),
    "update": lambda rig, bad: rig.vaults.update(PK, SK, [bad] if isinstance(bad, dict) else bad),
    "update, key": lambda rig, bad: rig.vaults.update(bad, bad, {"text": TEXT}),
    "update, version": lambda rig, bad: rig.vaults.update(PK, SK, {"text": TEXT}, version=bad),
    "update, nested": lambda rig, bad: _acted(rig, lambda u: set_(u.part.text).to(bad)),
    "update, element": lambda rig, bad: _acted(rig, lambda u: set_(u.parts[0].number).to(bad)),
    "update, entry": lambda rig, bad: _acted(rig, lambda u: set_(u.prefs["entry"]).to(bad)),
    "update, increment": lambda rig, bad: _acted(rig, lambda u: increment(u.number, bad)),
    "update, append": lambda rig, bad: _acted(rig, lambda u: append(u.numbers, bad)),
    "update, appended": lambda rig, bad: _acted(rig, lambda u: append(u.parts, [bad])),
    "update, prepend": lambda rig, bad: _acted(rig, lambda u: prepend(u.words, [bad])),
    "update, add": lambda rig, bad: _acted(rig, lambda u: add_to_set(u.tags, bad)),
    "update, take": lambda rig, bad: _acted(rig, lambda u: remove_from_set(u.tags, bad)),
    "save": lambda rig, bad: rig.vaults.save(bad),
    "upsert": lambda rig, bad: rig.vaults.upsert(bad),
    "mutate": lambda rig, bad: rig.vaults.mutate(*KEY, change=lambda _: bad),
    "batch_get": lambda rig, bad: rig.vaults.batch_get([bad]),
    "load": lambda rig, bad: rig.vaults.load(bad),
    "batch_write": lambda rig, bad: rig.plains.batch_write([bad]),
    "batch_delete": lambda rig, bad: rig.plains.batch_delete([(bad, bad)]),
    "batch": _batch,
    "transact_get": lambda rig, bad: rig.vaults.transact_get([bad]),
    "transact_write": lambda rig, bad: rig.vaults.transact_write([bad]),
    "transaction": _transaction,
    "explain": lambda rig, bad: rig.vaults.explain(bad),
    "gateway, item": lambda rig, bad: rig.connection.table_gateway().put_item(_named(bad)),
    "gateway, attribute": lambda rig, bad: rig.connection.table_gateway().put_item({"pk": bad}),
    "gateway, key": lambda rig, bad: rig.connection.table_gateway().get_item({"pk": bad}),
    "gateway, value": lambda rig, bad: rig.connection.table_gateway().query("pk = :p", values={":p": bad}),
    "gateway, values": lambda rig, bad: rig.connection.table_gateway().query("pk = :p", values=bad),
    "gateway, condition": lambda rig, bad: rig.connection.table_gateway().delete_item(
        NATIVE_KEY, condition_expression=bad
    ),
    "gateway, last key": lambda rig, bad: rig.connection.table_gateway().scan(last_evaluated_key=_named(bad)),
    "gateway, puts": lambda rig, bad: rig.connection.table_gateway().batch_write_items([_named(bad)]),
    "gateway, keys": lambda rig, bad: rig.connection.table_gateway().batch_get_items([{"pk": bad}]),
    **{
        f"config, {name}": lambda rig, bad, n=name: _sync(DynamoDBConfig.model_validate({n: bad}))
        for name in DynamoDBConfig.model_fields
    },
    "config, keys": lambda rig, bad: _sync(DynamoDBConfig.model_validate({"cursor_keys": [bad]})),
    "with_options": lambda rig, bad: _sync(rig.vaults.with_options(deadline=bad)),
    "admin": lambda rig, bad: rig.connection.table_admin().create_table(key_schema=bad),
    "admin, definitions": lambda rig, bad: rig.connection.table_admin().create_table(
        key_schema=[{"AttributeName": "pk", "KeyType": bad}], attribute_definitions=[bad]
    ),
}

#: By name, what is called with something that may be wrong.
PLACES: Final[dict[str, Any]] = {**dict(_of_fields()), **_OTHERS}
