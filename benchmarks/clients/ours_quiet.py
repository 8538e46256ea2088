"""This library on its own transport, where the application lets no events of level info through."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager

import structlog

from benchmarks.clients import Operations, ours

__all__ = ["operations"]


def operations(endpoint: str) -> AbstractAsyncContextManager[Operations]:
    """Open a connection whose logger drops what is below a warning."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return ours.operations(endpoint)
