"""Log events as data."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

__all__ = ["CapturedEvents"]


class CapturedEvents(list[MutableMapping[str, Any]]):
    """
    The events of a structlog logger, in order, each with its fields, `event` and `log_level`.

        events = CapturedEvents()
        async with DynamoDBConnection(config=config, logger=events.logger) as connection:
            await connection.repository(User).get_one("USER#1", "PROFILE")
        (completed,) = events.named("dynamodb.operation.completed")
        assert completed["attempts"] == 1

    Attributes:
        logger: The logger; it prints nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        # Imported here: the package takes a logger, and does not wait for structlog's import.
        from structlog import make_filtering_bound_logger, wrap_logger  # noqa: PLC0415
        from structlog.testing import LogCapture  # noqa: PLC0415

        capture = LogCapture()
        capture.entries = self
        self.logger: Any = wrap_logger(  # of whatever type is asked for, as by structlog.get_logger
            None, processors=[capture], wrapper_class=make_filtering_bound_logger(logging.DEBUG)
        )

    def named(self, event: str) -> list[MutableMapping[str, Any]]:
        """Give the events of one name, such as `dynamodb.operation.completed`."""
        return [entry for entry in self if entry["event"] == event]
