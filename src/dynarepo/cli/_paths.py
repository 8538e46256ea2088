r"""
Paths to attributes and into them, as they are typed: `authors[0].name`.

A dot and `[n]` are steps. A backslash takes the character behind it as it is: `v1\.2` is the name `v1.2`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from dynarepo._expressions import Path
from dynarepo.cli._exits import CommandError, Exit

__all__ = ["path_of", "paths_of"]

_NAME: Final = r"(?:[^.\[\]\\]|\\.)+"
_INDICES: Final = r"(?:\[[0-9]{1,9}\])*"
_STEP: Final = re.compile(rf"({_NAME})({_INDICES})", re.DOTALL)
_PATH: Final = re.compile(rf"{_NAME}{_INDICES}(?:\.{_NAME}{_INDICES})*", re.DOTALL)
_BETWEEN_COMMAS: Final = re.compile(r"(?:[^,\\]|\\.?)+", re.DOTALL)
_AS_IT_IS: Final = re.compile(r"\\(.)", re.DOTALL)
_INDEX: Final = re.compile(r"[0-9]+")


def path_of(text: str) -> Path:
    """
    Read a path.

    Raises:
        CommandError: It is none.
    """
    if not _PATH.fullmatch(text):
        raise CommandError(
            r"a name is such as authors[0].name, and \ stands before a dot or bracket of a name itself",
            Exit.USAGE,
        )
    path: list[str | int] = []
    for name, indices in _STEP.findall(text):
        path.append(_AS_IT_IS.sub(r"\1", name))
        path.extend(map(int, _INDEX.findall(indices)))
    return tuple(path)


def paths_of(text: str) -> list[Path]:
    """
    Read paths with commas between.

    Raises:
        CommandError: One is none, or is a part of another, which DynamoDB refuses.
    """
    paths = [path_of(each.strip()) for each in _BETWEEN_COMMAS.findall(text)]
    if not paths:
        raise CommandError("--attributes takes one name at least", Exit.USAGE)
    before = sorted(paths, key=lambda path: [repr(step) for step in path])
    for one, other in pairwise(before):
        if other[: len(one)] == one:
            raise CommandError("--attributes takes no name twice, and none inside another", Exit.USAGE)
    return paths
