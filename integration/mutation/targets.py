"""The modules whose tests must bite, and the tests that judge each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Target", "targets"]

_PACKAGE: Final = Path("src/dynarepo")


@dataclass(frozen=True, slots=True)
class Target:
    """
    One module.

    `group` is what it is a part of, and `tests` has the mirror of its directory. `first` is the part that is
    about this module: who fails there need not run the others.
    """

    group: str
    path: Path
    first: Path
    tests: tuple[Path, ...]

    @property
    def module(self) -> str:
        """The name that it is imported by."""
        return ".".join(self.path.with_suffix("").relative_to("src").parts)


_ENGINE: Final = (
    ("retries", "_connection/_retry.py", "connection/test_retry.py"),
    ("retries", "_connection/_budget.py", "connection/test_budget.py"),
    ("retries", "_requests/_repeats.py", "requests/test_repeats.py"),
    ("capacity", "_connection/_governor.py", "connection/test_governor.py"),
    ("batches", "_pages/_batch_get.py", "pages/test_batch_get.py"),
    ("batches", "_pages/_batch_write.py", "pages/test_batch_write.py"),
    ("batches", "_pages/_loader.py", "pages/test_loader.py"),
    ("paging", "_pages/_reader.py", "pages/test_paging.py"),
    ("paging", "_pages/_parallel.py", "pages/test_parallel_scan.py"),
    ("cursors", "_pages/_cursor.py", "pages/test_cursors.py"),
    ("streams", "_streams/_positions.py", "streams/test_changes.py"),
    ("streams", "_streams/_records.py", "streams/test_records.py"),
    ("streams", "_streams/_shard_reader.py", "streams/test_changes.py"),
)

#: What else is tested of a module: what it does for a repository, and how it fails.
_MORE: Final = {
    "_reader": "repository/test_hydrate.py",
    "_batch_write": "pages/test_batch_failures.py",
}

#: What encodes and decodes. The rest of its package compiles models, and has no value in its hands.
_SERIALIZER: Final = (
    ("_changes", "test_changes"),
    ("_containers", "test_models"),
    ("_dynamic", "test_plain_items"),
    ("_entity", "test_entity"),
    ("_entity_union", "test_entity_union"),
    ("_enums", "test_models"),
    ("_generated_reader", "test_generated"),
    ("_generated_writer", "test_generated"),
    ("_kept", "test_kept"),
    ("_keys", "test_keys"),
    ("_nodes", "test_malformed"),
    ("_numbers", "test_numbers"),
    ("_opaque", "test_serializers"),
    ("_operands", "test_operands"),
    ("_plain_items", "test_plain_items"),
    ("_scalars", "test_models"),
    ("_sizes", "test_plain_items"),
    ("_stored_key", "test_keys"),
    ("_stored_types", "test_generated"),
    ("_structs", "test_models"),
    ("_table_keys", "test_table_keys"),
    ("_text", "test_models"),
    ("_times", "test_models"),
    ("_unconstrained", "test_unconstrained"),
    ("_unions", "test_models"),
)


def targets() -> Iterator[Target]:
    """Give the modules in the order of their groups."""
    for group, name, first in _ENGINE:
        yield _target(group, name, first)
    for name, first in _SERIALIZER:
        yield _target("serializer", f"_codec/{name}.py", f"codec/{first}.py")


def _target(group: str, name: str, first: str) -> Target:
    path, tests = _PACKAGE / name, Path("tests", first)
    more = [Path("tests", _MORE[path.stem])] if path.stem in _MORE else []
    return Target(group, path, tests, (tests.parent, *more))
