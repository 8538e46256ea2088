"""
Every error that dynarepo raises, as one tree, grouped by what the caller can do next.

    DynamoDBServiceError
    ├── RequestRefusedError (ValueError)      mend the call: nothing was sent
    │   ├── ConfigurationError                the configuration, or how the library is used
    │   │   └── ConnectionClosedError         not opened yet, already closed, or another event loop
    │   ├── SchemaError                       the model's declaration
    │   ├── InvalidKeyError                   a key value: missing, wrong type, empty, too long
    │   ├── InvalidValueError                 a field's value cannot be stored; `path` names it
    │   ├── InvalidRequestError               an argument: limit, index, unknown field, too many operations
    │   ├── InvalidCursorError                a cursor that was not made for this request
    │   └── ExpressionTooLongError            an expression beyond the service's limits
    ├── ConditionFailedError                  look at the item again: it is not as assumed; `item` has it
    │   ├── ItemAlreadyExistsError
    │   ├── ItemNotFoundError
    │   └── VersionConflictError              somebody else wrote first; `expected` and `found`
    ├── DynamoDBTransactionError              look at `reasons`: one for each operation, nothing was done
    ├── DynamoDBBatchOperationError           look at `failed_items` and `unknown_items`, send those again
    ├── TransientError                        try again later: no effect, the library tried in vain
    │   ├── ThrottledError                    too many requests for the table, key range or account
    │   │   └── CapacityLimitError            the limit of your own, `capacity`; not sent, or not again
    │   ├── TransactionConflictError          another transaction held the item
    │   ├── ServiceUnavailableError           the service answered with a fault of its own
    │   ├── ConnectionFailedError             no connection to the endpoint
    │   └── DeadlineExceededError (TimeoutError)
    ├── WriteOutcomeUnknownError              read before you repeat: the write may have been done
    ├── RejectedError                         the service refused: mend the request, the table or the rights
    │   ├── TableNotFoundError
    │   ├── TableAlreadyExistsError
    │   ├── TableInUseError
    │   ├── ItemTooLargeError
    │   ├── ItemCollectionTooLargeError
    │   ├── IdempotencyMismatchError
    │   └── AuthenticationError
    ├── InvalidItemError                      a stored item does not fit the model
    │   └── WrongModelError                   the discriminator says that it is another model's
    ├── TableMismatchError                    mend the table or the models: `differences` says in what
    └── UnexpectedResponseError               the reply was not DynamoDB's: look at proxy and endpoint

Messages name tables, operations and fields, and never hold a value of an item, a key or a credential.
Values hang on attributes such as `pk` and `item`, which `str` and `repr` leave out. Pickles and copies leave
them out, too: there they are `None`, and one `None` for each in a tuple. `dynarepo.streams` has some more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "AuthenticationError",
    "CapacityLimitError",
    "ConditionFailedError",
    "ConfigurationError",
    "ConnectionClosedError",
    "ConnectionFailedError",
    "DeadlineExceededError",
    "DynamoDBBatchOperationError",
    "DynamoDBServiceError",
    "DynamoDBTransactionError",
    "ExpressionTooLongError",
    "IdempotencyMismatchError",
    "InvalidCursorError",
    "InvalidItemError",
    "InvalidKeyError",
    "InvalidRequestError",
    "InvalidValueError",
    "ItemAlreadyExistsError",
    "ItemCollectionTooLargeError",
    "ItemNotFoundError",
    "ItemTooLargeError",
    "RejectedError",
    "RequestRefusedError",
    "SchemaError",
    "ServiceUnavailableError",
    "TableAlreadyExistsError",
    "TableInUseError",
    "TableMismatchError",
    "TableNotFoundError",
    "ThrottledError",
    "TransactionConflictError",
    "TransactionReason",
    "TransientError",
    "UnexpectedResponseError",
    "VersionConflictError",
    "WriteOutcomeUnknownError",
    "WrongModelError",
]

_VALUES: Final = frozenset({"pk", "sk", "item", "reasons", "failed_items", "unknown_items"})


class DynamoDBServiceError(Exception):
    """
    The base of everything that dynarepo raises on purpose.

    Args:
        message: What is wrong, where, and what to do; never a value of an item.
        operation: DynamoDB's name of the operation, such as `PutItem`.
        table_name: The table it went to.
        pk: The partition key value of the one item it was about, as the caller gave it.
        sk: The sort key value, likewise.
        code: The service's error code, such as `ThrottlingException`.
        request_id: The service's id of the request, for a support case.
    """

    #: Whether the same call may succeed later without a change.
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        table_name: str | None = None,
        pk: object = None,
        sk: object = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.table_name = table_name
        self.pk = pk
        self.sk = sk
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        places = {"operation": self.operation, "table": self.table_name, "code": self.code}
        places["request_id"] = self.request_id
        where = [f"{name}={place}" for name, place in places.items() if place is not None]
        return f"{self.message} [{', '.join(where)}]" if where else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: _bare(held) if name in _VALUES else held for name, held in vars(self).items()}
        return type(self), (self.message,), state


class RequestRefusedError(DynamoDBServiceError, ValueError):
    """The call itself is wrong; it was refused before anything was sent."""


class ConfigurationError(RequestRefusedError):
    """The configuration is incomplete, or the library is used in a way it cannot work."""


class ConnectionClosedError(ConfigurationError):
    """The connection is not open: never opened, already closed, or opened on another event loop."""


class SchemaError(RequestRefusedError):
    """A model's declaration of its table, keys or indexes is wrong."""


class InvalidKeyError(RequestRefusedError):
    """A key value is missing, of the wrong type, empty, or too long in bytes."""


class InvalidValueError(RequestRefusedError):
    """
    A value cannot be stored so that it would come back the same.

    Args:
        message: What is wrong with the value, without the value.
        path: Where it stands in the model, such as `address.lines[2]`.
    """

    def __init__(self, message: str, *, path: str = "", **context: Any) -> None:
        super().__init__(f"{path}: {message}" if path else message, **context)
        self.path = path


class InvalidRequestError(RequestRefusedError):
    """An argument is out of range, unknown to the model, or does not go with the others."""


class InvalidCursorError(RequestRefusedError):
    """A cursor is damaged, was signed with another key, or belongs to another request."""


class ExpressionTooLongError(RequestRefusedError):
    """An expression is beyond DynamoDB's limit of 4,096 bytes or 300 operators."""


class ConditionFailedError(DynamoDBServiceError):
    """The condition of a write did not hold; nothing was changed. `item` is the model as stored, if any."""

    def __init__(self, message: str, *, item: Any = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.item = item


class ItemAlreadyExistsError(ConditionFailedError):
    """`create` found an item with this key; it was left as it is."""


class ItemNotFoundError(ConditionFailedError):
    """`update` found no item with this key; none was made."""


class VersionConflictError(ConditionFailedError):
    """
    The stored item has another version than the one that was to be replaced; it was left as it is.

    Args:
        message: What is wrong.
        expected: The version that the caller had.
        found: The version that is stored, `None` if there is no item, or it could not be read.
    """

    def __init__(
        self, message: str, *, expected: int | None = None, found: int | None = None, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class TransactionReason:
    """
    Why one operation of a cancelled transaction was refused.

    Attributes:
        index: The operation's place in the transaction, from 0.
        code: DynamoDB's code, such as `ConditionalCheckFailed` or `TransactionConflict`.
        operation: The operation as it was given.
        item: The model object that was to be written, where there was one.
        old_item: The model that is stored, where the service returned it.
    """

    index: int
    code: str
    operation: object = field(default=None, repr=False)
    item: object = field(default=None, repr=False)
    old_item: object = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return TransactionReason, (self.index, self.code)


def _bare(held: object) -> object:
    if isinstance(held, TransactionReason):
        return TransactionReason(held.index, held.code)
    return tuple(map(_bare, held)) if isinstance(held, tuple) else None


class DynamoDBTransactionError(DynamoDBServiceError):
    """
    A transaction was cancelled and nothing of it was done.

    `reasons` has one entry for each operation, in their order; `None` stands for an operation
    that was not the cause. `retryable` is set when only conflicts and throttling were.
    """

    def __init__(
        self,
        message: str,
        *,
        reasons: tuple[TransactionReason | None, ...] = (),
        retryable: bool = False,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.reasons = reasons
        self.retryable = retryable


class DynamoDBBatchOperationError(DynamoDBServiceError):
    """
    A batch ended before all of it was done.

    Each item of the batch is exactly one of: written (`successful_count` of them), not written
    (`failed_items`), or unknown because the reply was lost (`unknown_items`). A delete is listed
    by its key.
    """

    def __init__(
        self,
        message: str,
        *,
        failed_items: tuple[Any, ...] = (),
        unknown_items: tuple[Any, ...] = (),
        successful_count: int = 0,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.failed_items = failed_items
        self.unknown_items = unknown_items
        self.successful_count = successful_count


class TransientError(DynamoDBServiceError):
    """It did not work now, had no effect, and may work later."""

    retryable = True


class ThrottledError(TransientError):
    """The table, key range or account takes no more requests at the moment."""


class CapacityLimitError(ThrottledError):
    """The limit of `capacity` lets the request through after its deadline only: not sent, or not again."""


class TransactionConflictError(TransientError):
    """Another transaction or write was busy with the same item."""


class ServiceUnavailableError(TransientError):
    """The service answered with a fault of its own (500 or 503)."""


class ConnectionFailedError(TransientError):
    """The endpoint could not be reached, or a read's reply was lost on the way."""


class DeadlineExceededError(TransientError, TimeoutError):
    """The deadline of the call ran out; it surely had no effect."""


class WriteOutcomeUnknownError(DynamoDBServiceError):
    """The reply to a write was lost: it was done or not done. Read the item before you repeat it."""


class RejectedError(DynamoDBServiceError):
    """The service refused the request, for the reason in the message, or by `code`. Nothing was changed."""


class TableNotFoundError(RejectedError):
    """There is no such table or index in this account and region."""


class TableAlreadyExistsError(RejectedError):
    """A table of this name exists."""


class TableInUseError(RejectedError):
    """The table is being created, changed or deleted."""


class ItemTooLargeError(RejectedError):
    """The item would be larger than 400 KB."""


class ItemCollectionTooLargeError(RejectedError):
    """The items of one partition key would exceed 10 GB in a table with local indexes."""


class IdempotencyMismatchError(RejectedError):
    """A client token was used again for another transaction."""


class AuthenticationError(RejectedError):
    """Credentials are missing, wrong, expired, or lack the right for this operation."""


class InvalidItemError(DynamoDBServiceError):
    """
    A stored item does not fit the model.

    Args:
        message: What does not fit, without the value.
        fields: The paths of the fields that do not fit.
    """

    def __init__(self, message: str, *, fields: tuple[str, ...] = (), **context: Any) -> None:
        super().__init__(message, **context)
        self.fields = fields


class WrongModelError(InvalidItemError):
    """A stored item has the discriminator of another model, or none."""


class TableMismatchError(DynamoDBServiceError):
    """
    A table is not as the models declare it.

    Args:
        message: What is different, one thing after the other.
        differences: The same as `TableDifference` values.
    """

    def __init__(self, message: str, *, differences: tuple[Any, ...] = (), **context: Any) -> None:
        super().__init__(message, **context)
        self.differences = differences


class UnexpectedResponseError(DynamoDBServiceError):
    """The reply cannot have come from DynamoDB, or lacks what it must have."""
