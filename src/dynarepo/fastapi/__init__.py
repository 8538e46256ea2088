"""For FastAPI applications: connection, repositories, pages, errors and preconditions; extra `fastapi`."""

from __future__ import annotations

try:
    from dynarepo.fastapi._errors import add_error_handlers, status_of
    from dynarepo.fastapi._lifespan import Connection, connection_of, dynamodb_lifespan
    from dynarepo.fastapi._paging import Page, PageOptions, PageParams
    from dynarepo.fastapi._preconditions import IfMatch, RequiredIfMatch, etag, not_modified
    from dynarepo.fastapi._repositories import read_repository, repository, write_repository
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"fastapi", "starlette"}:
        raise
    raise ImportError(
        'dynarepo.fastapi needs the extra `fastapi`: pip install "dynarepo[fastapi]"'
    ) from error

__all__ = [
    "Connection",
    "IfMatch",
    "Page",
    "PageOptions",
    "PageParams",
    "RequiredIfMatch",
    "add_error_handlers",
    "connection_of",
    "dynamodb_lifespan",
    "etag",
    "not_modified",
    "read_repository",
    "repository",
    "status_of",
    "write_repository",
]
