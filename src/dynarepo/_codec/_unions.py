"""
Unions, and the proof by doing.

DynamoDB keeps no note of which member of a union a value was. Where only one member is stored
under a type tag, the tag tells. Where several are, the value is decoded right after it was encoded,
and refused unless the same came back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynarepo._codec._nodes import DecodeError, Node, refusal, tag_of
from dynarepo._codec._paths import Path
from dynarepo._codec._sameness import same
from dynarepo._codec._structs import StructNode
from dynarepo._record import Record
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidValueError

__all__ = ["Member", "ProvedNode", "UnionNode", "union_node"]


class Member(Record, frozen=True):
    """One member of a union, with the label that a discriminating function gives its values."""

    node: Node
    label: Hashable = None


@dataclass(slots=True)
class UnionNode(Node):
    """Several types."""

    members: tuple[Member, ...]
    discriminator: Callable[[Any], Hashable] | None
    tags: frozenset[str]
    rank: int
    _by_tag: dict[str, tuple[Member, ...]] = field(default_factory=dict)

    @property
    def by_tag(self) -> Mapping[str, tuple[Member, ...]]:
        """The members that are stored under each tag, the most specific first."""
        if not self._by_tag:
            # Not before the first use: a member that contains the union has no tags while it is compiled.
            by_rank = sorted(self.members, key=lambda member: member.node.rank)
            tags = {tag for member in by_rank for tag in member.node.tags}
            self._by_tag = {tag: tuple(m for m in by_rank if tag in m.node.tags) for tag in tags}
        return self._by_tag

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode by the first member that takes the value and gives it back."""
        reason: InvalidValueError | None = None
        for member in self.members:
            try:
                wire = member.node.encode(value, path)
            except InvalidValueError as error:
                # The member that came furthest is the one that was meant.
                if reason is None or len(error.path) > len(reason.path):
                    reason = error
                continue
            if len(self.by_tag[tag_of(wire)]) == 1 or _comes_back(self, wire, value):
                return wire
            reason = refusal("would come back as another type of the union; declare fewer types", path)
        raise reason or refusal("is of none of the declared types", path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode by the member that suits best."""
        tag = tag_of(wire)
        candidates = _closest(self.by_tag.get(tag, ()), wire, tag)
        failure: DecodeError | None = None
        for member in candidates:
            try:
                value = member.node.decode(wire, depth)
            except DecodeError as error:
                failure = error
                continue
            if self.discriminator is None or self.discriminator(value) == member.label:
                return value
        if failure is not None and len(candidates) == 1:
            raise failure
        raise DecodeError("fits none of the declared types")

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the part that the members which have one agree on."""
        found: list[tuple[str | int, Node]] = []
        for member in self.members:
            try:
                found.append(member.node.child(step))
            except LookupError:
                continue
        stored = {step for step, _ in found}
        if len(stored) != 1:
            raise LookupError(step)
        nodes = [node for _, node in found]
        return stored.pop(), nodes[0] if len(nodes) == 1 else union_node(map(Member, nodes), None)


@dataclass(frozen=True, slots=True)
class ProvedNode(Node):
    """A type of which some values are lost in storage: each is decoded again before it is sent."""

    inner: Node
    rank: int
    tags: frozenset[str]

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the value if the same comes back."""
        wire = self.inner.encode(value, path)
        if not _comes_back(self.inner, wire, value):
            raise refusal("would not come back the same", path)
        return wire

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode the value."""
        return self.inner.decode(wire, depth)

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the part of the value."""
        return self.inner.child(step)


def union_node(members: Iterable[Member], discriminator: Callable[[Any], Hashable] | None) -> UnionNode:
    """Make a union of members in their declared order."""
    declared = tuple(members)
    tags = frozenset(tag for member in declared for tag in member.node.tags)
    return UnionNode(declared, discriminator, tags, max(member.node.rank for member in declared))


def _comes_back(node: Node, wire: AttributeValue, value: object) -> bool:
    try:
        return same(node.decode(wire), value)
    except DecodeError:
        return False


def _closest(members: tuple[Member, ...], wire: AttributeValue, tag: str) -> tuple[Member, ...]:
    """Order structures by how well their attributes match; leave out those whose literals do not."""
    content = wire[tag]
    if tag != "M" or len(members) < 2 or type(content) is not dict:
        return members
    scored: list[tuple[tuple[int, int], Member]] = []
    for member in members:
        if not isinstance(member.node, StructNode):
            scored.append(((len(content) + 1, 0), member))
        elif (fit := member.node.fit(content)) is not None:
            scored.append((fit, member))
    return tuple(member for _, member in sorted(scored, key=lambda pair: pair[0]))
