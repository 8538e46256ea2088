"""Pages over HTTP: what is asked for, and what is answered."""

from __future__ import annotations

from typing import Annotated, Generic, TypedDict, TypeVar

from pydantic import BaseModel, Field

from dynarepo._pages import PaginationResult

__all__ = ["Page", "PageOptions", "PageParams"]

T = TypeVar("T")


class PageOptions(TypedDict):
    """
    The options of a query or scan that a `PageParams` gives.

    Attributes:
        limit: How many items to return at most.
        cursor: Go on where the page with this cursor ended.
    """

    limit: int
    cursor: str | None


class PageParams(BaseModel):
    """
    The query parameters of a route that lists items.

        async def list_orders(orders: Orders, page: Annotated[PageParams, Query()]) -> Page[Order]:
            return Page.of(await orders.scan(**page.options()))

    Other bounds or more parameters: a subclass.

    Attributes:
        limit: How many items, 1 to 100.
        cursor: The cursor of the page before, without it the first page.
    """

    limit: Annotated[int, Field(ge=1, le=100, description="How many items to return at most.")] = 20
    cursor: Annotated[str | None, Field(description="The cursor of the page before this one.")] = None

    def options(self) -> PageOptions:
        """Give the options of `query_by_pk`, `scan` and so on."""
        return {"limit": self.limit, "cursor": self.cursor}


class Page(BaseModel, Generic[T]):
    """
    One page of a list, as a response.

    Attributes:
        items: The models, in key order; may be empty although more pages follow.
        cursor: What the next request gives as `cursor`; `None` only at the end.
    """

    items: list[T]
    cursor: Annotated[str | None, Field(description="Where the next page begins, null at the end.")] = None

    @classmethod
    def of(cls, result: PaginationResult[T]) -> Page[T]:
        """Make the response of what a query or scan returned."""
        return cls(items=result.items, cursor=result.cursor)
