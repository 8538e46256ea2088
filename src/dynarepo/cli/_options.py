"""
The options that commands have in common: where the tables are, how to print, which items.

The environment has them as well, as `DYNAMODB_` with the name of the configuration's field. What neither says
is AWS's own chain's to find: credentials, region, endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeAlias

import click

from dynarepo._config import DynamoDBConfig
from dynarepo.cli._meter import Meter, Pace

__all__ = [
    "Bounds",
    "Settings",
    "bound_options",
    "connection_options",
    "item_options",
    "stream_option",
    "where_option",
    "yes_option",
]

#: A command as a function, and what decorates one.
Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]

_DEADLINE: Final = 60.0
_CONNECTION: Final = ("table_name", "region", "endpoint_url", "profile", "deadline")


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the common options say.

    Attributes:
        config: Where the tables are; its table name is that of models that name none.
        named: The table that the command line itself names, which goes before a model's own.
        as_json: Print for machines.
        verbose: Write log events.
    """

    config: DynamoDBConfig
    named: str | None = None
    as_json: bool = False
    verbose: bool = False

    @property
    def place(self) -> str:
        """What tells accounts and servers with tables of one name apart, as far as the options say it."""
        return f"{self.config.endpoint_url or ''} {self.config.region or ''} {self.config.profile or ''}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of its time and capacity a table gives to work on many items."""

    read_units: float | None = None
    write_units: float | None = None
    segments: int = 4
    page_size: int | None = None

    def meter(self) -> Meter:
        """Give a meter that keeps to the bounds."""
        return Meter(Pace(self.read_units), Pace(self.write_units))


def connection_options(*, table: bool = True) -> Decorator:
    """Give a command the common options, and what they say as `settings`."""
    options = [
        *(
            [
                click.option(
                    "-t", "--table", "table_name", envvar="DYNAMODB_TABLE_NAME", help="The table's name."
                )
            ]
            if table
            else []
        ),
        click.option("--region", envvar="DYNAMODB_REGION", help="An AWS region, such as eu-west-1."),
        click.option("--endpoint-url", envvar="DYNAMODB_ENDPOINT_URL", help="Another endpoint than AWS's."),
        click.option("--profile", envvar="DYNAMODB_PROFILE", help="A profile of AWS's configuration files."),
        click.option(
            "--deadline", type=float, default=_DEADLINE, help="Seconds for one request, retries included."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print for machines: one JSON value a line."),
        click.option("-v", "--verbose", is_flag=True, help="Write log events to stderr."),
    ]

    def decorate(command: Function) -> Function:
        @wraps(command)
        def with_settings(*, as_json: bool, verbose: bool, **given: Any) -> Any:
            said = {name: given.pop(name) for name in _CONNECTION if name in given}
            config = DynamoDBConfig.model_validate(
                {name: value for name, value in said.items() if value is not None}
            )
            named = config.table_name if _is_typed("table_name") else None
            return command(settings=Settings(config, named, as_json, verbose), **given)

        return _decorated(with_settings, options)

    return decorate


def bound_options(*, reads: bool = True, writes: bool = False) -> Decorator:
    """Give a command the options of work on many items, and what they say as `bounds`."""
    units = click.FloatRange(min=0, min_open=True)
    options = []
    if reads:
        options += [
            click.option(
                "--segments", type=click.IntRange(1, 1_000), default=4, help="Parts to read at once."
            ),
            click.option("--page-size", type=click.IntRange(min=1), help="Items to read for one request."),
            click.option("--read-units", type=units, help="Read units for each second, at most."),
        ]
    if writes:
        options.append(
            click.option("--write-units", type=units, help="Write units for each second, at most.")
        )

    def decorate(command: Function) -> Function:
        @wraps(command)
        def with_bounds(**given: Any) -> Any:
            said = {name: given.pop(name) for name in Bounds.__dataclass_fields__ if name in given}
            return command(bounds=Bounds(**said), **given)

        return _decorated(with_bounds, options)

    return decorate


def where_option(command: Function) -> Function:
    """Give a command the option of conditions that items have to meet."""
    option = click.option(
        "--where",
        "wheres",
        nargs=3,
        multiple=True,
        metavar="NAME OPERATOR VALUE",
        help="Only items for which this holds, such as --where age ge 18; all of them if repeated.",
    )
    return _decorated(command, [option])


def item_options(command: Function) -> Function:
    """Give a command the options that say which items, and in which way they are read."""
    return _decorated(
        command,
        [
            click.option("--model", "model_path", metavar="PACKAGE.MODULE:MODEL", help="Read as this model."),
            where_option,
            click.option("--index", help="Read this index of the table."),
            click.option("--consistent", is_flag=True, help="Read consistently, at twice the capacity."),
        ],
    )


def stream_option(command: Function) -> Function:
    """Give a command that makes tables the option of a stream."""
    views = click.Choice(["keys_only", "new_image", "old_image", "new_and_old_images"])
    option = click.option("--stream", type=views, help="Let each table have a stream of this.")
    return _decorated(command, [option])


def yes_option(command: Function) -> Function:
    """Give a command that asks before it does harm the option not to ask."""
    return _decorated(command, [click.option("-y", "--yes", is_flag=True, help="Do not ask.")])


def _is_typed(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _decorated(command: Function, options: Sequence[Decorator]) -> Function:
    for option in reversed(options):
        command = option(command)
    return command
