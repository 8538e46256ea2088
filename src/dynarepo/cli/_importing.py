"""
`dynarepo import`: a file into a table.

Items are put in chunks, and after each the state file says how many of the file are done. Going on skips
them; the chunk that was under way is put once more, which changes nothing.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

import click

from dynarepo._codec import item_size
from dynarepo._wire import WireItem
from dynarepo.cli._checkpoint import Checkpoint, alone, resumable
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._formats import FORMATS, Format, format_of
from dynarepo.cli._meter import Meter
from dynarepo.cli._options import Bounds, Settings, bound_options, connection_options, yes_option
from dynarepo.cli._output import ask, counted, print_fact
from dynarepo.cli._plain_json import MalformedError
from dynarepo.cli._progress import progress
from dynarepo.cli._raw_table import RawTable
from dynarepo.cli._session import opened, run

__all__ = ["import_command"]

#: Batches of 25 that travel at once, and some behind them.
_CHUNK: Final = 500

#: What is stored as one item. The service does not say which of a batch it refuses: each is looked at before.
_MAX_ITEM_BYTES: Final = 400 * 1024


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "format_name", type=click.Choice(list(FORMATS)), help="The ending of FILE tells without it."
)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Instead of FILE.import-state."
)
@click.option("--restart", is_flag=True, help="Forget an earlier run that did not end.")
@yes_option
@bound_options(reads=False, writes=True)
@connection_options()
def import_command(
    *,
    path: Path,
    format_name: str | None,
    state: Path | None,
    restart: bool,
    yes: bool,
    bounds: Bounds,
    settings: Settings,
) -> None:
    """
    Put all items of FILE into a table.

    An item of the table that has the key of one in FILE is replaced: where the table has items, it asks
    before. A run that was ended in any way goes on when the same command is given again.
    """
    file_format = format_of(path, format_name)
    state = path.with_name(f"{path.name}.import-state") if state is None else state

    file = path.stat()

    async def import_all() -> tuple[Checkpoint, float]:
        meter = bounds.meter()
        async with opened(settings, meter) as session:
            table = await session.table()
            work = {
                "import": table.identity,
                "at": settings.place,
                "as": file_format.name,
            }
            source = [file.st_size, file.st_mtime_ns]
            checkpoint = Checkpoint.found(state, work, source=source, restart=restart)
            if not yes and not checkpoint.is_begun and await table.has_items():
                ask(f"Table {table.name} has items. Replace those that have a key of {path}?", yes=yes)
            await _put_all(table, path, file_format, checkpoint, meter)
            return checkpoint, meter.write_units

    with alone(state):
        with resumable(state):
            checkpoint, units = run(import_all())
        checkpoint.remove()
    fact = {**checkpoint.counts, "path": str(path), "write_units": units}
    print_fact(
        f"imported {counted(checkpoint.items)} of {path}{checkpoint.by_this_run}: {units:,.1f} write units",
        fact,
        as_json=settings.as_json,
    )


async def _put_all(
    table: RawTable, path: Path, file_format: Format, checkpoint: Checkpoint, meter: Meter
) -> None:
    def check(item: WireItem) -> None:
        table.plain.check_item(item, "the item")
        if (size := item_size(item)) > _MAX_ITEM_BYTES:
            raise MalformedError(
                f"the item has {size:,} bytes, and DynamoDB stores {_MAX_ITEM_BYTES:,}: "
                "shorten it or leave it out"
            )

    with closing(file_format.read(path, table.key_types, check)) as items:
        if sum(1 for _ in islice(items, checkpoint.items)) < checkpoint.items:
            raise CommandError(
                f"{path} has fewer items than were imported: begin again by --restart", Exit.USAGE
            )
        with progress(
            f"import {table.name}", file_format.count(path), meter, done=checkpoint.before
        ) as shown:
            while chunk := list(islice(items, meter.chunk(checkpoint.items - checkpoint.before, _CHUNK))):
                puts = table.puts(chunk, checkpoint.items + 1)
                await meter.ready_to_write()
                checkpoint.begin()
                await table.put_all(puts)
                checkpoint.items += len(chunk)
                checkpoint.save()
                shown.advance(len(chunk))
