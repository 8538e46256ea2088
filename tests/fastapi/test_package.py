"""FastAPI is an extra: the module needs it, the package does not."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import dynarepo.fastapi

#: These have no docstring.
ANNOTATIONS = {"Connection", "IfMatch", "RequiredIfMatch"}


def test_all_lists_every_public_name_in_order() -> None:
    public = {
        name
        for name, value in vars(dynarepo.fastapi).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }
    assert set(dynarepo.fastapi.__all__) == public
    assert dynarepo.fastapi.__all__ == sorted(dynarepo.fastapi.__all__)


@pytest.mark.parametrize("name", sorted({*dynarepo.fastapi.__all__} - ANNOTATIONS))
def test_everything_public_has_a_docstring_of_its_own(name: str) -> None:
    documented = inspect.getdoc(getattr(dynarepo.fastapi, name))
    assert documented
    assert documented.splitlines()[0].endswith((".", ":"))


def test_the_package_alone_imports_no_fastapi() -> None:
    program = "import dynarepo, dynarepo.testing, sys; sys.exit('fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def _not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("dynarepo.fastapi")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("_not_imported")
@pytest.mark.parametrize("missing", ["fastapi", "starlette.requests"])
def test_without_the_extra_the_module_says_how_to_install_it(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name == "fastapi" or name.startswith("fastapi.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=r"pip install \"dynarepo\[fastapi\]\""):
        importlib.import_module("dynarepo.fastapi")


@pytest.mark.usefixtures("_not_imported")
def test_another_module_that_is_missing_is_not_taken_for_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dynarepo._codec", None)
    with pytest.raises(ModuleNotFoundError, match=r"dynarepo\._codec"):
        importlib.import_module("dynarepo.fastapi")
