"""Users that are stored, to be loaded by number."""

from __future__ import annotations

from dynarepo._codec import bind
from dynarepo._wire import WireItem
from tests.models import User
from tests.pages.batch_store import BatchStore

__all__ = ["key", "put", "users_stored"]


def users_stored(number: int = 300) -> BatchStore:
    """Store users whose sort keys are numbers."""
    store = BatchStore()
    put(store, *(bind(User).encode(User(pk="p", sk=f"{n:04}", age=n)) for n in range(number)))
    return store


def put(store: BatchStore, *items: WireItem) -> None:
    for item in items:
        store.items[store.key_of({"PutRequest": {"Item": item}})] = item


def key(number: int) -> tuple[str, str]:
    return "p", f"{number:04}"
