"""
What a user says about a table, as immutable values.

A key is one part or several; a part is a field's name or a `KeyTemplate`. Inside, a key is always
a tuple of parts, because DynamoDB has allowed up to four attributes on each side of a global
index's key since November 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar, cast

from dynarepo._config import is_table_name
from dynarepo._limits import (
    MAX_GLOBAL_INDEXES,
    MAX_INDEX_KEY_PARTS,
    MAX_KEY_NAME_BYTES,
    MAX_LOCAL_INDEXES,
)
from dynarepo._schema._template import TemplatePart, parse_template
from dynarepo.exceptions import SchemaError

__all__ = ["GlobalIndex", "Index", "KeyPart", "KeyTemplate", "LocalIndex", "Projection", "TableSchema"]

_INDEX_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """
    A key attribute made from several fields, such as `KeyTemplate("sk", "ORDER#{placed_at}#{order_id}")`.

    Fields are stored as attributes of their own as well. Dates and times are rendered in fixed
    width, whole numbers are padded with zeros to 20 digits (`{number:08}` sets another width),
    so that keys sort as the values do. A value that contains the literal text behind its place is
    refused, because two different items could otherwise get one key.

    Args:
        attribute: The attribute that holds the key; not a field of the model.
        template: Literal text with `{field}` places; `{{` and `}}` stand for braces.

    Raises:
        SchemaError: The attribute or the template is malformed.
    """

    attribute: str
    template: str

    def __post_init__(self) -> None:
        _check_attribute_name(self.attribute)
        if not isinstance(self.template, str) or not self.template:
            raise SchemaError(f"the key template of {self.attribute!r} is text, and not empty")
        _encoded(self.template)
        parse_template(self.attribute, self.template)

    @property
    def parts(self) -> tuple[TemplatePart, ...]:
        """The template, taken apart."""
        return parse_template(self.attribute, self.template)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields it is made from, in order."""
        return tuple(part.field for part in self.parts if part.field is not None)


KeyPart: TypeAlias = str | KeyTemplate
Key: TypeAlias = KeyPart | Sequence[KeyPart]
Projection: TypeAlias = Literal["ALL", "KEYS_ONLY"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GlobalIndex:
    """
    A global secondary index.

    Args:
        name: Its name, 3 to 255 of `A-Za-z0-9_.-`.
        partition_key: A field's name or a `KeyTemplate`, or up to four of them.
        sort_key: The same; only with a partition key.
        projection: `ALL`, `KEYS_ONLY`, or a tuple of the names of the fields it includes.

    Raises:
        SchemaError: A name or key is malformed.
    """

    name: str
    partition_key: Key
    sort_key: Key | None = None
    projection: Projection = "ALL"

    def __post_init__(self) -> None:
        _check_index_name(self.name)
        object.__setattr__(self, "projection", _projection(self.name, self.projection))
        object.__setattr__(self, "partition_key", self.partition_parts)
        object.__setattr__(self, "sort_key", self.sort_parts or None)
        for side, parts in (("partition", self.partition_parts), ("sort", self.sort_parts)):
            for part in parts:
                _check_part(f"index {self.name}", part)
            if len(parts) > MAX_INDEX_KEY_PARTS:
                raise SchemaError(
                    f"index {self.name}: a {side} key has at most {MAX_INDEX_KEY_PARTS} attributes"
                )
        if not self.partition_parts:
            raise SchemaError(f"index {self.name}: the partition key is empty")

    @property
    def partition_parts(self) -> tuple[KeyPart, ...]:
        """The partition key as a tuple."""
        return _parts(self.partition_key)

    @property
    def sort_parts(self) -> tuple[KeyPart, ...]:
        """The sort key as a tuple, empty if there is none."""
        return _parts(self.sort_key)


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """
    A local secondary index: the table's partition key with another sort key.

    Args:
        name: Its name, 3 to 255 of `A-Za-z0-9_.-`.
        sort_key: A field's name or a `KeyTemplate`.
        projection: `ALL`, `KEYS_ONLY`, or a tuple of the names of the fields it includes.

    Raises:
        SchemaError: The name or key is malformed.
    """

    name: str
    sort_key: KeyPart
    projection: Projection = "ALL"

    def __post_init__(self) -> None:
        _check_index_name(self.name)
        object.__setattr__(self, "projection", _projection(self.name, self.projection))
        _check_part(f"index {self.name}", self.sort_key)

    @property
    def sort_parts(self) -> tuple[KeyPart, ...]:
        """The sort key as a tuple of one."""
        return (self.sort_key,)


Index: TypeAlias = GlobalIndex | LocalIndex
I = TypeVar("I", GlobalIndex, LocalIndex)  # noqa: E741 - an index


@dataclass(frozen=True, slots=True)
class TableSchema:
    """
    A model's table: its keys and indexes, by the names of the model's fields.

    It is what `class Meta` on a model is read into; for a model that may not be touched, pass one
    as `schema=`.

    Args:
        partition_key: A field's name, or a `KeyTemplate`.
        sort_key: The same, or `None` for a table without one.
        table_name: The table; without it the configuration's `table_name` counts.
        gsis: The global indexes.
        lsis: The local indexes.
        version: The name of the integer field that counts the writes of an item, for optimistic locking; a
            new instance has 0.
        created_at: The name of the datetime field with the time of creation: set where an instance has none,
            and kept by `upsert`.
        updated_at: The name of the datetime field that every write sets to its time.
        ttl: The name of the datetime (or integer) field by which DynamoDB removes expired items;
            it is stored in whole seconds.
        discriminator: What tells the model's items from those of other models in the table: the name of a
            field that is a `Literal` of one text; or an attribute of its own, such as `"entity"`, which then
            holds the model's name, or `("entity", "ORDER")` with another text.
        write_id: The attribute in which items of a model with a version hold a random id of their last
            write, by which a write is known again after a lost reply; `None` for none.

    Raises:
        SchemaError: The declaration contradicts itself or a limit of the service.
    """

    partition_key: KeyPart
    sort_key: KeyPart | None = None
    table_name: str | None = None
    gsis: tuple[GlobalIndex, ...] = ()
    lsis: tuple[LocalIndex, ...] = ()
    ttl: str | None = None
    version: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    discriminator: str | tuple[str, str] | None = None
    write_id: str | None = "_write_id"

    def __post_init__(self) -> None:
        object.__setattr__(self, "gsis", _indexes("gsis", self.gsis, GlobalIndex))
        object.__setattr__(self, "lsis", _indexes("lsis", self.lsis, LocalIndex))
        object.__setattr__(self, "discriminator", _discriminator(self.discriminator))
        self._check_names()
        self._check_indexes()
        self._check_templates()

    @property
    def indexes(self) -> tuple[Index, ...]:
        """All indexes, global ones first."""
        return (*self.gsis, *self.lsis)

    def templates(self) -> Iterator[KeyTemplate]:
        """Every key template of the table and its indexes."""
        yield from (part for part in self.key_parts() if isinstance(part, KeyTemplate))

    def key_parts(self) -> Iterator[KeyPart]:
        """Every part of every key of the table and its indexes."""
        yield self.partition_key
        if self.sort_key is not None:
            yield self.sort_key
        for index in self.indexes:
            if isinstance(index, GlobalIndex):
                yield from index.partition_parts
            yield from index.sort_parts

    def kept_fields(self) -> tuple[str | None, ...]:
        """The fields that the library keeps by itself, or stores in its own way."""
        return (self.ttl, self.version, self.created_at, self.updated_at)

    def _check_names(self) -> None:
        _check_part("partition_key", self.partition_key)
        if self.sort_key is not None:
            _check_part("sort_key", self.sort_key)
        name = self.table_name
        if name is not None and not (isinstance(name, str) and is_table_name(name)):
            raise SchemaError("table_name is no name of a table: 3 to 255 of A-Z, a-z, 0-9, '_', '.', '-'")
        for option in ("ttl", "version", "created_at", "updated_at"):
            name = getattr(self, option)
            if name is not None and not (isinstance(name, str) and name):
                raise SchemaError(f"{option} is the name of a field")
        if self.write_id is not None and not (isinstance(self.write_id, str) and self.write_id):
            raise SchemaError("write_id is the name of an attribute of its own, or None")
        kept = [name for name in self.kept_fields() if name is not None]
        if len(set(kept)) != len(kept):
            raise SchemaError("ttl, version, created_at and updated_at are four different fields")
        if self.version in _fields_of(self.key_parts()):
            raise SchemaError("version is a field of its own, and no part of a key")
        if self.updated_at in _fields_of((self.partition_key, self.sort_key)):
            raise SchemaError("updated_at is no part of the table's key: every write changes it")

    def _check_indexes(self) -> None:
        names = [index.name for index in self.indexes]
        for name in names:
            if names.count(name) > 1:
                raise SchemaError(f"index {name} is declared twice")
        if len(self.gsis) > MAX_GLOBAL_INDEXES:
            raise SchemaError(f"a table has at most {MAX_GLOBAL_INDEXES} global indexes")
        if len(self.lsis) > MAX_LOCAL_INDEXES:
            raise SchemaError(f"a table has at most {MAX_LOCAL_INDEXES} local indexes")
        if self.lsis and self.sort_key is None:
            raise SchemaError("local indexes need a table with a sort key")
        _check_distinct("the table", [self.partition_key, *([self.sort_key] if self.sort_key else [])])
        for gsi in self.gsis:
            _check_distinct(f"index {gsi.name}", [*gsi.partition_parts, *gsi.sort_parts])
        for lsi in self.lsis:
            _check_distinct(f"index {lsi.name}", [self.partition_key, lsi.sort_key])

    def _check_templates(self) -> None:
        seen: dict[str, str] = {}
        for template in self.templates():
            if seen.setdefault(template.attribute, template.template) != template.template:
                raise SchemaError(f"attribute {template.attribute!r} has two different key templates")


def _parts(key: Key | None) -> tuple[KeyPart, ...]:
    if key is None:
        return ()
    # What is no part of a key is found by `_check_part`.
    return cast("tuple[KeyPart, ...]", tuple(key) if isinstance(key, tuple | list) else (key,))


def _fields_of(parts: Iterable[KeyPart | None]) -> set[str]:
    named = [part.fields if isinstance(part, KeyTemplate) else (part,) for part in parts if part is not None]
    return {name for names in named for name in names}


def _indexes(name: str, declared: object, kind: type[I]) -> tuple[I, ...]:
    if not isinstance(declared, tuple | list) or not all(isinstance(index, kind) for index in declared):
        raise SchemaError(f"{name} is a tuple of {kind.__name__} values")
    return tuple(declared)


def _discriminator(declared: object) -> str | tuple[str, str] | None:
    if declared is None or (isinstance(declared, str) and declared):
        return declared
    match declared:
        case (str(attribute), str(text)) if attribute and text:
            return attribute, text
    raise SchemaError(
        'discriminator is the name of a field or attribute, or a pair such as ("entity", "ORDER")'
    )


def _projection(index: str, projection: object) -> Projection:
    if projection == "ALL":
        return "ALL"
    if projection == "KEYS_ONLY":
        return "KEYS_ONLY"
    if isinstance(projection, tuple | list) and projection and all(isinstance(n, str) for n in projection):
        return tuple(projection)
    raise SchemaError(f"index {index}: projection is 'ALL', 'KEYS_ONLY' or a tuple of field names")


def _check_part(where: str, part: object) -> None:
    if part == "" or not isinstance(part, str | KeyTemplate):
        raise SchemaError(f"{where}: a key is the name of a field or a KeyTemplate")


def _check_distinct(where: str, parts: Sequence[KeyPart]) -> None:
    names = [part if isinstance(part, str) else part.attribute for part in parts]
    if len(set(names)) != len(names):
        raise SchemaError(f"{where}: an attribute stands twice in the key")


def _check_index_name(name: object) -> None:
    if not isinstance(name, str) or not _INDEX_NAME.fullmatch(name):
        raise SchemaError("an index name has 3 to 255 of the characters A-Z, a-z, 0-9, '_', '.', '-'")


def _check_attribute_name(name: object) -> None:
    if not isinstance(name, str) or not 0 < len(_encoded(name)) <= MAX_KEY_NAME_BYTES:
        raise SchemaError(f"a key attribute's name has 1 to {MAX_KEY_NAME_BYTES} bytes")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise SchemaError("a key's name or template holds a lone surrogate") from None
