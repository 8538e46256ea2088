"""
One command: `python -m examples.pipelines`.

It starts a DynamoDB inside the process, makes the tables, writes data to look at, and serves on loopback.
With `--endpoint-url` or `--region`, or their variables, it uses another DynamoDB instead.
"""

import argparse
import asyncio
import logging
import os
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import structlog
import uvicorn

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo.testing import local_dynamodb
from examples.pipelines.app import create_app
from examples.pipelines.demo_data import write_demo_data
from examples.pipelines.storage import TableNames, create_tables


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        if options.endpoint_url is None and options.region is None:
            config = await stack.enter_async_context(local_dynamodb())
        else:
            config = DynamoDBConfig(endpoint_url=options.endpoint_url, region=options.region)
        config = DynamoDBConfig.model_validate(config.model_dump() | {"cursor_keys": _cursor_keys()})
        await _prepare(config, TableNames.prefixed(options.table_prefix))
        app = create_app(config, tables_prefix=options.table_prefix)
        await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=options.port)).serve()


async def _prepare(config: DynamoDBConfig, names: TableNames) -> None:
    # Making a table on AWS takes longer than a request may.
    patient = config.model_copy(update={"deadline": 120.0})
    async with DynamoDBConnection(config=patient, logger=structlog.get_logger()) as connection:
        if await create_tables(connection.table_admin(), names):
            await write_demo_data(connection, names, datetime.now(UTC))


def _cursor_keys() -> tuple[str, ...]:
    """Without any, cursors are good in this process only."""
    return tuple(os.environ.get("PIPELINES_CURSOR_KEYS", "").split())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.pipelines", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="to listen on (%(default)s)")
    parser.add_argument(
        "--endpoint-url",
        default=os.environ.get("PIPELINES_ENDPOINT_URL"),
        help="another DynamoDB, such as http://127.0.0.1:8001; or PIPELINES_ENDPOINT_URL",
    )
    parser.add_argument(
        "--region",
        default=os.environ.get("PIPELINES_REGION"),
        help="of the tables, which makes it AWS where no endpoint is given; or PIPELINES_REGION",
    )
    parser.add_argument(
        "--table-prefix",
        default=os.environ.get("PIPELINES_TABLE_PREFIX", "pipelines-demo-"),
        help="what the names of the three tables begin with (%(default)s); or PIPELINES_TABLE_PREFIX",
    )
    return parser


if __name__ == "__main__":
    main()
