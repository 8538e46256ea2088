"""What a write demands of the stored item by itself, beside the caller's condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec import Discriminator, Entity
from dynarepo._expressions import Clause, ExpressionWriter
from dynarepo._record import Record
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidRequestError

__all__ = ["Guard", "is_live", "is_ours"]

T = TypeVar("T", bound=BaseModel)


class Guard(Record, frozen=True):
    """
    What must be there before a write. An item of another model never passes.

    Attributes:
        exists: Whether there must be an item, or must be none; `None` where both are right.
        version: The version that it must have; 0 also stands for no item, and for one that was never counted.
        unchanged: Stored attributes that must be as they were read, `None` for one that was not there.
    """

    exists: bool | None = None
    version: int | None = None
    unchanged: Mapping[str, AttributeValue | None] = field(default_factory=dict)

    def clauses(self, writer: ExpressionWriter, entity: Entity[T]) -> list[Clause]:
        """Write the demands."""
        found: list[Clause] = []
        key = writer.attribute(entity.table.partition.attribute) if self._names_key(entity) else ""
        if self.exists is not None:
            found.append(Clause(f"attribute_{'' if self.exists else 'not_'}exists({key})"))
        if entity.discriminator is not None and self.exists is not False:
            ours = is_ours(writer, entity.discriminator)
            absent_or_ours = Clause(f"attribute_not_exists({key}) OR {ours.text}", operators=3, is_or=True)
            found.append(ours if self.exists else absent_or_ours)
        if self.version is not None:
            found.append(_has_version(writer, entity, self.version))
        for attribute, value in self.unchanged.items():
            found.append(_is(writer, writer.attribute(attribute), value))
        return found

    def _names_key(self, entity: Entity[T]) -> bool:
        return self.exists is not None or entity.discriminator is not None


def is_ours(writer: ExpressionWriter, discriminator: Discriminator) -> Clause:
    """Demand an item of the model, or of one of the models."""
    name = writer.attribute(discriminator.attribute)
    values = [writer.value(wire) for wire in discriminator.wires()]
    return Clause(f"{name} = {values[0]}" if len(values) == 1 else f"{name} IN ({', '.join(values)})")


def is_live(writer: ExpressionWriter, attribute: str, now: str) -> Clause:
    """Demand that an item has not expired, or has no time to; `now` is the placeholder of the time."""
    return Clause(f"NOT {writer.attribute(attribute)} <= {now}", operators=2)


def _has_version(writer: ExpressionWriter, entity: Entity[T], version: object) -> Clause:
    field = entity.schema.version
    if field is None:
        raise InvalidRequestError(f"{entity.name} declares no version; leave out version=")
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise InvalidRequestError("version= is the whole number that the caller's instance has")
    name = writer.attribute(entity.plan.fields[field].attribute)
    same = f"{name} = {writer.value({'N': str(version)})}"
    if version:
        return Clause(same)
    return Clause(f"attribute_not_exists({name}) OR {same}", operators=3, is_or=True)


def _is(writer: ExpressionWriter, name: str, value: AttributeValue | None) -> Clause:
    return Clause(f"attribute_not_exists({name})" if value is None else f"{name} = {writer.value(value)}")
