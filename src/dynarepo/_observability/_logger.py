"""What a logger must have; every structlog logger does."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["Logger"]


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
