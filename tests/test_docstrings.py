"""Every public thing has a docstring."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from pydantic import BaseModel

import dynarepo
import dynarepo.exceptions
import dynarepo.pytest_plugin
import dynarepo.streams
import dynarepo.testing


def public_things(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Give what a module offers and the methods and properties of its classes."""
    for name in module.__all__:
        thing = getattr(module, name)
        yield name, thing
        for owner in thing.__mro__ if isinstance(thing, type) else ():
            for member in vars(owner) if owner.__module__.startswith("dynarepo") else ():
                if not member.startswith("_") and not hasattr(BaseModel, member):
                    yield f"{name}.{member}", getattr(thing, member, None)


THINGS = {
    name: thing
    for module in (dynarepo, dynarepo.exceptions, dynarepo.pytest_plugin, dynarepo.streams, dynarepo.testing)
    for name, thing in public_things(module)
    if callable(thing) or isinstance(thing, property)
}


@pytest.mark.parametrize("name", sorted(THINGS))
def test_it_has_a_docstring_of_its_own(name: str) -> None:
    """A dataclass without one would be given its signature."""
    documented = inspect.getdoc(THINGS[name])
    assert documented
    assert not documented.startswith(f"{name}(")
    assert documented.splitlines()[0].rstrip().endswith((".", ":", "`"))
