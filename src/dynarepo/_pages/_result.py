"""What a query or scan returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["PaginationResult"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PaginationResult(Generic[T]):
    """
    One page of a query or scan.

    Attributes:
        items: The models, in key order; may be empty although more pages follow.
        count: How many items there are.
        scanned_count: How many items DynamoDB read, before the filter; they are what it charges for.
        last_evaluated_key: The key behind which the next page begins, as Python values by attribute
            name; `None` only at the end, and in a scan of several segments, which has no such key.
        cursor: The same position as a signed or encrypted, URL-safe token that may travel through a browser;
            `None` only at the end, and on pages of `TableGateway`. In a scan of several segments, it says
            where each of them stands.
    """

    items: list[T]
    count: int
    scanned_count: int
    last_evaluated_key: dict[str, object] | None = None
    cursor: str | None = None
