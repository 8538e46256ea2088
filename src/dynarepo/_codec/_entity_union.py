"""Several models that share a table, read as one union; the discriminator tells which an item is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec.structs import replace
from pydantic import BaseModel

from dynarepo._codec._discriminator import Discriminator
from dynarepo._codec._entity import Entity
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._keys import FieldKey, KeyAttribute, TemplateKey
from dynarepo._codec._nodes import Node, refusal
from dynarepo._codec._paths import Path, show
from dynarepo._codec._scalars import OptionalNode, ScalarNode
from dynarepo._codec._source import ItemReader
from dynarepo._codec._stored_key import StoredKey
from dynarepo._codec._table_keys import IndexKeys, TableKeys
from dynarepo._item_text import StoredItem
from dynarepo._record import Record
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidRequestError, InvalidValueError, SchemaError

__all__ = ["EntityUnion", "unite"]

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)
R = TypeVar("R")


class _OneOf(Record, Generic[R], frozen=True):
    """Makes of each item what its discriminator says."""

    name: str
    paths: tuple[Path, ...] | None
    discriminator: Discriminator
    readers: Mapping[str, ItemReader[R]]

    @property
    def needed(self) -> frozenset[str]:
        """What any of the readers needs."""
        return frozenset(name for reader in self.readers.values() for name in reader.needed)

    def decode(self, item: StoredItem) -> R:
        """Make an instance of the one that the item is of."""
        text = self.discriminator.text(item)
        if text is None:
            self.discriminator.check(self.name, item)
        return self.readers[str(text)].decode(item)


class _AnyOf(Node):
    """A field of several models, stored under one DynamoDB type: takes what any of them can hold."""

    __slots__ = ("_nodes", "rank", "tags")

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._nodes = nodes
        self.tags = frozenset[str]().union(*(node.tags for node in nodes))
        self.rank = nodes[0].rank

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the value as the models that can hold it do; they have to agree."""
        wires, refusals = [], []
        for node in self._nodes:
            try:
                wires.append(node.encode(value, path))
            except InvalidValueError as error:
                refusals.append(error)
        if not wires:
            raise refusals[0]
        if any(wire != wires[0] for wire in wires):
            raise refusal("is stored in different ways by the models", path)
        return wires[0]

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Read as the first model does; items are read by their own."""
        return self._nodes[0].decode(wire, depth)


class EntityUnion(_OneOf[T], frozen=True):
    """Models of one table."""

    entities: tuple[Entity[T], ...]
    table: TableKeys
    indexes: Mapping[str, IndexKeys]
    expiry: str | None

    def resolve(self, path: Path) -> tuple[Path, Node]:
        """Give what a path of fields means, in all models that have it."""
        found: list[tuple[Path, Node]] = []
        # What one model declares is not looked for among the undeclared fields that another allows.
        declaring = [entity for entity in self.entities if path and path[0] in entity.plan.fields]
        for entity in declaring or self.entities:
            try:
                found.append(entity.resolve(path))
            except InvalidRequestError:
                continue
        if not found:
            raise InvalidRequestError(f"{self.name}: none of the models stores a field {show(path)}")
        (stored, node), *others = found
        if any(other != stored or (each.tags ^ node.tags) - {"NULL"} for other, each in others):
            raise InvalidRequestError(f"{self.name}: {show(path)} is stored in different ways")
        return stored, _AnyOf(tuple(each for _, each in found)) if others else node

    def view(self, model: type[V]) -> ItemReader[V]:
        """Give the reader of a view of fields that every model has."""
        views = {text: reader.view(model) for text, reader in self._entities().items()}
        paths = {path for view in views.values() for path in view.paths or ()}
        return _OneOf(model.__name__, tuple(sorted(paths, key=str)), self.discriminator, views)

    def _entities(self) -> dict[str, Entity[T]]:
        return dict(zip(self.discriminator.texts, self.entities, strict=True))


def unite(entities: Sequence[Entity[Any]]) -> EntityUnion[Any]:
    """
    Unite models that share a table.

    Raises:
        SchemaError: One has no discriminator, two have the same, or they disagree on keys, indexes or expiry.
    """
    names = " | ".join(entity.name for entity in entities)
    discriminators = [entity.discriminator for entity in entities if entity.discriminator is not None]
    attribute = _agreed(names, "discriminator attributes", (each.attribute for each in discriminators))
    texts = tuple(text for each in discriminators for text in each.texts)
    if len(entities) < 2 or len(texts) < len(entities) or attribute is None:
        raise SchemaError(f"{names}: a union is of two or more models, each with a discriminator")
    if len(set(texts)) < len(texts):
        raise SchemaError(f"{names}: two of the models have the same discriminator")
    united = Discriminator(attribute, texts)
    keys = [entity.table.attributes for entity in entities]
    if len({len(each) for each in keys}) > 1:
        raise SchemaError(f"{names}: the models have different table keys")
    partition, *sort = [_shared_key(f"{names}, the table", each) for each in zip(*keys, strict=True)]
    return EntityUnion(
        names,
        None,
        united,
        dict(zip(texts, entities, strict=True)),
        tuple(entities),
        TableKeys(partition, sort[0] if sort else None),
        _shared_indexes(names, entities),
        _agreed(names, "expiry attributes", (entity.expiry for entity in entities)),
    )


def _agreed(names: str, what: str, found: Iterable[str | None]) -> str | None:
    distinct = {each for each in found if each is not None}
    if len(distinct) > 1:
        raise SchemaError(f"{names}: the models have different {what}")
    return distinct.pop() if distinct else None


def _shared_indexes(names: str, entities: Sequence[Entity[Any]]) -> dict[str, IndexKeys]:
    declared: dict[str, list[IndexKeys]] = {}
    for entity in entities:
        for index in entity.indexes.values():
            declared.setdefault(index.name, []).append(index)
    return {name: _shared_index(f"{names}, index {name}", indexes) for name, indexes in declared.items()}


def _shared_index(where: str, indexes: Sequence[IndexKeys]) -> IndexKeys:
    first = indexes[0]
    for side in (_partition, _sort, _held):
        if len({side(index) for index in indexes}) > 1:
            raise SchemaError(f"{where}: the models declare it in different ways")
    return replace(
        first,
        partition=tuple(
            _shared_key(where, keys) for keys in zip(*(each.partition for each in indexes), strict=True)
        ),
        sort=tuple(_shared_key(where, keys) for keys in zip(*(each.sort for each in indexes), strict=True)),
    )


def _partition(index: IndexKeys) -> object:
    return tuple(key.attribute for key in index.partition)


def _sort(index: IndexKeys) -> object:
    return tuple(key.attribute for key in index.sort)


def _held(index: IndexKeys) -> object:
    return index.is_global, index.projected


def _shared_key(where: str, keys: Sequence[KeyAttribute]) -> KeyAttribute:
    """Give a key that takes what all models take: the same values, or else the stored form alone."""
    first = keys[0]
    if any((key.attribute, key.tag) != (first.attribute, first.tag) for key in keys):
        raise SchemaError(f"{where}: the models have different keys")
    if len({_form(key) for key in keys}) == 1:
        return first
    return StoredKey(first.attribute, first.tag, first.max_bytes)


def _form(key: KeyAttribute) -> object:
    if isinstance(key, TemplateKey):
        return key.parts, tuple(_kind(plan.node) for plan in key.plans.values())
    return key.fields, _kind(key.field.node) if isinstance(key, FieldKey) else None


def _kind(node: Node) -> object:
    """Tell what values a node takes; two of one kind encode them alike. Rare types are alike to none."""
    match node:
        case OptionalNode(inner=inner):
            return _kind(inner)
        case ScalarNode(kind=kind, tag=tag):
            return kind, tag
        case EnumNode(kind=kind, by_value=by_value):
            return kind, by_value
        case LiteralNode(wires=wires):
            return tuple(wires)
    return id(node)
