"""What a logger must have; every structlog logger does, and those of `logging` do not."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from dynarepo.exceptions import ConfigurationError

__all__ = ["Logger", "check_logger"]


class Logger(Protocol):
    """Takes events with fields at the usual levels."""

    def debug(self, event: str, /, **fields: Any) -> Any:
        """Log a detail."""
        ...

    def info(self, event: str, /, **fields: Any) -> Any:
        """Log what happened."""
        ...

    def warning(self, event: str, /, **fields: Any) -> Any:
        """Log what should be looked at."""
        ...

    def error(self, event: str, /, **fields: Any) -> Any:
        """Log a failure."""
        ...


def check_logger(logger: object) -> None:
    """
    Refuse what would fail at its first event.

    Raises:
        ConfigurationError: It is no logger, or one that takes no fields.
    """
    if logger is logging or isinstance(logger, logging.Logger | logging.LoggerAdapter):
        raise ConfigurationError(
            "logger= takes a structlog logger, and one of logging takes no fields: "
            "give structlog.get_logger(), or structlog.wrap_logger(...) over it"
        )
    if not callable(getattr(logger, "info", None)):
        raise ConfigurationError("logger= takes a structlog logger, such as structlog.get_logger()")
