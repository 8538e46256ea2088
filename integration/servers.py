"""
The backends by name, and how to have one ready before it is needed.

    python -m integration.servers dynamodb-local dynoxide    # downloads and builds, starts nothing
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from integration.processes import Server, Unavailable

__all__ = ["BACKENDS", "Backend", "backend"]

BACKENDS: Final = {
    "dynamodb-local": "integration.dynamodb_local",
    "dynoxide": "integration.dynoxide",
    "embedded": "integration.embedded",
}


class Backend(Protocol):
    """What the module of a backend offers."""

    served: Callable[[Path], AbstractContextManager[Server]]
    prepare: Callable[[], None]


def backend(name: str) -> Backend:
    """Return a backend's module, imported only now: preparing must work before moto is installed."""
    return cast("Backend", import_module(BACKENDS[name]))


if __name__ == "__main__":
    try:
        for wanted in sys.argv[1:]:
            backend(wanted).prepare()
    except Unavailable as reason:
        sys.exit(str(reason))
