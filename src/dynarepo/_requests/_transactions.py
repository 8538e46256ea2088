"""Transactions: operations as values, one request for all of them, reasons aligned with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar, get_args
from uuid import uuid4

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec import Entity, Identity
from dynarepo._expressions import Condition, Where, condition_of
from dynarepo._item_text import ItemText
from dynarepo._json import dumps
from dynarepo._limits import MAX_CLIENT_TOKEN_CHARACTERS, MAX_CLIENT_TOKEN_SECONDS, MAX_TRANSACTION_OPERATIONS
from dynarepo._record import Record
from dynarepo._request import Repeat, Request
from dynarepo._requests._failures import old_model
from dynarepo._requests._guard import Guard
from dynarepo._requests._items import condition_members, projection_members, update_members
from dynarepo._requests._reading import Reading
from dynarepo._requests._repeats import new_write_id
from dynarepo._requests._target import Target, is_items, is_objects, unexpected
from dynarepo._requests._updates import Update, changes_given
from dynarepo._wire import Payload, ReadPayload, WireItem
from dynarepo.exceptions import (
    DynamoDBTransactionError,
    InvalidRequestError,
    TransactionReason,
)

__all__ = [
    "TransactWriteItem",
    "align_reasons",
    "read_transact_get",
    "transact_get",
    "transact_write",
]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

#: A target of any model: a transaction spans several.
AnyTarget: TypeAlias = Target[Any]
#: The item that an operation is on: its table and identity.
Place: TypeAlias = tuple[str, Identity]
Kind: TypeAlias = Literal["put", "create", "update", "delete", "check"]

_KINDS: Final = get_args(Kind)


class TransactWriteItem(Record, frozen=True):
    """
    One operation of a write transaction, on the model of the repository that takes it.

    Make one by `put`, `create`, `update`, `delete` or `check`.
    """

    shown = ("kind", "version")

    kind: Kind
    item: BaseModel | None = None
    pk: object = None
    sk: object = None
    changes: Update[Any] = field(default_factory=dict)
    where: Condition | None = None
    version: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InvalidRequestError(f"the kind of an operation is one of {', '.join(_KINDS)}")

    @classmethod
    def put(cls, item: BaseModel, *, where: Where[Any] | None = None) -> Self:
        """Create or replace an item."""
        return cls("put", item=item, where=condition_of(where))

    @classmethod
    def create(cls, item: BaseModel, *, where: Where[Any] | None = None) -> Self:
        """Create an item that must not exist."""
        return cls("create", item=item, where=condition_of(where))

    @classmethod
    def update(
        cls,
        pk: object,
        sk: object = None,
        changes: Update[Any] | None = None,
        *,
        where: Where[Any] | None = None,
        version: int | None = None,
    ) -> Self:
        """Change some fields of an item that exists, and has a version if one is given."""
        return cls("update", None, pk, sk, changes_given(sk, changes), condition_of(where), version)

    @classmethod
    def delete(
        cls, pk: object, sk: object = None, *, where: Where[Any] | None = None, version: int | None = None
    ) -> Self:
        """Delete an item, if there is one, and of a version if one is given."""
        return cls("delete", pk=pk, sk=sk, where=condition_of(where), version=version)

    @classmethod
    def check(cls, pk: object, sk: object = None, *, where: Where[Any]) -> Self:
        """Demand a condition of an item that the transaction does not write."""
        return cls("check", pk=pk, sk=sk, where=condition_of(where))


def transact_write(
    operations: Sequence[tuple[AnyTarget, TransactWriteItem]], client_token: str | None = None
) -> tuple[Request, list[BaseModel | None]]:
    """
    Build a TransactWriteItems.

    Returns:
        The request, and for each operation the model as it will be stored; `None` where none is put.

    Raises:
        InvalidRequestError: There are more than 100 operations, two on one item, or the token is
            not 1 to 36 characters.
    """
    _check_number(len(operations))
    if not all(isinstance(operation, TransactWriteItem) for _, operation in operations):
        raise InvalidRequestError("a transaction takes TransactWriteItem values")
    entries = [_write(target, operation) for target, operation in operations]
    _check_distinct([entry.place for entry in entries])
    payload = {
        "TransactItems": [entry.text for entry in entries],
        "ClientRequestToken": _token(client_token),
        "ReturnConsumedCapacity": "TOTAL",
    }
    # The service does a transaction with the same token once.
    repeat = Repeat(is_safe=True, seconds=MAX_CLIENT_TOKEN_SECONDS)
    table_name = _one_table([target for target, _ in operations])
    request = Request("TransactWriteItems", payload, table_name, repeat=repeat)
    return request, [entry.stored for entry in entries]


def transact_get(target: Target[T], reading: Reading[R], keys: Sequence[WireItem]) -> Request:
    """Build a TransactGetItems; the same limits hold as for writes."""
    _check_number(len(keys))
    identity = target.source.table.identity
    _check_distinct([(target.table_name, identity(key)) for key in keys])
    members = {"TableName": target.table_name, **projection_members(target, reading)}
    payload = {
        "TransactItems": [{"Get": {**members, "Key": key}} for key in keys],
        "ReturnConsumedCapacity": "TOTAL",
    }
    return Request("TransactGetItems", ReadPayload(payload), target.table_name)


def read_transact_get(reading: Reading[R], reply: Payload, number: int) -> list[R | None]:
    """Read the models of a TransactGetItems, in their order."""
    responses = reply.get("Responses")
    if not is_objects(responses) or len(responses) != number:
        raise unexpected("TransactGetItems", "has not one response for each key")
    items = [response.get("Item") for response in responses]
    if not is_items([item for item in items if item is not None]):
        raise unexpected("TransactGetItems", "has an Item that is no object")
    return [None if item is None else reading.found(item) for item in items]


def align_reasons(
    operations: Sequence[tuple[AnyTarget, TransactWriteItem | None]], error: DynamoDBTransactionError
) -> DynamoDBTransactionError:
    """Hang the operations, their models and the stored models on the reasons of a cancelled transaction."""
    reasons = tuple(
        reason and _aligned(target, operation, reason)
        for (target, operation), reason in zip(operations, error.reasons, strict=False)
    )
    causes = ", ".join(f"operation {reason.index} {reason.code}" for reason in reasons if reason)
    return DynamoDBTransactionError(
        f"the transaction was cancelled and nothing of it was done: {causes or 'no reason given'}",
        reasons=reasons,
        retryable=error.retryable,
        operation=error.operation,
        table_name=error.table_name,
        code=error.code,
        request_id=error.request_id,
    )


def _aligned(
    target: AnyTarget, operation: TransactWriteItem | None, reason: TransactionReason
) -> TransactionReason:
    old_item = reason.old_item if isinstance(reason.old_item, dict) else None
    return TransactionReason(
        reason.index,
        reason.code,
        operation,
        operation.item if operation else None,
        old_model(target.source, old_item),
    )


class _Entry(Record, frozen=True):
    """One operation as it travels, and the item that it is on; `stored` is the model that it puts."""

    text: ItemText
    place: Place
    stored: BaseModel | None = None

    @classmethod
    def of(cls, payload: Payload, place: Place, stored: BaseModel | None = None) -> Self:
        """Write the text of an operation."""
        return cls(ItemText(dumps(payload)), place, stored)


def _write(target: AnyTarget, operation: TransactWriteItem) -> _Entry:
    if operation.kind in ("put", "create"):
        return _put(target, operation)
    entity, where, table = target.entity, operation.where, {"TableName": target.table_name}
    key = entity.table.encode(operation.pk, operation.sk)
    place = target.table_name, entity.table.identity(key)
    if operation.kind == "update":
        guard = Guard(exists=True, version=operation.version)
        write_id = new_write_id(entity)
        members, _ = update_members(
            entity, operation.pk, operation.sk, operation.changes, where, guard, write_id
        )
        return _Entry.of({"Update": {**table, "Key": key, **members}}, place)
    members = _condition(entity, where, version=operation.version)
    if operation.kind == "delete":
        return _Entry.of({"Delete": {**table, "Key": key, **members}}, place)
    if where is None:
        raise InvalidRequestError("a condition check needs where=")
    return _Entry.of({"ConditionCheck": {**table, "Key": key, **members}}, place)


def _put(target: AnyTarget, operation: TransactWriteItem) -> _Entry:
    entity = target.entity
    stored = entity.to_store(operation.item)
    wire = entity.encode(stored)
    wire.update(new_write_id(entity))
    if operation.kind == "create":
        members = _condition(entity, operation.where, exists=False)
    else:
        members = _condition(entity, operation.where, version=entity.replaced_version(stored))
    payload = {"Put": {"TableName": target.table_name, "Item": wire, **members}}
    return _Entry.of(payload, (target.table_name, entity.table.identity(wire)), stored)


def _condition(
    entity: Entity[Any], where: Condition | None, *, exists: bool | None = None, version: int | None = None
) -> Payload:
    """Write a condition; most puts and deletes have none, and need no writer of expressions."""
    if where is None and exists is None and version is None and entity.discriminator is None:
        return {}
    return condition_members(entity, where, Guard(exists=exists, version=version))


def _check_number(number: int) -> None:
    if not 1 <= number <= MAX_TRANSACTION_OPERATIONS:
        raise InvalidRequestError(
            f"a transaction has 1 to {MAX_TRANSACTION_OPERATIONS} operations, not {number}"
            + ("; it cannot be split without losing its meaning" if number else "")
        )


def _check_distinct(places: Sequence[Place]) -> None:
    seen: dict[Place, int] = {}
    for number, place in enumerate(places):
        first = seen.setdefault(place, number)
        if first != number:
            raise InvalidRequestError(
                f"operations {first} and {number} of the transaction are on one item; DynamoDB takes one each"
            )


def _token(token: str | None) -> str:
    if token is None:
        return str(uuid4())
    if not isinstance(token, str) or not 1 <= len(token) <= MAX_CLIENT_TOKEN_CHARACTERS:
        raise InvalidRequestError(f"a client token has 1 to {MAX_CLIENT_TOKEN_CHARACTERS} characters")
    return token


def _one_table(targets: Sequence[AnyTarget]) -> str | None:
    names = {target.table_name for target in targets}
    return names.pop() if len(names) == 1 else None
