"""The command line `dynarepo`, with the extra `cli`: tables, items, and what moves many of them."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["main"]

_EXTRA: Final = frozenset({"click", "rich"})
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line, or say in one line what to install for it."""
    # Imported here: they are an optional extra, and this package can be imported without them.
    try:
        from dynarepo.cli._commands import dynarepo  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.exit('dynarepo: the command line needs the extra `cli`: pip install "dynarepo[cli]"')
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    dynarepo(prog_name="dynarepo")
