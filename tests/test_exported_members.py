"""`__all__` is what users see: complete, sorted, and under the names of the package."""

from __future__ import annotations

from types import ModuleType

import pytest

import dynarepo
import dynarepo.exceptions
import dynarepo.pytest_plugin
import dynarepo.streams
import dynarepo.testing


@pytest.mark.parametrize(
    "module",
    [dynarepo, dynarepo.pytest_plugin, dynarepo.streams, dynarepo.testing],
    ids=lambda module: module.__name__,
)
def test_all_lists_every_public_name_in_order(module: ModuleType) -> None:
    """What a module imports for its users is in `__all__`, and nothing else."""
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }
    assert set(module.__all__) - {"__version__"} == public
    assert module.__all__ == sorted(module.__all__)


def test_the_top_level_has_every_exception() -> None:
    """Whatever the library raises can be caught by its name in `dynarepo`."""
    exceptions = {
        name
        for name, value in vars(dynarepo.exceptions).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == "dynarepo.exceptions"
        if not name.startswith("_")
    }
    assert exceptions <= set(dynarepo.__all__)
