"""Conditions on a sort key: the eight operators of a query."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["SortKeyCondition", "SortKeyOperator"]

SortKeyOperator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "begins_with", "between"]


class SortKeyCondition(BaseModel):
    """
    A condition on the sort key of a table or index.

    Values are those of the key's field; for a key template they are the finished text or a dict of
    the template's fields. For an index whose sort key has several attributes, a tuple gives them
    from the left, and the operator applies to the last one given.

    Args:
        operator: One of `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `begins_with`, `between`. DynamoDB has
            no `ne` on keys: it runs as the two ranges below and above the value.
        value: The value, or the low end of `between`.
        upper: The high end of `between`, included; only there.

    Raises:
        pydantic.ValidationError: `between` has one value, or another operator has two.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        defer_build=True,
    )

    operator: SortKeyOperator
    value: Annotated[Any, Field(repr=False)]
    upper: Annotated[Any, Field(repr=False)] = None

    @model_validator(mode="after")
    def _has_its_values(self) -> Self:
        if self.value is None:
            raise ValueError("a sort key condition needs a value")
        if (self.operator == "between") != (self.upper is not None):
            raise ValueError("between takes two values, value and upper; other operators take one")
        return self

    @classmethod
    def eq(cls, value: object) -> Self:
        """Equal to the value."""
        return cls(operator="eq", value=value)

    @classmethod
    def ne(cls, value: object) -> Self:
        """Different from the value."""
        return cls(operator="ne", value=value)

    @classmethod
    def lt(cls, value: object) -> Self:
        """Less than the value."""
        return cls(operator="lt", value=value)

    @classmethod
    def le(cls, value: object) -> Self:
        """At most the value."""
        return cls(operator="le", value=value)

    @classmethod
    def gt(cls, value: object) -> Self:
        """More than the value."""
        return cls(operator="gt", value=value)

    @classmethod
    def ge(cls, value: object) -> Self:
        """At least the value."""
        return cls(operator="ge", value=value)

    @classmethod
    def begins_with(cls, value: object) -> Self:
        """Text or bytes that begin with the value."""
        return cls(operator="begins_with", value=value)

    @classmethod
    def between(cls, value: object, upper: object) -> Self:
        """From `value` to `upper`, both included."""
        return cls(operator="between", value=value, upper=upper)
