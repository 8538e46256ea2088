"""Native queries and scans, and what every method of a gateway begins with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from dynarepo._pages import Caller, NativeReader, PaginationResult
from dynarepo._repository._base import Connected
from dynarepo._requests import NativeListing, NativeTable, PlainItem, expression_members
from dynarepo.exceptions import ConfigurationError

__all__ = ["ListingGateway"]


class ListingGateway(Connected):
    """Queries and scans; a part of `TableGateway`."""

    async def query(
        self,
        key_condition_expression: str,
        *,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
        filter_expression: str | None = None,
        projection_expression: str | None = None,
        index_name: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        descending: bool = False,
        consistent: bool | None = None,
        table_name: str | None = None,
    ) -> PaginationResult[PlainItem]:
        """
        Read the items of one partition of a table or index, in the order of their sort keys.

        Args:
            key_condition_expression: Which partition, and which part of it: `"pk = :pk AND sk > :sk"`.
            values: What the placeholders with `:` stand for, such as `{":pk": "USER#1", ":sk": 7}`.
            names: What the placeholders with `#` stand for, such as `{"#status": "status"}`.
            filter_expression: Which of the items read are returned. DynamoDB charges for all of them.
            projection_expression: Which attributes are returned; all without it.
            index_name: An index of the table.
            limit: How many items to return at most; without it, one page of DynamoDB (up to 1 MB).
            page_size: How many items DynamoDB reads for one request, filtered out ones included.
            last_evaluated_key: Go on where the result with this key ended.
            descending: From the highest sort key down.
            consistent: Read consistently; not on a global index. Without it, the configuration decides
                for a table, and an index is not read consistently.
            table_name: The table; otherwise the configuration's.

        Returns:
            The items as dicts. `last_evaluated_key` is `None` only at the end; `cursor` always is.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidRequestError: An argument is out of range, or placeholders and expressions do not fit.
            InvalidValueError: A value cannot be encoded, such as a float; the message names it.
            InvalidKeyError: `last_evaluated_key` is no key.
            RejectedError: DynamoDB does not understand an expression.

        Costs one Query without `limit`. With it, no request reads more items than are left of it, so a
        filter that leaves out many makes for many small requests, all within one deadline.
        """
        members = expression_members(
            names,
            values,
            key_condition_expression=key_condition_expression,
            filter_expression=filter_expression,
            projection_expression=projection_expression,
        )
        listing = self._table(table_name).query(
            members,
            index_name=index_name,
            consistent=consistent,
            descending=descending,
        )
        return await self._reader(listing, limit, page_size).read(last_evaluated_key)

    def iter_query(
        self,
        key_condition_expression: str,
        *,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
        filter_expression: str | None = None,
        projection_expression: str | None = None,
        index_name: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        descending: bool = False,
        consistent: bool | None = None,
        table_name: str | None = None,
    ) -> AsyncGenerator[PaginationResult[PlainItem], None]:
        """
        Read a partition page by page; the arguments are those of `query`, checked when this is called.

        A page is asked for when the loop wants it, within a deadline of its own.

        Returns:
            An async iterator of pages; some may be empty.

        Costs one Query for each page.
        """
        members = expression_members(
            names,
            values,
            key_condition_expression=key_condition_expression,
            filter_expression=filter_expression,
            projection_expression=projection_expression,
        )
        listing = self._table(table_name).query(
            members,
            index_name=index_name,
            consistent=consistent,
            descending=descending,
        )
        return self._reader(listing, limit, page_size).pages(last_evaluated_key)

    async def scan(
        self,
        *,
        filter_expression: str | None = None,
        values: Mapping[str, object] | None = None,
        names: Mapping[str, str] | None = None,
        projection_expression: str | None = None,
        index_name: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        consistent: bool | None = None,
        segment: tuple[int, int] | None = None,
        table_name: str | None = None,
    ) -> PaginationResult[PlainItem]:
        """
        Read a table or index from its beginning; the arguments and errors are those of `query`.

        With `segment=(number, total)` it reads one of so many parts, numbered from 0; its
        `last_evaluated_key` goes on in this part alone.

        Returns:
            The items as dicts, in no particular order.

        Costs as `query`, for everything that the table holds.
        """
        members = expression_members(
            names,
            values,
            filter_expression=filter_expression,
            projection_expression=projection_expression,
        )
        listing = self._table(table_name).scan(
            members,
            index_name=index_name,
            consistent=consistent,
            segment=segment,
        )
        return await self._reader(listing, limit, page_size).read(last_evaluated_key)

    def iter_scan(
        self,
        *,
        filter_expression: str | None = None,
        values: Mapping[str, object] | None = None,
        names: Mapping[str, str] | None = None,
        projection_expression: str | None = None,
        index_name: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        last_evaluated_key: Mapping[str, object] | None = None,
        consistent: bool | None = None,
        segment: tuple[int, int] | None = None,
        table_name: str | None = None,
    ) -> AsyncGenerator[PaginationResult[PlainItem], None]:
        """
        Read a table or index page by page; the arguments are those of `scan`, checked when this is called.

        Returns:
            An async iterator of pages; some may be empty.

        Costs one Scan for each page.
        """
        members = expression_members(
            names,
            values,
            filter_expression=filter_expression,
            projection_expression=projection_expression,
        )
        listing = self._table(table_name).scan(
            members,
            index_name=index_name,
            consistent=consistent,
            segment=segment,
        )
        return self._reader(listing, limit, page_size).pages(last_evaluated_key)

    @property
    def _caller(self) -> Caller:
        return Caller(self._channel, self._config)

    def _table(self, name: str | None) -> NativeTable:
        name = self._config.table_name if name is None else name
        if name is None:
            raise ConfigurationError("no table is named: give table_name, or set it in the configuration")
        return NativeTable(name, self._config.consistent_read)

    def _reader(self, listing: NativeListing, limit: int | None, page_size: int | None) -> NativeReader:
        return NativeReader(self._caller, listing, page_size, limit)
