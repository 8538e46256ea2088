"""This library on the transport through an aioboto3 client."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from benchmarks.clients import Operations, ours

__all__ = ["operations"]


def operations(endpoint: str) -> AbstractAsyncContextManager[Operations]:
    """Open a connection."""
    return ours.operations(endpoint, "aioboto3")
