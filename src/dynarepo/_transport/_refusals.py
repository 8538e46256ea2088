"""
DynamoDB's own words for what it refuses, where they hold no value.

The text of a refusal may repeat values of the request, and who answers may be no DynamoDB at all. So a text
is passed on only where all of it is one of the sentences below; what changes in those is an operator, a type,
or a name, which has the form of a name. Two sentences are followed by values, which are cut off.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

__all__ = ["known_refusal"]

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_INDEX: Final = r"[A-Za-z_][A-Za-z0-9_.-]{2,63}"
_PATH: Final = rf"\[{_NAME}(?:, (?:{_NAME}|\[[0-9]{{1,5}}\])){{0,31}}\]"
_PLACEHOLDER: Final = rf"[:#]{_NAME}"
_TYPE: Final = (
    r"(?:S|N|B|BOOL|NULL|M|L|SS|NS|BS|STRING|NUMBER|BINARY|BOOLEAN|MAP|LIST|STRING_SET|NUMBER_SET|BINARY_SET)"
)
_OPERATOR: Final = (
    r"(?:[-+<>=]|<=|>=|<>|OR|AND|NOT|IN|BETWEEN|ADD|DELETE|contains|begins_with|size|attribute_exists"
    r"|attribute_not_exists|attribute_type|list_append|if_not_exists)"
)

#: The keys of the request are not those of the table.
_OF_KEYS: Final = (
    r"The provided key element does not match the schema",
    r"The number of conditions on the keys is invalid",
    r"One of the required keys was not given a value",
    rf"Missing the key {_NAME} in the item",
    rf"Type mismatch for key(?: {_NAME} expected: {_TYPE} actual: {_TYPE})?",
    rf"Type mismatch for Index Key(?: {_NAME} Expected: {_TYPE} Actual: {_TYPE} IndexName: {_INDEX})?",
    r"Condition parameter type does not match schema type",
    rf"Query condition missed key schema element(?:: {_NAME})?",
    r"Query key condition not supported",
    rf"The table does not have the specified index: {_INDEX}",
    rf"Cannot update attribute {_NAME}\. This attribute is part of the key",
)

_OTHERS: Final = (
    rf"Filter Expression can only contain non-primary key attributes: Primary key attribute: {_NAME}",
    r"Consistent reads are not supported on global secondary indexes",
    (
        rf"Select type ALL_ATTRIBUTES is not supported for global secondary index {_INDEX} "
        r"because its projection type is not ALL"
    ),
    rf"Global secondary index {_INDEX} does not project {_PATH}",
    r"The provided starting key is invalid(?:: The provided key element does not match the schema)?",
    r"The provided starting key is outside query boundaries based on provided conditions",
    r"The provided starting key does not match the range key predicate",
    r"Exclusive Start Key must have same size as table's key schema",
    rf"Invalid operator used in KeyConditionExpression: {_OPERATOR}",
    r"KeyConditionExpressions must only contain one condition per key",
    r"Conditions can be of length 1 or 2 only",
    (
        r"The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        r"(?=; lower bound operand: )"
    ),
    r"The BETWEEN operator requires same data type for lower and upper bounds(?=; lower bound operand: )",
    r"The document path provided in the update expression is invalid for update",
    r"The provided expression refers to an attribute that does not exist in the item",
    r"An operand in the update expression has an incorrect data type",
    (
        r"Incorrect operand type for operator or function; "
        rf"(?:operator or function|operator): {_OPERATOR}, operand type: {_TYPE}"
        rf"(?:, typeSet: ALLOWED_FOR_{_OPERATOR}_OPERAND)?"
    ),
    (
        r"The first operand must be distinct from the remaining operands for this operator or function; "
        rf"operator: {_OPERATOR}, first operand: {_PATH}"
    ),
    (
        r"Two document paths (?:overlap|conflict) with each other; "
        rf"must remove or rewrite one of these paths; path one: {_PATH}, path two: {_PATH}"
    ),
    rf"Invalid function name; function: {_NAME}",
    rf"Attribute name is a reserved keyword; reserved keyword: {_NAME}",
    r"The expression can not be empty",
    (
        rf"An expression attribute (?:name|value) used in (?:the document path|expression) is not defined; "
        rf"attribute (?:name|value): {_PLACEHOLDER}"
    ),
    (
        rf"Value provided in ExpressionAttribute(?:Names|Values) unused in expressions: "
        rf"keys: \{{{_PLACEHOLDER}(?:, {_PLACEHOLDER}){{0,31}}\}}"
    ),
    (
        rf"(?:The|An) AttributeValue (?:for a key attribute cannot|may not) contain an empty string"
        rf"(?: value)?\. Key: {_NAME}"
    ),
    (
        r"A value specified for a secondary index key is not supported\. "
        rf"The AttributeValue for a key attribute "
        rf"cannot contain an empty string value\. IndexName: {_INDEX}, IndexKey: {_NAME}"
    ),
    (
        r"The update expression attempted to update a secondary index key to "
        r"(?:unsupported value|a value that is not supported)\. "
        r"The AttributeValue for a key attribute cannot contain an empty string value"
    ),
    r"Size of (?:hashkey|rangekey) has exceeded the maximum size limit of ?(?:2048|1024) bytes",
    r"Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    (
        r"Hash primary key values must be under 2048 bytes, "
        r"and range primary key values must be under 1024 bytes"
    ),
    r"An (?:string|number|binary) set  ?may not be empty",
    r"The parameter cannot be converted to a numeric value(?=: )",
    r"A value provided cannot be converted into a number",
    r"DynamoDB only supports precision up to 38 digits",
    r"Attempting to store more than 38 significant digits in a Number",
    r"Number overflow\. Attempting to store a number with magnitude larger than supported range",
    r"Number underflow\. Attempting to store a number with magnitude smaller than supported range",
    (
        r"Nesting Levels have exceeded supported limits"
        r"(?:: Attributes in the item have nested levels beyond supported limit)?"
    ),
    (
        r"Supplied AttributeValue (?:has more than one datatypes set|is empty), "
        r"must contain exactly one of the supported datatypes"
    ),
    r"Empty attribute name",
    r"Provided list of item keys contains duplicates",
    r"Too many items requested for the Batch(?:Write|Get)Item call",
    r"Transaction request cannot include multiple operations on one item",
    r"TimeToLive is already (?:enabled|disabled)",
)

_TEXT: Final = (
    r"(?:1 validation error detected: )?"
    r"(?:One or more parameter values (?:were invalid:|are not valid\.) )?"
    r"(?P<said>(?:Invalid (?:Update|Condition|Filter|Projection|KeyCondition)Expression: )?"
    rf"(?:(?P<of_keys>{'|'.join(_OF_KEYS)})|{'|'.join(_OTHERS)}))"
    r"(?:(?:; lower bound operand|(?<=numeric value)): .*)?[.;]?"
)


class KnownRefusal(NamedTuple):
    """What the service said, and whether it says that keys or indexes are not as in the table."""

    said: str
    is_of_keys: bool


def known_refusal(text: str) -> KnownRefusal | None:
    """Take DynamoDB's own words out of its text; `None` where it is not known to hold no value."""
    known = _pattern().fullmatch(text)
    return known and KnownRefusal(known["said"], known["of_keys"] is not None)


@cache
def _pattern() -> re.Pattern[str]:
    # Not when it is imported: a start should not wait for it.
    return re.compile(_TEXT, re.DOTALL)
