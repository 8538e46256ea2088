"""What belongs together and travels as one value inside the library."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

__all__ = ["MutableRecord", "Record"]


def _shown(record: Struct) -> str:
    names: tuple[str, ...] = getattr(record, "shown", ())
    fields = (f"{name}={getattr(record, name)!r}" for name in names if name in record.__struct_fields__)
    return f"{type(record).__name__}({', '.join(fields)})"


class Record(Struct, frozen=True):
    """
    The base of values with named fields.

    A struct is declared and made in a fraction of a dataclass's time, and a call makes many of them. Its
    `repr` shows only the fields that a class lists as `shown`: any other may hold what no log should.
    """

    shown: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return _shown(self)


class MutableRecord(Struct):
    """The same for what changes while it is used."""

    shown: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return _shown(self)
