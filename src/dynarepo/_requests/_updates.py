"""
Updates as DynamoDB reads them, from a dict of fields or from typed actions.

New values and new elements go through the model's own rules, as far as these judge them alone. Whole
values, from either, renew index keys; the other actions are written here, clause by clause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, Generic, TypeAlias, TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec import Entity, KnownFields, Node, encode_any_number, encode_changes, is_number
from dynarepo._expressions import (
    Action,
    AddToSet,
    Append,
    ExpressionWriter,
    FieldReference,
    Increment,
    Path,
    Prepend,
    Remove,
    RemoveFromSet,
    Set,
    actions_of,
    check_length,
    show_path,
)
from dynarepo._record import MutableRecord
from dynarepo._requests._repeats import Effect
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidRequestError, InvalidValueError

__all__ = ["Update", "changes_given", "write_update", "write_upsert"]

T = TypeVar("T", bound=BaseModel)

#: New values by field name, or a function that makes a list of actions of the model.
Update: TypeAlias = Mapping[str, object] | Callable[[T], Sequence[Action]]

_SETS: Final = frozenset({"SS", "NS", "BS"})


def changes_given(sk: object, changes: Update[T] | None) -> Update[T]:
    """
    Give the changes of an update, which are easily given in the place of the sort key.

    Raises:
        InvalidRequestError: They stand there.
    """
    if changes is None and (isinstance(sk, Mapping) or callable(sk)):
        raise InvalidRequestError(
            "changes= is missing, or stands in the place of the sort key: it comes after that, "
            "and as changes=... where the table has no sort key"
        )
    return {} if changes is None else changes


def write_update(
    writer: ExpressionWriter, entity: Entity[T], update: Update[T], known: KnownFields, write_id: WireItem
) -> tuple[str, Effect]:
    """
    Write the update expression, and say what it does.

    Args:
        writer: Takes the names and values.
        entity: The model.
        update: What to change.
        known: The fields that the item's key tells, by their stored names.
        write_id: The attribute that tells this write from others, where it is to have one.

    Raises:
        InvalidRequestError: A field is unknown, protected, or changed twice, or nothing is changed.
        InvalidValueError: A value does not fit its field.
    """
    clauses = _Clauses(writer, entity)
    if isinstance(update, Mapping) or not callable(update):
        clauses.change(update, known)
    else:
        clauses.act(actions_of(update), known)
    clauses.count(write_id)
    text = clauses.text()
    if not text:
        raise InvalidRequestError("the update changes nothing; give at least one field")
    return text, clauses.effect


def write_upsert(writer: ExpressionWriter, entity: Entity[T], item: WireItem, write_id: WireItem) -> str:
    """
    Write the update that makes an item what it is to be, but for its time of creation and its version.

    It is empty for an item of nothing but keys.

    Raises:
        InvalidRequestError: A key of an index is made from what is kept, and could not be made here.
    """
    _check_no_key_is_made_of_kept(entity)
    clauses, schema, fields = _Clauses(writer, entity), entity.schema, entity.plan.fields
    keys = {key.attribute for key in entity.table.attributes}
    created = None if schema.created_at is None else fields[schema.created_at].attribute
    counted = None if schema.version is None else fields[schema.version].attribute
    for name in sorted(item.keys() - keys - {counted}):
        text = writer.value(item[name])
        stored = writer.attribute(name)
        clauses.sets.append(
            f"{stored} = " + (f"if_not_exists({stored}, {text})" if name == created else text)
        )
        clauses.paths.append((name,))
    for name in sorted(entity.attributes() - item.keys() - keys):
        clauses.removes.append(writer.attribute(name))
        clauses.paths.append((name,))
    clauses.count(write_id)
    return clauses.text()


def _check_no_key_is_made_of_kept(entity: Entity[T]) -> None:
    schema = entity.schema
    if schema.created_at is None and schema.version is None:
        return
    for index in entity.indexes.values():
        for key in index.attributes:
            for name in key.fields:
                if entity.plan.fields[name].computed or (key.is_rendered and name == schema.created_at):
                    raise InvalidRequestError(
                        f"{name}: a key of index {index.name} is made from it, and could be stale after an "
                        "upsert, which keeps what is stored; use save"
                    )


class _Clauses(MutableRecord, Generic[T]):
    """Collects what each of the four clauses says."""

    writer: ExpressionWriter
    entity: Entity[T]
    sets: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    adds: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    effect: Effect = field(default_factory=Effect)

    def change(self, changes: Mapping[str, object], known: KnownFields, *, typed: bool = False) -> None:
        """Set whole fields to new values, index keys along with them."""
        encoded = encode_changes(
            self.entity, changes, known, may_set_expiry=typed, renew_time=bool(self.paths)
        )
        for name, value in encoded.set.items():
            self.sets.append(f"{self.writer.attribute(name)} = {self.writer.value(value)}")
            self.paths.append((name,))
            self.effect.sets[name,] = value
        for name in encoded.remove:
            self.removes.append(self.writer.attribute(name))
            self.paths.append((name,))
            self.effect.removes.append((name,))

    def act(self, actions: Sequence[Action], known: KnownFields) -> None:
        """Take typed actions."""
        values: dict[str, object] = {}
        for action in actions:
            match action:
                case Set((str(name),), value, False) if not isinstance(value, FieldReference):
                    if name in values:
                        raise InvalidRequestError(f"{name}: the update changes it twice")
                    values[name] = value
                case _:
                    self._write(action)
        self.change(values, known, typed=True)
        self._check_overlap()

    def count(self, write_id: WireItem) -> None:
        """Count the version on, and set the id of the write, if anything is changed."""
        field = self.entity.schema.version
        if field is not None and self.paths:
            name = self.writer.attribute(self.entity.plan.fields[field].attribute)
            zero, one = self.writer.value({"N": "0"}), self.writer.value({"N": "1"})
            self.sets.append(f"{name} = if_not_exists({name}, {zero}) + {one}")
            for attribute, value in write_id.items():
                self.sets.append(f"{self.writer.attribute(attribute)} = {self.writer.value(value)}")

    def text(self) -> str:
        """Give the whole expression."""
        clauses = {"SET": self.sets, "REMOVE": self.removes, "ADD": self.adds, "DELETE": self.deletes}
        text = " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)
        return check_length(text)

    def _write(self, action: Action) -> None:
        self._check_free(action)
        stored = self.writer.stored(action.path)
        node = self.entity.plan.resolve(action.path)[1]
        self.paths.append(self.entity.plan.resolve(action.path)[0])
        self._note(action)
        match action:
            case Set():
                self.sets.append(f"{stored} = {self._assigned(stored, node, action)}")
            case Increment(path, amount):
                zero = self.writer.value({"N": "0"})
                amount_text = self.writer.value(_amount(node, amount, path))
                self.sets.append(f"{stored} = if_not_exists({stored}, {zero}) + {amount_text}")
            case Append(path, elements):
                elements_text = self.writer.value(self._elements(node, elements, path))
                self.sets.append(f"{stored} = list_append({self._or_empty(stored)}, {elements_text})")
            case Prepend(path, elements):
                elements_text = self.writer.value(self._elements(node, elements, path))
                self.sets.append(f"{stored} = list_append({elements_text}, {self._or_empty(stored)})")
            case Remove(path):
                self._check_removable(path)
                self.removes.append(stored)
            case AddToSet(path, elements):
                new = self._new_members(node, elements, path)
                self.adds.append(f"{stored} {self.writer.value(new)}")
            case RemoveFromSet(path, elements):
                members = _members(node, elements, path)
                self._check_may_be_empty(path)
                self.deletes.append(f"{stored} {self.writer.value(members)}")

    def _note(self, action: Action) -> None:
        """Note whether it adds up when done twice; positions in lists move, so that they do."""
        path = self.paths[-1]
        is_copy = isinstance(action, Set) and isinstance(action.value, FieldReference)
        if is_copy or isinstance(action, Increment | Append | Prepend) or not all(map(_is_name, path)):
            self.effect.once()
        elif isinstance(action, Remove):
            self.effect.removes.append(path)
        elif not isinstance(action, Set) or action.only_if_missing:
            self.effect.is_whole = False

    def _assigned(self, stored: str, node: Node, action: Set) -> str:
        if isinstance(action.value, FieldReference):
            text = self._copied(node, action, action.value.path)
        else:
            value = self._value(node, action)
            text = self.writer.value(value)
            if not action.only_if_missing and self.effect.is_whole:
                self.effect.sets[self.paths[-1]] = value
        return f"if_not_exists({stored}, {text})" if action.only_if_missing else text

    def _copied(self, node: Node, action: Set, source: Path) -> str:
        if not self.entity.plan.resolve(source)[1].tags <= node.tags:
            raise InvalidRequestError(
                f"{show_path(action.path)}: its type cannot hold every value of {show_path(source)}"
            )
        return self.writer.stored(source)

    def _value(self, node: Node, action: Set) -> AttributeValue:
        plan = self.entity.plan
        name, *inside = action.path
        if inside or not isinstance(name, str):
            return node.encode(plan.validate_part(action.path, action.value), action.path)
        value = plan.encode_field(name, plan.validate_field(name, action.value))
        if value is None:
            raise InvalidRequestError(f"{name}: if_not_exists needs a value that is stored")
        return value

    def _elements(self, node: Node, elements: Any, path: Path) -> AttributeValue:
        if "L" not in node.tags or not isinstance(elements, list) or not elements:
            raise InvalidRequestError(f"{show_path(path)}: takes a list field and a list of elements")
        validate = self.entity.plan.validate_part
        return node.encode([validate((*path, at), each) for at, each in enumerate(elements)], path)

    def _new_members(self, node: Node, elements: Any, path: Path) -> AttributeValue:
        _check_members(node, elements, path)
        return _members(node, {self.entity.plan.validate_member(path, each) for each in elements}, path)

    def _or_empty(self, stored: str) -> str:
        return f"if_not_exists({stored}, {self.writer.value({'L': []})})"

    def _check_free(self, action: Action) -> None:
        name = action.path[0]
        if any(name in key.fields for key in self.entity.table.attributes):
            raise InvalidRequestError(
                f"{name}: a part of the table's key cannot be updated; write a new item"
            )
        plan = self.entity.plan.fields.get(str(name))
        if plan is None:
            raise InvalidRequestError(f"{self.entity.model.__name__} has no field {name!r} to update")
        if plan.computed:
            raise InvalidRequestError(f"{name}: a computed field cannot be updated")
        if name == self.entity.schema.version:
            raise InvalidRequestError(f"{name}: the version counts by itself and cannot be updated")
        if name == self.entity.schema.updated_at:
            raise InvalidRequestError(f"{name}: the library keeps the time of the update")
        _check_no_discriminator(self.entity, name)
        for index in self.entity.indexes.values():
            for key in index.attributes:
                if name in key.fields and (key.is_rendered or not isinstance(action, Increment | Remove)):
                    raise InvalidRequestError(
                        f"{name}: part of a key of index {index.name}; set a value by set_(...).to(...)"
                    )

    def _check_removable(self, path: Path) -> None:
        can_lack = self.entity.can_lack(str(path[0])) if len(path) == 1 else self.entity.plan.can_lack(path)
        if not can_lack:
            raise InvalidRequestError(
                f"{show_path(path)}: has no default; an item without it could not be read"
            )

    def _check_may_be_empty(self, path: Path) -> None:
        if self.entity.plan.fields[str(path[0])].omit_empty is None:
            raise InvalidRequestError(
                f"{path[0]}: an empty set would be read back as the default; give the field an empty default"
            )

    def _check_overlap(self) -> None:
        ordered = sorted(self.paths, key=lambda path: [str(step) for step in path])
        for first in ordered:
            for second in ordered:
                if first is not second and second[: len(first)] == first:
                    raise InvalidRequestError(f"{show_path(second)}: the update changes it twice")


def _check_no_discriminator(entity: Entity[T], name: object) -> None:
    if entity.discriminator is not None and name == entity.discriminator.field:
        raise InvalidRequestError(f"{name}: the discriminator says which model an item is of, and stays")


def _is_name(step: str | int) -> bool:
    return isinstance(step, str)


def _amount(node: Node, amount: object, path: Path) -> AttributeValue:
    if "N" not in node.tags or not is_number(amount):
        raise InvalidRequestError(f"{show_path(path)}: increment takes a number field and a number")
    wire = encode_any_number(amount, path)
    if amount != int(amount) and not _takes_fractions(node, path):
        raise InvalidRequestError(f"{show_path(path)}: a field of whole numbers takes a whole amount")
    return wire


def _takes_fractions(node: Node, path: Path) -> bool:
    for half in (0.5, Decimal("0.5")):
        with suppress(InvalidValueError):
            return bool(node.encode(half, path))
    return False


def _check_members(node: Node, elements: Any, path: Path) -> None:
    if len(path) != 1 or not node.tags & _SETS or not isinstance(elements, set | frozenset) or not elements:
        raise InvalidRequestError(
            f"{show_path(path)}: takes a set field of the model itself and a set of elements"
        )


def _members(node: Node, elements: Any, path: Path) -> AttributeValue:
    _check_members(node, elements, path)
    try:
        return node.encode(frozenset(elements), path)
    except InvalidValueError:
        return node.encode(set(elements), path)
