"""Reading many items: queries, scans and counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, Unpack, overload

from pydantic import BaseModel

from dynarepo._expressions import SortKeyCondition, Where
from dynarepo._pages import PageReader, PaginationResult, read_segments
from dynarepo._repository._base import RepositoryBase
from dynarepo._repository._options import QueryOptions, ScanOptions, check_no_more
from dynarepo._requests import Asked, query, scan
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidRequestError

__all__ = ["ListingRepository"]

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)
R = TypeVar("R")


class ListingRepository(RepositoryBase[T]):
    """Queries, scans and counts; a part of `AsyncReadRepository`."""

    @overload
    async def query_by_pk(self, pk: object, **options: Unpack[QueryOptions[T]]) -> PaginationResult[T]: ...

    @overload
    async def query_by_pk(
        self, pk: object, *, view: type[V], **options: Unpack[QueryOptions[T]]
    ) -> PaginationResult[V]: ...

    async def query_by_pk(
        self, pk: object, *, view: type[BaseModel] | None = None, **options: Unpack[QueryOptions[T]]
    ) -> PaginationResult[Any]:
        """
        Read the items of one partition, in the order of their sort keys.

        Args:
            pk: The partition key of the table or index; a tuple where it has several attributes.
            view: A model of a part of the fields: only that part is sent, and returned.
            options: See `QueryOptions`: `where`, `index`, `limit`, `page_size`, `cursor`, `descending`, ...

        Returns:
            The models, and where to go on. No models is an empty list.

        Raises:
            InvalidRequestError: An argument is out of range, or the model has no such index or field.
            InvalidKeyError: A key value does not fit.
            InvalidCursorError: The cursor belongs to another query.
            SchemaError: The view is not of this model's fields.

        Costs one Query without `limit`; with it as many as the items take, within one deadline. A view costs
        as much capacity as whole items.
        """
        reader, start = self._querying("query_by_pk", pk, None, view, **options)
        return await reader.read(start)

    @overload
    async def query_by_pk_and_sk(
        self, pk: object, sk_condition: SortKeyCondition, **options: Unpack[QueryOptions[T]]
    ) -> PaginationResult[T]: ...

    @overload
    async def query_by_pk_and_sk(
        self, pk: object, sk_condition: SortKeyCondition, *, view: type[V], **options: Unpack[QueryOptions[T]]
    ) -> PaginationResult[V]: ...

    async def query_by_pk_and_sk(
        self,
        pk: object,
        sk_condition: SortKeyCondition,
        *,
        view: type[BaseModel] | None = None,
        **options: Unpack[QueryOptions[T]],
    ) -> PaginationResult[Any]:
        """
        Read the items of one partition whose sort key meets a condition.

        Args:
            pk: As in `query_by_pk`, and so are the others.
            sk_condition: A `SortKeyCondition`; `ne` reads two key ranges, one after the other.
            view: A model of a part of the fields.
            options: See `QueryOptions`.

        Returns:
            The models, and where to go on.

        Raises:
            InvalidKeyError: A key value does not fit, such as a prefix of a number.
            InvalidRequestError: As for `query_by_pk`, and so are the others.

        Costs as `query_by_pk`.
        """
        if sk_condition is None:
            raise InvalidRequestError("query_by_pk_and_sk needs a sort key condition; see query_by_pk")
        reader, start = self._querying("query_by_pk_and_sk", pk, sk_condition, view, **options)
        return await reader.read(start)

    @overload
    def iter_query(
        self, pk: object, sk_condition: SortKeyCondition | None = None, **options: Unpack[QueryOptions[T]]
    ) -> AsyncGenerator[PaginationResult[T], None]: ...

    @overload
    def iter_query(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        view: type[V],
        **options: Unpack[QueryOptions[T]],
    ) -> AsyncGenerator[PaginationResult[V], None]: ...

    def iter_query(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        view: type[BaseModel] | None = None,
        **options: Unpack[QueryOptions[T]],
    ) -> AsyncGenerator[PaginationResult[Any], None]:
        """
        Read a partition page by page.

        The arguments are those of `query_by_pk_and_sk`; they are checked when this is called. A page is
        asked for when the loop wants it, within a deadline of its own; leaving the loop leaves nothing
        under way.

        Returns:
            An async iterator of pages; some may be empty.

        Costs one Query for each page.
        """
        reader, start = self._querying("iter_query", pk, sk_condition, view, **options)
        return reader.pages(start)

    @overload
    def iter_query_items(
        self, pk: object, sk_condition: SortKeyCondition | None = None, **options: Unpack[QueryOptions[T]]
    ) -> AsyncGenerator[T, None]: ...

    @overload
    def iter_query_items(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        view: type[V],
        **options: Unpack[QueryOptions[T]],
    ) -> AsyncGenerator[V, None]: ...

    def iter_query_items(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        view: type[BaseModel] | None = None,
        **options: Unpack[QueryOptions[T]],
    ) -> AsyncGenerator[Any, None]:
        """
        Read a partition item by item; the arguments and costs are those of `iter_query`.

        Returns:
            An async iterator of models.
        """
        reader, start = self._querying("iter_query_items", pk, sk_condition, view, **options)
        return _items_of(reader.pages(start))

    @overload
    async def scan(
        self, *, segment: tuple[int, int] | None = None, **options: Unpack[ScanOptions[T]]
    ) -> PaginationResult[T]: ...

    @overload
    async def scan(
        self, *, view: type[V], segment: tuple[int, int] | None = None, **options: Unpack[ScanOptions[T]]
    ) -> PaginationResult[V]: ...

    async def scan(
        self,
        *,
        view: type[BaseModel] | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> PaginationResult[Any]:
        """
        Read the table, or an index, from its beginning.

        Every item must fit the model: in a table of several models, declare a `discriminator`, and the
        others are left out.

        Args:
            view: A model of a part of the fields: only that part is sent, and returned.
            segment: `(number, total)`: one of so many parts of the table, numbered from 0. Its cursors go
                on in this segment alone.
            options: See `ScanOptions`: `where`, `index`, `limit`, `page_size`, `cursor`, ...

        Returns:
            The models, and where to go on.

        Raises:
            InvalidRequestError: As for `query_by_pk`, and so are the others.

        Costs as `query_by_pk`, for everything that the table or segment holds.
        """
        reader, place = self._scanning("scan", view, segment, **options)
        return await reader.read(reader.start(*place))

    @overload
    def iter_scan(
        self,
        *,
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[PaginationResult[T], None]: ...

    @overload
    def iter_scan(
        self,
        *,
        view: type[V],
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[PaginationResult[V], None]: ...

    def iter_scan(
        self,
        *,
        view: type[BaseModel] | None = None,
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[PaginationResult[Any], None]:
        """
        Read the table page by page: in one piece, in several segments at once, or one segment of it.

        Args:
            view: A model of a part of the fields.
            segments: How many parts the table is cut into; a cursor knows it. Up to `batch_concurrency`
                are read at once, each one page ahead, and their pages come in the order in which they
                arrive. The cursor of a page goes on behind it and all pages before it, in all segments;
                there is no `last_evaluated_key`. `limit` does not go with several.
            segment: `(number, total)`: only this one of so many parts, numbered from 0, for programs that
                share one scan; not together with `segments`.
            options: See `ScanOptions`.

        Returns:
            An async iterator of pages. Leave it by `contextlib.aclosing` to wait for the
            cancellation of pages that are under way.

        Raises:
            InvalidRequestError: An argument is out of range or does not go with the others.
            InvalidCursorError: The cursor belongs to another scan, or one in other segments.

        Costs one Scan for each page.
        """
        return self._scan_pages("iter_scan", view, segments, segment, options)

    @overload
    def iter_scan_items(
        self,
        *,
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[T, None]: ...

    @overload
    def iter_scan_items(
        self,
        *,
        view: type[V],
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[V, None]: ...

    def iter_scan_items(
        self,
        *,
        view: type[BaseModel] | None = None,
        segments: int | None = None,
        segment: tuple[int, int] | None = None,
        **options: Unpack[ScanOptions[T]],
    ) -> AsyncGenerator[Any, None]:
        """
        Read the table item by item; the arguments and costs are those of `iter_scan`.

        Returns:
            An async iterator of models.
        """
        return _items_of(self._scan_pages("iter_scan_items", view, segments, segment, options))

    async def count(
        self,
        pk: object,
        sk_condition: SortKeyCondition | None = None,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> int:
        """
        Count the items of a partition over all pages; the arguments are those of `query_by_pk_and_sk`.

        Costs the same capacity as reading the items, in as many Querys, within one deadline; give a
        large partition a longer one by `with_options(deadline=...)`.
        """
        reading = self._reading("Query", None, skip_expired=skip_expired)
        asked = Asked(reading, where, index, consistent, counts=True)
        listing = query(self._target, pk, sk_condition, asked)
        return await PageReader(self._caller, self._target, reading, listing).count()

    def _querying(
        self,
        method: str,
        pk: object,
        sk_condition: SortKeyCondition | None,
        view: type[BaseModel] | None,
        /,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        descending: bool = False,
        consistent: bool | None = None,
        skip_expired: bool = False,
        hydrate: bool = False,
        **unknown: object,
    ) -> tuple[PageReader[Any], WireItem | None]:
        check_no_more(method, unknown)
        reading = self._reading("Query", view, skip_expired=skip_expired)
        asked = Asked(reading, where, index, consistent, hydrate)
        listing = query(self._target, pk, sk_condition, asked, descending=descending)
        reader = PageReader(self._caller, self._target, reading, listing, page_size, limit)
        return reader, reader.start(cursor, last_evaluated_key)

    def _scanning(
        self,
        method: str,
        view: type[BaseModel] | None,
        segment: tuple[int, int] | None,
        /,
        *,
        where: Where[T] | None = None,
        index: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        cursor: str | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        consistent: bool | None = None,
        skip_expired: bool = False,
        hydrate: bool = False,
        **unknown: object,
    ) -> tuple[PageReader[Any], tuple[str | None, Mapping[str, object] | None]]:
        check_no_more(method, unknown)
        reading = self._reading("Scan", view, skip_expired=skip_expired)
        listing = scan(self._target, Asked(reading, where, index, consistent, hydrate), segment)
        reader = PageReader(self._caller, self._target, reading, listing, page_size, limit)
        return reader, (cursor, last_evaluated_key)

    def _scan_pages(
        self,
        method: str,
        view: type[BaseModel] | None,
        segments: int | None,
        segment: tuple[int, int] | None,
        options: ScanOptions[T],
    ) -> AsyncGenerator[PaginationResult[Any], None]:
        reader, place = self._scanning(method, view, segment, **options)
        if segment is None:
            pages = read_segments(reader, segments, *place, self._config.batch_concurrency)
            return reader.pages(reader.start(*place)) if pages is None else pages
        if segments is not None:
            raise InvalidRequestError("segment is one part of a scan, segments are all: give one of them")
        return reader.pages(reader.start(*place))


async def _items_of(pages: AsyncGenerator[PaginationResult[R], None]) -> AsyncGenerator[R, None]:
    async with aclosing(pages):
        async for page in pages:
            for item in page.items:
                yield item
