"""Plans of queries and scans as callers ask for them."""

from __future__ import annotations

from typing import Any

from dynarepo import SortKeyCondition
from dynarepo._item_text import plain_payload
from dynarepo._request import Request
from dynarepo._requests import Asked, Listing, Reading, Target
from dynarepo._requests import query as plan_query
from dynarepo._requests import scan as plan_scan
from dynarepo._wire import Payload

__all__ = ["operations_of", "query", "scan", "whole"]


def whole(target: Target[Any]) -> Reading[Any]:
    """Read whole models."""
    return Reading.of(target.source)


def operations_of(request: Request) -> list[Payload]:
    """Give the operations of a transaction."""
    return list(plain_payload(request.payload)["TransactItems"])


def query(
    target: Target[Any],
    pk: object,
    condition: SortKeyCondition | None = None,
    *,
    descending: bool = False,
    reading: Reading[Any] | None = None,
    **asked: Any,
) -> Listing:
    """Plan a query of whole models, unless a reading says otherwise."""
    return plan_query(target, pk, condition, Asked(reading or whole(target), **asked), descending=descending)


def scan(target: Target[Any], *, reading: Reading[Any] | None = None, **asked: Any) -> Listing:
    """Plan a scan of whole models, unless a reading says otherwise."""
    return plan_scan(target, Asked(reading or whole(target), **asked))
