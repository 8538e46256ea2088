"""Notes over HTTP: DYNAMODB_TABLE_NAME=notes uvicorn --factory examples.fastapi_app:create_app."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig
from dynarepo.fastapi import Page, PageParams, add_error_handlers, dynamodb_lifespan, repository
from examples.notes import Note, NoteChanges, config_from_environment

Notes = Annotated[AsyncDynamoDBRepository[Note], Depends(repository(Note))]
routes = APIRouter(prefix="/notes")


def create_app(config: DynamoDBConfig | None = None) -> FastAPI:
    # Nothing is opened here; the lifespan opens it once, before the first request, and closes it.
    lifespan = dynamodb_lifespan(config=config or config_from_environment(), logger=structlog.get_logger())
    app = FastAPI(lifespan=lifespan)
    add_error_handlers(app)
    app.include_router(routes)
    return app


@routes.post("", status_code=201)
async def create(note: Note, notes: Notes) -> Note:
    return await notes.create(note)


@routes.get("/{owner}")
async def list_notes(owner: str, notes: Notes, page: Annotated[PageParams, Query()]) -> Page[Note]:
    return Page.of(await notes.query_by_pk(owner, **page.options()))


@routes.get("/{owner}/{note_id}")
async def get(owner: str, note_id: str, notes: Notes) -> Note:
    note = await notes.get_one(owner, note_id)
    if note is None:
        raise HTTPException(404)
    return note


@routes.patch("/{owner}/{note_id}")
async def update(owner: str, note_id: str, changes: NoteChanges, notes: Notes) -> Note:
    return await notes.update(owner, note_id, changes.model_dump(exclude_unset=True))


@routes.delete("/{owner}/{note_id}", status_code=204)
async def delete(owner: str, note_id: str, notes: Notes) -> None:
    if not await notes.delete(owner, note_id):
        raise HTTPException(404)
