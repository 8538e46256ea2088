"""Versions as entity tags, from the header to the stored item and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig
from dynarepo.fastapi import (
    IfMatch,
    RequiredIfMatch,
    add_error_handlers,
    connection_of,
    dynamodb_lifespan,
    etag,
    not_modified,
    repository,
)
from dynarepo.testing import FakeTransport
from tests.fastapi.serving import PROBLEM, serving
from tests.recording_logger import RecordingLogger


class Page(BaseModel):
    """Counts its versions."""

    name: str
    text: str = ""
    version: int = 0

    class Meta:
        partition_key = "name"
        version = "version"


Pages = Annotated[AsyncDynamoDBRepository[Page], Depends(repository(Page))]


def wiki(config: DynamoDBConfig, fake: FakeTransport | None = None) -> FastAPI:
    """Make an application that keeps pages."""
    logger = RecordingLogger()
    app = FastAPI(lifespan=dynamodb_lifespan(config=config, logger=logger, transport=fake))
    add_error_handlers(app, logger=RecordingLogger())

    @app.put("/pages/{name}")
    async def put(name: str, text: str, pages: Pages, response: Response) -> Page:
        page = await pages.create(Page(name=name, text=text))
        response.headers["ETag"] = etag(page.version)
        return page

    @app.get("/pages/{name}", response_model=Page)
    async def get(name: str, pages: Pages, request: Request, response: Response) -> Any:
        page = await pages.get_one(name)
        if page is None:
            raise HTTPException(404)
        response.headers["ETag"] = etag(page.version)
        if not_modified(request, page.version):
            return Response(status_code=304, headers=dict(response.headers))
        return page

    @app.patch("/pages/{name}")
    async def patch(name: str, text: str, pages: Pages, version: IfMatch, response: Response) -> Page:
        page = await pages.update(name, changes={"text": text}, version=version)
        response.headers["ETag"] = etag(page.version)
        return page

    @app.delete("/pages/{name}", status_code=204, response_model=None)
    async def delete(name: str, pages: Pages, version: RequiredIfMatch) -> None:
        await pages.delete(name, version=version)

    return app


@pytest.fixture
async def client(embedded_config: DynamoDBConfig) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application, with one page of version 1."""
    app = wiki(embedded_config)
    async with serving(app) as client:
        connection = connection_of(Request({"type": "http", "app": app}))
        await connection.table_admin().create_table(Page)
        await client.put("/pages/home?text=old")
        yield client


async def test_a_page_is_read_changed_and_deleted_by_its_version(client: httpx.AsyncClient) -> None:
    """One round: every answer brings the tag that the next request needs."""
    read = await client.get("/pages/home")
    assert (read.status_code, read.headers["etag"]) == (200, '"1"')
    changed = await client.patch("/pages/home?text=new", headers={"If-Match": read.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"], changed.json()["text"]) == (200, '"2"', "new")
    deleted = await client.delete("/pages/home", headers={"If-Match": changed.headers["etag"]})
    assert deleted.status_code == 204
    assert (await client.get("/pages/home")).status_code == 404


async def test_a_page_that_is_known_is_not_sent_again(client: httpx.AsyncClient) -> None:
    reply = await client.get("/pages/home", headers={"If-None-Match": '"1"'})
    assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", '"1"')


async def test_a_page_that_has_changed_is_sent(client: httpx.AsyncClient) -> None:
    await client.patch("/pages/home?text=new")
    reply = await client.get("/pages/home", headers={"If-None-Match": '"1"'})
    assert (reply.status_code, reply.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_version_that_was_replaced_is_412_and_changes_nothing(
    client: httpx.AsyncClient, method: str
) -> None:
    await client.patch("/pages/home?text=theirs")
    reply = await client.request(method, "/pages/home?text=mine", headers={"If-Match": '"1"'})
    assert (reply.status_code, reply.headers["content-type"]) == (412, PROBLEM)
    assert (await client.get("/pages/home")).json() == {"name": "home", "text": "theirs", "version": 2}


# Most headers are decided before anything is sent.


async def patched(*stated: str, fake: FakeTransport) -> httpx.Response:
    """Change a page with these lines of `If-Match`."""
    async with serving(wiki(DynamoDBConfig(table_name="app"), fake)) as client:
        return await client.patch("/pages/home?text=new", headers=[("If-Match", line) for line in stated])


@pytest.mark.parametrize("stated", ['W/"7"', '"x"', '"07"', '""', 'W/"7", "x"'])
async def test_a_tag_that_matches_nothing_is_412(stated: str) -> None:
    """A weak tag is none for `If-Match`, even with the right version."""
    fake = FakeTransport()
    reply = await patched(stated, fake=fake)
    assert (reply.status_code, reply.headers["content-type"], fake.requests) == (412, PROBLEM, [])


@pytest.mark.parametrize("stated", ["7", '"7', "", "*, *"])
async def test_a_malformed_header_is_400(stated: str) -> None:
    fake = FakeTransport()
    reply = await patched(stated, fake=fake)
    assert (reply.status_code, reply.headers["content-type"], fake.requests) == (400, PROBLEM, [])
    assert reply.json()["detail"] == 'If-Match takes an entity tag in quotes, such as "3"'


@pytest.mark.parametrize("stated", [['"7", "8"'], ['"7"', '"8"']])
async def test_several_versions_are_400(stated: list[str]) -> None:
    """Also on several lines, of which FastAPI alone would see the first."""
    fake = FakeTransport()
    reply = await patched(*stated, fake=fake)
    assert (reply.status_code, fake.requests) == (400, [])
    assert reply.json()["detail"] == "If-Match takes one version here"


CHANGED = {"Attributes": {"name": {"S": "home"}, "text": {"S": "new"}, "version": {"N": "8"}}}


@pytest.mark.parametrize("stated", ['"7"', 'W/"9", "7"', '"x", "7"', '"7", "7"'])
async def test_the_one_version_that_is_named_is_demanded(stated: str) -> None:
    fake = FakeTransport(CHANGED)
    assert (await patched(stated, fake=fake)).status_code == 200
    assert {"N": "7"} in fake.requests[0][1]["ExpressionAttributeValues"].values()


@pytest.mark.parametrize("stated", [[], ["*"]])
async def test_without_a_version_any_is_changed(stated: list[str]) -> None:
    fake = FakeTransport(CHANGED)
    assert (await patched(*stated, fake=fake)).status_code == 200
    assert fake.requests[0][1]["ConditionExpression"].startswith("attribute_exists")


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
async def test_a_version_that_is_required_is_428_without_one(headers: dict[str, str]) -> None:
    fake = FakeTransport()
    async with serving(wiki(DynamoDBConfig(table_name="app"), fake)) as client:
        reply = await client.delete("/pages/home", headers=headers)
    assert (reply.status_code, reply.headers["content-type"], fake.requests) == (428, PROBLEM, [])


async def test_without_handlers_a_refused_precondition_is_an_http_exception() -> None:
    app = FastAPI()

    @app.delete("/")
    async def route(version: RequiredIfMatch) -> None: ...

    async with serving(app) as client:
        reply = await client.delete("/")
    assert reply.status_code == 428
    assert reply.json() == {"detail": 'If-Match is required, with the version that is meant, such as "3"'}


def asked(method: str, *stated: str) -> Request:
    headers = [(b"if-none-match", value.encode()) for value in stated]
    return Request({"type": "http", "method": method, "headers": headers})


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ((), False),
        (('"3"',), True),
        (('W/"3"',), True),
        (('"2", W/"3"',), True),
        (('"2"', '"3"'), True),
        (("*",), True),
        (('"2"',), False),
        (('"x"',), False),
        (("3",), False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match_is_compared_weakly(method: str, stated: tuple[str, ...], expected: bool) -> None:
    assert not_modified(asked(method, *stated), 3) is expected


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "DELETE"])
def test_only_what_is_read_can_be_not_modified(method: str) -> None:
    assert not not_modified(asked(method, '"3"'), 3)
