"""
One model bound to its table: fields, keys and indexes, checked against each other and compiled once.

Everything above works with an `Entity`; nothing above looks at a model or its declaration again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Generic, TypeVar, cast

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec._discriminator import Discriminator, discriminator_of
from dynarepo._codec._kept import check_kept_fields, renewed, version_of
from dynarepo._codec._keys import KeyAttribute, field_key, template_key
from dynarepo._codec._nodes import Node
from dynarepo._codec._paths import Path
from dynarepo._codec._plan import FieldPlan, ModelPlan, compile_model
from dynarepo._codec._source import ItemReader
from dynarepo._codec._table_keys import IndexKeys, TableKeys
from dynarepo._codec._views import compile_view
from dynarepo._item_text import StoredItem
from dynarepo._limits import MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES
from dynarepo._record import Record
from dynarepo._schema import GlobalIndex, Index, KeyPart, TableSchema, read_schema
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidKeyError, SchemaError

__all__ = ["Entity", "bind"]

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)


class Entity(Record, Generic[T], frozen=True):
    """
    A model, its table's keys, and the way between items and instances.

    `computed_key` is a computed field that is a part of the table's key or of an index's, if there is one.
    """

    model: type[T]
    schema: TableSchema
    plan: ModelPlan[T]
    table: TableKeys
    indexes: Mapping[str, IndexKeys]
    discriminator: Discriminator | None
    zone: tzinfo | None = None
    computed_key: str | None = None
    _views: dict[type[BaseModel], ItemReader[BaseModel]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.__name__

    @property
    def paths(self) -> None:
        """It reads whole items."""

    @property
    def needed(self) -> frozenset[str]:
        """The attributes of its fields."""
        return frozenset(plan.attribute for plan in self.plan.fields.values() if not plan.computed)

    @property
    def expiry(self) -> str | None:
        """The stored name of the expiry time."""
        return None if self.schema.ttl is None else self.plan.fields[self.schema.ttl].attribute

    @property
    def write_id(self) -> str | None:
        """The attribute that holds the id of the last write, where the model counts versions."""
        return None if self.schema.version is None else self.schema.write_id

    def encode(self, item: T) -> WireItem:
        """
        Encode an instance as the item to store, rendered key attributes included.

        Raises:
            InvalidValueError: A value cannot be stored.
            InvalidKeyError: A part of the table's key is missing, or a key is empty or too long.
        """
        wire = self.plan.encode(item)
        for key in self.table.attributes:
            value = key.of(wire)
            if value is None:
                raise InvalidKeyError(f"{', '.join(key.fields)}: a part of the table's key has no value")
            wire[key.attribute] = value
        for index in self.indexes.values():
            for key in index.attributes:
                value = key.of(wire)
                if value is not None:
                    wire[key.attribute] = value
        if self.discriminator is not None:
            (wire[self.discriminator.attribute],) = self.discriminator.wires()
        return wire

    def to_store(self, item: T) -> T:
        """Give the instance as a write stores it: a copy with the next version and the time of now."""
        return renewed(item, self.schema, self.zone) if type(item) is self.model else item

    def replaced_version(self, stored: T) -> int | None:
        """Give the version that an instance of `to_store` replaces; `None` where the model counts none."""
        return None if self.schema.version is None else version_of(stored, self.schema.version) - 1

    def decode(self, item: StoredItem) -> T:
        """Make an instance of a stored item; `InvalidItemError` names the fields that do not fit."""
        return self.plan.decode(item)

    def view(self, model: type[V]) -> ItemReader[V]:
        """Give the reader of a view of the model; the same one is compiled once."""
        if model not in self._views:
            self._views[model] = compile_view(model, self.plan.node, self.name, self.discriminator, self.zone)
        return cast("ItemReader[V]", self._views[model])

    def resolve(self, path: Path) -> tuple[Path, Node]:
        """Give the stored path and the node of a path of fields."""
        return self.plan.resolve(path)

    def attributes(self) -> frozenset[str]:
        """Give the names of all attributes that an item of the model can have, rendered keys included."""
        keys = (*self.table.attributes, *(key for index in self.indexes.values() for key in index.attributes))
        names = {key.attribute for key in keys} | {plan.attribute for plan in self.plan.fields.values()}
        return frozenset(names if self.discriminator is None else {*names, self.discriminator.attribute})

    def can_lack(self, name: str) -> bool:
        """Tell whether an item without a field can be read."""
        return not self.model.model_fields[name].is_required() or self.plan.fields[name].absent is not None


@lru_cache(maxsize=1024)
def _bind(model: type[T], schema: TableSchema, zone: tzinfo | None) -> Entity[T]:
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
        derived_attributes=frozenset(_derived(model, schema)),
        zone=zone,
    )
    for template in schema.templates():
        if any(field.attribute == template.attribute for field in plan.fields.values()):
            raise SchemaError(
                f"{where}: attribute {template.attribute!r} is both a field and a key template; rename one"
            )
    check_kept_fields(plan, schema)
    discriminator = discriminator_of(plan, schema)
    if discriminator is not None:
        discriminator.bind(plan, where)
    partition = _key(where, schema.partition_key, plan.fields, MAX_PARTITION_KEY_BYTES)
    sort = None if schema.sort_key is None else _key(where, schema.sort_key, plan.fields, MAX_SORT_KEY_BYTES)
    table = TableKeys(partition, sort)
    indexes = {
        index.name: _index(
            f"{where}, index {index.name}", index, table.attributes, plan.fields, discriminator
        )
        for index in schema.indexes
    }
    if discriminator is not None and discriminator.attribute in {key.attribute for key in table.attributes}:
        raise SchemaError(f"{where}: the discriminator cannot be a key of the table")
    keys = [*table.attributes, *(key for index in indexes.values() for key in index.attributes)]
    computed = next((name for key in keys for name in key.fields if plan.fields[name].computed), None)
    entity = Entity(model, schema, plan, table, indexes, discriminator, zone, computed)
    if entity.write_id in entity.attributes():
        raise SchemaError(f"{where}: the attribute {entity.write_id!r} holds something else; rename write_id")
    return entity


def bind(model: type[T], schema: TableSchema | None = None, zone: tzinfo | None = None) -> Entity[T]:
    """
    Bind a model to its declaration, checking both completely; the same is compiled once.

    Args:
        model: The model.
        schema: The declaration, where the model has none of its own.
        zone: The time zone in which datetimes are read; UTC without it.

    Raises:
        SchemaError: The declaration does not fit the model; the message names what.
    """
    return _bind(model, read_schema(model, schema), zone)


def _derived(model: type[BaseModel], schema: TableSchema) -> Iterator[str]:
    """Give the attributes that are written beside the fields."""
    yield from (template.attribute for template in schema.templates())
    declared = schema.discriminator
    name = declared[0] if isinstance(declared, tuple) else declared
    if name is not None and name not in {*model.model_fields, *model.model_computed_fields}:
        yield name
    if schema.version is not None and schema.write_id is not None:
        yield schema.write_id


def _index(
    where: str,
    index: Index,
    table: tuple[KeyAttribute, ...],
    fields: Mapping[str, FieldPlan],
    discriminator: Discriminator | None,
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
        if projected and discriminator is not None:
            # With it, a query of the index can leave out the items of other models.
            projected |= {discriminator.attribute}
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
