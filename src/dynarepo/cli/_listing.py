"""`dynarepo query`, `scan` and `count`: items of a table by its name, or of a model."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import Any, Final

import click
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._expressions import SortKeyCondition
from dynarepo._schema import GlobalIndex, KeyPart, LocalIndex
from dynarepo.cli._conditions import Expressions, Where, model_condition
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._model_json import model_text
from dynarepo.cli._models import key_value, load_model
from dynarepo.cli._options import Settings, connection_options, item_options
from dynarepo.cli._output import print_data, print_fact
from dynarepo.cli._plain_json import item_text
from dynarepo.cli._progress import progress
from dynarepo.cli._session import Session, opened, run

__all__ = ["count_command", "query_command", "scan_command"]

_SORT_OPERATORS: Final = ("eq", "lt", "le", "gt", "ge", "begins_with")

_limit = click.option("--limit", type=click.IntRange(min=1), help="How many items to print at most.")
_attributes = click.option(
    "--attributes", metavar="NAME,NAME,...", help="Only these attributes; not with --model."
)
_sort_key = click.option(
    "--sort-key",
    "sort",
    type=(click.Choice(_SORT_OPERATORS), str),
    metavar="OPERATOR VALUE",
    help=f"Only items whose sort key meets this; OPERATOR is one of {', '.join(_SORT_OPERATORS)}.",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which items are asked for."""

    settings: Settings
    pk: str | None
    model: type[BaseModel] | None
    wheres: Sequence[Where]
    index: str | None
    consistent: bool
    sort: tuple[str, str] | None = None
    limit: int | None = None
    descending: bool = False
    attributes: str | None = None

    @classmethod
    def of(cls, *, model_path: str | None, wheres: Sequence[Where], **given: Any) -> _Asked:
        model = None if model_path is None else load_model(model_path)
        asked = cls(model=model, wheres=wheres, **given)
        if model is not None and asked.attributes is not None:
            raise CommandError("--attributes does not go with --model", Exit.USAGE)
        if asked.sort is not None and asked.pk is None:
            raise CommandError("--sort-key needs the partition key", Exit.USAGE)
        return asked


@click.command("query")
@click.argument("pk")
@_sort_key
@item_options
@_limit
@click.option("--descending", is_flag=True, help="From the highest sort key down.")
@_attributes
@connection_options()
def query_command(**given: Any) -> None:
    """
    Print the items of one partition, in the order of their sort keys.

    PK is the value of the partition key of the table, or of the index.
    """
    _print_all(_Asked.of(**given))


@click.command("scan")
@item_options
@_limit
@_attributes
@connection_options()
def scan_command(**given: Any) -> None:
    """
    Print all items of a table, or of an index.

    DynamoDB charges for all that is read, also with --where; --limit ends it early.
    """
    _print_all(_Asked.of(pk=None, **given))


@click.command("count")
@click.argument("pk", required=False)
@_sort_key
@item_options
@connection_options()
def count_command(**given: Any) -> None:
    """
    Count the items of one partition, or of the whole table without PK.

    Counting costs as much capacity as reading.
    """
    asked = _Asked.of(**given)

    async def count() -> int:
        async with opened(asked.settings) as session:
            if asked.model is not None and asked.pk is not None:
                return await _count_of_model(session, asked.model, asked)
            counted = 0
            name = asked.settings.named or asked.settings.config.table_name or "items"
            with progress(f"count {name}", None, session.meter) as shown:
                async with aclosing(_counts(session, asked)) as counts:
                    async for number in counts:
                        counted += number
                        shown.advance(number)
            return counted

    number = run(count())
    print_fact(f"{number}", {"count": number}, as_json=asked.settings.as_json)


def _print_all(asked: _Asked) -> None:
    async def print_all() -> None:
        async with opened(asked.settings) as session:
            # Where items are seen as they come, they show how far it is.
            shown = nullcontext() if sys.stdout.isatty() else progress("read", None, session.meter)
            texts = _raw(session, asked) if asked.model is None else _of_model(session, asked.model, asked)
            async with aclosing(texts):
                with shown as bar:
                    async for text in texts:
                        print_data(text, as_json=asked.settings.as_json)
                        if bar is not None:
                            bar.advance(1)

    run(print_all())


async def _raw(session: Session, asked: _Asked) -> AsyncGenerator[str, None]:
    async with aclosing(_raw_pages(session, asked, {})) as pages:
        async for page in pages:
            for item in page.items:
                yield item_text(item)


async def _counts(session: Session, asked: _Asked) -> AsyncGenerator[int, None]:
    if asked.model is None:
        async with aclosing(_raw_pages(session, asked, {"Select": "COUNT"})) as pages:
            async for page in pages:
                yield page.count
    else:
        async with aclosing(_model_pages(session, asked.model, asked)) as pages:
            async for page in pages:
                yield len(page.items)


async def _raw_pages(session: Session, asked: _Asked, members: dict[str, Any]) -> AsyncGenerator[Any, None]:
    table = await session.table()
    key_types = table.index_key_types(asked.index)
    expressions = Expressions(members)
    if asked.pk is not None:
        expressions.key(key_types, asked.pk, [] if asked.sort is None else [asked.sort])
    expressions.filter(asked.wheres, () if asked.pk is None else key_types)
    expressions.project(asked.attributes)
    members |= {"IndexName": asked.index} if asked.index is not None else {}
    members |= {"ConsistentRead": True} if asked.consistent else {}
    members |= {"ScanIndexForward": False} if asked.descending else {}
    operation = "Scan" if asked.pk is None else "Query"
    async with aclosing(table.pages(operation, members, limit=asked.limit)) as pages:
        async for page in pages:
            yield page


async def _of_model(session: Session, model: type[BaseModel], asked: _Asked) -> AsyncGenerator[str, None]:
    async with aclosing(_model_pages(session, model, asked)) as pages:
        async for page in pages:
            for item in page.items:
                yield model_text(item)


async def _model_pages(session: Session, model: type[BaseModel], asked: _Asked) -> AsyncGenerator[Any, None]:
    options = _options(model, asked)
    if asked.limit is not None:
        options["limit"] = asked.limit
    pk, condition = (None, None) if asked.pk is None else _key(model, asked)
    repository = await session.repository(model, asked.index)
    if asked.pk is None:
        pages: Any = repository.iter_scan(**options)
    else:
        pages = repository.iter_query(pk, condition, descending=asked.descending, **options)
    async with aclosing(pages):
        async for page in pages:
            yield page


async def _count_of_model(session: Session, model: type[BaseModel], asked: _Asked) -> int:
    pk, condition = _key(model, asked)
    options = _options(model, asked)
    repository = await session.repository(model, asked.index)
    return await repository.count(pk, condition, **options)


def _options(model: type[BaseModel], asked: _Asked) -> dict[str, Any]:
    return {
        "where": model_condition(model, asked.wheres),
        "index": asked.index,
        "consistent": True if asked.consistent else None,
    }


def _key(model: type[BaseModel], asked: _Asked) -> tuple[object, SortKeyCondition | None]:
    """Read the keys as the model declares them for the table, or for the index."""
    partition, sort = _key_parts(model, asked.index)
    pk = key_value(model, partition, asked.pk or "")
    if asked.sort is None:
        return pk, None
    if sort is None:
        raise CommandError("there is no sort key: give the partition key alone", Exit.USAGE)
    operator, text = asked.sort
    return pk, getattr(SortKeyCondition, operator)(key_value(model, sort, text))


def _key_parts(model: type[BaseModel], index_name: str | None) -> tuple[KeyPart, KeyPart | None]:
    schema = bind(model).schema
    if index_name is None:
        return schema.partition_key, schema.sort_key
    indexes: list[GlobalIndex | LocalIndex] = [*schema.gsis, *schema.lsis]
    for index in indexes:
        if index.name == index_name:
            return _index_parts(index, schema.partition_key)
    known = ", ".join(index.name for index in indexes) or "none"
    raise CommandError(f"{model.__name__} declares no index of this name; it has {known}", Exit.USAGE)


def _index_parts(index: GlobalIndex | LocalIndex, partition: KeyPart) -> tuple[KeyPart, KeyPart | None]:
    if isinstance(index, LocalIndex):
        return partition, index.sort_key
    partitions, sorts = list(index.partition_parts), list(index.sort_parts)
    if len(partitions) > 1 or len(sorts) > 1:
        raise CommandError(
            "the index has a key of several attributes, which cannot be asked for: `dynarepo scan` reads it",
            Exit.USAGE,
        )
    return partitions[0], next(iter(sorts), None)
