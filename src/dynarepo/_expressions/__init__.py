"""Conditions and paths as values, and their text in a request."""

from dynarepo._expressions._attr import AttributePath, AttributeSize, attr
from dynarepo._expressions._conditions import (
    AttributeType,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    Exists,
    In,
    Not,
    NotExists,
    Or,
    SizeComparison,
)
from dynarepo._expressions._paths import Path, parse_path, show_path
from dynarepo._expressions._sort_key import SortKeyCondition, SortKeyOperator
from dynarepo._expressions._writer import ExpressionWriter, FieldResolver, check_bounds, check_length

__all__ = [
    "AttributePath",
    "AttributeSize",
    "AttributeType",
    "BeginsWith",
    "Between",
    "Comparison",
    "Condition",
    "Contains",
    "Exists",
    "ExpressionWriter",
    "FieldResolver",
    "In",
    "Not",
    "NotExists",
    "Or",
    "Path",
    "SizeComparison",
    "SortKeyCondition",
    "SortKeyOperator",
    "attr",
    "check_bounds",
    "check_length",
    "parse_path",
    "show_path",
]
