"""Streams of tables: switched on and off, and what they have of an item."""

from __future__ import annotations

from dynarepo._repository._base import Connected
from dynarepo._repository._live_table import LiveTable
from dynarepo._requests import StreamView, is_active, stream_change, stream_view
from dynarepo.exceptions import ConfigurationError, InvalidRequestError, RejectedError

__all__ = ["TableStreams"]


class TableStreams(Connected):
    """Streams of tables; a part of `TableAdmin`."""

    async def stream_view(self, table_name: str | None = None) -> str | None:
        """
        Say what the table's stream has of an item that is changed, `None` where it has no stream.

        Raises:
            TableNotFoundError: There is no such table.

        Costs one DescribeTable.
        """
        return stream_view(await self._live(table_name).described())

    async def enable_stream(self, view: StreamView, table_name: str | None = None) -> None:
        """
        Let the table have a stream, and wait until it is active; harmless where it has the same one already.

        Args:
            view: What the stream has of an item: `keys_only`, `new_image`, `old_image` or
                `new_and_old_images`.
            table_name: The table; otherwise the configuration's.

        Raises:
            RejectedError: The stream has something else, so that `disable_stream` has to end it first.
            TableInUseError: The table is being changed.
            TableNotFoundError: There is no such table.

        Costs one DescribeTable and, unless there is a stream, one UpdateTable and more DescribeTables.
        """
        table = self._live(table_name)
        if view is None:
            raise InvalidRequestError("enable_stream takes what the stream is to have; see disable_stream")
        change = stream_change(view, table.name)
        enabled = stream_view(await table.described())
        if enabled is None:
            await table.change("UpdateTable", change)
            await table.wait_until(is_active)
        elif enabled != view:
            raise RejectedError(
                f"the table has a stream of {enabled}: call disable_stream first",
                operation="UpdateTable",
                table_name=table.name,
            )

    async def disable_stream(self, table_name: str | None = None) -> None:
        """
        End the table's stream; harmless where it has none. What is in it can be read for 24 hours yet.

        Raises:
            TableInUseError: The table is being changed.
            TableNotFoundError: There is no such table.

        Costs one DescribeTable and, where there is a stream, one UpdateTable and more DescribeTables.
        """
        table = self._live(table_name)
        if stream_view(await table.described()) is not None:
            await table.change("UpdateTable", stream_change(None, table.name))
            await table.wait_until(is_active)

    def _live(self, name: str | None) -> LiveTable:
        found = self._config.table_name if name is None else name
        if found is None:
            raise ConfigurationError("no table is named: give table_name, or set it in the configuration")
        return LiveTable(self._channel, found, self._config.deadline)
