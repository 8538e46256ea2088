"""The keys of a table and of its indexes, as tuples of key attributes, and what makes two keys the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Final, TypeAlias

from msgspec import MsgspecError
from msgspec.json import Decoder

from dynarepo._codec._keys import KeyAttribute
from dynarepo._codec._stored_types import Stored, StoredAttribute, can_be_named, structure_of
from dynarepo._item_text import ItemText, StoredItem, plain_item
from dynarepo._record import Record
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidItemError, InvalidKeyError

__all__ = ["Identity", "IndexKeys", "TableKeys", "key_of"]

#: What makes two keys the same to DynamoDB: `1000` and `1E3` are one number.
Identity: TypeAlias = tuple[object, ...]

#: What comes of a key that is not as it should be.
_UNUSUAL: Final = (MsgspecError, RecursionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class TableKeys:
    """
    The key of a table.

    Attributes:
        partition: The partition key.
        sort: The sort key, where there is one.
        attributes: The one or two of them.
        fields: The fields that they are made from.
        identity: Gives the identity of an item or key, which is compared with others of this table only.
    """

    partition: KeyAttribute
    sort: KeyAttribute | None
    attributes: tuple[KeyAttribute, ...] = field(init=False, repr=False, compare=False)
    fields: frozenset[str] = field(init=False, repr=False, compare=False)
    identity: Callable[[StoredItem], Identity] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        attributes = (self.partition,) if self.sort is None else (self.partition, self.sort)
        object.__setattr__(self, "attributes", attributes)
        object.__setattr__(self, "fields", frozenset(name for key in attributes for name in key.fields))
        object.__setattr__(self, "identity", _identity_by(attributes))

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


class IndexKeys(Record, frozen=True):
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


def key_of(item: WireItem, keys: Iterable[KeyAttribute]) -> WireItem:
    """Take key attributes out of a stored item."""
    found: WireItem = {}
    for key in keys:
        value: AttributeValue | None = item.get(key.attribute)
        if value is None:
            raise InvalidItemError("an item of the reply lacks a key attribute", fields=(key.attribute,))
        found[key.attribute] = value
    return found


def _identity_by(keys: tuple[KeyAttribute, ...]) -> Callable[[StoredItem], Identity]:
    """Make the function that identifies items: it runs for each item of a batch, and so looks nothing up."""
    # Of a table without a sort key the partition key stands in both places.
    (first, first_tag), (second, second_tag) = [(key.attribute, key.tag) for key in (keys[0], keys[-1])]
    has_number = "N" in {first_tag, second_tag}
    parse, take = _parser(keys), attrgetter(f"f0.{first_tag}", f"f{len(keys) - 1}.{second_tag}")

    def identity(item: StoredItem) -> Identity:
        try:
            if isinstance(item, ItemText):
                pk, sk = take(parse(item))
            else:
                one, other = item[first], item[second]
                if len(one) != 1 or len(other) != 1:
                    raise ValueError
                pk, sk = one[first_tag], other[second_tag]
            if not has_number:
                return pk, sk
            return Decimal(pk) if first_tag == "N" else pk, Decimal(sk) if second_tag == "N" else sk
        except _UNUSUAL:
            pass
        if isinstance(item, ItemText):
            return identity(plain_item(item))
        return tuple(map(_canonical, key_of(item, keys).values()))

    return identity


def _parser(keys: tuple[KeyAttribute, ...]) -> Callable[[ItemText], object]:
    """Make the function that parses the key in an item's text, and passes over the rest."""
    if not can_be_named(key.attribute for key in keys):
        return plain_item
    stored = [
        StoredAttribute(key.attribute, Stored({key.tag: lambda: str}).kind, is_required=True) for key in keys
    ]
    return Decoder(structure_of(stored, is_closed=False)).decode


def _canonical(value: AttributeValue) -> tuple[str, object]:
    """Identify a value of whatever type, which no key of the table has."""
    ((tag, content),) = value.items()
    return (tag, Decimal(content) if tag == "N" else content)
