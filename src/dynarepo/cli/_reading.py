"""`dynarepo get`: one item, of a table by its name or of a model."""

from __future__ import annotations

import click
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo.cli._conditions import Expressions, key_item
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._model_json import model_text
from dynarepo.cli._models import key_value, load_model
from dynarepo.cli._options import Settings, connection_options
from dynarepo.cli._output import print_data
from dynarepo.cli._plain_json import item_text
from dynarepo.cli._session import Session, opened, run

__all__ = ["get_command"]


@click.command("get")
@click.argument("pk")
@click.argument("sk", required=False)
@click.option("--model", "model_path", metavar="PACKAGE.MODULE:MODEL", help="Read it as this model.")
@click.option("--attributes", metavar="NAME,NAME,...", help="Only these attributes; not with --model.")
@click.option("--consistent", is_flag=True, help="Read consistently, at twice the capacity.")
@connection_options()
def get_command(
    *,
    pk: str,
    sk: str | None,
    model_path: str | None,
    attributes: str | None,
    consistent: bool,
    settings: Settings,
) -> None:
    """
    Print one item.

    PK and SK are the values of its key: text, numbers, and binary as base64. Of a model whose key is a
    template, they are the finished text, or a JSON object of the template's fields. Where there is no such
    item, the exit code is 3.
    """
    model = None if model_path is None else load_model(model_path)
    if model is not None and attributes is not None:
        raise CommandError("--attributes does not go with --model", Exit.USAGE)

    async def get() -> str | None:
        async with opened(settings) as session:
            if model is None:
                return await _raw(session, pk, sk, attributes, consistent=consistent)
            return await _model(session, model, pk, sk, consistent=consistent)

    found = run(get())
    if found is None:
        raise CommandError("there is no such item", Exit.DIFFERENT)
    print_data(found, as_json=settings.as_json)


async def _raw(
    session: Session, pk: str, sk: str | None, attributes: str | None, *, consistent: bool
) -> str | None:
    table = await session.table()
    expressions = Expressions({"ConsistentRead": True} if consistent else {})
    expressions.project(attributes)
    item = await table.get(key_item(table.key_types, pk, sk), expressions.members)
    return None if item is None else item_text(item)


async def _model(
    session: Session, model: type[BaseModel], pk: str, sk: str | None, *, consistent: bool
) -> str | None:
    schema = bind(model).schema
    key = [key_value(model, schema.partition_key, pk)]
    if sk is not None:
        if schema.sort_key is None:
            raise CommandError(f"{model.__name__} has no sort key: give the partition key alone", Exit.USAGE)
        key.append(key_value(model, schema.sort_key, sk))
    repository = await session.repository(model)
    item = await repository.get_one(*key, consistent=consistent)
    return None if item is None else model_text(item)
