"""What the fixtures of the pytest plugin give, for annotations; the fixtures themselves need no import."""

from __future__ import annotations

from dynarepo.pytest_plugin._repositories import RepositoryFactory
from dynarepo.pytest_plugin._tables import TableFactory

__all__ = ["RepositoryFactory", "TableFactory"]
