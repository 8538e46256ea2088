"""What every object that users open has in common: a connection, owned or shared."""

from __future__ import annotations

import copy
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger
from dynarepo._pages import Caller
from dynarepo._requests import Target
from dynarepo._schema import TableSchema
from dynarepo._transport import Transport
from dynarepo.exceptions import ConfigurationError, DynamoDBServiceError

__all__ = ["Connected", "RepositoryBase"]

T = TypeVar("T", bound=BaseModel)

#: Options that shape calls; the others belong to the connection and cannot change while it is open.
_CALL_OPTIONS: Final = frozenset(
    {"batch_concurrency", "consistent_read", "cursor_keys", "cursor_scope", "deadline"}
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
    ) -> None:
        if not isinstance(config, DynamoDBConfig):
            raise ConfigurationError("config= takes a DynamoDBConfig")
        if not callable(getattr(logger, "info", None)):
            raise ConfigurationError("logger= takes a structlog logger, such as structlog.get_logger()")
        self._config = config
        self._logger = logger
        self._owns_channel = channel is None
        self._channel = Channel(config, logger, transport=transport) if channel is None else channel

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
            logger: A structlog logger, or anything with its `debug`, `info`, `warning` and `error`; required.
            schema: The declaration, where the model has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.
            transport: Replaces the network, in tests.
            channel: An open connection to share; `DynamoDBConnection.repository` gives it.

        Raises:
            SchemaError: The declaration is wrong; the message names what.
            ConfigurationError: No table is named anywhere.

        Sends nothing and opens nothing.
        """
        super().__init__(config=config, logger=logger, transport=transport, channel=channel)
        entity = bind(model, schema)
        name = table_name or entity.schema.table_name or config.table_name
        if name is None:
            raise ConfigurationError(
                f"{model.__name__} has no table: set table_name in its declaration or in the configuration"
            )
        self._target: Target[T] = Target(entity, name, config.consistent_read)
        self._caller = Caller(self._channel, config)

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
            options: Any of `batch_concurrency`, `consistent_read`, `cursor_keys`, `cursor_scope`, `deadline`.

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
        other._caller = Caller(self._channel, config)
        other._target = Target(self._target.entity, self._target.table_name, config.consistent_read)
        return other

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
        return f"{type(self).__name__}({self.model.__name__}, table_name={self.table_name!r})"
