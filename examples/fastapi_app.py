"""Notes over HTTP: DYNAMODB_TABLE_NAME=notes uvicorn --factory examples.fastapi_app:create_app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBServiceError
from examples.notes import Note, NoteChanges, answer_to, config_from_environment


def create_app(config: DynamoDBConfig | None = None) -> FastAPI:
    # Nothing is opened here; the lifespan opens it once, before the first request, and closes it.
    notes = AsyncDynamoDBRepository(
        Note, config=config or config_from_environment(), logger=structlog.get_logger()
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with notes:
            yield

    app = FastAPI(lifespan=lifespan)
    app.add_exception_handler(DynamoDBServiceError, lambda _, error: JSONResponse(*answer_to(error)))

    @app.post("/notes", status_code=201)
    async def create(note: Note) -> Note:
        return await notes.create(note)

    @app.get("/notes/{owner}")
    async def list_notes(owner: str, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
        page = await notes.query_by_pk(owner, limit=min(limit, 100), cursor=cursor)
        return {"items": page.items, "cursor": page.cursor}

    @app.get("/notes/{owner}/{note_id}")
    async def get(owner: str, note_id: str) -> Note:
        note = await notes.get_one(owner, note_id)
        if note is None:
            raise HTTPException(404)
        return note

    @app.patch("/notes/{owner}/{note_id}")
    async def update(owner: str, note_id: str, changes: NoteChanges) -> Note:
        return await notes.update(owner, note_id, changes.model_dump(exclude_unset=True))

    @app.delete("/notes/{owner}/{note_id}", status_code=204)
    async def delete(owner: str, note_id: str) -> None:
        if not await notes.delete(owner, note_id):
            raise HTTPException(404)

    return app
