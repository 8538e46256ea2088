"""What clients are told of an application's parameters and answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    AsyncWriteRepository,
    DynamoDBConnection,
    PaginationResult,
)
from dynarepo.fastapi import (
    Connection,
    IfMatch,
    Page,
    PageParams,
    RequiredIfMatch,
    connection_of,
    read_repository,
    repository,
    write_repository,
)
from tests.models import Setting

Settings = Annotated[AsyncDynamoDBRepository[Setting], Depends(repository(Setting))]
Reader = Annotated[AsyncReadRepository[Setting], Depends(read_repository(Setting))]
Writer = Annotated[AsyncWriteRepository[Setting], Depends(write_repository(Setting))]
ByFunction = Annotated[DynamoDBConnection, Depends(connection_of)]


def schema_of(app: FastAPI) -> Any:
    """Give what the schema says of GET /."""
    return app.openapi()["paths"]["/"]["get"]


def test_repositories_and_connections_are_no_parameters() -> None:
    app = FastAPI()

    @app.get("/")
    async def route(
        settings: Settings, reader: Reader, writer: Writer, connection: Connection, same: ByFunction
    ) -> None: ...

    schema = schema_of(app)
    assert "parameters" not in schema
    assert "requestBody" not in schema


def test_a_list_has_the_two_parameters_of_a_page() -> None:
    app = FastAPI()

    @app.get("/")
    async def route(page: Annotated[PageParams, Query()]) -> None: ...

    limit, cursor = schema_of(app)["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    bounds = limit["schema"]
    assert (bounds["minimum"], bounds["maximum"], bounds["default"]) == (1, 100, 20)
    assert (cursor["name"], cursor["in"], cursor["required"]) == ("cursor", "query", False)
    assert all("description" in parameter["schema"] for parameter in (limit, cursor))


def test_a_page_is_described_with_its_items() -> None:
    app = FastAPI()

    @app.get("/")
    async def route() -> Page[Setting]:
        return Page.of(PaginationResult([], 0, 0))

    reference = schema_of(app)["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    page = app.openapi()["components"]["schemas"][reference.rpartition("/")[2]]
    assert page["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Setting"}
    assert set(page["properties"]) == {"items", "cursor"}


def test_if_match_is_a_described_header() -> None:
    app = FastAPI()

    @app.get("/")
    async def route(version: IfMatch) -> None: ...

    (header,) = schema_of(app)["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("If-Match", "header", False)
    assert header["description"].startswith("The version that the resource must have")


def test_if_match_that_is_required_says_so() -> None:
    app = FastAPI()

    @app.get("/")
    async def route(version: RequiredIfMatch) -> None: ...

    (header,) = schema_of(app)["parameters"]
    assert (header["name"], header["in"]) == ("If-Match", "header")
    assert header["description"].startswith("Required. The version")
