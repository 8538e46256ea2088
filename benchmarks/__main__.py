"""
The commands: `python -m benchmarks compare`, `scale`, `guard`, `draw` or `profile`; each has `--help`.

Without one, it compares and shows scale, and draws both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import comparing, drawing, guard, guide, profiling, scale, tables
from benchmarks.clients import CLIENTS, OPERATIONS, OURS
from benchmarks.results import Comparison

_OUTPUT: Final = Path("build", "benchmarks")
_DEFAULT: Final = tuple(name for name, client in CLIENTS.items() if client.by_default)


def _main() -> int:
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("--") and arguments[0] != "--help"):
        arguments.insert(0, "all")
    options = _parser().parse_args(arguments)
    options.run(options)
    return int(getattr(options, "failed", 0))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run in (("all", _all), ("compare", _compare), ("scale", _scale), ("draw", _draw)):
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--quick", action="store_true", help="a tenth of the time, and less certain")
        command.add_argument("--output", type=Path, default=_OUTPUT, help="where results are")
        command.add_argument("--guide", type=Path, help="a guide whose tables are renewed")
        if name in {"all", "compare"}:
            _add_choices(command)
    command = commands.add_parser("guard", help=_guard.__doc__)
    command.set_defaults(run=_guard)
    command.add_argument("--update", action="store_true", help="take this run's counts as the committed ones")
    command = commands.add_parser("profile", help=_profile.__doc__)
    command.set_defaults(run=_profile)
    command.add_argument("operations", nargs="*", default=["get", "put", "query"])
    command.add_argument("--client", default=OURS)
    command.add_argument("--calls", type=int, default=500)
    command.add_argument("--rows", type=int, default=15)
    return parser


def _add_choices(command: argparse.ArgumentParser) -> None:
    command.add_argument("--clients", type=_names(*CLIENTS), default=list(_DEFAULT), metavar="A,B")
    command.add_argument("--operations", type=_names(*OPERATIONS), default=list(OPERATIONS), metavar="A,B")
    command.add_argument("--at-once", type=_numbers, default=[1, 32], metavar="N,M")
    command.add_argument("--repetitions", type=int)
    command.add_argument("--seconds", type=float)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(*known: str) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
        return names

    return read


def _all(options: argparse.Namespace) -> None:
    """Compare, show scale, draw."""
    _compare(options)
    _scale(options)
    _draw(options)


def _compare(options: argparse.Namespace) -> None:
    """Measure all clients side by side."""
    settings = comparing.Settings(
        comparing.installed(options.clients),
        options.operations,
        options.at_once,
        options.repetitions or (3 if options.quick else 5),
        options.seconds or (0.1 if options.quick else 0.5),
    )
    run = comparing.compare(settings)
    options.output.mkdir(parents=True, exist_ok=True)
    run.write(options.output / "compare.json")
    print(tables.every_figure(run))
    for operation, at_once, client, cpu, wall in tables.not_ahead(run):
        print(f"not ahead: {operation}, {at_once} at once, {client}: CPU {cpu}, time {wall}")


def _scale(options: argparse.Namespace) -> None:
    """Show that cost for each item and memory stay the same, and what the event loop notices."""
    shown = scale.show(quick=options.quick)
    options.output.mkdir(parents=True, exist_ok=True)
    scale.write(shown, options.output / "scale.json")
    print(scale.table(shown))


def _draw(options: argparse.Namespace) -> None:
    """Draw the picture, and renew the tables of a guide, from written results."""
    run = Comparison.read(options.output / "compare.json")
    (options.output / "performance.svg").write_text(drawing.picture(run))
    if options.guide is not None:
        shown = scale.read(options.output / "scale.json")
        options.guide.write_text(guide.filled(options.guide.read_text(), run, shown))


def _guard(options: argparse.Namespace) -> None:
    """Fail where an operation became much more costly."""
    failures = guard.check(update=options.update)
    print("\n".join(failures) or "as it was")
    options.failed = len(failures)


def _profile(options: argparse.Namespace) -> None:
    """Show where the time goes."""
    print(profiling.profile(options.client, options.operations, options.calls, options.rows))


if __name__ == "__main__":
    sys.exit(_main())
