"""Notes over HTTP: DYNAMODB_TABLE_NAME=notes python -m aiohttp.web examples.aiohttp_app:main."""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBServiceError
from examples.notes import Note, NoteChanges, answer_to, config_from_environment

CONFIG = web.AppKey("config", DynamoDBConfig)
NOTES = web.AppKey("notes", AsyncDynamoDBRepository[Note])
routes = web.RouteTableDef()


def create_app(config: DynamoDBConfig) -> web.Application:
    app = web.Application(middlewares=[answer_errors])
    app[CONFIG] = config
    app.cleanup_ctx.append(keep_notes)
    app.add_routes(routes)
    return app


async def keep_notes(app: web.Application) -> AsyncIterator[None]:
    async with AsyncDynamoDBRepository(Note, config=app[CONFIG], logger=structlog.get_logger()) as notes:
        app[NOTES] = notes
        yield


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except DynamoDBServiceError as error:
        body, status = answer_to(error)
        return web.json_response(body, status=status)
    except ValidationError as error:
        return web.Response(text=error.json(include_url=False), content_type="application/json", status=422)


def reply(model: BaseModel, status: int = 200) -> web.Response:
    return web.Response(text=model.model_dump_json(), content_type="application/json", status=status)


@routes.post("/notes")
async def create(request: web.Request) -> web.Response:
    note = Note.model_validate_json(await request.read())
    return reply(await request.app[NOTES].create(note), status=201)


@routes.get("/notes/{owner}")
async def list_notes(request: web.Request) -> web.Response:
    try:
        limit = int(request.query.get("limit", "20"))
    except ValueError:
        raise web.HTTPBadRequest(text="limit is a number") from None
    page = await request.app[NOTES].query_by_pk(
        request.match_info["owner"], limit=min(limit, 100), cursor=request.query.get("cursor")
    )
    return web.json_response({"items": [note.model_dump() for note in page.items], "cursor": page.cursor})


@routes.get("/notes/{owner}/{note_id}")
async def get(request: web.Request) -> web.Response:
    note = await request.app[NOTES].get_one(*key_of(request))
    if note is None:
        raise web.HTTPNotFound
    return reply(note)


@routes.patch("/notes/{owner}/{note_id}")
async def update(request: web.Request) -> web.Response:
    changes = NoteChanges.model_validate_json(await request.read())
    return reply(await request.app[NOTES].update(*key_of(request), changes.model_dump(exclude_unset=True)))


@routes.delete("/notes/{owner}/{note_id}")
async def delete(request: web.Request) -> web.Response:
    if not await request.app[NOTES].delete(*key_of(request)):
        raise web.HTTPNotFound
    return web.Response(status=204)


def key_of(request: web.Request) -> tuple[str, str]:
    return request.match_info["owner"], request.match_info["note_id"]


def main(_: list[str]) -> web.Application:
    return create_app(config_from_environment())
