"""dynoxide, a second judge on SQLite: from the cache or PATH, else built once with cargo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from integration.processes import Server, Unavailable, cache_directory, free_port, require, run, running

__all__ = ["prepare", "served"]

_VERSION: Final = "3.2.0"
_FEATURES: Final = "native-sqlite,http-server,cli"


@contextmanager
def served(log: Path) -> Iterator[Server]:
    """Serve dynoxide until the end of the block."""
    program, port = _program(), free_port()
    url = f"http://127.0.0.1:{port}"
    with running([program, "serve", "--host", "127.0.0.1", "--port", str(port)], url=url, log=log):
        yield Server(url, f"dynoxide ({program})")


def prepare() -> None:
    """Build the program if there is none."""
    _program()


def _program() -> str:
    root = cache_directory() / f"dynoxide-{_VERSION}"
    cached = str(root / "bin" / "dynoxide")
    # The cache first: there the version is known, while `dynoxide --version` does not tell the crate's.
    return shutil.which(cached) or shutil.which("dynoxide") or _build(root, cached)


def _build(root: Path, program: str) -> str:
    try:
        cargo = require("cargo")
    except Unavailable:
        raise Unavailable(
            "dynoxide is not on PATH, nor is cargo, which would build it: install Rust"
        ) from None
    features = ("--no-default-features", "--features", _FEATURES)
    crate = ("dynoxide-rs", "--version", _VERSION, "--locked")
    run(cargo, "install", "--quiet", *crate, *features, "--root", str(root))
    return program
