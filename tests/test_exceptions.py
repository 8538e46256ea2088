"""One tree of errors, drawn as it is; errors travel, and show no value."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import traceback
from collections.abc import Callable
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


def travelled(thing: Any, protocol: int = pickle.HIGHEST_PROTOCOL) -> Any:
    return pickle.loads(pickle.dumps(thing, protocol))  # noqa: S301


#: Every way in which an error, or a reason, goes on as another object.
WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": travelled,
    "old pickle": lambda thing: travelled(thing, 0),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_survives_pickling_and_copying(name: str, way: str) -> None:
    error = ERRORS[name]("it is wrong", **CONTEXT)
    error.message += " (after 2 attempts)"
    error.add_note("a caller's note")
    same = WAYS[way](error)
    assert type(same) is type(error)
    assert vars(same) == vars(error) | {"pk": None, "sk": None}
    assert str(same) == str(error)
    assert repr(same) == repr(error)


REASON = TransactionReason(1, "Conflict", CANARY, CANARY, CANARY)

#: Each error that has more than the base, and what is left of that where it travels.
FULL: list[tuple[DynamoDBServiceError, dict[str, Any]]] = [
    (InvalidValueError("is wrong", path="address.lines[2]", **CONTEXT), {}),
    (InvalidItemError("does not fit", fields=("age",), **CONTEXT), {}),
    (WrongModelError("is no User", fields=("kind",), **CONTEXT), {}),
    (ConditionFailedError("does not hold", item={"name": CANARY}, **CONTEXT), {"item": None}),
    (
        VersionConflictError("was changed", expected=1, found=2, item={"name": CANARY}, **CONTEXT),
        {"item": None},
    ),
    (
        DynamoDBTransactionError("cancelled", reasons=(None, REASON), retryable=True, **CONTEXT),
        {"reasons": (None, TransactionReason(1, "Conflict"))},
    ),
    (
        DynamoDBBatchOperationError(
            "partly", failed_items=(CANARY, CANARY), unknown_items=(CANARY,), successful_count=3, **CONTEXT
        ),
        {"failed_items": (None, None), "unknown_items": (None,)},
    ),
    (TableMismatchError("is otherwise", differences=("index by_status",), **CONTEXT), {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("error", "left"), FULL, ids=[type(error).__name__ for error, _ in FULL])
def test_codes_counts_and_versions_travel_and_values_stay(
    error: DynamoDBServiceError, left: dict[str, Any], way: str
) -> None:
    same = WAYS[way](error)
    assert vars(same) == vars(error) | {"pk": None, "sk": None} | left
    assert CANARY not in str(vars(same))
    assert CANARY in str(vars(error))


def test_every_error_with_more_than_the_base_is_tried_above() -> None:
    more = {error for error in ERRORS.values() if "__init__" in vars(error)} - {DynamoDBServiceError}
    assert more <= {type(error) for error, _ in FULL}


@pytest.mark.parametrize("way", WAYS)
def test_a_reason_alone_keeps_its_place_and_code(way: str) -> None:
    assert WAYS[way](REASON) == TransactionReason(1, "Conflict")


@pytest.mark.parametrize("error", [error for error, _ in FULL], ids=lambda error: type(error).__name__)
def test_nothing_of_an_error_shows_its_values(error: DynamoDBServiceError) -> None:
    shown = [str(error), repr(error), "".join(traceback.format_exception(error))]
    shown += [repr(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    assert not [text for text in shown if CANARY in text]


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
