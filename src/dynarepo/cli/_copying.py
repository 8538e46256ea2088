"""
`dynarepo copy`: the items of one table into another, of another region, account or server too.

Each segment's position is saved when a page of it is written, so that going on writes at most one page of
each segment once more, which changes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from dynarepo._config import DynamoDBConfig
from dynarepo._requests import Page
from dynarepo._wire import WireItem
from dynarepo.cli._checkpoint import Checkpoint, alone, resumable
from dynarepo.cli._conditions import Expressions, Where
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._options import (
    Bounds,
    Settings,
    bound_options,
    connection_options,
    where_option,
    yes_option,
)
from dynarepo.cli._output import ask, counted, print_fact
from dynarepo.cli._progress import progress
from dynarepo.cli._raw_table import RawTable
from dynarepo.cli._segments import SegmentedScan
from dynarepo.cli._session import opened, run

__all__ = ["copy_command"]


@click.command("copy")
@click.argument("target_name", metavar="TARGET")
@click.option("--to-region", help="The region of TARGET, where it is another.")
@click.option("--to-endpoint-url", help="The endpoint of TARGET, where it is another.")
@click.option("--to-profile", help="The profile that reaches TARGET, where it is another.")
@where_option
@click.option("--consistent", is_flag=True, help="Read consistently, at twice the capacity.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Instead of TABLE-to-TARGET.copy-state."
)
@click.option("--restart", is_flag=True, help="Forget an earlier run that did not end.")
@yes_option
@bound_options(writes=True)
@connection_options()
def copy_command(
    *,
    target_name: str,
    to_region: str | None,
    to_endpoint_url: str | None,
    to_profile: str | None,
    wheres: tuple[Where, ...],
    consistent: bool,
    state: Path | None,
    restart: bool,
    yes: bool,
    bounds: Bounds,
    settings: Settings,
) -> None:
    """
    Put all items of a table into TARGET, which has to be there and to have the same key.

    An item of TARGET that has the key of one in the table is replaced: where TARGET has items, it asks
    before. A run that was ended in any way goes on when the same command is given again.
    """
    expressions = Expressions({"ConsistentRead": True} if consistent else {})
    expressions.filter(wheres)
    other = {"region": to_region, "endpoint_url": to_endpoint_url, "profile": to_profile}
    there = _elsewhere(settings, other)
    source_name = settings.config.table_name or ""
    state = Path(_file_name(f"{source_name}-to-{target_name}.copy-state")) if state is None else state

    async def copy() -> Checkpoint:
        async with opened(settings, meter) as here, opened(there, meter) as beyond:
            source, target = await here.table(), await beyond.table(target_name)
            _check(source, target, is_one_place=settings.place == there.place)
            work = {
                "copy": [*source.identity, settings.place],
                "to": [*target.identity, there.place],
                "of": expressions.members,
            }
            checkpoint = Checkpoint.found(state, work, segments=bounds.segments, restart=restart)
            if not yes and not checkpoint.is_begun and await target.has_items():
                ask(
                    f"Table {target.name} has items. Replace those that have a key of {source.name}?", yes=yes
                )
            scan = SegmentedScan(source, expressions.members, bounds, meter)
            written = 0
            total = None if wheres else source.item_count
            with progress(f"copy {source.name}", total, meter, done=checkpoint.items) as shown:

                async def take(page: Page[WireItem]) -> None:
                    nonlocal written
                    puts = target.puts(page.items)
                    while puts:
                        size = meter.chunk(written, len(puts))
                        await meter.ready_to_write()
                        checkpoint.begin()
                        await target.put_all(puts[:size])
                        written += size
                        del puts[:size]
                    checkpoint.items += page.count
                    shown.advance(page.count)

                await scan.run(checkpoint.positions, take, checkpoint.save)
            return checkpoint

    meter = bounds.meter()
    with alone(state):
        with resumable(state):
            checkpoint = run(copy())
        checkpoint.remove()
    fact = {**checkpoint.counts, "read_units": meter.read_units, "write_units": meter.write_units}
    units = f"{meter.read_units:,.1f} read units, {meter.write_units:,.1f} write units"
    print_fact(
        f"copied {counted(checkpoint.items)}{checkpoint.by_this_run}: {units}",
        fact,
        as_json=settings.as_json,
    )


def _elsewhere(settings: Settings, other: dict[str, str | None]) -> Settings:
    given = {name: value for name, value in other.items() if value is not None}
    config = DynamoDBConfig.model_validate(settings.config.model_dump() | given)
    return Settings(config, settings.named, settings.as_json, settings.verbose)


def _check(source: RawTable, target: RawTable, *, is_one_place: bool) -> None:
    if is_one_place and source.arn == target.arn:
        raise CommandError("TARGET is the table itself", Exit.USAGE)
    if source.key_types != target.key_types:
        raise CommandError(f"{source.name} and {target.name} have different keys", Exit.USAGE)


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)
