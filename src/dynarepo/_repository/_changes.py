"""Following the changes of a table's items."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar, overload

from pydantic import BaseModel

from dynarepo._repository._base import RepositoryBase
from dynarepo._requests import check_count
from dynarepo._streams import (
    Change,
    ChangeDecoder,
    CheckpointStore,
    InvalidChangeError,
    MemoryCheckpoints,
    Start,
    StreamCalls,
    StreamOptions,
    StreamReader,
)
from dynarepo.exceptions import InvalidRequestError

__all__ = ["ChangesRepository", "change_decoder"]

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)

#: The most records that GetRecords gives.
_MAX_RECORDS = 1000


class ChangesRepository(RepositoryBase[T]):
    """Changes as DynamoDB's stream tells them; a part of `AsyncReadRepository`."""

    @overload
    def changes(
        self,
        *,
        start: Start,
        checkpoints: CheckpointStore | None = None,
        on_invalid: Callable[[InvalidChangeError], object] | None = None,
        page_size: int | None = None,
        checkpoint_every: int = 100,
        concurrency: int | None = None,
        poll_interval: float = 1.0,
    ) -> AsyncGenerator[Change[T], None]: ...

    @overload
    def changes(
        self,
        *,
        start: Start,
        view: type[V],
        checkpoints: CheckpointStore | None = None,
        on_invalid: Callable[[InvalidChangeError], object] | None = None,
        page_size: int | None = None,
        checkpoint_every: int = 100,
        concurrency: int | None = None,
        poll_interval: float = 1.0,
    ) -> AsyncGenerator[Change[V], None]: ...

    def changes(
        self,
        *,
        start: Start,
        view: type[BaseModel] | None = None,
        checkpoints: CheckpointStore | None = None,
        on_invalid: Callable[[InvalidChangeError], object] | None = None,
        page_size: int | None = None,
        checkpoint_every: int = 100,
        concurrency: int | None = None,
        poll_interval: float = 1.0,
    ) -> AsyncGenerator[Change[Any], None]:
        """
        Follow the changes of the model's items: every one at least once, those of one key in their order.

        Coming back for the next change says that this one is processed. What is not processed, or not yet
        saved in `checkpoints`, is given again by the next run. In a table of several models, changes of
        others are left out.

        Args:
            start: `oldest` for everything that the stream has yet, up to 24 hours, or `latest` for what is
                new. It counts where `checkpoints` have nothing of this stream.
            view: A model of a part of the fields, to read the items as.
            checkpoints: Where to go on, and where to save how far this run came, such as
                `dynarepo.streams.TableCheckpoints`. Without it, nothing outlives the run.
            on_invalid: Called, and awaited if it is a coroutine, with the error of a change whose item does
                not fit the model; then the next change follows. Without it, the error is raised.
            page_size: The most records to read at once; up to 1,000, which DynamoDB takes without it.
            checkpoint_every: How many changes are processed before that is saved; it is at the end of a page,
                too.
            concurrency: How many pages of different shards are read at once and held in memory; the
                configuration's `batch_concurrency` without it.
            poll_interval: The most seconds until a shard with nothing new is asked again.

        Returns:
            An async iterator that waits for new changes without end. Leave it by `contextlib.aclosing` to
            wait until nothing is under way and the last position is saved.

        Raises:
            InvalidRequestError: An argument is out of range.
            SchemaError: The view is not of this model's fields.
            StreamNotFoundError: The table has no stream.
            StreamTrimmedError: The checkpoints are older than what DynamoDB keeps, so that changes are lost.
            InvalidChangeError: An item does not fit the model; what came before it is saved.
            TableMismatchError: The stream does not have enough of an item to tell models apart.
            TransientError: The service could not be reached for a whole deadline; another run goes on.

        Costs one DescribeTable and one DescribeStream, a GetShardIterator for each shard, and a GetRecords
        for each page, also where there is nothing new.
        """
        if page_size is not None and (check_count("page_size", page_size) or 0) > _MAX_RECORDS:
            raise InvalidRequestError(f"page_size is at most {_MAX_RECORDS} for a stream")
        options = StreamOptions(
            start,
            self._config.batch_concurrency if concurrency is None else concurrency,
            MemoryCheckpoints() if checkpoints is None else checkpoints,
            on_invalid,
            checkpoint_every,
            poll_interval,
        )
        calls = StreamCalls(self._caller, self.table_name, page_size)
        return StreamReader(calls, ChangeDecoder(self._reading("GetRecords", view)), options).changes()


def change_decoder(repository: ChangesRepository[T]) -> ChangeDecoder[T]:
    """Give what makes a repository's changes of records; it needs no connection."""
    return ChangeDecoder(repository._reading("GetRecords", None))  # noqa: SLF001 - of this module
