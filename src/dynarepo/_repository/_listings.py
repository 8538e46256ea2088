"""Reading many items: queries, scans and counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TypeVar

from pydantic import BaseModel

from dynarepo._expressions import SortKeyCondition, Where
from dynarepo._pages import PageReader, PaginationResult, read_parallel
from dynarepo._repository._base import RepositoryBase
from dynarepo._requests import Listing, check_segments, query, require_whole_items, scan
from dynarepo.exceptions import InvalidRequestError

__all__ = ["ListingRepository"]

T = TypeVar("T", bound=BaseModel)


class ListingRepository(RepositoryBase[T]):
    """Queries, scans and counts; a part of `AsyncReadRepository`."""

    async def query_by_pk(
        self,
        pk: object,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        descending: bool = False,
        consistent: bool | None = None,
    ) -> PaginationResult[T]:
        """
        Read the items of one partition, in the order of their sort keys.

        Args:
            pk: The partition key of the table or index; a tuple where it has several attributes.
            where: A condition on other fields. DynamoDB reads, and charges for, the items it leaves out.
            index: The name of an index of the model.
            limit: How many items to return at most; without it, one page of DynamoDB (up to 1 MB).
            page_size: How many items DynamoDB reads for one request, filtered out ones included.
            cursor: Go on where the result with this cursor ended.
            last_evaluated_key: The same, with the plain key of a result.
            descending: From the highest sort key down.
            consistent: Read consistently; not on a global index.

        Returns:
            The models, and where to go on. No models is an empty list.

        Raises:
            InvalidRequestError: An argument is out of range, or the model has no such index or field.
            InvalidKeyError: A key value does not fit.
            InvalidCursorError: The cursor belongs to another query.

        Costs one Query without `limit`; with it as many as the items take, within one deadline.
        """
        listing = self._query(pk, None, where, index, descending, consistent)
        return await self._read(listing, limit, page_size, cursor, last_evaluated_key)

    async def query_by_pk_and_sk(
        self,
        pk: object,
        sk_condition: SortKeyCondition,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        descending: bool = False,
        consistent: bool | None = None,
    ) -> PaginationResult[T]:
        """
        Read the items of one partition whose sort key meets a condition.

        Args:
            pk: As in `query_by_pk`, and so are the others.
            sk_condition: A `SortKeyCondition`; `ne` reads two key ranges, one after the other.
            where: A condition on other fields.
            index: The name of an index of the model.
            limit: How many items to return at most.
            page_size: How many items DynamoDB reads for one request.
            cursor: Go on where the result with this cursor ended.
            last_evaluated_key: The same, with the plain key of a result.
            descending: From the highest sort key down.
            consistent: Read consistently; not on a global index.

        Returns:
            The models, and where to go on.

        Raises:
            InvalidRequestError: An argument is out of range, or the model has no such index or field.
            InvalidKeyError: A key value does not fit, such as a prefix of a number.
            InvalidCursorError: The cursor belongs to another query.

        Costs as `query_by_pk`.
        """
        if sk_condition is None:
            raise InvalidRequestError("query_by_pk_and_sk needs a sort key condition; see query_by_pk")
        listing = self._query(pk, sk_condition, where, index, descending, consistent)
        return await self._read(listing, limit, page_size, cursor, last_evaluated_key)

    def iter_query(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        descending: bool = False,
        consistent: bool | None = None,
    ) -> AsyncGenerator[PaginationResult[T], None]:
        """
        Read a partition page by page.

        The arguments are those of `query_by_pk_and_sk`; they are checked when this is called. A page is
        asked for when the loop wants it, within a deadline of its own; leaving the loop leaves nothing
        under way.

        Returns:
            An async iterator of pages; some may be empty.

        Costs one Query for each page.
        """
        listing = self._query(pk, sk_condition, where, index, descending, consistent)
        reader = self._reader(listing, limit, page_size)
        return reader.pages(reader.start(cursor, None))

    def iter_query_items(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        descending: bool = False,
        consistent: bool | None = None,
    ) -> AsyncGenerator[T, None]:
        """
        Read a partition item by item; the arguments and costs are those of `iter_query`.

        Returns:
            An async iterator of models.
        """
        pages = self.iter_query(
            pk,
            sk_condition,
            where=where,
            index=index,
            limit=limit,
            page_size=page_size,
            cursor=cursor,
            descending=descending,
            consistent=consistent,
        )
        return _items_of(pages)

    async def scan(
        self,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        consistent: bool | None = None,
    ) -> PaginationResult[T]:
        """
        Read the table, or an index, from its beginning; the arguments are those of `query_by_pk`.

        Every item must fit the model: in a table of several models, query instead.

        Costs as `query_by_pk`, for everything that the table holds.
        """
        listing = self._scan(where, index, consistent)
        return await self._read(listing, limit, page_size, cursor, last_evaluated_key)

    def iter_scan(
        self,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        consistent: bool | None = None,
        segments: int = 1,
    ) -> AsyncGenerator[PaginationResult[T], None]:
        """
        Read the table page by page, in one or several segments at once.

        Args:
            where: A condition; DynamoDB reads, and charges for, the items it leaves out.
            index: The name of an index of the model.
            limit: How many items to return at most; not with several segments.
            page_size: How many items DynamoDB reads for one request.
            cursor: Go on where the page with this cursor ended; not with several segments.
            consistent: Read consistently; not on a global index.
            segments: How many parts the table is cut into. Up to `batch_concurrency` are read at
                once, each one page ahead; their pages come in the order in which they arrive and
                have no cursor.

        Returns:
            An async iterator of pages. Leave it by `contextlib.aclosing` to wait for the
            cancellation of pages that are under way.

        Raises:
            InvalidRequestError: An argument is out of range or does not go with the others.

        Costs one Scan for each page.
        """
        listing = self._scan(where, index, consistent)
        if check_segments(segments) == 1:
            reader = self._reader(listing, limit, page_size)
            return reader.pages(reader.start(cursor, None))
        if limit is not None or cursor is not None:
            raise InvalidRequestError("limit and cursor do not go with several segments")
        readers = [
            PageReader(
                self._caller, self._target, listing.segment(number, segments), page_size, resumable=False
            )
            for number in range(segments)
        ]
        return read_parallel(readers, self._config.batch_concurrency)

    def iter_scan_items(
        self,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        consistent: bool | None = None,
        segments: int = 1,
    ) -> AsyncGenerator[T, None]:
        """
        Read the table item by item; the arguments and costs are those of `iter_scan`.

        Returns:
            An async iterator of models.
        """
        pages = self.iter_scan(
            where=where,
            index=index,
            limit=limit,
            page_size=page_size,
            cursor=cursor,
            consistent=consistent,
            segments=segments,
        )
        return _items_of(pages)

    async def count(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        consistent: bool | None = None,
    ) -> int:
        """
        Count the items of a partition over all pages; the arguments are those of `query_by_pk_and_sk`.

        Costs the same capacity as reading the items, in as many Querys, within one deadline; give a
        large partition a longer one by `with_options(deadline=...)`.
        """
        listing = query(
            self._target,
            pk,
            sk_condition,
            where=where,
            index=index,
            consistent=consistent,
        )
        return await self._reader(listing, None, None).count()

    def _query(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None,
        where: Where[T] | None,
        index: str | None,
        descending: bool,
        consistent: bool | None,
    ) -> Listing:
        require_whole_items(self._target.entity, index)
        return query(
            self._target,
            pk,
            sk_condition,
            where=where,
            index=index,
            descending=descending,
            consistent=consistent,
        )

    def _scan(self, where: Where[T] | None, index: str | None, consistent: bool | None) -> Listing:
        require_whole_items(self._target.entity, index)
        return scan(self._target, where=where, index=index, consistent=consistent)

    def _reader(self, listing: Listing, limit: int | None, page_size: int | None) -> PageReader[T]:
        return PageReader(self._caller, self._target, listing, page_size, limit)

    async def _read(
        self,
        listing: Listing,
        limit: int | None,
        page_size: int | None,
        cursor: str | None,
        last_evaluated_key: Mapping[str, object] | None,
    ) -> PaginationResult[T]:
        reader = self._reader(listing, limit, page_size)
        return await reader.read(reader.start(cursor, last_evaluated_key))


async def _items_of(pages: AsyncGenerator[PaginationResult[T], None]) -> AsyncGenerator[T, None]:
    async with aclosing(pages):
        async for page in pages:
            for item in page.items:
                yield item
