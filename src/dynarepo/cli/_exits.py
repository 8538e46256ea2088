"""How a command ends: its exit code and, where it failed, one line that says what to do."""

from __future__ import annotations

import os
import re
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

#: What the library says to programs, and what that is at a terminal.
_TERMS: Final[Mapping[str, str]] = {
    "give table_name, or set it in the configuration": "give --table, or set DYNAMODB_TABLE_NAME",
    "set region in DynamoDBConfig, or the environment variable AWS_DEFAULT_REGION": (
        "give --region, or set DYNAMODB_REGION or AWS_DEFAULT_REGION"
    ),
    "set aws_access_key_id and aws_secret_access_key or profile in DynamoDBConfig, or the environment"
    " variables": "set",
    "make it with create_table(stream=...), or call enable_stream": (
        "`dynarepo tables create --stream` makes one with it, and `aws dynamodb update-table "
        "--stream-specification` gives it one"
    ),
    "use https or set allow_insecure_endpoint": (
        "use https, or lead a port of this machine there, as `ssh -L` does"
    ),
    "endpoint_url": "--endpoint-url",
    "table_name": "the table's name",
}

#: Options whose names are not those of the configuration.
_OPTIONS: Final[Mapping[str, str]] = {"table_name": "table", "endpoint_url": "endpoint-url"}

#: What is no key that stands in a wrong place.
_OPTION: Final = re.compile(r"--[A-Za-z][A-Za-z-]*")

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
            return _at_terminal(_of_configuration(error)), Exit.USAGE
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
        return str(error), Exit.DIFFERENT
    hint = next((_HINTS[kind] for kind in type(error).__mro__ if kind in _HINTS), None)
    # Not in the places behind it: a table has whatever name.
    message = str(error).replace(error.message, _at_terminal(error.message), 1)
    message = message if hint is None else f"{message}; {hint}"
    return message, Exit.USAGE if isinstance(error, RequestRefusedError) else Exit.FAILED


def _at_terminal(message: str) -> str:
    for said, meant in _TERMS.items():
        message = message.replace(said, meant)
    return message


def _of_usage(error: click.UsageError) -> str:
    """Name the command; not the argument that is too many, nor what need be no option: it may be a key."""
    path = "" if error.ctx is None else error.ctx.command_path
    _, _, command = path.partition(" ")  # the line begins with the program's name
    where = f"{command}: " if command else ""
    help_ = f" See: {path} --help" if path else ""
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = [each for each in error.possibilities or () if each != "--help"]
        meant = f" Is {' or '.join(known)} meant?" if known else ""
        named = error.option_name if _OPTION.fullmatch(error.option_name) else "of this name"
        message = f"There is no option {named}.{meant} A value that begins with - stands behind --."
    elif message.startswith(_EXTRA):
        message = f"{_EXTRA}."
    return f"{where}{message}{help_}"


def _of_configuration(error: ValidationError) -> str:
    """Name the options, and never what was given for them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [(each["loc"], each["msg"].removeprefix("Value error, ")) for each in found]
    # What is about the whole begins with the name of what it is about.
    return "; ".join(f"--{_OPTIONS.get(str(loc[0]), loc[0])}: {text}" if loc else text for loc, text in said)


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
