"""
One model bound to its table: fields, keys and indexes, checked against each other and compiled once.

Everything above works with an `Entity`; nothing above looks at a model or its declaration again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from pydantic import BaseModel

from dynarepo._codec._kept import check_kept_fields, renewed, version_of
from dynarepo._codec._keys import KeyAttribute, field_key, template_key
from dynarepo._codec._plan import FieldPlan, ModelPlan, compile_model
from dynarepo._limits import MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES
from dynarepo._schema import GlobalIndex, Index, KeyPart, TableSchema, read_schema
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidItemError, InvalidKeyError, InvalidRequestError, SchemaError

__all__ = ["Entity", "IndexKeys", "TableKeys", "bind"]

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TableKeys:
    """The key of a table."""

    partition: KeyAttribute
    sort: KeyAttribute | None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """The partition key and, where there is one, the sort key."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def encode(self, pk: object, sk: object) -> WireItem:
        """Encode the key that a caller gives."""
        key = {self.partition.attribute: self.partition.encode(pk)}
        if self.sort is not None:
            if sk is None:
                raise InvalidKeyError(f"{self.sort.attribute}: the sort key is missing")
            key[self.sort.attribute] = self.sort.encode(sk)
        elif sk is not None:
            raise InvalidKeyError("a sort key was given, but the table has none")
        return key

    def known(self, pk: object, sk: object) -> WireItem:
        """Give the fields that a caller's key tells, by their stored names."""
        pairs = zip(self.attributes, (pk, sk), strict=False)
        return {name: wire for key, value in pairs for name, wire in key.known(value).items()}

    def of(self, item: WireItem) -> WireItem:
        """Give the key of an item as it is stored."""
        return key_of(item, self.attributes)


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """
    The key of an index, and what the index holds.

    `projected` are the stored names of the attributes that it holds beside all keys, or `None` for
    all attributes.
    """

    name: str
    is_global: bool
    partition: tuple[KeyAttribute, ...]
    sort: tuple[KeyAttribute, ...]
    projected: frozenset[str] | None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """Every attribute of the key."""
        return (*self.partition, *self.sort)


@dataclass(frozen=True, slots=True)
class Entity(Generic[T]):
    """A model, its table's keys, and the way between items and instances."""

    model: type[T]
    schema: TableSchema
    plan: ModelPlan[T]
    table: TableKeys
    indexes: Mapping[str, IndexKeys]

    def encode(self, item: T) -> WireItem:
        """
        Encode an instance as the item to store, rendered key attributes included.

        Raises:
            InvalidValueError: A value cannot be stored.
            InvalidKeyError: A part of the table's key is missing, or a key is empty or too long.
        """
        wire = self.plan.encode(item)
        rendered: WireItem = {}
        for key in self.table.attributes:
            value = key.of(wire)
            if value is None:
                raise InvalidKeyError(f"{', '.join(key.fields)}: a part of the table's key has no value")
            rendered[key.attribute] = value
        for index in self.indexes.values():
            for key in index.attributes:
                value = key.of(wire)
                if value is not None:
                    rendered[key.attribute] = value
        return wire | rendered

    def to_store(self, item: T) -> T:
        """Give the instance as a write stores it: a copy with the next version and the time of now."""
        return renewed(item, self.schema) if type(item) is self.model else item

    def replaced_version(self, stored: T) -> int | None:
        """Give the version that an instance of `to_store` replaces; `None` where the model counts none."""
        return None if self.schema.version is None else version_of(stored, self.schema.version) - 1

    def decode(self, item: WireItem) -> T:
        """Make an instance of a stored item; `InvalidItemError` names the fields that do not fit."""
        return self.plan.decode(item)

    def index(self, name: str) -> IndexKeys:
        """Look up an index; `InvalidRequestError` if the model declares none of this name."""
        try:
            return self.indexes[name]
        except (KeyError, TypeError):
            known = ", ".join(sorted(self.indexes)) or "none"
            raise InvalidRequestError(
                f"{self.model.__name__} declares no index of this name; it has {known}"
            ) from None

    def attributes(self) -> frozenset[str]:
        """Give the names of all attributes that an item of the model can have, rendered keys included."""
        keys = (*self.table.attributes, *(key for index in self.indexes.values() for key in index.attributes))
        return frozenset(key.attribute for key in keys) | frozenset(
            plan.attribute for plan in self.plan.fields.values()
        )

    def can_lack(self, name: str) -> bool:
        """Tell whether an item without a field can be read."""
        return not self.model.model_fields[name].is_required() or self.plan.fields[name].absent is not None

    def covers(self, index: IndexKeys) -> bool:
        """Tell whether every field of the model can be read from the index."""
        if index.projected is None:
            return True
        keys = {key.attribute for key in (*self.table.attributes, *index.attributes)}
        held = index.projected | keys
        return all(plan.attribute in held for plan in self.plan.fields.values() if not plan.computed)


def key_of(item: WireItem, keys: Iterable[KeyAttribute]) -> WireItem:
    """Take key attributes out of a stored item."""
    found: WireItem = {}
    for key in keys:
        value: AttributeValue | None = item.get(key.attribute)
        if value is None:
            raise InvalidItemError("an item of the reply lacks a key attribute", fields=(key.attribute,))
        found[key.attribute] = value
    return found


@lru_cache(maxsize=1024)
def _bind(model: type[T], schema: TableSchema) -> Entity[T]:
    names = {*model.model_fields, *model.model_computed_fields}
    where = model.__name__
    plain = [part for part in schema.key_parts() if isinstance(part, str)]
    for name in (*plain, *(name for name in schema.kept_fields() if name is not None)):
        if name not in names:
            raise SchemaError(f"{where}: the declaration names an unknown field {name!r}")
    plan = compile_model(
        model,
        key_fields=frozenset(plain),
        ttl_field=schema.ttl,
        derived_attributes=frozenset(template.attribute for template in schema.templates()),
    )
    for template in schema.templates():
        if any(field.attribute == template.attribute for field in plan.fields.values()):
            raise SchemaError(
                f"{where}: attribute {template.attribute!r} is both a field and a key template; rename one"
            )
    check_kept_fields(plan, schema)
    partition = _key(where, schema.partition_key, plan.fields, MAX_PARTITION_KEY_BYTES)
    sort = None if schema.sort_key is None else _key(where, schema.sort_key, plan.fields, MAX_SORT_KEY_BYTES)
    table = TableKeys(partition, sort)
    indexes = {
        index.name: _index(f"{where}, index {index.name}", index, table.attributes, plan.fields)
        for index in schema.indexes
    }
    return Entity(model, schema, plan, table, indexes)


def bind(model: type[T], schema: TableSchema | None = None) -> Entity[T]:
    """
    Bind a model to its declaration, checking both completely; the same pair is compiled once.

    Raises:
        SchemaError: The declaration does not fit the model; the message names what.
    """
    return _bind(model, read_schema(model, schema))


def _index(
    where: str, index: Index, table: tuple[KeyAttribute, ...], fields: Mapping[str, FieldPlan]
) -> IndexKeys:
    is_global = isinstance(index, GlobalIndex)
    hashes = (
        tuple(_key(where, part, fields, MAX_PARTITION_KEY_BYTES) for part in index.partition_parts)
        if isinstance(index, GlobalIndex)
        else table[:1]
    )
    ranges = tuple(_key(where, part, fields, MAX_SORT_KEY_BYTES) for part in index.sort_parts)
    projected = _projected(where, index, fields)
    if projected is not None:
        projected -= {key.attribute for key in (*table, *hashes, *ranges)}
    return IndexKeys(index.name, is_global, hashes, ranges, projected)


def _projected(where: str, index: Index, fields: Mapping[str, FieldPlan]) -> frozenset[str] | None:
    if index.projection == "ALL":
        return None
    if index.projection == "KEYS_ONLY":
        return frozenset()
    unknown = [name for name in index.projection if name not in fields]
    if unknown:
        raise SchemaError(f"{where}: the projection names unknown fields: {', '.join(unknown)}")
    return frozenset(fields[name].attribute for name in index.projection)


def _key(where: str, part: KeyPart, fields: Mapping[str, FieldPlan], max_bytes: int) -> KeyAttribute:
    if isinstance(part, str):
        return field_key(fields[part], max_bytes)
    return template_key(where, part, fields, max_bytes)
