"""The application's own errors as `application/problem+json`, as the library answers its errors."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from dynarepo.fastapi import add_error_handlers as add_library_handlers
from examples.pipelines.errors import PipelinesError


class Problem(BaseModel):
    """What an error looks like, for the OpenAPI page; some have members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def add_error_handlers(app: FastAPI) -> None:
    add_library_handlers(app)
    app.add_exception_handler(PipelinesError, _answer)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error responses for the OpenAPI page."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {_MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in statuses
    }


_MEDIA_TYPE = "application/problem+json"
_SCHEMA = Problem.model_json_schema()


async def _answer(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PipelinesError)  # noqa: S101 - it is registered for nothing else
    problem = Problem(
        title=HTTPStatus(error.status).phrase, status=error.status, detail=error.detail, **error.context
    )
    headers = None if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return JSONResponse(jsonable_encoder(problem), error.status, headers, media_type=_MEDIA_TYPE)
