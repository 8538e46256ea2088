"""From declared types to nodes, for everything but values with named fields."""

from __future__ import annotations

import sys
import types
from collections import OrderedDict, deque
from collections.abc import (
    Callable,
    Hashable,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
)
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from enum import Enum
from pathlib import PurePath
from typing import (
    Annotated,
    Any,
    Final,
    ForwardRef,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    AwareDatetime,
    Discriminator,
    EncodedBytes,
    EncodedStr,
    FutureDate,
    FutureDatetime,
    Json,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    PlainSerializer,
    Secret,
    SecretBytes,
    SecretStr,
    Tag,
    WrapSerializer,
)
from pydantic.fields import FieldInfo

from dynarepo._codec._containers import DictNode, ListNode, SetNode, TupleNode
from dynarepo._codec._dynamic import DYNAMIC, LOOSE
from dynarepo._codec._enums import enum_node, literal_node
from dynarepo._codec._nodes import Node
from dynarepo._codec._opaque import SerializerNode, adapter_of, json_node, opaque_node
from dynarepo._codec._paths import Path
from dynarepo._codec._scalars import (
    EPOCHS,
    KEY_BOOL,
    NULL,
    SCALARS,
    OptionalNode,
    ScalarNode,
    SecretNode,
    in_zone,
    path_node,
)
from dynarepo._codec._scope import Scope, type_arguments, type_key
from dynarepo._codec._unions import Member, union_node
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import SchemaError

__all__ = [
    "EXPIRY_TYPES",
    "PYTHON_MODE",
    "TypeCompiler",
    "serializer_output",
]

N = TypeVar("N", bound=Node | None)

EXPIRY_TYPES: Final = "the expiry time is a datetime or an int of epoch seconds"
#: To type checkers, `Json[T]` is `T` and `Json` no class.
_JSON: Final[Any] = Json
_UNIONS: Final = (Union, types.UnionType)
_CONSTANTS: Final[Sequence[tuple[Any, Node]]] = (
    (None, NULL),
    (type(None), NULL),
    (Any, DYNAMIC),
    (object, DYNAMIC),
)
#: Pydantic's constrained dates are classes of their own, whose values are plain.
_SYNONYMS: Final[Sequence[tuple[Any, type]]] = (
    (AwareDatetime, datetime),
    (NaiveDatetime, datetime),
    (PastDatetime, datetime),
    (FutureDatetime, datetime),
    (PastDate, date),
    (FutureDate, date),
)
_LISTS: Final[Mapping[Any, type]] = {
    list: list,
    Sequence: list,
    MutableSequence: list,
    deque: deque,
}
_SETS: Final[Mapping[Any, type]] = {set: set, frozenset: frozenset, AbstractSet: set, MutableSet: set}
_DICTS: Final = frozenset({dict, Mapping, MutableMapping})
PYTHON_MODE: Final = frozenset({"always", "unless-none"})
_SET_TAGS: Final[Mapping[str, str]] = {"S": "SS", "N": "NS", "B": "BS"}
_KEY_TAGS: Final = frozenset({"S", "N", "B"})


@dataclass(slots=True)
class _AliasNode(Node):
    """A type alias that refers to itself; the target is set once it is compiled."""

    target: Node = field(init=False)
    rank: int = 9
    tags: frozenset[str] = frozenset()

    def encode(self, value: object, path: Path) -> AttributeValue:
        return self.target.encode(value, path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        return self.target.decode(wire, depth)

    def child(self, step: str | int) -> tuple[str | int, Node]:
        return self.target.child(step)


class TypeCompiler:
    """
    Compiles declared types; one for each model, so that recursive types meet themselves again.

    Args:
        structure: Compiles a type with named fields, or gives `None` if it is none.
        zone: The time zone in which datetimes are read; UTC without it.
    """

    def __init__(self, structure: Callable[[Any, Scope], Node | None], zone: tzinfo | None = None) -> None:
        self._structure = structure
        self._zone = zone
        self._aliases: dict[Hashable, _AliasNode] = {}

    def node(self, declared: Any, scope: Scope) -> Node:
        """Compile a type; `SchemaError` if no value of it can be stored."""
        origin = get_origin(declared) or declared
        return (
            self._name(declared, scope)
            or self._form(declared, origin, scope)
            or self._container(declared, origin, scope)
            or self._class(declared, origin, scope)
        )

    def annotated(self, base: Any, metadata: Sequence[Any], scope: Scope) -> Node:
        """Compile a type with annotations, of which some change how it is stored."""
        flat = list(_flattened(metadata))
        for entry in reversed(flat):
            if isinstance(entry, PlainSerializer | WrapSerializer) and entry.when_used in PYTHON_MODE:
                return self._serialized(base, flat, entry, scope)
            if isinstance(entry, EncodedBytes | EncodedStr):
                return self._serialized(base, flat, None, scope)
            if entry is _JSON or isinstance(entry, _JSON):
                return json_node(base, scope.where)
            if isinstance(entry, Discriminator) and callable(entry.discriminator):
                members = [(member, _label(member)) for member in get_args(base)]
                return self._union(members, entry.discriminator, scope)
        return self.node(base, scope)

    def _serialized(
        self,
        base: Any,
        metadata: Sequence[Any],
        serializer: PlainSerializer | WrapSerializer | None,
        scope: Scope,
    ) -> Node:
        adapter = adapter_of(Annotated[(base, *metadata)], scope.where)
        output = (
            SCALARS[base]
            if serializer is None
            else serializer_output(serializer.return_type, serializer.func)
        )
        return SerializerNode(adapter, output, output.tags)

    def _union(
        self, members: Sequence[tuple[Any, Any]], chooser: Callable[[Any], Any] | None, scope: Scope
    ) -> Node:
        nodes = [Member(self.node(member, scope), label) for member, label in members if not _is_none(member)]
        if len(nodes) == len(members):
            return nodes[0].node if len(nodes) == 1 else union_node(nodes, chooser)
        inner = nodes[0].node if len(nodes) == 1 else union_node(nodes, chooser)
        return OptionalNode(inner, inner.rank, inner.tags | {"NULL"})

    def _name(self, declared: Any, scope: Scope) -> Node | None:
        for constant, node in _CONSTANTS:
            if declared is constant:
                return node
        if isinstance(declared, TypeVar):
            return self._variable(declared, scope)
        if isinstance(declared, str | ForwardRef):
            return self._reference(declared, scope)
        return self.node(declared.__supertype__, scope) if isinstance(declared, NewType) else None

    def _form(self, declared: Any, origin: Any, scope: Scope) -> Node | None:
        if get_origin(declared) is Annotated:
            base, *metadata = get_args(declared)
            return self.annotated(base, metadata, scope)
        if origin in _UNIONS:
            return self._union([(member, None) for member in get_args(declared)], None, scope)
        if origin is Literal:
            return literal_node(get_args(declared), scope.where)
        return self._alias(declared, origin, scope) if hasattr(origin, "__value__") else None

    def _variable(self, variable: Any, scope: Scope) -> Node:
        if variable in scope.variables:
            declared, outer = scope.variables[variable]
            return self.node(declared, replace(outer, where=scope.where, role=scope.role))
        if variable.__constraints__:
            return self._union([(each, None) for each in variable.__constraints__], None, scope)
        return self.node(variable.__bound__ or Any, scope)

    def _alias(self, declared: Any, alias: Any, scope: Scope) -> Node:
        key = type_key(declared, scope)
        if key in self._aliases:
            return self._aliases[key]
        node = self._aliases[key] = _AliasNode()
        names = {**vars(sys.modules[alias.__module__]), alias.__name__: alias}
        variables = type_arguments(alias.__type_params__, get_args(declared), scope)
        node.target = self.node(alias.__value__, replace(scope, names=names, variables=variables))
        node.tags, node.rank = node.target.tags, node.target.rank
        return node.target

    def _reference(self, reference: str | ForwardRef, scope: Scope) -> Node:
        holder = types.SimpleNamespace(__annotations__={"declared": reference})
        try:
            declared = get_type_hints(holder, globalns=dict(scope.names), include_extras=True)["declared"]
        except (NameError, TypeError):
            raise SchemaError(f"{scope.where}: a forward reference is not resolved") from None
        return self.node(declared, scope)

    def _container(self, declared: Any, origin: Any, scope: Scope) -> Node | None:
        inner = scope.inside()
        arguments = get_args(declared) or (Any,)
        if origin in _LISTS:
            return ListNode(_LISTS[origin], self.node(arguments[0], inner))
        if origin in _SETS:
            return self._set(_SETS[origin], arguments[0], inner)
        if origin in _DICTS:
            key, element = arguments if len(arguments) == 2 else (str, Any)
            return self._dict(key, element, inner)
        if origin is tuple:
            return self._tuple(declared, inner)
        if isinstance(origin, type) and issubclass(origin, OrderedDict):
            raise SchemaError(f"{scope.where}: DynamoDB's maps keep no order; declare a list of pairs")
        return None

    def _set(self, kind: type, element: Any, scope: Scope) -> Node:
        node = self.node(element, scope)
        tags = frozenset(_SET_TAGS[tag] for tag in node.tags & _SET_TAGS.keys())
        if not tags:
            raise SchemaError(f"{scope.where}: DynamoDB's sets hold only text, numbers or binary")
        return SetNode(kind, node, 5 if kind is set else 6, tags)

    def _dict(self, key: Any, element: Any, scope: Scope) -> Node:
        key = str if key is Any else key
        node = self.node(key, scope)
        if not node.tags or not node.tags <= _KEY_TAGS:
            raise SchemaError(f"{scope.where}: the keys of a dict are stored as text, which this type is not")
        return DictNode(node, node is SCALARS[str], self.node(element, scope))

    def _tuple(self, declared: Any, scope: Scope) -> Node:
        arguments = get_args(declared)
        if declared is tuple or (len(arguments) == 2 and arguments[1] is Ellipsis):
            return ListNode(tuple, self.node(arguments[0] if arguments else Any, scope))
        return TupleNode(tuple, tuple(self.node(each, scope) for each in arguments), tuple)

    def _class(self, declared: Any, kind: Any, scope: Scope) -> Node:
        kind = next((plain for special, plain in _SYNONYMS if kind is special), kind)
        if scope.role == "ttl":
            return self._zoned(_epoch(kind, scope), kind)
        if not isinstance(kind, type):
            return opaque_node(declared, scope.where)
        if issubclass(kind, Secret | SecretStr | SecretBytes):
            return self._secret(kind, get_args(declared), scope)
        if issubclass(kind, tuple):
            return self._named_tuple(kind, get_args(declared), scope)
        return (
            self._zoned(_scalar(kind, scope), kind)
            or self._structure(declared, scope.inside())
            or opaque_node(declared, scope.where)
        )

    def _zoned(self, node: N, kind: type) -> N | ScalarNode:
        if self._zone is None or kind is not datetime or not isinstance(node, ScalarNode):
            return node
        return in_zone(node, self._zone)

    def _secret(self, kind: Any, arguments: tuple[Any, ...], scope: Scope) -> Node:
        hidden = {SecretStr: str, SecretBytes: bytes}.get(kind, *arguments or (Any,))
        inner = self.node(hidden, scope)
        return SecretNode(kind, inner, inner.rank, inner.tags)

    def _named_tuple(self, kind: Any, arguments: tuple[Any, ...], scope: Scope) -> Node:
        hints = get_type_hints(kind, include_extras=True)
        inner = replace(
            scope.inside(),
            variables=type_arguments(getattr(kind, "__parameters__", ()), arguments, scope),
        )
        nodes = tuple(self.node(hints.get(name, Any), inner) for name in kind._fields)
        return TupleNode(kind, nodes, kind._make)


def serializer_output(returned: Any, function: Any) -> Node:
    """Give the node of what a serializer gives: its annotation if that is a scalar, else whatever comes."""
    if not isinstance(returned, type):
        try:
            returned = get_type_hints(function).get("return")
        except TypeError:
            # Such as a partial, which has no annotations.
            returned = None
    kinds = [returned]
    if get_origin(returned) in _UNIONS:
        # `None` is stored as NULL, whatever the annotation.
        kinds = [kind for kind in get_args(returned) if kind is not type(None)]
    return SCALARS.get(kinds[0], LOOSE) if len(kinds) == 1 and isinstance(kinds[0], type) else LOOSE


def _flattened(metadata: Sequence[Any]) -> Iterator[Any]:
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            yield from entry.metadata
            if entry.discriminator is not None:
                yield entry.discriminator
        else:
            yield entry


def _scalar(kind: type, scope: Scope) -> Node | None:
    if kind is bool and scope.role == "key":
        return KEY_BOOL
    if issubclass(kind, Enum):
        return enum_node(kind, by_value=scope.enum_values, where=scope.where)
    return path_node(kind) if issubclass(kind, PurePath) else SCALARS.get(kind)


def _epoch(kind: Any, scope: Scope) -> Node:
    if kind not in EPOCHS:
        raise SchemaError(f"{scope.where}: {EXPIRY_TYPES}")
    return EPOCHS[kind]


def _label(member: Any) -> Any:
    metadata = get_args(member)[1:] if get_origin(member) is Annotated else ()
    return next((each.tag for each in metadata if isinstance(each, Tag)), None)


def _is_none(member: Any) -> bool:
    bare = _unaliased(member)
    return bare is None or bare is type(None)


def _unaliased(declared: Any) -> Any:
    while get_origin(declared) is Annotated:
        declared = get_args(declared)[0]
    return declared
