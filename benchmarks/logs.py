"""Logging as an application has it: from level info, as lines in a file; structlog's are JSON."""

from __future__ import annotations

import logging
from typing import TextIO

import structlog

__all__ = ["log_to"]


def log_to(file: TextIO, level: int = logging.INFO) -> None:
    """Write the events of both kinds of loggers to a file, from a level on."""
    logging.basicConfig(stream=file, level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file),
        cache_logger_on_first_use=True,
    )
