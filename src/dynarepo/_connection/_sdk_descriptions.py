"""
The SDK's descriptions of services, found and parsed once in a process.

A client asks for them when it is made, on the event loop; so they are read before, in a thread. Python's
parser holds up all threads until it has built the last object of a text, which may have a megabyte. Here
each object is built by a function in Python, and between two of them other threads get their turn.

What is parsed is kept as bytes. A full round of the garbage collector looks at every container of the
process, and the endpoints of all services are a quarter of them; so these are let go of
when a client is made.
"""

from __future__ import annotations

import gzip
import json
import marshal
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError
from botocore.loaders import JSONFileLoader, Loader, create_loader
from botocore.session import Session

__all__ = ["DescriptionFiles", "description_loader", "forget_endpoints", "read_descriptions"]

#: The SDK's names for the files that clients and resources of a service are made from.
_OF_A_SERVICE: Final = ("resources-1", "service-2", "endpoint-rule-set-1")
_OF_ALL_SERVICES: Final = ("endpoints", "partitions", "sdk-default-configuration")

_UNPACKED_BY: Final[Mapping[str, Callable[[bytes], bytes]]] = {".json": bytes, ".json.gz": gzip.decompress}


class DescriptionFiles(JSONFileLoader):
    """The SDK's files, parsed in turns with other threads, once."""

    def __init__(self) -> None:
        self._parsed: dict[str, bytes] = {}

    def load_file(self, file_path: str) -> Any:
        """Give the content of a file, named without its ending; `None` where there is none."""
        if file_path in self._parsed:
            return marshal.loads(self._parsed[file_path])  # noqa: S302 - written below
        found = self.read_file(file_path)
        if found is not None:
            self._parsed[file_path] = marshal.dumps(found)
        return found

    def read_file(self, file_path: str) -> Any:
        """Read and parse it."""
        for ending, unpacked in _UNPACKED_BY.items():
            path = Path(file_path + ending)
            if path.is_file():
                return json.loads(unpacked(path.read_bytes()), object_pairs_hook=_built)
        return None


def _built(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


@cache
def _kept_loader(data_path: str | None) -> Loader:
    loader = create_loader(data_path)
    loader.file_loader = DescriptionFiles()
    return loader


def description_loader(data_path: str | None) -> Loader:
    """Give the loader for a configured path, with everything that was read with it before."""
    loader = _kept_loader(data_path)
    # Each session adds its own path once more.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


def read_descriptions(loader: Loader, service: str) -> None:
    """Read what clients and resources of a service will ask for; what is not there, they will say."""
    for name in _OF_A_SERVICE:
        with suppress(BotoCoreError):
            loader.load_service_model(service, name)
    for name in _OF_ALL_SERVICES:
        with suppress(BotoCoreError):
            loader.load_data(name)


def forget_endpoints(session: Session) -> None:
    """Let go of the endpoints of all services; the session reads them again where it makes another client."""
    # There is no public way. Where these names are gone, the endpoints stay.
    renew = getattr(session, "_register_endpoint_resolver", None)
    if renew is not None:
        renew()
    kept = getattr(session.get_component("data_loader"), "_cache", {})
    for name in ("load_data", "load_data_with_path"):
        kept.pop((name, "endpoints"), None)
