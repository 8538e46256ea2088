"""What commands print: data to stdout, all else to stderr; and the question before harm is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from dynarepo.cli._exits import CommandError, Exit

__all__ = ["ask", "counted", "print_data", "print_fact"]


def print_data(text: str, *, as_json: bool) -> None:
    """Print JSON text: as it is for machines, indented for people."""
    click.echo(text if as_json else _indented(text))


def print_fact(line: str, fact: Mapping[str, object], *, as_json: bool) -> None:
    """Print what was done: a line for people, an object for machines."""
    click.echo(json.dumps(fact, default=_plain) if as_json else line)


def counted(items: int) -> str:
    """Say how many items there are."""
    return f"{items:,} item{'' if items == 1 else 's'}"


def ask(question: str, *, yes: bool) -> None:
    """
    Ask before harm is done.

    Raises:
        CommandError: The answer is no, or there is no terminal to ask at.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(f"{question} There is no terminal to ask at: give --yes", Exit.USAGE)
    if not click.confirm(question, err=True):
        raise CommandError("nothing was done")


class _Digits(str):
    """A number as it was read: none may pass through a float."""

    __slots__ = ()


def _indented(text: str) -> str:
    return _shown(json.loads(text, parse_int=_Digits, parse_float=_Digits), "\n")


def _shown(value: Any, line: str) -> str:
    """Give a value over several lines, each of which begins as `line` does."""
    inner = f"{line}  "
    match value:
        case _Digits():
            return str(value)
        case dict() if value:
            members = (f"{inner}{_shown(name, line)}: {_shown(each, inner)}" for name, each in value.items())
            return f"{{{','.join(members)}{line}}}"
        case list() if value:
            return f"[{','.join(f'{inner}{_shown(each, inner)}' for each in value)}{line}]"
    return json.dumps(value, ensure_ascii=False)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
