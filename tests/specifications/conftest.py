"""The connection of the repositories' tests, for these too."""

from tests.repository.conftest import connection

__all__ = ["connection"]
