"""DynamoDB's error codes and what they mean to the caller: one table for every transport."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._refusals import known_refusal
from dynarepo.exceptions import (
    AuthenticationError,
    ConditionFailedError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    IdempotencyMismatchError,
    ItemAlreadyExistsError,
    ItemCollectionTooLargeError,
    ItemTooLargeError,
    RejectedError,
    ServiceUnavailableError,
    TableAlreadyExistsError,
    TableInUseError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    TransactionReason,
    UnexpectedResponseError,
)

__all__ = ["MEANINGS", "read_error"]


class Meaning(NamedTuple):
    """The class of error for a code, our words for it, and whether the request may have been done."""

    error: type[DynamoDBServiceError]
    message: str
    may_have_acted: bool = False


_THROTTLED: Final = Meaning(ThrottledError, "the table or account takes no more requests at the moment")
_CONFLICT: Final = Meaning(TransactionConflictError, "another write was busy with the same item")
# The earlier request with this token may yet be done, so the outcome of this one is open, too.
_IN_PROGRESS: Final = Meaning(
    TransactionConflictError, "a transaction with this client token is still under way", may_have_acted=True
)
# AWS: "may have succeeded or failed", said of every 5xx answer to a write.
_FAULT: Final = Meaning(ServiceUnavailableError, "the service answered with a fault", may_have_acted=True)
_NO_TABLE: Final = Meaning(TableNotFoundError, "there is no such table or index in this account and region")
_IN_USE: Final = Meaning(TableInUseError, "the table is being created, changed or deleted")
_TABLE_EXISTS: Final = Meaning(TableAlreadyExistsError, "a table of this name exists")
_REFUSED: Final = Meaning(RejectedError, "the service refused the request")
_BAD_CREDENTIALS: Final = Meaning(
    AuthenticationError, "the credentials were not accepted: check them and the region"
)
_EXPIRED: Final = Meaning(AuthenticationError, "the credentials have expired: get new ones")
_CLOCK: Final = Meaning(
    AuthenticationError, "the signature was not accepted: check the secret key and the clock of this machine"
)
_DENIED: Final = Meaning(AuthenticationError, "these credentials lack the right for this operation")
_TRANSACTION: Final = Meaning(DynamoDBTransactionError, "the transaction was cancelled; `reasons` says why")

MEANINGS: Final[Mapping[str, Meaning]] = {
    "ConditionalCheckFailedException": Meaning(
        ConditionFailedError, "the condition of the write did not hold"
    ),
    "DuplicateItemException": Meaning(ItemAlreadyExistsError, "an item with this key exists"),
    "TransactionCanceledException": _TRANSACTION,
    "ProvisionedThroughputExceededException": _THROTTLED,
    "ProvisionedThroughputExceeded": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "Throttling": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "LimitExceededException": Meaning(
        ThrottledError, "too many control operations at once, or too many tables"
    ),
    "TransactionConflictException": _CONFLICT,
    "ReplicatedWriteConflictException": _CONFLICT,
    "TransactionInProgressException": _IN_PROGRESS,
    "InternalServerError": _FAULT,
    "InternalServerErrorException": _FAULT,
    "InternalFailure": _FAULT,
    "ServiceUnavailable": _FAULT,
    "ServiceUnavailableException": _FAULT,
    "ResourceNotFoundException": _NO_TABLE,
    "TableNotFoundException": _NO_TABLE,
    "IndexNotFoundException": _NO_TABLE,
    "ResourceInUseException": _IN_USE,
    "TableInUseException": _IN_USE,
    "TableAlreadyExistsException": _TABLE_EXISTS,
    "ItemCollectionSizeLimitExceededException": Meaning(
        ItemCollectionTooLargeError, "the items of this partition key would exceed 10 GB"
    ),
    "IdempotentParameterMismatchException": Meaning(
        IdempotencyMismatchError, "the client token was used before for another transaction"
    ),
    "UnrecognizedClientException": _BAD_CREDENTIALS,
    "InvalidClientTokenId": _BAD_CREDENTIALS,
    "InvalidAccessKeyId": _BAD_CREDENTIALS,
    "MissingAuthenticationToken": _BAD_CREDENTIALS,
    "MissingAuthenticationTokenException": _BAD_CREDENTIALS,
    "IncompleteSignature": _BAD_CREDENTIALS,
    "IncompleteSignatureException": _BAD_CREDENTIALS,
    "NotAuthorized": _DENIED,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "OptInRequired": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidSignatureException": _CLOCK,
    "SignatureDoesNotMatch": _CLOCK,
    "RequestExpired": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "ValidationException": _REFUSED,
    "SerializationException": _REFUSED,
    "UnknownOperationException": _REFUSED,
    "PolicyNotFoundException": _REFUSED,
    "BackupInUseException": _REFUSED,
    "BackupNotFoundException": _REFUSED,
    "ContinuousBackupsUnavailableException": _REFUSED,
    "ExportConflictException": _REFUSED,
    "ExportNotFoundException": _REFUSED,
    "GlobalTableAlreadyExistsException": _REFUSED,
    "GlobalTableNotFoundException": _REFUSED,
    "ImportConflictException": _REFUSED,
    "ImportNotFoundException": _REFUSED,
    "InvalidExportTimeException": _REFUSED,
    "InvalidRestoreTimeException": _REFUSED,
    "PointInTimeRecoveryUnavailableException": _REFUSED,
    "ReplicaAlreadyExistsException": _REFUSED,
    "ReplicaNotFoundException": _REFUSED,
    "ExpiredIteratorException": _REFUSED,
    "TrimmedDataAccessException": _REFUSED,
}

_TOO_LARGE: Final = Meaning(ItemTooLargeError, "the item would be larger than 400 KB")

#: Reasons of a cancelled transaction that go away by themselves.
_PASSING_REASONS: Final = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


def read_error(
    operation: str, status: int, headers: Mapping[str, str], body: Mapping[str, Any]
) -> AttemptError:
    """
    Read a reply that is not a success.

    Of the service's own message, which may repeat values of the request, ours has what is known to hold none.
    """
    code = _code(body)
    meaning = _meaning(operation, status, code, body)
    context: dict[str, Any] = {
        "operation": operation,
        "code": code,
        "request_id": headers.get("x-amzn-requestid"),
    }
    if issubclass(meaning.error, ConditionFailedError):
        context["item"] = _object(body.get("Item"))
    elif meaning is _TRANSACTION:
        context |= _reasons(body)
    message = meaning.message
    if meaning is _CLOCK:
        message += _clock_difference(headers.get("date"))
    elif code == "ValidationException" and meaning is _REFUSED:
        message += _reason_stated(_service_message(body))
    return AttemptError(meaning.error(message, **context), may_have_acted=meaning.may_have_acted)


def _code(body: Mapping[str, Any]) -> str | None:
    code = body.get("__type")
    if not isinstance(code, str):
        return None
    # "com.amazonaws.dynamodb.v20120810#ThrottlingException", at times with ":http://..." behind it.
    return code.partition(":")[0].rpartition("#")[2] or None


def _meaning(operation: str, status: int, code: str | None, body: Mapping[str, Any]) -> Meaning:
    if code is None or status < 400:
        return _meaning_of_status(status)
    if code == "ValidationException" and "Item size" in _service_message(body):
        # The service has no code of its own for this; its text is the only sign.
        return _TOO_LARGE
    if code == "ResourceInUseException" and operation == "CreateTable":
        return _TABLE_EXISTS
    return MEANINGS.get(code, _FAULT if status >= 500 else _REFUSED)


def _meaning_of_status(status: int) -> Meaning:
    if status == 429:
        return _THROTTLED
    if status >= 500:
        return _FAULT
    if 300 <= status < 400:
        return Meaning(
            UnexpectedResponseError,
            f"a redirect (status {status}) was refused: check the endpoint and proxies",
        )
    return Meaning(
        UnexpectedResponseError,
        f"the reply with status {status} is not DynamoDB's: check the endpoint and proxies",
        may_have_acted=status < 300,
    )


def _service_message(body: Mapping[str, Any]) -> str:
    return str(body.get("message") or body.get("Message") or "")


def _reason_stated(text: str) -> str:
    refusal = known_refusal(text)
    if refusal is None:
        return ""
    advice = "; compare the model's keys and indexes with the table's by TableAdmin.verify"
    return f": {refusal.said}{advice if refusal.is_of_keys else ''}"


def _reasons(body: Mapping[str, Any]) -> dict[str, Any]:
    stated = body.get("CancellationReasons")
    entries = stated if isinstance(stated, list) else []
    reasons = tuple(_reason(index, entry) for index, entry in enumerate(entries))
    causes = [reason.code for reason in reasons if reason is not None]
    return {"reasons": reasons, "retryable": bool(causes) and _PASSING_REASONS.issuperset(causes)}


def _reason(index: int, entry: Any) -> TransactionReason | None:
    code = entry.get("Code") if isinstance(entry, dict) else None
    if code is None or code == "None":
        return None
    return TransactionReason(index=index, code=str(code), old_item=_object(entry.get("Item")))


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else None


def _clock_difference(date: str | None) -> str:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return ""
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    difference = round((datetime.now(UTC) - theirs).total_seconds())
    return f" (the service's clock says {theirs.isoformat()}, this machine's differs by {difference:+d} s)"
