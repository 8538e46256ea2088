"""
The mutants of a module: mutmut says what to change, and what cannot matter is left out.

mutmut leaves out annotations, docstrings and functions with decorators, such as properties. This leaves out
sentences, which are for people, `__all__`, and what only type checkers read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final

__all__ = ["Mutant", "mutants_of", "sample"]

# Untyped, so that type checking needs no mutmut.
_CST: Final[Any] = import_module("libcst")
_METADATA: Final[Any] = import_module("libcst.metadata")
_MUTMUT: Final[Any] = import_module("mutmut.mutation.file_mutation")

_FOR_TYPE_CHECKERS: Final = frozenset({"NewType", "ParamSpec", "TypeVar", "cast"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, at `line:column` of a module; `source` gives the whole module with it."""

    module: str
    place: str
    was: str
    becomes: str
    source: Callable[[], str]

    @property
    def described(self) -> str:
        """What is changed, on one line."""
        return " ".join(f"{self.place}: {self.was} -> {self.becomes}".split())

    @property
    def digest(self) -> str:
        """A name that says nothing; by it the mutants are as good as shuffled, and the same way each time."""
        return sha256(f"{self.module} {self.described}".encode()).hexdigest()[:8]


def mutants_of(path: Path) -> list[Mutant]:
    """Return all that matter, each once."""
    module, mutations, _, _ = _MUTMUT.create_mutations(str(path), path.read_text())
    wrapper = _METADATA.MetadataWrapper(module, unsafe_skip_copy=True)
    starts = wrapper.resolve(_METADATA.PositionProvider)
    parents = wrapper.resolve(_METADATA.ParentNodeProvider)
    found: dict[str, Mutant] = {}
    for mutation in mutations:
        original, mutated = mutation.original_node, mutation.mutated_node
        if _matters(original, mutated, parents):
            start = starts[original].start
            mutant = Mutant(
                str(path),
                f"{start.line}:{start.column}",
                module.code_for_node(original),
                module.code_for_node(mutated),
                partial(_source, module, original, mutated),
            )
            found[mutant.described] = mutant
    return list(found.values())


def sample(mutants: list[Mutant], size: int) -> list[Mutant]:
    """Return so many of them, in no order, and the same ones each time."""
    return sorted(mutants, key=lambda mutant: mutant.digest)[:size]


def _source(module: Any, original: Any, mutated: Any) -> str:
    return str(_MUTMUT.deep_replace(module, original, mutated).code)


def _matters(original: Any, mutated: Any, parents: Mapping[Any, Any]) -> bool:
    if _is_text(original) or any(_is_text(argument.value) for argument in _dropped(original, mutated)):
        return False
    return not any(_is_for_readers(each) for each in _with_parents(original, parents))


def _dropped(original: Any, mutated: Any) -> list[Any]:
    if not isinstance(original, _CST.Call) or not isinstance(mutated, _CST.Call):
        return []
    kept = {id(argument) for argument in mutated.args}
    return [argument for argument in original.args if id(argument) not in kept]


def _is_text(node: Any) -> bool:
    """Tell whether a string is a sentence: names and formats have no spaces."""
    if isinstance(node, _CST.ConcatenatedString):
        return _is_text(node.left) or _is_text(node.right)
    if isinstance(node, _CST.FormattedString):
        return any(isinstance(part, _CST.FormattedStringText) and " " in part.value for part in node.parts)
    return isinstance(node, _CST.SimpleString) and " " in node.value


def _with_parents(node: Any, parents: Mapping[Any, Any]) -> Iterator[Any]:
    while node is not None:
        yield node
        node = parents.get(node)


def _is_for_readers(node: Any) -> bool:
    if isinstance(node, _CST.Call):
        return isinstance(node.func, _CST.Name) and node.func.value in _FOR_TYPE_CHECKERS
    if isinstance(node, _CST.AnnAssign):
        kind = node.annotation.annotation
        return isinstance(kind, _CST.Name) and kind.value == "TypeAlias"
    if isinstance(node, _CST.Assign):
        target = node.targets[0].target
        return _is_for_readers(node.value) or (isinstance(target, _CST.Name) and target.value == "__all__")
    return False
