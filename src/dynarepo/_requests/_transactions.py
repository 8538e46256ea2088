"""Transactions: operations as values, one request for all of them, reasons aligned with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias, TypeVar, get_args
from uuid import uuid4

from pydantic import BaseModel

from dynarepo._expressions import Condition, Where, condition_of
from dynarepo._limits import MAX_CLIENT_TOKEN_CHARACTERS, MAX_TRANSACTION_OPERATIONS
from dynarepo._request import Request
from dynarepo._requests._batches import identity
from dynarepo._requests._items import condition_members, old_model, update_members
from dynarepo._requests._target import Target, is_items, unexpected
from dynarepo._requests._updates import Update
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import DynamoDBTransactionError, InvalidRequestError, TransactionReason

__all__ = [
    "TransactWriteItem",
    "align_reasons",
    "read_transact_get",
    "transact_get",
    "transact_write",
]

T = TypeVar("T", bound=BaseModel)

#: A target of any model: a transaction spans several.
AnyTarget: TypeAlias = Target[Any]
Kind: TypeAlias = Literal["put", "create", "update", "delete", "check"]


@dataclass(frozen=True, slots=True)
class TransactWriteItem:
    """
    One operation of a write transaction, on the model of the repository that takes it.

    Make one by `put`, `create`, `update`, `delete` or `check`.
    """

    kind: Kind
    item: BaseModel | None = field(default=None, repr=False)
    pk: object = field(default=None, repr=False)
    sk: object = field(default=None, repr=False)
    changes: Update[Any] = field(default_factory=dict, repr=False)
    where: Condition | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidRequestError(f"the kind of an operation is one of {', '.join(get_args(Kind))}")

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
    ) -> Self:
        """Change some fields of an item that exists."""
        return cls(
            "update", pk=pk, sk=sk, changes={} if changes is None else changes, where=condition_of(where)
        )

    @classmethod
    def delete(cls, pk: object, sk: object = None, *, where: Where[Any] | None = None) -> Self:
        """Delete an item, if there is one."""
        return cls("delete", pk=pk, sk=sk, where=condition_of(where))

    @classmethod
    def check(cls, pk: object, sk: object = None, *, where: Where[Any]) -> Self:
        """Demand a condition of an item that the transaction does not write."""
        return cls("check", pk=pk, sk=sk, where=condition_of(where))


def transact_write(
    operations: Sequence[tuple[AnyTarget, TransactWriteItem]], client_token: str | None = None
) -> Request:
    """
    Build a TransactWriteItems.

    Raises:
        InvalidRequestError: There are more than 100 operations, two on one item, or the token is
            not 1 to 36 characters.
    """
    _check_number(len(operations))
    if not all(isinstance(operation, TransactWriteItem) for _, operation in operations):
        raise InvalidRequestError("a transaction takes TransactWriteItem values")
    entries = [_write(target, operation) for target, operation in operations]
    _check_distinct([(target, key) for (target, _), (_, key) in zip(operations, entries, strict=True)])
    payload = {
        "TransactItems": [entry for entry, _ in entries],
        "ClientRequestToken": _token(client_token),
        "ReturnConsumedCapacity": "TOTAL",
    }
    return Request("TransactWriteItems", payload, _one_table([target for target, _ in operations]))


def transact_get(operations: Sequence[tuple[AnyTarget, WireItem]]) -> Request:
    """Build a TransactGetItems; the same limits hold as for writes."""
    _check_number(len(operations))
    _check_distinct(operations)
    payload = {
        "TransactItems": [
            {"Get": {"TableName": target.table_name, "Key": key}} for target, key in operations
        ],
        "ReturnConsumedCapacity": "TOTAL",
    }
    return Request("TransactGetItems", payload, _one_table([target for target, _ in operations]))


def read_transact_get(target: Target[T], reply: Payload, number: int) -> list[T | None]:
    """Read the models of a TransactGetItems, in their order."""
    responses = reply.get("Responses")
    if not is_items(responses) or len(responses) != number:
        raise unexpected("TransactGetItems", "has not one response for each key")
    items = [response.get("Item") for response in responses]
    return [None if item is None else target.entity.decode(item) for item in items]


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
        old_model(target.entity, old_item),
    )


def _write(target: AnyTarget, operation: TransactWriteItem) -> tuple[Payload, WireItem]:
    entity, table = target.entity, {"TableName": target.table_name}
    if operation.kind in ("put", "create"):
        stored = entity.to_store(operation.item)
        wire = entity.encode(stored)
        if operation.kind == "create":
            members = condition_members(entity, operation.where, key_exists=False)
        else:
            members = condition_members(entity, operation.where, version=entity.replaced_version(stored))
        return {"Put": {**table, "Item": wire, **members}}, entity.table.of(wire)
    key = entity.table.encode(operation.pk, operation.sk)
    if operation.kind == "update":
        members = update_members(entity, operation.pk, operation.sk, operation.changes, operation.where)
        return {"Update": {**table, "Key": key, **members}}, key
    members = condition_members(entity, operation.where)
    if operation.kind == "delete":
        return {"Delete": {**table, "Key": key, **members}}, key
    if not members:
        raise InvalidRequestError("a condition check needs where=")
    return {"ConditionCheck": {**table, "Key": key, **members}}, key


def _check_number(number: int) -> None:
    if not 1 <= number <= MAX_TRANSACTION_OPERATIONS:
        raise InvalidRequestError(
            f"a transaction has 1 to {MAX_TRANSACTION_OPERATIONS} operations, not {number}; "
            "it cannot be split without losing its meaning"
        )


def _check_distinct(keys: Sequence[tuple[AnyTarget, WireItem]]) -> None:
    seen: dict[object, int] = {}
    for number, (target, key) in enumerate(keys):
        first = seen.setdefault((target.table_name, identity(target.entity, key)), number)
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
