"""The shape of the source: what no linter of ours measures."""

from __future__ import annotations

from pathlib import Path

import pytest

import dynarepo

_PACKAGE = Path(dynarepo.__file__).parent
_MODULES = sorted(_PACKAGE.rglob("*.py"))


def _name(module: Path) -> str:
    return module.relative_to(_PACKAGE).as_posix()


@pytest.mark.parametrize("module", _MODULES, ids=_name)
def test_a_module_knows_one_thing(module: Path) -> None:
    """It has under 400 lines and the name of what it knows, not of a drawer."""
    assert len(module.read_text().splitlines()) < 400
    assert module.stem.strip("_") not in {"common", "helpers", "misc", "utils"}


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    """`py.typed` is there, in the wheel as well."""
    assert (_PACKAGE / "py.typed").exists()
