"""Partial updates: a dict of fields becomes attributes to set and to remove, index keys included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec._entity import Entity
from dynarepo._codec._keys import KeyAttribute, TemplateKey
from dynarepo._record import Record
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidRequestError

__all__ = ["Changes", "IncompleteIndexKeyError", "KnownFields", "encode_changes"]

T = TypeVar("T", bound=BaseModel)

#: What is known of an item, by stored names; `None` for an attribute that it lacks.
KnownFields: TypeAlias = Mapping[str, AttributeValue | None]


class IncompleteIndexKeyError(InvalidRequestError):
    """
    An update touches a part of an index key's template, and does not tell the other parts.

    Args:
        message: Names them.
        attributes: Their stored names.
    """

    def __init__(self, message: str, *, attributes: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.attributes = attributes


class Changes(Record, frozen=True):
    """Attributes to set and attributes to remove."""

    set: WireItem = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    def put(self, attribute: str, value: AttributeValue | None) -> None:
        """Set an attribute, or remove it where there is no value."""
        if value is None:
            self.remove.append(attribute)
        else:
            self.set[attribute] = value


def encode_changes(
    entity: Entity[T],
    changes: Mapping[str, object],
    known: KnownFields,
    *,
    may_set_expiry: bool = False,
    renew_time: bool = False,
) -> Changes:
    """
    Validate and encode the new values of some fields.

    A key template of an index that uses one of the fields is rendered again, so that the index
    never keeps a stale key; that needs all fields of the template, from the changes or the key.

    Args:
        entity: The model.
        changes: New values by field name.
        known: The fields that are known of the item, by their stored names; `None` for one that it lacks.
        may_set_expiry: Whether the expiry time may be among them; never where names come from outside.
        renew_time: Whether the time of the update is set although nothing is changed here.

    Raises:
        InvalidRequestError: A field is unknown, or may not be changed this way.
        IncompleteIndexKeyError: A part of an index key is neither changed nor known.
        InvalidValueError: A value does not fit its field.
    """
    if not isinstance(changes, Mapping):
        raise InvalidRequestError("changes is a dict of field names and new values")
    _check_no_key_is_computed(entity)
    encoded = Changes()
    for name in changes:
        _check_changeable(entity, name)
    if entity.schema.updated_at is not None and (changes or renew_time):
        changes = {**changes, entity.schema.updated_at: datetime.now(UTC)}
    for name, value in changes.items():
        if name == entity.schema.ttl and not may_set_expiry:
            raise InvalidRequestError(
                f"{name}: the expiry time cannot be updated through a dict; set it by set_(...).to(...)"
            )
        plan = entity.plan.fields[name]
        encoded.put(plan.attribute, entity.plan.encode_field(name, entity.plan.validate_field(name, value)))
    missing: dict[str, KeyAttribute] = {}
    for index in entity.indexes.values():
        for key in index.attributes:
            missing |= dict.fromkeys(_renew(entity, key, changes, encoded, known), key)
    if missing:
        keys = {key.attribute: key for key in missing.values()}
        touched = dict.fromkeys(name for key in keys.values() for name in key.fields if name in changes)
        raise IncompleteIndexKeyError(
            f"{', '.join(touched)}: part of the index key {', '.join(map(repr, keys))}; "
            f"the update must also give {', '.join(missing)}",
            attributes=frozenset(entity.plan.fields[name].attribute for name in missing),
        )
    return encoded


def _check_no_key_is_computed(entity: Entity[T]) -> None:
    if entity.computed_key is not None:
        raise InvalidRequestError(
            f"{entity.computed_key}: a computed key could be stale after an update; "
            "save the whole item, or declare the key as a KeyTemplate"
        )


def _check_changeable(entity: Entity[T], name: object) -> None:
    if not isinstance(name, str) or name not in entity.plan.fields:
        # What is no text may be a value that came to stand in the wrong place.
        shown = repr(name[:64]) if isinstance(name, str) else f"<{type(name).__name__}>"
        raise InvalidRequestError(f"{entity.model.__name__} has no field {shown} to update")
    if name in entity.table.fields:
        raise InvalidRequestError(f"{name}: a part of the table's key cannot be updated; write a new item")
    if entity.plan.fields[name].computed:
        raise InvalidRequestError(f"{name}: a computed field cannot be updated")
    if name == entity.schema.version:
        raise InvalidRequestError(f"{name}: the version counts by itself and cannot be updated")
    if name == entity.schema.updated_at:
        raise InvalidRequestError(f"{name}: the library keeps the time of the update")
    if entity.discriminator is not None and name == entity.discriminator.field:
        raise InvalidRequestError(f"{name}: the discriminator says which model an item is of, and stays")


def _renew(
    entity: Entity[T],
    key: KeyAttribute,
    changes: Mapping[str, object],
    encoded: Changes,
    known: KnownFields,
) -> list[str]:
    """Make a key of an index again if a part of it is changed; give the fields that are missing for it."""
    if not any(name in changes for name in key.fields):
        return []
    if not isinstance(key, TemplateKey):
        key.of(encoded.set)
        return []
    if key.attribute in encoded.set or key.attribute in encoded.remove:
        return []
    fields = entity.plan.fields
    missing = [name for name in key.fields if name not in changes and fields[name].attribute not in known]
    if not missing:
        told = {name: value for name, value in known.items() if value is not None}
        encoded.put(key.attribute, key.of(told | encoded.set))
    return missing
