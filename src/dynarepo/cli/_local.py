"""`dynarepo local`: an embedded server with tables of models, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress

import click
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._config import DynamoDBConfig
from dynarepo._requests import StreamView
from dynarepo.cli._models import load_models
from dynarepo.cli._options import Settings, stream_option
from dynarepo.cli._session import opened, run
from dynarepo.testing import local_dynamodb

__all__ = ["local_command"]


@click.command("local")
@click.argument("models", nargs=-1, metavar="[PACKAGE.MODULE:MODEL]...")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, help="The port to listen on, 0 for a free one."
)
@click.option("-t", "--table", "table_name", default="dynarepo", help="The table of models that name none.")
@stream_option
@click.option("--json", "as_json", is_flag=True, help="Print for machines: one JSON value.")
def local_command(
    *, models: tuple[str, ...], port: int, table_name: str, stream: StreamView | None, as_json: bool
) -> None:
    """
    Serve an embedded DynamoDB with the tables of models.

    Prints the lines to copy into a shell, and serves until Ctrl-C, which is no failure: the exit code is 0.
    The tables are gone then. Models of one table share it. Needs the extra `local`.
    """
    loaded = load_models(models)
    with suppress(KeyboardInterrupt):
        run(_serve(loaded, port, table_name, stream, as_json=as_json))


async def _serve(
    models: list[type[BaseModel]], port: int, table_name: str, stream: StreamView | None, *, as_json: bool
) -> None:
    DynamoDBConfig(table_name=table_name)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Where there are no such handlers, as on Windows, Ctrl-C cancels.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    async with local_dynamodb(table_name=table_name, port=port) as config:
        tables = _by_table(models, table_name)
        async with opened(Settings(config)) as session:
            for name, sharing in tables.items():
                await session.tables().create_table(*sharing, table_name=name, stream=stream)
        _tell(config, tables, as_json=as_json)
        await stopped.wait()


def _by_table(models: Iterable[type[BaseModel]], table_name: str) -> Mapping[str, list[type[BaseModel]]]:
    tables: defaultdict[str, list[type[BaseModel]]] = defaultdict(list)
    for model in models:
        tables[bind(model).schema.table_name or table_name].append(model)
    return tables


def _tell(config: DynamoDBConfig, tables: Mapping[str, list[type[BaseModel]]], *, as_json: bool) -> None:
    environment = _environment(config)
    names = {name: [model.__name__ for model in models] for name, models in tables.items()}
    if as_json:
        click.echo(
            json.dumps({"endpoint_url": config.endpoint_url, "environment": environment, "tables": names})
        )
        return
    click.echo(f"DynamoDB is served at {config.endpoint_url} until Ctrl-C; its tables are gone then.")
    for name, models in names.items():
        click.echo(f"table {name}: {', '.join(models)}")
    click.echo("")
    for variable, value in environment.items():
        click.echo(f"export {variable}={shlex.quote(value)}")


def _environment(config: DynamoDBConfig) -> dict[str, str]:
    secrets = {
        "AWS_ACCESS_KEY_ID": config.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": config.aws_secret_access_key,
    }
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": str(config.endpoint_url),
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": str(config.endpoint_url),
        "AWS_REGION": str(config.region),
        "AWS_DEFAULT_REGION": str(config.region),
        **{name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None},
    }
