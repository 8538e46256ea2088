"""How a command ends: its exit code and, where it failed, one line that says what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Final

import click
from pydantic import ValidationError

from dynarepo.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    DeadlineExceededError,
    DynamoDBBatchOperationError,
    DynamoDBServiceError,
    RequestRefusedError,
    TableAlreadyExistsError,
    TableNotFoundError,
    ThrottledError,
)

__all__ = ["CommandError", "Exit", "told"]

#: Shows where an unexpected error was raised; what it says may hold values.
_TRACEBACK: Final = "DYNAREPO_TRACEBACK"

#: How click's line begins that quotes an argument too many.
_EXTRA: Final = "Got unexpected extra argument"

_HINTS: Final[Mapping[type[BaseException], str]] = {
    AuthenticationError: "check --profile, or AWS's environment and files",
    ConnectionFailedError: "check --endpoint-url and the network",
    DeadlineExceededError: "give it longer by --deadline",
    TableAlreadyExistsError: "compare it by `dynarepo tables diff`",
    TableNotFoundError: "`dynarepo tables list` names those there are",
    ThrottledError: "try again later, or bound it by --read-units and --write-units",
}


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    #: The answer is no: tables differ, there is no such item, or a part of many items is not done.
    DIFFERENT = 3
    INTERRUPTED = 130


class CommandError(Exception):
    """
    What ends a command with one line.

    Args:
        message: What is wrong and what to do, without a value of an item.
        code: The exit code.
    """

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def told(error: BaseException) -> tuple[str, Exit]:
    """Say in one line why a command ended, and with which code."""
    message, code = _told(error)
    return " ".join(message.split()), code


def _told(error: BaseException) -> tuple[str, Exit]:  # noqa: PLR0911 - one for each kind
    match error:
        case CommandError():
            return str(error), error.code
        case click.Abort() | KeyboardInterrupt():
            return "interrupted", Exit.INTERRUPTED
        case click.UsageError():
            return _of_usage(error), Exit.USAGE
        case click.ClickException():
            return error.format_message(), Exit.FAILED
        case ValidationError():
            return _of_configuration(error), Exit.USAGE
        case DynamoDBServiceError():
            return _of_service(error)
        case OSError():
            return (
                f"{error.filename or 'input or output'}: {error.strerror or type(error).__name__}",
                Exit.FAILED,
            )
        case _:
            return _unexpected(error), Exit.FAILED


def _of_service(error: DynamoDBServiceError) -> tuple[str, Exit]:
    cause = error.__cause__
    if isinstance(error, DynamoDBBatchOperationError) and isinstance(cause, DynamoDBServiceError):
        return f"{error.message}: {cause}", Exit.DIFFERENT
    hint = next((_HINTS[kind] for kind in type(error).__mro__ if kind in _HINTS), None)
    message = str(error) if hint is None else f"{error}; {hint}"
    return message, Exit.USAGE if isinstance(error, RequestRefusedError) else Exit.FAILED


def _of_usage(error: click.UsageError) -> str:
    """Name the command; not the argument that is too many, nor an unknown option: it may be a key."""
    path = "" if error.ctx is None else error.ctx.command_path
    _, _, command = path.partition(" ")  # the line begins with the program's name
    where = f"{command}: " if command else ""
    help_ = f" See: {path} --help" if path else ""
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        meant = f" Is {' or '.join(error.possibilities)} meant?" if error.possibilities else ""
        message = f"There is no such option.{meant} A value that begins with - stands behind --."
    elif message.startswith(_EXTRA):
        message = f"{_EXTRA}."
    return f"{where}{message}{help_}"


def _of_configuration(error: ValidationError) -> str:
    """Name the options, and never what was given for them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"--{'-'.join(map(str, each['loc'])).replace('_', '-')}: {each['msg'].removeprefix('Value error, ')}"
        for each in found
    )


def _unexpected(error: BaseException) -> str:
    if os.environ.get(_TRACEBACK):
        raise error
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = (
        "" if frame is None else f" in {Path(frame.tb_frame.f_code.co_filename).name}, line {frame.tb_lineno}"
    )
    return f"unexpected {type(error).__name__}{place}; {_TRACEBACK}=1 shows all of it, values too"
