"""`dynarepo tables`: made from models, compared with them, listed, described and deleted."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from dynarepo._requests import StreamView
from dynarepo._wire import Payload
from dynarepo.cli._exits import Exit
from dynarepo.cli._models import load_models
from dynarepo.cli._options import Settings, connection_options, stream_option, yes_option
from dynarepo.cli._output import ask, counted, print_fact
from dynarepo.cli._session import opened, run

__all__ = ["tables_group"]

_MODELS = click.argument("models", nargs=-1, required=True, metavar="PACKAGE.MODULE:MODEL...")


@click.group("tables")
def tables_group() -> None:
    """Make, compare, list and delete tables."""


@tables_group.command("list")
@connection_options(table=False)
def _list(*, settings: Settings) -> None:
    """Name all tables of the account and region."""

    async def names() -> list[str]:
        async with opened(settings) as session:
            return await session.tables().list_tables()

    for name in sorted(run(names())):
        print_fact(name, {"table": name}, as_json=settings.as_json)


@tables_group.command("create")
@_MODELS
@stream_option
@connection_options()
def _create(*, models: tuple[str, ...], stream: StreamView | None, settings: Settings) -> None:
    """
    Make the table of one model, or of several that share it.

    Waits until it can be used.
    """
    loaded = load_models(models)

    async def create() -> str:
        async with opened(settings) as session:
            return await session.tables().create_table(*loaded, table_name=session.named, stream=stream)

    name = run(create())
    print_fact(f"created {name}", {"table": name}, as_json=settings.as_json)


@tables_group.command("diff")
@_MODELS
@connection_options()
@click.pass_context
def _diff(context: click.Context, /, *, models: tuple[str, ...], settings: Settings) -> None:
    """
    Compare a table with what the models that share it declare.

    Ends with exit code 3 where something is missing, different or unexpected, and prints what.
    """
    loaded = load_models(models)

    async def diff() -> tuple[object, ...]:
        async with opened(settings) as session:
            return await session.tables().diff(*loaded, table_name=session.named)

    differences = run(diff())
    for difference in differences:
        print_fact(str(difference), asdict(difference), as_json=settings.as_json)  # type: ignore[call-overload]
    if differences:
        context.exit(Exit.DIFFERENT)
    if not settings.as_json:
        click.echo("the table is as declared")


@tables_group.command("describe")
@click.argument("name", metavar="TABLE")
@connection_options(table=False)
def _describe(*, name: str, settings: Settings) -> None:
    """Tell the key, the indexes, the state and the size of a table."""

    async def describe() -> tuple[Payload, str | None]:
        async with opened(settings) as session:
            table = await session.table(name)
            return table.description, await session.tables().ttl_attribute(name)

    description, ttl = run(describe())
    print_fact(
        "\n".join(_lines(name, description, ttl)),
        {**description, "TtlAttribute": ttl},
        as_json=settings.as_json,
    )


@tables_group.command("delete")
@click.argument("name", metavar="TABLE")
@yes_option
@connection_options(table=False)
def _delete(*, name: str, yes: bool, settings: Settings) -> None:
    """
    Delete a table with everything in it.

    Asks before, and refuses where there is no terminal to ask at, unless --yes is given.
    """

    async def look() -> str:
        async with opened(settings) as session:
            table = await session.table(name)
            return "" if table.item_count is None else f", which has about {counted(table.item_count)}"

    async def delete() -> None:
        async with opened(settings) as session:
            await session.tables().delete_table(name)

    ask(f"Delete table {name}{run(look())}?", yes=yes)
    run(delete())
    print_fact(f"deleted {name}", {"table": name}, as_json=settings.as_json)


def _lines(name: str, description: Payload, ttl: str | None) -> list[str]:
    types = {each["AttributeName"]: each["AttributeType"] for each in description["AttributeDefinitions"]}
    billing = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    indexes = [
        *(("global", each) for each in description.get("GlobalSecondaryIndexes", ())),
        *(("local", each) for each in description.get("LocalSecondaryIndexes", ())),
    ]
    count, size = description.get("ItemCount", 0), description.get("TableSizeBytes", 0)
    return [
        f"table {name}: {description.get('TableStatus')}, {billing.lower().replace('_', ' ')}",
        f"key: {_key(description, types)}",
        *(
            f"{scope} index {index['IndexName']}: {_key(index, types)}, {_projection(index)}"
            for scope, index in indexes
        ),
        f"expiry: {ttl or 'none'}",
        f"items: {count:,}, {size:,} bytes (a few hours ago)",
    ]


def _key(described: Payload, types: dict[str, str]) -> str:
    words = {"HASH": "partition", "RANGE": "sort"}
    return ", ".join(
        f"{words[each['KeyType']]} {each['AttributeName']} ({types[each['AttributeName']]})"
        for each in described["KeySchema"]
    )


def _projection(index: Payload) -> str:
    projection = index.get("Projection", {})
    included = projection.get("NonKeyAttributes")
    return json.dumps(included) if included else str(projection.get("ProjectionType"))
