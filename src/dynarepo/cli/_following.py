"""
`dynarepo stream`: the changes of a table, as they come.

With a state file, another run goes on where this one ended. A change counts as printed when the next one is
asked for, so that the last one of `--limit` is given again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, nullcontext, suppress
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from dynarepo._codec import encode_item
from dynarepo._requests import Reading
from dynarepo._streams import (
    Change,
    ChangeDecoder,
    CheckpointStore,
    MemoryCheckpoints,
    Start,
    StreamCalls,
    StreamOptions,
    StreamReader,
)
from dynarepo.cli._checkpoint import alone, replace_privately
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._model_json import model_text
from dynarepo.cli._models import load_model
from dynarepo.cli._options import Settings, connection_options
from dynarepo.cli._output import print_data
from dynarepo.cli._plain_json import item_text
from dynarepo.cli._session import Session, opened, run

__all__ = ["FileCheckpoints", "stream_command"]


@click.command("stream")
@click.option("--model", "model_path", metavar="PACKAGE.MODULE:MODEL", help="Read items as this model.")
@click.option("--start", type=click.Choice(["latest", "oldest"]), default="latest", help="Where to begin.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many changes.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that says where to go on; the last change of --limit is given once more.",
)
@connection_options()
def stream_command(
    *, model_path: str | None, start: Start, limit: int | None, state: Path | None, settings: Settings
) -> None:
    """
    Print the changes of a table's items until Ctrl-C, which is no failure.

    The table has to have a stream. Every change is given at least once, and those of one item in their order.
    """
    model = None if model_path is None else load_model(model_path)
    checkpoints: CheckpointStore = MemoryCheckpoints() if state is None else FileCheckpoints(state)

    async def follow() -> None:
        async with opened(settings) as session:
            if model is None:
                changes = await _raw(session, start, checkpoints)
            else:
                repository = await session.repository(model)
                changes = repository.changes(start=start, checkpoints=checkpoints)
            count = 0
            async with aclosing(changes):
                async for change in changes:
                    print_data(_text(change), as_json=settings.as_json)
                    count += 1
                    if count == limit:
                        return

    with nullcontext() if state is None else alone(state), suppress(KeyboardInterrupt):
        run(follow())


class FileCheckpoints:
    """
    Keeps how far a stream was read in a file.

    Args:
        path: The file; replaced as a whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions: dict[str, str] = {}

    async def load(self, stream_arn: str) -> Mapping[str, str]:
        """Give what is kept of a stream, nothing where the file is of another."""
        if not self._path.exists():
            return {}
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            stream, positions = kept["stream"], dict[str, str](kept["positions"])
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{self._path} is no state file of a stream: remove it", Exit.USAGE) from None
        self._positions = positions if stream == stream_arn else {}
        return self._positions

    async def save(self, stream_arn: str, positions: Mapping[str, str | None]) -> None:
        """Keep positions beside those of other shards."""
        merged = {**self._positions, **positions}
        self._positions = {shard: position for shard, position in merged.items() if position is not None}
        replace_privately(self._path, json.dumps({"stream": stream_arn, "positions": self._positions}))


async def _raw(
    session: Session, start: Start, checkpoints: CheckpointStore
) -> AsyncGenerator[Change[Any], None]:
    table = await session.table()
    options = StreamOptions(start, session.config.batch_concurrency, checkpoints)
    reading: Reading[Any] = Reading.of(table.plain)
    calls = StreamCalls(table.caller, table.name, None)
    return StreamReader(calls, ChangeDecoder(reading), options).changes()


def _text(change: Change[Any]) -> str:
    members = {
        "kind": json.dumps(change.kind),
        "key": item_text(encode_item(change.key)),
        "old": _item_text(change.old),
        "new": _item_text(change.new),
        "at": json.dumps(None if change.at is None else change.at.isoformat()),
        "expired": json.dumps(change.expired),
        "sequence_number": json.dumps(change.sequence_number),
    }
    return f"{{{','.join(f'{json.dumps(name)}:{text}' for name, text in members.items())}}}"


def _item_text(item: object) -> str:
    if item is None:
        return "null"
    return model_text(item) if isinstance(item, BaseModel) else item_text(encode_item(item))  # type: ignore[arg-type]
