"""What a node is made of."""

from __future__ import annotations

from dynarepo._codec._containers import DictNode, ListNode, SetNode, TupleNode
from dynarepo._codec._fields import FieldSerializerNode
from dynarepo._codec._nodes import Node
from dynarepo._codec._scalars import OptionalNode, SecretNode
from dynarepo._codec._structs import RootNode, StructNode
from dynarepo._codec._unions import ProvedNode, UnionNode

__all__ = ["contains_itself", "parts_of"]


def parts_of(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911 - one for each kind
    """Give the nodes of the elements, members or fields."""
    match node:
        case RootNode() | OptionalNode() | ProvedNode() | SecretNode():
            return (node.inner,)
        case ListNode() | DictNode() | SetNode():
            return (node.element,)
        case TupleNode():
            return node.elements
        case UnionNode():
            return tuple(member.node for member in node.members)
        case FieldSerializerNode():
            return (node.output,)
        case StructNode():
            return tuple(plan.node for plan in node.fields.values())
    return ()


def contains_itself(node: Node) -> bool:
    """Tell whether a value may hold another of the same node."""
    waiting, seen = [*parts_of(node)], set[int]()
    while waiting:
        part = waiting.pop()
        if part is node:
            return True
        if id(part) not in seen:
            seen.add(id(part))
            waiting += parts_of(part)
    return False
