"""The table of DynamoDB's error codes."""

from __future__ import annotations

import botocore.session
import pytest

from dynarepo import exceptions
from dynarepo._transport._errors import MEANINGS, read_error
from dynarepo.exceptions import DynamoDBTransactionError, TableAlreadyExistsError, TableInUseError


def test_the_table_covers_every_error_of_botocores_service_model_rf172() -> None:
    model = botocore.session.get_session().get_service_model("dynamodb")
    assert {shape.name for shape in model.error_shapes} - set(MEANINGS) == set()


def test_every_class_in_the_table_is_public() -> None:
    assert {meaning.error.__name__ for meaning in MEANINGS.values()} <= set(exceptions.__all__)


@pytest.mark.parametrize(
    "stated",
    [
        "ThrottlingException",
        "com.amazon.coral.availability#ThrottlingException",
        "com.amazon.coral.availability#ThrottlingException:http://internal.amazon.com/coral/#x",
    ],
)
def test_the_code_is_told_from_its_namespace(stated: str) -> None:
    assert read_error("GetItem", 400, {}, {"__type": stated}).error.code == "ThrottlingException"


@pytest.mark.parametrize("stated", ["", "#", ":", None, 5, ["x"]])
def test_what_is_no_code_is_none(stated: object) -> None:
    assert read_error("GetItem", 400, {}, {"__type": stated}).error.code is None


@pytest.mark.parametrize(
    ("operation", "expected"), [("CreateTable", TableAlreadyExistsError), ("DeleteTable", TableInUseError)]
)
def test_a_table_in_use_means_to_create_table_that_it_exists(operation: str, expected: type) -> None:
    failure = read_error(operation, 400, {}, {"__type": "ResourceInUseException"})
    assert type(failure.error) is expected


@pytest.mark.parametrize("reasons", [None, "text", [None], ["x"], [{}], [{"Code": None}]])
def test_odd_reasons_of_a_transaction_are_no_causes(reasons: object) -> None:
    body = {"__type": "TransactionCanceledException", "CancellationReasons": reasons}
    error = read_error("TransactWriteItems", 400, {}, body).error
    assert isinstance(error, DynamoDBTransactionError)
    assert set(error.reasons) <= {None}
    assert not error.retryable


def test_a_code_does_not_make_an_error_of_a_redirect() -> None:
    failure = read_error("GetItem", 302, {}, {"__type": "ConditionalCheckFailedException"})
    assert type(failure.error) is exceptions.UnexpectedResponseError
