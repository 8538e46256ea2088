"""What belongs together and travels as one value inside the library."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

__all__ = ["MutableRecord", "Record"]


def _shown(record: Struct) -> list[tuple[str, Any]]:
    names: tuple[str, ...] = getattr(record, "shown", ())
    return [(name, getattr(record, name)) for name in names if name in record.__struct_fields__]


def _text(record: Struct) -> str:
    return f"{type(record).__name__}({', '.join(f'{name}={value!r}' for name, value in _shown(record))})"


class Record(Struct, frozen=True):
    """
    The base of values with named fields.

    A struct is declared and made in a fraction of a dataclass's time, and a call makes many of them. Its
    `repr`, and what Rich shows of it in a traceback, has only the fields that a class lists as `shown`: any
    other may hold what no log should.
    """

    shown: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return _text(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return _shown(self)


class MutableRecord(Struct):
    """The same for what changes while it is used."""

    shown: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return _text(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return _shown(self)
