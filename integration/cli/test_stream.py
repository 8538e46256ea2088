"""Changes of a table, printed by a command that is ended in between."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.calling import CommandLine, order


def test_a_stream_goes_on_where_it_was_ended(cli: CommandLine, tmp_path: Path) -> None:
    cli("tables", "create", "tests.cli.shop:Order", "-t", cli.table, "--stream", "new_and_old_images")
    cli.fill(tmp_path / "a.jsonl", [order(number) for number in range(200)])
    state = tmp_path / "state"
    args = ("stream", "-t", cli.table, "--start", "oldest", "--json", "--state", state)
    with cli.started(*args) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(120)]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.readlines()  # and not `communicate`, which passes over what was read ahead
        process.wait()
    assert process.returncode == 0
    printed = {*first, *rest}
    # What was printed is not lost and, but for the last one, not given again.
    left = 200 - len(printed)
    if left:
        with cli.started(*args, "--limit", left) as process:
            assert process.stdout is not None
            assert len(process.stdout.readlines()) == left
