"""What is passed on of the service's text: sentences that are known, and no value."""

from __future__ import annotations

import pytest

from dynarepo._transport._errors import read_error
from dynarepo._transport._refusals import known_refusal

GENERAL = "the service refused the request"
ADVICE = "; compare the model's keys and indexes with the table's by TableAdmin.verify"
INVALID = "One or more parameter values were invalid: "


def message_of(text: object, code: str = "ValidationException") -> str:
    return read_error("PutItem", 400, {}, {"__type": code, "message": text}).error.message


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("The provided key element does not match the schema", None),
        ("The number of conditions on the keys is invalid", None),
        ("One of the required keys was not given a value", None),
        (f"{INVALID}Missing the key sk in the item", "Missing the key sk in the item"),
        (
            f"{INVALID}Type mismatch for key pk expected: S actual: N",
            "Type mismatch for key pk expected: S actual: N",
        ),
        (f"{INVALID}Type mismatch for key", "Type mismatch for key"),
        (
            f"{INVALID}Type mismatch for Index Key g Expected: S Actual: NULL IndexName: by-status.1",
            "Type mismatch for Index Key g Expected: S Actual: NULL IndexName: by-status.1",
        ),
        ("Query condition missed key schema element: pk", None),
        ("Query condition missed key schema element", None),
        ("Query key condition not supported", None),
        ("The table does not have the specified index: by_status", None),
        (
            f"{INVALID}Cannot update attribute sk. This attribute is part of the key",
            "Cannot update attribute sk. This attribute is part of the key",
        ),
    ],
)
def test_keys_that_are_not_the_tables_are_named_with_what_to_do(stated: str, said: str | None) -> None:
    assert message_of(stated) == f"{GENERAL}: {said or stated}{ADVICE}"


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
            None,
        ),
        ("The document path provided in the update expression is invalid for update", None),
        ("The provided expression refers to an attribute that does not exist in the item", None),
        ("Consistent reads are not supported on global secondary indexes", None),
        ("Invalid operator used in KeyConditionExpression: attribute_exists", None),
        ("An operand in the update expression has an incorrect data type", None),
        (
            (
                "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                "operator or function: list_append, operand type: S"
            ),
            None,
        ),
        (
            (
                "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                "operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"
            ),
            None,
        ),
        (
            (
                "1 validation error detected: Invalid UpdateExpression: "
                "Two document paths overlap with each other; "
                "must remove or rewrite one of these paths; path one: [a], path two: [a, [0], b]"
            ),
            (
                "Invalid UpdateExpression: Two document paths overlap with each other; "
                "must remove or rewrite one of these paths; path one: [a], path two: [a, [0], b]"
            ),
        ),
        (
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a, :b}",
            None,
        ),
        (
            "Invalid UpdateExpression: The expression can not be empty;",
            "Invalid UpdateExpression: The expression can not be empty",
        ),
        (
            (
                "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater "
                "than or equal to lower bound; lower bound operand: AttributeValue: {S:SECRET}, "
                "upper bound operand: AttributeValue: {S:A\nB}"
            ),
            (
                "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater "
                "than or equal to lower bound"
            ),
        ),
        (
            "The parameter cannot be converted to a numeric value: SECRET",
            "The parameter cannot be converted to a numeric value",
        ),
    ],
)
def test_what_else_is_known_is_said(stated: str, said: str | None) -> None:
    assert message_of(stated) == f"{GENERAL}: {said or stated}"


HOSTILE_NAMES = (
    "SECRET@example.com",
    "USER#SECRET",
    "two words",
    '"SECRET"',
    "'SECRET'",
    "S\u00e9CRET",
    "\u0661\u0662",
    "1SECRET",
    "SECRET\n",
    "x" * 65,
    "",
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(
    "sentence",
    [
        f"{INVALID}Missing the key %s in the item",
        f"{INVALID}Type mismatch for key %s expected: S actual: N",
        f"{INVALID}Type mismatch for Index Key %s Expected: S Actual: N IndexName: by_status",
        f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: %s",
        "Query condition missed key schema element: %s",
        "The table does not have the specified index: %s",
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: %s",
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:%s}",
        "Invalid FilterExpression: Invalid function name; function: %s",
    ],
)
def test_what_is_no_name_leaves_the_general_message(sentence: str, name: str) -> None:
    assert message_of(sentence % name) == GENERAL


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        ["Query key condition not supported"],
        "SECRET",
        "Query key condition not supported: SECRET",
        "Query key condition not supported\nSECRET",
        "SECRET: Query key condition not supported",
        f"{INVALID}SECRET",
        f"{INVALID}Type mismatch for key pk expected: SECRET actual: N",
        f"{INVALID}Input collection [SECRET, SECRET] contains duplicates",
        "Invalid operator used in KeyConditionExpression: SECRET",
        "Invalid UpdateExpression: Syntax error; token: SECRET, near: SECRET",
        (
            "Invalid UpdateExpression: Incorrect operand type for operator or function; "
            "operator: ADD, operand type: STRING, typeSet: SECRET"
        ),
        "Query key condition not supported; lower bound operand: SECRET, or so: SECRET",
    ],
)
def test_what_is_not_known_as_a_whole_leaves_no_trace(text: object) -> None:
    assert "SECRET" not in message_of(text)


def test_only_a_validation_has_a_text_of_its_own() -> None:
    assert message_of("Query key condition not supported", "SerializationException") == GENERAL


def test_long_text_that_is_almost_known_is_looked_at_once() -> None:
    keys = ", ".join([":a"] * 200_000)
    assert (
        known_refusal(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{keys}}}")
        is None
    )
