"""One tree of errors, drawn as it is; errors travel, and show no value."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import traceback
from typing import Any

import pytest

from dynarepo import exceptions
from dynarepo.exceptions import (
    ConditionFailedError,
    DeadlineExceededError,
    DynamoDBBatchOperationError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    InvalidItemError,
    InvalidValueError,
    RequestRefusedError,
    TableMismatchError,
    TransactionReason,
    TransientError,
    VersionConflictError,
    WrongModelError,
)

CANARY = "canary-7351"
CONTEXT: dict[str, Any] = {
    "operation": "PutItem",
    "table_name": "app",
    "pk": CANARY,
    "sk": CANARY,
    "code": "ThrottlingException",
    "request_id": "r-1",
}
ERRORS: dict[str, type[DynamoDBServiceError]] = {
    name: value
    for name, value in vars(exceptions).items()
    if isinstance(value, type) and issubclass(value, DynamoDBServiceError)
}


def drawn_tree() -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Read each error's parent and further bases from the drawing in the module's docstring."""
    found: dict[str, tuple[str | None, tuple[str, ...]]] = {}
    above: list[str] = []
    line_form = re.compile(
        r"    (?P<branch>(?:│   |    )*(?:[├└]── )?)(?P<name>\w+Error)(?: \((?P<others>.*?)\))?"
    )
    for line in (exceptions.__doc__ or "").splitlines():
        if match := line_form.match(line):
            depth = len(match["branch"]) // 4
            above[depth:] = [match["name"]]
            others = tuple(match["others"].split(", ")) if match["others"] else ()
            found[match["name"]] = (above[depth - 1] if depth else None, others)
    return found


def test_the_tree_is_drawn_as_it_is() -> None:
    def others(error: type) -> tuple[str, ...]:
        return tuple(base.__name__ for base in error.__bases__[1:])

    def parent(error: type) -> str | None:
        return None if error is DynamoDBServiceError else error.__bases__[0].__name__

    assert drawn_tree() == {name: (parent(error), others(error)) for name, error in ERRORS.items()}


def test_every_error_is_listed_and_described() -> None:
    assert set(exceptions.__all__) == {*ERRORS, "TransactionReason"}
    assert exceptions.__all__ == sorted(exceptions.__all__)
    assert all(inspect.getdoc(error) and error.__name__.endswith("Error") for error in ERRORS.values())


def test_what_the_caller_did_wrong_is_a_value_error_too() -> None:
    assert issubclass(RequestRefusedError, ValueError)
    assert issubclass(DeadlineExceededError, TimeoutError)


def test_only_what_may_work_later_says_so() -> None:
    assert {name for name, error in ERRORS.items() if error.retryable} == {
        name for name, error in ERRORS.items() if issubclass(error, TransientError)
    }


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_survives_pickling_and_copying(name: str) -> None:
    error = ERRORS[name]("it is wrong", **CONTEXT)
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(same) is type(error)
        assert vars(same) == vars(error)
        assert str(same) == str(error)
        assert repr(same) == repr(error)
        assert same.pk == CANARY


@pytest.mark.parametrize(
    "error",
    [
        InvalidValueError("is wrong", path="address.lines[2]", **CONTEXT),
        InvalidItemError("does not fit", fields=("age",), **CONTEXT),
        ConditionFailedError("does not hold", item={"name": CANARY}, **CONTEXT),
        DynamoDBTransactionError(
            "cancelled",
            reasons=(None, TransactionReason(1, "Conflict", CANARY, CANARY, CANARY)),
            retryable=True,
            operation="TransactWriteItems",
        ),
        DynamoDBBatchOperationError(
            "partly", failed_items=(CANARY,), unknown_items=(CANARY,), successful_count=3, table_name="app"
        ),
        VersionConflictError("was changed", expected=1, found=2, item={"name": CANARY}, **CONTEXT),
        WrongModelError("is no User", fields=("kind",), **CONTEXT),
        TableMismatchError("is otherwise", differences=(CANARY,), table_name="app"),
    ],
)
def test_what_hangs_on_an_error_travels_with_it_and_is_not_shown(error: DynamoDBServiceError) -> None:
    travelled = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert vars(travelled) == vars(error)
    for shown in (str(error), repr(error), str(travelled), "".join(traceback.format_exception(error))):
        assert CANARY not in shown


def test_a_message_says_where() -> None:
    error = ERRORS["ThrottledError"]("too many requests", **CONTEXT)
    assert (
        str(error)
        == "too many requests [operation=PutItem, table=app, code=ThrottlingException, request_id=r-1]"
    )
    assert repr(error) == f"ThrottledError({str(error)!r})"
    assert str(DynamoDBServiceError("alone")) == "alone"


def test_the_path_of_a_value_stands_before_the_message() -> None:
    assert str(InvalidValueError("is not finite", path="lines[2].amount")) == "lines[2].amount: is not finite"
    assert InvalidValueError("is not finite").path == ""


def test_a_reason_shows_its_place_and_code_only() -> None:
    assert (
        repr(TransactionReason(3, "Conflict", CANARY, CANARY, CANARY))
        == "TransactionReason(index=3, code='Conflict')"
    )
