"""Functions of the caller's, plain ones and coroutine functions alike."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import TypeVar

from dynarepo.exceptions import InvalidRequestError

__all__ = ["called", "check_callback"]

A = TypeVar("A")


def check_callback(name: str, callback: object) -> None:
    """
    Refuse what cannot be called.

    Raises:
        InvalidRequestError: It is no function.
    """
    if not callable(callback):
        raise InvalidRequestError(f"{name} takes a function or a coroutine function")


async def called(callback: Callable[[A], object], argument: A) -> None:
    """Call a function, and a coroutine function to its end."""
    answer = callback(argument)
    if isawaitable(answer):
        await answer
