"""
Versions over HTTP: entity tags, `If-Match` and `If-None-Match`, after RFC 9110.

A tag holds the version and nothing else. `If-Match` is compared strongly, so a weak tag never matches
and is 412, as is a tag that is no version's; a header that is no list of tags is 400. `If-None-Match`
is compared weakly, and one that is malformed is ignored: the answer is then the whole resource.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Header
from fastapi.requests import Request

from dynarepo.fastapi._entity_tags import read_entity_tags
from dynarepo.fastapi._problems import ProblemError

__all__ = ["IfMatch", "RequiredIfMatch", "etag", "not_modified"]

_MEANING: Final = 'The version that the resource must have, as its `ETag` gives it, such as `"3"`.'
_Header = Annotated[str | None, Header(alias="If-Match", description=_MEANING)]
# For FastAPI it is optional too: what it requires it answers with 422.
_RequiredHeader = Annotated[str | None, Header(alias="If-Match", description=f"Required. {_MEANING}")]


def etag(version: int) -> str:
    """Give the entity tag of a version, for the header `ETag`: `"3"`, with its quotes."""
    return f'"{version}"'


def not_modified(request: Request, version: int) -> bool:
    """
    Tell whether `If-None-Match` of a GET names the version, so that 304 is the answer.

        headers = {"ETag": etag(order.version)}
        if not_modified(request, order.version):
            return Response(status_code=304, headers=headers)

    Args:
        request: The request; `False` for methods other than GET and HEAD.
        version: The version of the resource as it is.
    """
    if request.method not in {"GET", "HEAD"}:
        return False
    stated = read_entity_tags(request.headers.getlist("if-none-match"))
    if stated is None:
        return False
    return stated.is_any or version in {tag.version for tag in stated.tags}


async def _if_match(request: Request, stated: _Header = None) -> int | None:
    return None if stated is None else _version_in(request)


async def _required_if_match(request: Request, stated: _RequiredHeader = None) -> int:
    version = None if stated is None else _version_in(request)
    if version is None:
        raise ProblemError(428, 'If-Match is required, with the version that is meant, such as "3"')
    return version


def _version_in(request: Request) -> int | None:
    # FastAPI gives the first line of a header; here all of them count.
    stated = read_entity_tags(request.headers.getlist("if-match"))
    if stated is None:
        raise ProblemError(400, 'If-Match takes an entity tag in quotes, such as "3"')
    if stated.is_any:
        return None
    versions = {tag.version for tag in stated.tags if not tag.is_weak} - {None}
    if len(versions) > 1:
        raise ProblemError(400, "If-Match takes one version here")
    if not versions:
        raise ProblemError(412, "If-Match names no version of this resource; nothing was changed")
    return versions.pop()


#: The version of `If-Match` as a parameter of a route, `None` without the header and for `*`.
IfMatch: TypeAlias = Annotated[int | None, Depends(_if_match)]

#: The same where it must be stated: 428 without the header and for `*`.
RequiredIfMatch: TypeAlias = Annotated[int, Depends(_required_if_match)]
