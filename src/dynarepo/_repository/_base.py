"""What every object that users open has in common: a connection, owned or shared."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from inspect import isawaitable
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from dynarepo._codec import Source, bind
from dynarepo._config import DynamoDBConfig, is_table_name
from dynarepo._connection import Channel
from dynarepo._observability import Logger, OpenTelemetry, check_logger
from dynarepo._pages import Caller, RecordingChannel
from dynarepo._requests import Explanation, Reading, Target
from dynarepo._schema import TableSchema
from dynarepo._transport import Transport
from dynarepo.exceptions import ConfigurationError, DynamoDBServiceError, InvalidRequestError

__all__ = ["Connected", "RepositoryBase"]

T = TypeVar("T", bound=BaseModel)

#: Options that shape calls; the others belong to the connection and cannot change while it is open.
_CALL_OPTIONS: Final = frozenset(
    {
        "batch_concurrency",
        "capacity",
        "consistent_read",
        "cursor_keys",
        "cursor_scope",
        "deadline",
        "encrypt_cursors",
        "user_timezone",
    }
)


class Connected:
    """An async context manager that opens and closes a connection, unless it was given one."""

    def __init__(
        self,
        *,
        config: DynamoDBConfig,
        logger: Logger,
        transport: Transport | None = None,
        channel: Channel | None = None,
        telemetry: OpenTelemetry | None = None,
    ) -> None:
        if not isinstance(config, DynamoDBConfig):
            raise ConfigurationError("config= takes a DynamoDBConfig")
        check_logger(logger)
        if not isinstance(telemetry, OpenTelemetry | None):
            raise ConfigurationError("telemetry= takes an OpenTelemetry()")
        self._config = config
        self._logger = logger
        self._owns_channel = channel is None
        if channel is None:
            channel = Channel(config, logger, transport=transport, telemetry=telemetry)
        self._channel = channel

    @property
    def config(self) -> DynamoDBConfig:
        """The configuration it was made with."""
        return self._config

    async def open(self) -> None:
        """
        Open the connection: find credentials, region and endpoint; sends no request to DynamoDB.

        Raises:
            AuthenticationError: There are no credentials.
            ConfigurationError: The region or endpoint is missing or refused.
        """
        if self._owns_channel:
            await self._channel.open()

    async def close(self) -> None:
        """Release everything; twice is harmless. A shared connection is left open."""
        if self._owns_channel:
            await self._channel.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class RepositoryBase(Connected, Generic[T]):
    """A model, its table and a connection."""

    def __init__(
        self,
        model: type[T],
        *,
        config: DynamoDBConfig,
        logger: Logger,
        schema: TableSchema | None = None,
        table_name: str | None = None,
        transport: Transport | None = None,
        channel: Channel | None = None,
    ) -> None:
        """
        Bind a model to its table.

        Args:
            model: Any Pydantic model with a `class Meta`, with `schema=`, or based on `DynamoDBBaseModel`.
            config: Where the table is; required.
            logger: A structlog logger, or anything with its methods that take fields; required.
            schema: The declaration, where the model has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.
            transport: Replaces the network, in tests.
            channel: An open connection to share; `DynamoDBConnection.repository` gives it.

        Raises:
            SchemaError: The declaration is wrong; the message names what.
            ConfigurationError: No table is named anywhere, the name cannot be a table's, or cursors cannot
                be encrypted.

        Sends nothing and opens nothing.
        """
        super().__init__(config=config, logger=logger, transport=transport, channel=channel)
        declared = bind(model, schema).schema.table_name
        self._bind(lambda zone: bind(model, schema, zone), declared if table_name is None else table_name)

    def _bind(self, source_in: Callable[[ZoneInfo | None], Source[T]], table_name: str | None) -> None:
        """Take what is stored, read in a time zone, and where: the configuration's table if none is named."""
        source = source_in(self._config.zone)
        name = self._config.table_name if table_name is None else table_name
        if name is None:
            raise ConfigurationError(
                f"{source.name} has no table: set table_name in its declaration or in the configuration"
            )
        if not isinstance(name, str) or not is_table_name(name):
            raise ConfigurationError(
                "table_name is an ARN, or 3 to 255 of the characters A-Z, a-z, 0-9, '_', '.', '-'"
            )
        self._source_in = source_in
        self._target: Target[T] = Target(source, name, self._config.consistent_read)
        self._caller = Caller(self._channel, self._config)

    def _reading(
        self, operation: str, view: type[BaseModel] | None, *, skip_expired: bool = False
    ) -> Reading[Any]:
        target = self._target
        return Reading.of(
            target.source,
            view,
            skip_expired=skip_expired,
            operation=operation,
            table_name=target.table_name,
        )

    @property
    def model(self) -> type[T]:
        """The model it stores."""
        return self._target.entity.model

    @property
    def table_name(self) -> str:
        """The table it stores in."""
        return self._target.table_name

    def with_options(self, **options: Any) -> Self:
        """
        Give a cheap copy with other options, on the same connection.

        Args:
            options: Any of `batch_concurrency`, `capacity`, `consistent_read`, `cursor_keys`, `cursor_scope`,
                `deadline`, `encrypt_cursors`, `user_timezone`. `capacity` is a limit of the copy's own, which
                its copies share; the connection's holds beside it.

        Raises:
            ConfigurationError: An option is unknown or belongs to the connection.
            pydantic.ValidationError: A value is refused; the error names the option.
        """
        unknown = sorted(options.keys() - _CALL_OPTIONS)
        if unknown:
            raise ConfigurationError(
                f"with_options takes {', '.join(sorted(_CALL_OPTIONS))}, not {', '.join(unknown)}"
            )
        config = DynamoDBConfig.model_validate(self._config.model_dump() | options)
        other = copy.copy(self)
        other._owns_channel = False
        other._config = config
        channel = self._channel.governed(config.capacity) if "capacity" in options else self._caller.channel
        other._caller = Caller(channel, config)
        other._target = Target(self._source_in(config.zone), self.table_name, config.consistent_read)
        return other

    async def explain(self, call: Callable[[Self], Awaitable[object] | AsyncIterator[object]]) -> Explanation:
        """
        Say what a call would send, and send nothing.

            print(await users.explain(lambda u: u.query_by_pk("USER#1", where=attr("age").ge(18))))

        Args:
            call: Calls a method of the repository that it is given.

        Returns:
            The first request of the call; what follows may depend on its reply. Values are hidden in
            `str()` and `repr()` of it.

        Raises:
            InvalidRequestError: What `call` gives is no call, or it sends nothing.
            RequestRefusedError: The call is refused, as it would be without `explain`.

        Costs nothing, and needs no open connection.
        """
        if not callable(call):
            raise InvalidRequestError("explain takes a function, such as lambda r: r.get_one(...)")
        channel = RecordingChannel(self._config, self._logger)
        other = copy.copy(self)
        other._owns_channel, other._channel = False, channel
        other._caller = Caller(channel, self._config)
        try:
            await _begin(call(other))
        except Exception:
            if not channel.requests:
                raise
        if not channel.requests:
            raise InvalidRequestError("the call sends nothing by the repository that it is given")
        return Explanation.of(channel.requests[0])

    async def ping(self) -> bool:
        """
        Tell whether the table can be reached and described.

        Raises:
            ConnectionClosedError: The repository is not open.

        Costs one DescribeTable and no capacity; what went wrong is in the log.
        """
        self._channel.check_open()
        try:
            await self._channel.control("DescribeTable", {"TableName": self.table_name})
        except DynamoDBServiceError:
            return False
        return True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._target.source.name}, table_name={self.table_name!r})"


async def _begin(called: object) -> None:
    """Run a call, or an iterator up to its first element; leave nothing open."""
    if isinstance(called, AsyncIterator):
        try:
            await anext(called, None)
        finally:
            if isinstance(called, AsyncGenerator):
                await called.aclose()
    elif isawaitable(called):
        await called
    else:
        raise InvalidRequestError(
            "explain takes a call that reads or writes, such as lambda r: r.get_one(...); "
            "what batch() collects is a batch_write"
        )
