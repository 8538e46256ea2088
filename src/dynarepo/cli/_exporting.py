"""
`dynarepo export`: a table as a file.

Pages of all segments are appended to `FILE.partial`, and every second `FILE.state` says how many bytes of it
count and where each segment is. Going on cuts the file there, so that every item is in it once. At the end it
becomes FILE; a format that has to know all items first is made of it then.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO, Final

import click

from dynarepo._requests import Page
from dynarepo._wire import WireItem
from dynarepo.cli._checkpoint import Checkpoint, alone, resumable
from dynarepo.cli._conditions import Expressions, Where
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._formats import DYNAMODB_JSON, FORMATS, Format, LineFormat, format_of
from dynarepo.cli._options import (
    Bounds,
    Settings,
    bound_options,
    connection_options,
    where_option,
    yes_option,
)
from dynarepo.cli._output import ask, counted, print_fact
from dynarepo.cli._progress import WorkProgress, progress
from dynarepo.cli._segments import SegmentedScan
from dynarepo.cli._session import opened, run

__all__ = ["export_command"]

_SECONDS_BETWEEN_SAVES: Final = 1.0


@click.command("export")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format", "format_name", type=click.Choice(list(FORMATS)), help="The ending of FILE tells without it."
)
@where_option
@click.option("--index", help="Export this index of the table.")
@click.option("--consistent", is_flag=True, help="Read consistently, at twice the capacity.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Instead of FILE.state.")
@click.option("--restart", is_flag=True, help="Forget an earlier run that did not end.")
@yes_option
@bound_options()
@connection_options()
def export_command(
    *,
    path: Path,
    format_name: str | None,
    wheres: tuple[Where, ...],
    index: str | None,
    consistent: bool,
    state: Path | None,
    restart: bool,
    yes: bool,
    bounds: Bounds,
    settings: Settings,
) -> None:
    """
    Write all items of a table into FILE.

    Formats by ending: .jsonl, .csv, .parquet (needs the extra `parquet`), and .json for DynamoDB JSON as AWS
    exports it. A run that was ended in any way goes on when the same command is given again.
    """
    file_format = format_of(path, format_name)
    state = path.with_name(f"{path.name}.state") if state is None else state
    members = {"IndexName": index} if index is not None else {}
    expressions = Expressions({**members, **({"ConsistentRead": True} if consistent else {})})
    expressions.filter(wheres)
    output = _Output(path, file_format)

    async def export(*, exists: bool) -> tuple[Checkpoint, float]:
        meter = bounds.meter()
        async with opened(settings, meter) as session:
            table = await session.table()
            table.index_key_types(index)
            work = {
                "export": table.identity,
                "at": settings.place,
                "as": file_format.name,
                "of": expressions.members,
            }
            checkpoint = Checkpoint.found(state, work, segments=bounds.segments, restart=restart)
            if not checkpoint.is_begun and exists:
                ask(f"Replace {path}?", yes=yes)
            scan = SegmentedScan(table, expressions.members, bounds, meter)
            total = table.item_count if index is None and not wheres else None
            with progress(f"export {table.name}", total, meter, done=checkpoint.items) as shown:
                await output.collect(scan, checkpoint, shown)
            return checkpoint, meter.read_units

    with alone(state), alone(output.partial):
        with resumable(state):
            checkpoint, units = run(export(exists=path.exists()))
            output.finish()
        checkpoint.remove()
    fact = {**checkpoint.counts, "path": str(path), "read_units": units}
    print_fact(
        f"exported {counted(checkpoint.items)} to {path}{checkpoint.by_this_run}: {units:,.1f} read units",
        fact,
        as_json=settings.as_json,
    )


class _Output:
    """
    The file in the making.

    Attributes:
        partial: What is collected in.
    """

    def __init__(self, path: Path, file_format: Format) -> None:
        self._path = path
        self._format = file_format
        self._lines = file_format if isinstance(file_format, LineFormat) else DYNAMODB_JSON
        self.partial = path.with_name(f"{path.name}.partial")

    async def collect(self, scan: SegmentedScan, checkpoint: Checkpoint, shown: WorkProgress) -> None:
        """Append what is left to read."""
        if checkpoint.is_begun and checkpoint.is_done and not self.partial.exists() and self._path.exists():
            return  # it was ended between its last two steps
        with self._opened(checkpoint) as file:
            saved_at = time.monotonic()

            def save() -> None:
                nonlocal saved_at
                file.flush()
                os.fsync(file.fileno())
                checkpoint.save()
                saved_at = time.monotonic()

            async def take(page: Page[WireItem]) -> None:
                # Without waiting for anything, so that what is saved fits together.
                file.write("".join(f"{self._lines.encode(item)}\n" for item in page.items).encode())
                checkpoint.items += page.count
                checkpoint.size = file.tell()
                shown.advance(page.count)

            def taken() -> None:
                if time.monotonic() - saved_at >= _SECONDS_BETWEEN_SAVES:
                    save()

            try:
                await scan.run(checkpoint.positions, take, taken)
            finally:
                if checkpoint.items or checkpoint.is_done:
                    save()

    def finish(self) -> None:
        """Make the file of what was collected."""
        if not self.partial.exists():
            return
        if self._format is self._lines and self._path.suffix != ".gz":
            self.partial.replace(self._path)
            return
        new = self.partial.with_name(f"{self.partial.name}.new{self._path.suffix}")
        new.unlink(missing_ok=True)
        new.touch(0o600)
        self._format.write(new, lambda: self._lines.read(self.partial, {}))
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(self._path)
        self.partial.unlink()

    def _opened(self, checkpoint: Checkpoint) -> BinaryIO:
        if not checkpoint.is_begun or not checkpoint.size:
            checkpoint.items = checkpoint.size = 0
            self.partial.unlink(missing_ok=True)
            self.partial.touch(0o600)
            return self.partial.open("wb")
        if not self.partial.exists() or self.partial.stat().st_size < checkpoint.size:
            raise CommandError(f"{self.partial} is gone or cut off: begin again by --restart", Exit.USAGE)
        file = self.partial.open("r+b")
        file.truncate(checkpoint.size)
        file.seek(checkpoint.size)
        return file
