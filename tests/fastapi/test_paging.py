"""Lists by page: parameters in, page and cursor out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Query, Request

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, PaginationResult
from dynarepo.fastapi import (
    Page,
    PageParams,
    add_error_handlers,
    connection_of,
    dynamodb_lifespan,
    repository,
)
from dynarepo.testing import FakeTransport
from tests.fastapi.serving import serving
from tests.models import Note
from tests.recording_logger import RecordingLogger

Notes = Annotated[AsyncDynamoDBRepository[Note], Depends(repository(Note))]


class Many(PageParams):
    """Other bounds."""

    limit: Annotated[int, Query(ge=1, le=1000)] = 500


def notebook(config: DynamoDBConfig, fake: FakeTransport | None = None) -> FastAPI:
    """Make an application that lists notes."""
    logger = RecordingLogger()
    app = FastAPI(lifespan=dynamodb_lifespan(config=config, logger=logger, transport=fake))
    add_error_handlers(app, logger=RecordingLogger())

    @app.get("/notes/{owner}")
    async def list_notes(owner: str, notes: Notes, page: Annotated[PageParams, Query()]) -> Page[Note]:
        return Page.of(await notes.query_by_pk(owner, **page.options()))

    @app.get("/all")
    async def list_all(notes: Notes, page: Annotated[Many, Query()]) -> Page[Note]:
        return Page.of(await notes.scan(**page.options()))

    return app


@pytest.fixture
async def client(embedded_config: DynamoDBConfig) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application, with five notes."""
    app = notebook(embedded_config)
    async with serving(app) as client:
        connection = connection_of(Request({"type": "http", "app": app}))
        await connection.table_admin().create_table(Note)
        notes = [Note(owner="ada", name=f"n{number}", text="Buy milk") for number in range(5)]
        await connection.repository(Note).batch_write(notes)
        yield client


async def test_following_the_cursor_gives_every_item_once(client: httpx.AsyncClient) -> None:
    found, params = [], {"limit": "2"}
    while True:
        page = (await client.get("/notes/ada", params=params)).json()
        found.append([item["name"] for item in page["items"]])
        if page["cursor"] is None:
            break
        params["cursor"] = page["cursor"]
    assert found == [["n0", "n1"], ["n2", "n3"], ["n4"]]


async def test_items_are_whole_models(client: httpx.AsyncClient) -> None:
    page = (await client.get("/notes/ada")).json()
    assert page["items"][0] == {"owner": "ada", "name": "n0", "topic": None, "rank": 0, "text": "Buy milk"}


async def test_a_list_without_items_is_empty(client: httpx.AsyncClient) -> None:
    assert (await client.get("/notes/grace")).json() == {"items": [], "cursor": None}


async def test_a_cursor_of_another_list_is_400(client: httpx.AsyncClient) -> None:
    cursor = (await client.get("/notes/ada?limit=1")).json()["cursor"]
    assert (await client.get("/notes/grace", params={"cursor": cursor})).status_code == 400


async def test_a_subclass_has_other_bounds(client: httpx.AsyncClient) -> None:
    assert len((await client.get("/all?limit=1000")).json()["items"]) == 5
    assert (await client.get("/all?limit=1001")).status_code == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=broken", 400),
        ("cursor=", 400),
        ("cursor=AAAA", 400),
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=-1", 422),
        ("limit=many", 422),
    ],
)
async def test_a_bad_query_is_refused_before_anything_is_sent(query: str, status: int) -> None:
    fake = FakeTransport()
    async with serving(notebook(DynamoDBConfig(table_name="app"), fake)) as client:
        assert (await client.get(f"/notes/ada?{query}")).status_code == status
    assert fake.requests == []


def test_the_options_are_those_of_a_query() -> None:
    assert PageParams().options() == {"limit": 20, "cursor": None}
    assert PageParams(limit=100, cursor="x").options() == {"limit": 100, "cursor": "x"}


def test_a_page_has_the_items_and_the_cursor_of_a_result() -> None:
    items = [Note(owner="ada", name="n1")]
    result = PaginationResult(items, count=1, scanned_count=9, last_evaluated_key={}, cursor="x")
    assert Page.of(result).model_dump() == {"items": [items[0].model_dump()], "cursor": "x"}
    assert Page[Note].of(result).items == items
