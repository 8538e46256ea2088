"""A write of one item as a transaction of one: the service does it once, however often it is sent."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from msgspec.structs import replace

from dynarepo._limits import MAX_CLIENT_TOKEN_SECONDS
from dynarepo._request import Repeat, Request
from dynarepo._requests._target import Target
from dynarepo._requests._transactions import align_reasons
from dynarepo.exceptions import ConditionFailedError, DynamoDBTransactionError

__all__ = ["condition_of_one", "once"]

_ACTIONS: Final = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
_NOT_IN_TRANSACTIONS: Final = frozenset({"ReturnConsumedCapacity", "ReturnValues"})


def once(request: Request) -> Request:
    """Build the transaction that does what a PutItem, UpdateItem or DeleteItem does, and returns nothing."""
    members = {name: value for name, value in request.payload.items() if name not in _NOT_IN_TRANSACTIONS}
    payload = {
        "TransactItems": [{_ACTIONS[request.operation]: members}],
        "ClientRequestToken": str(uuid4()),
        "ReturnConsumedCapacity": "TOTAL",
    }
    repeat = Repeat(is_safe=True, seconds=MAX_CLIENT_TOKEN_SECONDS)
    return replace(request, operation="TransactWriteItems", payload=payload, repeat=repeat)


def condition_of_one(target: Target[Any], error: DynamoDBTransactionError) -> ConditionFailedError:
    """Give the failed condition that cancelled a transaction of one; raise any other cause."""
    reason = next(iter(error.reasons), None)
    if reason is None or reason.code != "ConditionalCheckFailed":
        raise align_reasons([(target, None)], error)
    return ConditionFailedError(
        "the condition does not hold",
        item=reason.old_item,
        operation=error.operation,
        table_name=error.table_name,
        pk=error.pk,
        sk=error.sk,
        code=error.code,
        request_id=error.request_id,
    )
