"""One compiled plan per model: instances to items and back, and single fields for updates and conditions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import tzinfo
from functools import cached_property
from typing import Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from dynarepo._codec._declared import compile_structure
from dynarepo._codec._fields import FieldPlan, Role
from dynarepo._codec._generated_reader import Reader, generate_reader
from dynarepo._codec._generated_writer import Writer, generate_writer
from dynarepo._codec._nodes import DecodeError, Node
from dynarepo._codec._paths import Path, show
from dynarepo._codec._scalars import OptionalNode
from dynarepo._codec._structs import StructNode
from dynarepo._codec._validation import Rules, problems_of
from dynarepo._item_text import StoredItem, plain_item
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidItemError, InvalidRequestError, InvalidValueError, SchemaError

__all__ = ["FieldPlan", "ModelPlan", "Node", "compile_model"]

T = TypeVar("T", bound=BaseModel)


class ModelPlan(Generic[T]):
    """
    How the instances of one model are stored.

    Attributes:
        model: The model.
        fields: Its fields, computed ones included, by their names in Python.
        by_attribute: The same by their stored names.
        node: The structure of them all.
        mark: The attribute, which may be a field, and the text in it that every item has, if there is such.
        check: Refuses an item without the mark.
    """

    mark: tuple[str, str] | None = None
    check: Callable[[StoredItem], None] | None = None

    def __init__(self, model: type[T], node: StructNode) -> None:
        self.model = model
        self.fields = node.fields
        self.by_attribute = node.by_attribute
        self.node = node
        self._rules = Rules.of(model)
        self._rules_of_fields: dict[str, Rules] = {}

    def encode(self, item: T) -> WireItem:
        """
        Encode an instance.

        Raises:
            InvalidRequestError: It is not an instance of this very model.
            InvalidValueError: A value would not come back the same; `path` names it.
        """
        if not isinstance(item, self.model):
            raise InvalidRequestError(
                f"expected an instance of {self.model.__name__}, not of {type(item).__name__}"
            )
        if type(item) is not self.model:
            raise InvalidRequestError(
                f"expected an instance of {self.model.__name__} itself: the fields that "
                f"{type(item).__name__} adds could not be read back"
            )
        try:
            return self._writer(item, 0)
        except Exception:  # noqa: BLE001, S110 - whatever is unusual is for the nodes
            pass
        return self.node.write(item, ())

    def decode(self, item: StoredItem) -> T:
        """Make an instance of a stored item; `InvalidItemError` names the fields that do not fit."""
        try:
            # No `cast`: it is a call for each item.
            return self._reader(item, 1)  # type: ignore[return-value]
        except Exception:  # noqa: BLE001, S110 - whatever is unusual is for the nodes
            pass
        if self.check is not None:
            self.check(item)
        attributes = plain_item(item)
        if type(attributes) is not dict:
            raise InvalidItemError(f"{self.model.__name__}: the stored item is not a map of attributes")
        try:
            return cast("T", self.node.read(attributes, 1))
        except DecodeError as error:
            problems = error.problems
        raise _invalid_item(self.model, problems)

    @cached_property
    def _reader(self) -> Reader:
        return generate_reader(self.node, self.mark)

    @cached_property
    def _writer(self) -> Writer:
        return generate_writer(self.node)

    def validate_field(self, name: str, value: object) -> object:
        """
        Validate a new value of one field by the model's own rules: types, constraints, field validators.

        Raises:
            InvalidRequestError: There is no such field.
            InvalidValueError: The value does not fit; the message has Pydantic's error types.
        """
        if self._field(name).computed:
            raise InvalidRequestError(f"{self.model.__name__}.{name} is computed and takes no value")
        rules = self._rules_of_fields.get(name)
        if rules is None:
            rules = self._rules_of_fields[name] = cast("Rules", self._rules.part(name))
        return self._validated(rules, (name,), value)

    def validate_part(self, path: Path, value: object) -> object:
        """
        Validate a new value of a part of a field by the rules of the part itself.

        The rules of what stands around it are not checked: a part cannot break the length of its list, or a
        validator of the whole. Where a part may be of several models, its type alone is left to the encoder.

        Raises:
            InvalidValueError: The value, or the key of a dict's entry, does not fit.
        """
        rules = self._find(path)
        return value if rules is None else self._validated(rules, path, value)

    def validate_member(self, path: Path, value: object) -> object:
        """Validate a new element of the set at a path, as `validate_part` does."""
        rules = self._find((*path, 0))
        return value if rules is None else self._validated(rules, path, value)

    def encode_field(self, name: str, value: object) -> AttributeValue | None:
        """Encode a validated value of one field; `None` where the field is stored by its absence."""
        plan = self._field(name)
        return None if plan.omits(value) else plan.node.encode(value, (name,))

    def resolve(self, path: Path) -> tuple[Path, Node]:
        """
        Give the stored path and the node of a path of field names, indices and dict keys.

        Raises:
            InvalidRequestError: A step is no part of what the model declares.
        """
        stored: list[str | int] = []
        node: Node = self.node
        for index, step in enumerate(path):
            try:
                part, node = node.child(step)
            except LookupError:
                where = show(path[: index + 1])
                raise InvalidRequestError(f"{self.model.__name__} has no stored field {where}") from None
            stored.append(part)
        if not stored:
            raise InvalidRequestError(f"{self.model.__name__}: the path of a field is empty")
        return tuple(stored), node

    def can_lack(self, path: Path) -> bool:
        """Tell whether what is inside a field can be read without a part; of what has no fields it can."""
        *outer, name = path
        struct = self.resolve(tuple(outer))[1]
        while isinstance(struct, OptionalNode):
            struct = struct.inner
        if not isinstance(struct, StructNode) or name not in struct.fields:
            return True
        info = getattr(struct.kind, "model_fields", {}).get(name)
        plan = struct.fields[str(name)]
        return plan.absent is not None or not (plan.required if info is None else info.is_required())

    def _find(self, path: Path) -> Rules | None:
        rules: Rules | None = self._rules
        for index, step in enumerate(path):
            if rules is None:
                return None
            if (keys := rules.keys()) is not None:
                self._validated(keys, path[: index + 1], str(step))
            rules = rules.part(step)
        return rules

    def _validated(self, rules: Rules, path: Path, value: object) -> object:
        try:
            return rules.validate(value)
        except ValidationError as error:
            problems = problems_of(error, self._deepest(path), skip=1)
        except KeyError:
            problems = (((), "its validator needs other fields; save the whole item"),)
        reasons = ", ".join(dict.fromkeys(reason for _, reason in problems))
        raise InvalidValueError(f"does not fit the field ({reasons})", path=show((*path, *problems[0][0])))

    def _deepest(self, path: Path) -> Node:
        node: Node = self.node
        for step in path:
            with suppress(LookupError):
                _, node = node.child(step)
        return node

    def _field(self, name: str) -> FieldPlan:
        try:
            return self.fields[name]
        except KeyError:
            raise InvalidRequestError(f"{self.model.__name__} has no stored field {name!r}") from None


def compile_model(
    model: type[T],
    *,
    key_fields: Collection[str] = (),
    ttl_field: str | None = None,
    derived_attributes: Collection[str] = (),
    zone: tzinfo | None = None,
) -> ModelPlan[T]:
    """
    Compile the plan of a model.

    Args:
        model: The model.
        key_fields: Fields that are (parts of) keys of the table or an index, under their own names.
        ttl_field: The field that holds the expiry time.
        derived_attributes: Attributes that are made from fields; they are not read back.
        zone: The time zone in which datetimes are read; UTC without it.

    Raises:
        SchemaError: A field cannot be stored, or cannot have its role.
    """
    roles: dict[str, Role] = dict.fromkeys(key_fields, "key")
    if ttl_field is not None:
        roles[ttl_field] = "ttl"
    node = compile_structure(model, roles, derived_attributes, zone)
    for name in roles:
        if name not in node.fields:
            raise SchemaError(f"{model.__name__} has no stored field {name!r}")
    for attribute in derived_attributes:
        plan = node.by_attribute.get(attribute)
        if plan is not None and plan.name != attribute:
            raise SchemaError(
                f"{model.__name__}.{plan.name} is stored as {attribute!r}, "
                "which is the name of a key or discriminator"
            )
    return ModelPlan(model, node)


def _invalid_item(model: type[BaseModel], problems: tuple[tuple[Path, str], ...]) -> InvalidItemError:
    shown = [f"{show(path)} ({reason})" if path else reason for path, reason in problems]
    fields = tuple(dict.fromkeys(show(path) for path, _ in problems if path))
    return InvalidItemError(
        f"{model.__name__}: the stored item does not fit: {', '.join(shown)}", fields=fields
    )
