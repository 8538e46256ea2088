"""A connection for one command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger
from dynarepo._repository import AsyncDynamoDBRepository, TableAdmin
from dynarepo.cli._exits import CommandError, Exit, told
from dynarepo.cli._meter import Meter
from dynarepo.cli._options import Settings
from dynarepo.cli._raw_table import RawTable
from dynarepo.exceptions import AuthenticationError

__all__ = ["Session", "opened", "run"]

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class _NoLogger:
    """Keeps log events to itself: what a user should know is printed or raised."""

    def debug(self, event: str, /, **fields: Any) -> None:
        """Keep a detail."""

    def info(self, event: str, /, **fields: Any) -> None:
        """Keep what happened."""

    def warning(self, event: str, /, **fields: Any) -> None:
        """Keep what should be looked at."""

    def error(self, event: str, /, **fields: Any) -> None:
        """Keep a failure."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with: an open channel, and what it consumes."""

    config: DynamoDBConfig
    logger: Logger
    channel: Channel
    meter: Meter
    named: str | None = None

    async def table(self, name: str | None = None) -> RawTable:
        """Look up a table, the configuration's without a name, by one DescribeTable."""
        name = self.config.table_name if name is None else name
        if name is None:
            raise CommandError("no table is named: give --table, or set DYNAMODB_TABLE_NAME", Exit.USAGE)
        return await RawTable.described(self.channel, self.config, name)

    def tables(self) -> TableAdmin:
        """Give what makes and changes tables."""
        return TableAdmin(config=self.config, logger=self.logger, channel=self.channel)

    async def repository(self, model: type[M], index: str | None = None) -> AsyncDynamoDBRepository[M]:
        """
        Give a model's repository; a table that the command line names goes before the model's own.

        By one DescribeTable: of another table, DynamoDB would refuse what is asked without saying why.
        """
        entity = bind(model)
        table = await self.table(self.named or entity.schema.table_name)
        table.check_model(entity, index)
        return AsyncDynamoDBRepository(
            model, config=self.config, logger=self.logger, channel=self.channel, table_name=self.named
        )


@asynccontextmanager
async def opened(settings: Settings, meter: Meter | None = None) -> AsyncIterator[Session]:
    """Connect for the time of a command."""
    logger: Logger = (
        structlog.wrap_logger(structlog.PrintLogger(sys.stderr)) if settings.verbose else _NoLogger()
    )
    meter = Meter() if meter is None else meter
    config = settings.config.model_copy(update={"capacity": meter.limit})
    async with AsyncExitStack() as stack:
        try:
            channel = await stack.enter_async_context(Channel(config, logger))
        except AuthenticationError as error:
            # As where there is no region: nothing was asked of anybody yet.
            raise CommandError(told(error)[0], Exit.USAGE) from None
        with channel.accounting() as usage:
            meter.usages.append(usage)
            yield Session(config, logger, channel, meter, settings.named)


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end; Ctrl-C cancels it, and is `KeyboardInterrupt` here."""
    return asyncio.run(command)
