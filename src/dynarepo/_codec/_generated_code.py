"""
Python source that is generated for the structures of one model: lines, and the constants that they name.

The source consists of fixed text, the tags of DynamoDB's types and numbered names. Whatever else there is,
such as names of fields and attributes, classes and functions, is bound to a numbered name in the namespace in
which the source runs, so that no such text is ever compiled.

What is generated, and why, is told by `_generated_reader`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import UNSET

from dynarepo._codec._nodes import Node
from dynarepo._codec._structs import StructNode
from dynarepo._limits import MAX_DEPTH

__all__ = ["GiveUpError", "SourceCode", "StructureSource", "ValueWriter", "give_up"]

#: How deep containers are unrolled: CPython compiles no more than 20 loops inside each other.
_MAX_UNROLLED: Final = 6

#: Writes the lines for a value of one kind of node; it gets the node, the value's name and its place.
ValueWriter: TypeAlias = Callable[[Any, str, int], str | None]


class GiveUpError(Exception):
    """The code leaves this value to the nodes, which also know the error."""


def give_up(_value: object, _depth: int) -> NoReturn:
    """Leave every value to the nodes, where no code was generated."""
    raise GiveUpError


class SourceCode:
    """The lines of some functions, and what they refer to."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._level = 0
        self._names = 0
        self._bound: dict[str, object] = {"GiveUpError": GiveUpError, "UNSET": UNSET}

    def name(self) -> str:
        """Give a new name, for a variable or a function."""
        self._names += 1
        return f"v{self._names}"

    def bind(self, value: object) -> str:
        """Give the name of a constant."""
        name = f"c{len(self._bound)}"
        self._bound[name] = value
        return name

    def rebind(self, name: str, value: object) -> None:
        """Give a constant its value, where that is known after its first use."""
        self._bound[name] = value

    def line(self, text: str) -> None:
        """Write a line."""
        self._lines.append(f"{' ' * self._level}{text}")

    def give_up_if(self, condition: str) -> None:
        """Leave the value to the nodes on a condition."""
        self.line(f"if {condition}: raise GiveUpError")

    def lines(self) -> int:
        """Say how many lines there are."""
        return len(self._lines)

    def cut(self, lines: int) -> None:
        """Leave only so many lines."""
        del self._lines[lines:]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write the lines inside as a block."""
        self.line(f"{head}:")
        self._level += 1
        yield
        self._level -= 1

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Compile the source, and give what it defines by name."""
        namespace: dict[str, Any] = dict(self._bound)
        exec(compile("\n".join(self._lines), "<generated codec>", "exec"), namespace)  # noqa: S102 - no foreign text
        return namespace


class StructureSource(ABC):
    """
    Writes one function of `item` and `depth` for each structure that a model contains, itself included.

    Attributes:
        code: What is written.
        kinds: What writes the lines for a value, by the kind of its node. It gives an expression of the
            result, or `None` where it wrote nothing, because the node has to be called.
    """

    kinds: Mapping[type[Node], ValueWriter]

    def __init__(self) -> None:
        self.code = SourceCode()
        self._functions: dict[int, str] = {}
        self._waiting: list[StructNode] = []
        self._height = 0

    def compile(self, node: StructNode) -> Callable[..., Any]:
        """Write all functions, and give that of the model."""
        name = self.write(node)
        return self.code.functions()[name]

    def write(self, node: StructNode) -> str:
        """Write all functions, and name that of the model."""
        name = self.function(node)
        while self._waiting:
            self._define(self._waiting.pop())
        return name

    def function(self, node: StructNode) -> str:
        """Give the name of a structure's function, which is written in its turn."""
        if id(node) not in self._functions:
            self._functions[id(node)] = self.code.name()
            self._waiting.append(node)
        return self._functions[id(node)]

    def value(self, node: Node, name: str, at: int) -> str:
        """Write the lines for a value that stands so many steps below `depth`, and give its expression."""
        expression = self.unrolled(node, name, at)
        return self.call(node, name, at) if expression is None else expression

    def unrolled(self, node: Node, name: str, at: int) -> str | None:
        """Write these lines; `None`, with nothing written, where the node has to be called."""
        write = self.kinds.get(type(node)) if at <= _MAX_UNROLLED else None
        return None if write is None else write(node, name, at)

    def nest(self, at: int) -> None:
        """Note that a container stands there; the function gives up where that is too deep for DynamoDB."""
        self._height = max(self._height, at)

    @abstractmethod
    def body(self, node: StructNode) -> None:
        """Write what the function of a structure does."""

    @abstractmethod
    def call(self, node: Node, name: str, at: int) -> str:
        """Give the result of a node that is called as it is."""

    def _define(self, node: StructNode) -> None:
        self._height = 0
        limit = self.code.bind(MAX_DEPTH)
        with self.code.block(f"def {self._functions[id(node)]}(item, depth)"):
            self.code.give_up_if(f"depth >= {limit}")
            self.body(node)
        self.code.rebind(limit, MAX_DEPTH - self._height)
