"""
Views: models of a part of another model's fields, made from a part of its items.

A view's field is the stored model's field of the same name: it has its stored name, its stored
form and its meaning of absence; its type, validators and aliases are the view's own. A nested model may
be a view of the nested model in turn; then only its part travels.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dynarepo._codec._containers import DictNode, ListNode, SetNode, TupleNode
from dynarepo._codec._declared import compile_view_structure
from dynarepo._codec._discriminator import Discriminator
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._fields import FieldPlan, FieldSerializerNode, Role
from dynarepo._codec._nodes import DecodeError, Node
from dynarepo._codec._opaque import SerializerNode
from dynarepo._codec._parts import parts_of
from dynarepo._codec._paths import Path
from dynarepo._codec._plan import ModelPlan
from dynarepo._codec._scalars import BOOL, KEY_BOOL, OptionalNode, ScalarNode
from dynarepo._codec._shapes import InstanceShape, SerializedShape
from dynarepo._codec._structs import RootNode, StructNode
from dynarepo._codec._unions import ProvedNode
from dynarepo._item_text import StoredItem
from dynarepo._record import Record
from dynarepo.exceptions import InvalidValueError, SchemaError

__all__ = ["View", "compile_view"]

V = TypeVar("V", bound=BaseModel)


class View(Record, Generic[V], frozen=True):
    """Makes a view of the stored items of one model."""

    plan: ModelPlan[V]
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The view's name."""
        return self.plan.model.__name__

    @property
    def needed(self) -> frozenset[str]:
        """The attributes that its paths begin with."""
        return frozenset(str(path[0]) for path in self.paths)

    def decode(self, item: StoredItem) -> V:
        """Make a view; what it does not declare is not looked at."""
        return self.plan.decode(item)


def compile_view(
    model: type[V],
    node: StructNode,
    stored_as: str,
    discriminator: Discriminator | None,
    zone: tzinfo | None = None,
) -> View[V]:
    """
    Fit a view to the stored model.

    Args:
        model: The view.
        node: The structure of the stored model.
        stored_as: The name of the stored model.
        discriminator: What its items are recognised by.
        zone: The time zone in which datetimes are read; UTC without it.

    Raises:
        SchemaError: The view has a field that the model has not, or of a type that is stored otherwise.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or model is BaseModel:
        raise SchemaError("view= takes a Pydantic model class")
    if isinstance(node.shape, SerializedShape):
        raise SchemaError(
            f"{stored_as} has a serializer of its own, which alone knows what a part of it means"
        )
    times: dict[str, Role] = {name: "ttl" for name, plan in node.fields.items() if plan.role == "ttl"}
    fitted = _Fitter().struct(compile_view_structure(model, times, zone), node, model.__name__)
    plan = ModelPlan(model, fitted)
    if discriminator is not None:
        discriminator.bind(plan, stored_as)
    return View(plan, tuple(_paths(fitted, node)))


class _Fitter:
    """Puts the stored names and meanings into the structure of a view; each pair once, as types recur."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], StructNode] = {}

    def struct(self, view: StructNode, stored: StructNode, where: str) -> StructNode:
        """Fit a structure."""
        pair = (id(view), id(stored))
        if pair in self._known:
            return self._known[pair]
        fitted = self._known[pair] = StructNode(view.kind)
        fields = {name: self._field(plan, stored, f"{where}.{name}") for name, plan in view.fields.items()}
        fitted.define(view.shape, fields, "ignore")
        return fitted

    def _field(self, plan: FieldPlan, stored: StructNode, where: str) -> FieldPlan:
        origin = stored.fields.get(plan.name)
        if origin is None:
            raise SchemaError(f"{where}: {stored.kind.__name__} stores no field of this name")
        node = self._node(plan.node, origin.node, where)
        return replace(plan, attribute=origin.attribute, node=node, absent=_absence(node, origin, stored))

    def _node(self, view: Node, stored: Node, where: str) -> Node:
        match view, stored:
            case (_, FieldSerializerNode()) | (SerializerNode(), _):
                # What a serializer gave is for the view's validation; the view's own is never asked.
                return stored
            case ProvedNode(), _:
                return self._node(view.inner, stored, where)
            case _, ProvedNode():
                return self._node(view, stored.inner, where)
            case OptionalNode(), _:
                return replace(view, inner=self._node(view.inner, _bare(stored), where))
            case _, OptionalNode():
                return self._node(view, stored.inner, where)
        return self._bare_node(view, stored, where)

    def _bare_node(self, view: Node, stored: Node, where: str) -> Node:
        match view, stored:
            case _, SerializerNode():
                return stored if _is_same(view, stored) else replace(stored, validates=False)
            case StructNode(), StructNode():
                return stored if _is_same(view, stored) else self.struct(view, stored, where)
            case ListNode(), ListNode():
                return replace(view, element=self._node(view.element, stored.element, where))
            case DictNode(), DictNode():
                return replace(view, element=self._node(view.element, stored.element, where))
            case TupleNode(), TupleNode() if len(view.elements) == len(stored.elements):
                pairs = zip(view.elements, stored.elements, strict=True)
                return replace(view, elements=tuple(self._node(*pair, where) for pair in pairs))
        return _fitting(view, stored, where)


def _fitting(view: Node, stored: Node, where: str) -> Node:
    """Give the node of a type that has no fields of its own to fit; nested models inside must be the same."""
    if view is BOOL and stored is KEY_BOOL:
        return stored
    if not view.tags & stored.tags:
        kinds = ", ".join(sorted(stored.tags))
        raise SchemaError(f"{where}: the field is stored as another type ({kinds}) than the view declares")
    if not (_has_structures(view) and _has_structures(stored)):
        return view
    if not _is_same(view, stored):
        raise SchemaError(f"{where}: nested models stand in it otherwise than in the stored model")
    return stored


def _is_same(view: Node, stored: Node) -> bool:
    """Tell whether two types, with nested models in them, are the same."""
    match view, stored:
        case StructNode(), SerializerNode():
            # Pydantic's adapter of a model is the model's own validator.
            return isinstance(view.shape, InstanceShape) and view.shape.validator is stored.adapter.validator
        case StructNode(), StructNode():
            # A generic dataclass and a TypedDict are one class for many types.
            is_one = issubclass(view.kind, BaseModel) or not getattr(view.kind, "__parameters__", ())
            return is_one and view.kind is stored.kind and view.kind is not dict
        case RootNode(), RootNode():
            return view.kind is stored.kind
        case (ScalarNode(), _) | (EnumNode(), _) | (LiteralNode(), _):
            return view == stored
    mine, its = parts_of(view), parts_of(stored)
    is_alike = type(view) is type(stored) and view.tags == stored.tags and len(mine) == len(its)
    return is_alike and all(map(_is_same, mine, its))


def _has_structures(node: Node, within: tuple[Node, ...] = ()) -> bool:
    return isinstance(node, StructNode) or (
        not any(node is outer for outer in within)
        and any(_has_structures(part, (*within, node)) for part in parts_of(node))
    )


def _absence(node: Node, origin: FieldPlan, stored: StructNode) -> Callable[[], object] | None:
    """Say what an absent attribute stands for, as the stored model would."""
    if origin.omit_none:
        # Where the view's type cannot hold None, the view's own default counts, if it has one.
        return _none if "NULL" in node.tags else None
    if origin.omit_empty is not None:
        inner = _bare(node)
        return inner.kind if isinstance(inner, SetNode) else origin.omit_empty
    info = _info(stored, origin.name)
    if info is None or info.is_required():
        return None
    if info.default_factory is None:
        return lambda: _as_read(node, origin, copy.deepcopy(info.default))
    factory: Any = info.default_factory
    return None if info.default_factory_takes_validated_data else lambda: _as_read(node, origin, factory())


def _as_read(node: Node, origin: FieldPlan, default: object) -> object:
    """Give a default of the stored model as the view would read it if it were stored."""
    try:
        return node.decode(origin.node.encode(default, (origin.name,)))
    except (InvalidValueError, DecodeError):
        return default


def _none() -> None:
    return None


def _paths(
    view: StructNode, stored: StructNode, prefix: Path = (), within: tuple[int, ...] = ()
) -> Iterator[Path]:
    for plan in view.fields.values():
        origin = stored.fields[plan.name]
        path = (*prefix, plan.attribute)
        inner, inner_stored = _bare(plan.node), _bare(origin.node)
        if (
            isinstance(inner, StructNode)
            and isinstance(inner_stored, StructNode)
            and inner is not inner_stored
            and id(inner) not in within
            and _shows_presence(inner, inner_stored)
            and (origin.node is inner_stored or origin.omit_none)
        ):
            yield from _paths(inner, inner_stored, path, (*within, id(inner)))
        else:
            yield path


def _bare(node: Node) -> Node:
    return node.inner if isinstance(node, OptionalNode) else node


def _shows_presence(view: StructNode, stored: StructNode) -> bool:
    """Tell whether a part of the fields shows that the whole is there: one of them is in every item."""
    plans = (stored.fields[name] for name in view.fields)
    return any(
        plan.omit_empty is None and (info := _info(stored, plan.name)) is not None and info.is_required()
        for plan in plans
    )


def _info(stored: StructNode, name: str) -> FieldInfo | None:
    kind: Any = stored.kind
    if issubclass(kind, BaseModel) or "__pydantic_fields__" in vars(kind):
        info: FieldInfo | None = kind.__pydantic_fields__.get(name)
        return info
    # A TypedDict does not tell: the view's own default counts there.
    made = getattr(kind, "__dataclass_fields__", {}).get(name)
    return None if made is None else FieldInfo.from_annotated_attribute(object, made)
