"""What models, dataclasses and TypedDicts declare, compiled to structures of fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import InitVar, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import tzinfo
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PydanticUserError, RootModel
from pydantic.fields import ComputedFieldInfo, FieldInfo
from pydantic_core import SchemaValidator

from dynarepo._codec._compile import (
    EXPIRY_TYPES,
    PYTHON_MODE,
    TypeCompiler,
    serializer_output,
)
from dynarepo._codec._containers import SetNode
from dynarepo._codec._dynamic import LOOSE
from dynarepo._codec._fields import FieldPlan, FieldSerializerNode, Role
from dynarepo._codec._nodes import ALL_TAGS, Node
from dynarepo._codec._opaque import SerializerNode, adapter_of
from dynarepo._codec._scalars import OptionalNode
from dynarepo._codec._scope import Scope, type_arguments, type_key
from dynarepo._codec._shapes import InstanceShape, SerializedShape, TypedDictShape
from dynarepo._codec._structs import Extra, RootNode, StructNode
from dynarepo._codec._text import encode_name
from dynarepo._codec._unions import ProvedNode
from dynarepo.exceptions import InvalidValueError, SchemaError

__all__ = ["compile_structure", "compile_view_structure"]

_KEY_TAGS: Final = (frozenset("S"), frozenset("N"), frozenset("B"))
_QUALIFIERS: Final = frozenset({"Required", "NotRequired", "ReadOnly"})


def compile_structure(
    model: type[BaseModel],
    roles: Mapping[str, Role],
    derived: Collection[str],
    zone: tzinfo | None = None,
) -> StructNode:
    """
    Compile a model that is stored as an item; its datetimes are read in a time zone, else in UTC.

    Raises:
        SchemaError: A field cannot be stored, or cannot have its role.
    """
    _complete(model)
    if issubclass(model, RootModel):
        raise SchemaError(f"{model.__name__}: an item has named fields, which a RootModel has not")
    node = StructNode(model)
    _Structures(zone).define_model(node, model, roles, frozenset(derived))
    return node


def compile_view_structure(
    model: type[BaseModel], roles: Mapping[str, Role], zone: tzinfo | None = None
) -> StructNode:
    """
    Compile a model that is only made of items, so that how it would be serialized does not count.

    Raises:
        SchemaError: A field cannot be read.
    """
    _complete(model)
    if issubclass(model, RootModel):
        raise SchemaError(f"{model.__name__}: a view has named fields, which a RootModel has not")
    node = StructNode(model)
    _Structures(zone, writes=False).define_model(node, model, roles)
    return node


class _Structures:
    """Compiles structures; each type once, so that recursive ones meet themselves again."""

    def __init__(self, zone: tzinfo | None, *, writes: bool = True) -> None:
        self._writes = writes
        self._types = TypeCompiler(self._nested, zone)
        self._known: dict[Any, Node] = {}

    def define_model(
        self,
        node: StructNode,
        model: type[BaseModel],
        roles: Mapping[str, Role],
        reserved: frozenset[str] = frozenset(),
    ) -> None:
        """Fill in what a model declares."""
        scope = Scope(model.__name__, enum_values=bool(model.model_config.get("use_enum_values")))
        whole = self._writes and bool(model.__pydantic_decorators__.model_serializers)
        plans = self._plans(model, model.model_fields, scope, roles, whole=whole)
        extra: Extra = model.model_config.get("extra") or "ignore"
        if whole:
            names = {plan.attribute: plan.name for plan in plans.values()}
            serialized = SerializedShape(_validator(model), model.__pydantic_serializer__, names)
            node.define(serialized, plans, extra, reserved)
            return
        node.define(_instance_shape(model, plans, _validator(model)), plans, extra, reserved)

    def _nested(self, declared: Any, scope: Scope) -> Node | None:
        kind = get_origin(declared) or declared
        if issubclass(kind, BaseModel):
            return self._model(kind, scope)
        if is_dataclass(kind):
            return self._dataclass(declared, kind, scope)
        if issubclass(kind, dict) and hasattr(kind, "__total__"):
            return self._typed_dict(declared, kind, scope)
        return None

    def _model(self, model: type[BaseModel], scope: Scope) -> Node:
        if model in self._known:
            return self._known[model]
        _complete(model)
        if self._writes and model.__pydantic_decorators__.model_serializers:
            return SerializerNode(adapter_of(model, scope.where), LOOSE, ALL_TAGS, validates=True)
        if issubclass(model, RootModel):
            root = self._known[model] = RootNode(model, _validator(model))
            inner = Scope(f"{model.__name__}.root")
            root.define(
                self._types.annotated(
                    model.model_fields["root"].annotation, [model.model_fields["root"]], inner
                )
            )
            return root
        node = self._known[model] = StructNode(model)
        self.define_model(node, model, {})
        return node

    def _dataclass(self, declared: Any, kind: Any, scope: Scope) -> Node:
        key = type_key(declared, scope)
        if key in self._known:
            return self._known[key]
        node = StructNode(kind)
        made = {each.name: each.init for each in dataclass_fields(kind)}
        self._known[key] = node if all(made.values()) else ProvedNode(node, node.rank, node.tags)
        adapter = adapter_of(declared, scope.where)
        inner = _inner_scope(declared, kind, scope)
        plans = self._plans(kind, _dataclass_infos(kind, inner.where), inner, {})
        shape = _instance_shape(kind, plans, adapter.validator)
        node.define(shape, {name: plan for name, plan in plans.items() if made.get(name, True)}, "ignore")
        return self._known[key]

    def _typed_dict(self, declared: Any, kind: Any, scope: Scope) -> Node:
        key = type_key(declared, scope)
        if key in self._known:
            return self._known[key]
        node = self._known[key] = StructNode(dict)
        inner = _inner_scope(declared, kind, scope)
        infos: dict[str, FieldInfo] = {}
        optional: set[str] = set()
        for name, hint in _hints(kind, inner.where).items():
            bare, qualifiers = _unqualified(hint)
            infos[name] = FieldInfo.from_annotation(bare)
            if "NotRequired" in qualifiers or (
                name not in kind.__required_keys__ and "Required" not in qualifiers
            ):
                optional.add(name)
        plans = {
            name: replace(plan, required=name not in optional, omit_empty=None, absent=None)
            for name, plan in self._plans(kind, infos, inner, {}).items()
        }
        node.define(TypedDictShape(frozenset(plans)), plans, "ignore")
        return node

    def _plans(
        self,
        owner: Any,
        infos: Mapping[str, FieldInfo],
        scope: Scope,
        roles: Mapping[str, Role],
        *,
        whole: bool = False,
    ) -> dict[str, FieldPlan]:
        plans: dict[str, FieldPlan] = {}
        serialized = _field_serializers(owner) if self._writes else {}
        for name, info in infos.items():
            where = replace(scope, where=f"{scope.where}.{name}", role=roles.get(name, "value"))
            if not self._writes:
                node = self._types.annotated(info.annotation, [info], where)
                plans[name] = _field_plan(name, info, node, where)
                continue
            if info.exclude or getattr(info, "exclude_if", None) is not None:
                _check_exclusion(info, where)
            if info.exclude:
                continue
            node = (
                LOOSE if whole and where.role == "value" else self._node(owner, name, info, serialized, where)
            )
            plans[name] = _field_plan(name, info, node, where)
        for name, computed in _computed_fields(owner).items() if self._writes else ():
            where = replace(scope, where=f"{scope.where}.{name}", role=roles.get(name, "value"))
            plans[name] = self._computed(owner, name, computed, serialized, where)
        _check_attributes(scope.where, plans)
        return plans

    def _node(
        self, owner: Any, name: str, info: FieldInfo, serialized: Mapping[str, Node], scope: Scope
    ) -> Node:
        if name in serialized:
            return FieldSerializerNode(owner, name, serialized[name])
        return self._types.annotated(info.annotation, [info], scope)

    def _computed(
        self, owner: Any, name: str, info: ComputedFieldInfo, serialized: Mapping[str, Node], scope: Scope
    ) -> FieldPlan:
        if name in serialized:
            node: Node = FieldSerializerNode(owner, name, serialized[name])
        else:
            node = self._types.node(info.return_type, scope)
        _check_role(node, scope)
        return FieldPlan(
            name,
            name if info.alias is None else info.alias,
            node,
            scope.role,
            omit_none=scope.role == "key",
            omit_empty=_set_kind(node),
            computed=True,
        )


def _field_plan(name: str, info: FieldInfo, node: Node, scope: Scope) -> FieldPlan:
    required = info.is_required()
    omit_none = not required and info.default is None and info.default_factory is None
    kind = _set_kind(node)
    absent: Any = kind if kind is not None and required else None
    _check_role(node, scope)
    if scope.role == "key":
        if required and "NULL" in node.tags:
            omit_none, absent = True, _none
        elif not omit_none and isinstance(node, OptionalNode):
            # A key attribute cannot be NULL, and an absent one would come back as the default.
            node = node.inner
    empty_default = info.default_factory is kind or (type(info.default) is kind and not info.default)
    return FieldPlan(
        name,
        name if info.serialization_alias is None else info.serialization_alias,
        node,
        scope.role,
        omit_none=omit_none,
        omit_empty=kind if required or empty_default else None,
        absent=absent,
        exclude_if=getattr(info, "exclude_if", None),  # new in Pydantic 2.12
    )


def _instance_shape(kind: Any, plans: Mapping[str, FieldPlan], validator: Any) -> InstanceShape:
    serialized = frozenset(name for name, plan in plans.items() if isinstance(plan.node, FieldSerializerNode))
    return InstanceShape(
        validator,
        tuple(name for name, plan in plans.items() if not plan.computed),
        issubclass(kind, BaseModel),
        tuple(name for name, plan in plans.items() if plan.computed and name not in serialized),
        kind.__pydantic_serializer__ if serialized else None,
        serialized,
    )


def _validator(model: type[BaseModel]) -> SchemaValidator:
    # A plug-in of Pydantic's may wrap it; the wrapper has the same methods.
    return cast("SchemaValidator", model.__pydantic_validator__)


def _complete(model: type[BaseModel]) -> None:
    try:
        model.model_rebuild()
    except (PydanticUserError, NameError):
        raise SchemaError(f"{model.__name__}: its annotations name types that are not defined") from None


def _field_serializers(owner: Any) -> dict[str, Node]:
    # Pydantic has no public list of the serializers that were declared as methods.
    decorators = getattr(owner, "__pydantic_decorators__", None)
    found: dict[str, Node] = {}
    for each in decorators.field_serializers.values() if decorators is not None else ():
        if each.info.when_used in PYTHON_MODE:
            output = serializer_output(each.info.return_type, each.func)
            found.update(dict.fromkeys(each.info.fields, output))
    if "*" in found:
        names = [*getattr(owner, "__pydantic_fields__", ()), *_computed_fields(owner)]
        found = dict.fromkeys(names, found["*"]) | found
    return found


def _computed_fields(owner: Any) -> dict[str, ComputedFieldInfo]:
    decorators = getattr(owner, "__pydantic_decorators__", None)
    return (
        {} if decorators is None else {name: each.info for name, each in decorators.computed_fields.items()}
    )


def _dataclass_infos(kind: Any, where: str) -> Mapping[str, FieldInfo]:
    hints = _hints(kind, where)
    if any(isinstance(hint, InitVar) or hint is InitVar for hint in hints.values()):
        raise SchemaError(f"{where}: an InitVar is not kept by the dataclass and cannot be stored")
    if "__pydantic_fields__" in vars(kind):
        infos: Mapping[str, FieldInfo] = kind.__pydantic_fields__
        return infos
    return {
        each.name: FieldInfo.from_annotated_attribute(hints[each.name], each)
        for each in dataclass_fields(kind)
    }


def _hints(kind: Any, where: str) -> dict[str, Any]:
    try:
        return get_type_hints(kind, include_extras=True)
    except (NameError, TypeError):
        raise SchemaError(f"{where}: its annotations name types that are not defined") from None


def _inner_scope(declared: Any, kind: Any, scope: Scope) -> Scope:
    arguments = type_arguments(getattr(kind, "__parameters__", ()), get_args(declared), scope)
    return Scope(kind.__name__, variables=arguments)


def _unqualified(hint: Any) -> tuple[Any, set[str]]:
    found: set[str] = set()
    while (name := getattr(get_origin(hint), "_name", None)) in _QUALIFIERS:
        found.add(str(name))
        (hint,) = get_args(hint)
    return hint, found


def _set_kind(node: Node) -> type | None:
    inner = node.inner if isinstance(node, OptionalNode) else node
    return inner.kind if isinstance(inner, SetNode) else None


def _none() -> None:
    return None


def _check_role(node: Node, scope: Scope) -> None:
    tags = node.tags - {"NULL"}
    if scope.role == "ttl" and tags != {"N"}:
        raise SchemaError(f"{scope.where}: {EXPIRY_TYPES}")
    if scope.role == "key" and tags not in _KEY_TAGS:
        stored = f"this is stored as {', '.join(sorted(node.tags))}"
        if _is_serialized_unknown(node):
            stored = "annotate what its serializer returns, such as `-> str`, or give it `return_type`"
        raise SchemaError(f"{scope.where}: cannot be a key, which is text, a number or binary; {stored}")


def _is_serialized_unknown(node: Node) -> bool:
    inner = node.inner if isinstance(node, OptionalNode) else node
    return isinstance(inner, SerializerNode | FieldSerializerNode) and inner.output.tags >= LOOSE.tags


def _check_exclusion(info: FieldInfo, scope: Scope) -> None:
    if info.is_required():
        raise SchemaError(
            f"{scope.where}: is excluded and has no default, so that no item could be read back"
        )
    if scope.role != "value":
        raise SchemaError(f"{scope.where}: is excluded and cannot be a {scope.role}")


def _check_attributes(where: str, plans: Mapping[str, FieldPlan]) -> None:
    seen: dict[str, str] = {}
    for name, plan in plans.items():
        try:
            encode_name(plan.attribute)
        except InvalidValueError as error:
            raise SchemaError(f"{where}.{name}: {error.message}") from None
        if seen.setdefault(plan.attribute, name) != name:
            raise SchemaError(f"{where}: {seen[plan.attribute]!r} and {name!r} are stored under one name")
