"""The options that queries and scans have in common, described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypedDict, TypeVar

from pydantic import BaseModel

from dynarepo._expressions import Where
from dynarepo.exceptions import InvalidRequestError

__all__ = ["QueryOptions", "ScanOptions", "check_no_more", "check_several"]

T = TypeVar("T", bound=BaseModel)


class ScanOptions(TypedDict, Generic[T], total=False):
    """
    Options of scans, and of queries too.

    Attributes:
        where: A condition on the items. DynamoDB reads, and charges for, the items it leaves out.
        index: The name of an index of the model.
        limit: How many items to return at most; without it, one page of DynamoDB (up to 1 MB).
        page_size: How many items DynamoDB reads for one request, filtered out ones included.
        cursor: Go on where the page with this cursor ended.
        last_evaluated_key: The same, with the plain key of a page.
        consistent: Read consistently; not on a global index. The configuration decides without it.
        skip_expired: Leave out items whose expiry time (the `ttl` of the declaration) is past; DynamoDB
            itself removes them within days.
        hydrate: Where a global index does not hold enough, read the items from the table, in the order of the
            index: one BatchGetItem more for each 100 items. An item that is gone by then is left out, and
            `where` can only name what the index holds.
    """

    where: Where[T] | None
    index: str | None
    limit: int | None
    page_size: int | None
    cursor: str | None
    last_evaluated_key: Mapping[str, object] | None
    consistent: bool | None
    skip_expired: bool
    hydrate: bool


class QueryOptions(ScanOptions[T], total=False):
    """
    Options of queries: those of scans, and the direction.

    Attributes:
        descending: From the highest sort key down.
    """

    descending: bool


def check_no_more(method: str, unknown: Mapping[str, object]) -> None:
    """Refuse options that there are not, as Python would of the method that the caller knows."""
    for name in unknown:
        raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")


def check_several(values: object) -> None:
    """Refuse one item or key where several are taken: to iterate it gives its fields or characters."""
    if isinstance(values, BaseModel | str | bytes):
        raise InvalidRequestError("it takes a list, also of one: [item], or [key]")
