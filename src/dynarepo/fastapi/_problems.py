"""Errors as responses: `application/problem+json`, after RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import JSONResponse

__all__ = ["ProblemError", "problem"]


class ProblemError(HTTPException):
    """A refusal of a request's headers; without `add_error_handlers`, FastAPI answers it as any other."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make a problem of no type of its own, which the status says all about."""
    members = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return JSONResponse(members, status, headers, media_type="application/problem+json")
