"""Reading several models from one table as a union."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from dynarepo._codec import bind, unite
from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger
from dynarepo._repository._base import Connected
from dynarepo._repository._read import AsyncReadRepository
from dynarepo._transport import Transport
from dynarepo.exceptions import SchemaError

__all__ = ["AsyncUnionRepository"]

T = TypeVar("T", bound=BaseModel)


class AsyncUnionRepository(AsyncReadRepository[T]):
    """
    Reads several models that share a table; each item comes back as the model that its discriminator names.

        shop = AsyncUnionRepository[Customer | Order](Customer, Order, config=config, logger=logger)
        async for thing in shop.iter_query_items("CUSTOMER#1"):
            match thing:
                case Customer(): ...
                case Order(): ...

    Items of other models are left out of queries and scans. A condition may name the fields that any of the
    models has, if all that have it store it alike. A key that the models make in different ways is given as
    it is stored, as text.
    """

    def __init__(
        self,
        *models: type[T],
        config: DynamoDBConfig,
        logger: Logger,
        table_name: str | None = None,
        transport: Transport | None = None,
        channel: Channel | None = None,
    ) -> None:
        """
        Bind two or more models to their table.

        Args:
            models: Models whose `class Meta` declares a discriminator.
            config: Where the table is; required.
            logger: A structlog logger; required.
            table_name: The table; otherwise the declarations', otherwise the configuration's.
            transport: Replaces the network, in tests.
            channel: An open connection to share; `DynamoDBConnection.union_repository` gives it.

        Raises:
            SchemaError: A model has no discriminator, two have the same, or their keys or indexes differ.
            ConfigurationError: No table is named anywhere.

        Sends nothing and opens nothing.
        """
        Connected.__init__(self, config=config, logger=logger, transport=transport, channel=channel)
        entities = [bind(model) for model in models]
        named = {entity.schema.table_name for entity in entities} - {None}
        if len(named) > 1:
            raise SchemaError("models that are read together share a table; their table_name differs")
        self._models = models
        self._bind(
            lambda zone: unite([bind(model, None, zone) for model in models]),
            next(iter(named), None) if table_name is None else table_name,
        )

    @property
    def models(self) -> tuple[type[T], ...]:
        """The models it reads."""
        return self._models
