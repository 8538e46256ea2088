"""A logger that keeps what it is told."""

from __future__ import annotations

from typing import Any


class RecordingLogger:
    """Keeps level, event and fields of everything that is logged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def debug(self, event: str, /, **fields: Any) -> None:
        self.events.append(("debug", event, fields))

    def info(self, event: str, /, **fields: Any) -> None:
        self.events.append(("info", event, fields))

    def warning(self, event: str, /, **fields: Any) -> None:
        self.events.append(("warning", event, fields))

    def error(self, event: str, /, **fields: Any) -> None:
        self.events.append(("error", event, fields))

    def named(self, event: str) -> list[dict[str, Any]]:
        """Give the fields of every event of this name."""
        return [fields for _, name, fields in self.events if name == event]
