"""Declarations of a version and of times that could not be kept are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import pytest
from pydantic import BaseModel, Field, FutureDatetime, NaiveDatetime, computed_field, create_model

from dynarepo._codec import bind
from dynarepo._schema import GlobalIndex, KeyTemplate, TableSchema
from dynarepo.exceptions import SchemaError

NO_KEY: Final = "version is a field of its own"


class Computing(BaseModel):
    pk: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def version(self) -> int:
        return 1

    @computed_field  # type: ignore[prop-decorator]
    @property
    def made(self) -> datetime:
        return datetime(2020, 1, 1, tzinfo=UTC)


def of_field(annotation: Any, default: Any = ...) -> type[BaseModel]:
    return create_model("Thing", pk=(str, ...), kept=(annotation, default))


@pytest.mark.parametrize(
    "model",
    [
        of_field(float),
        of_field(str),
        of_field(bool),
        of_field(Decimal),
        of_field(int | None),
        of_field(int | float),
        of_field(int | Decimal),
        of_field(Literal[0, 1]),
        of_field(Any),
        of_field(int, 1),
        of_field(int, Field(default_factory=int)),
        of_field(int, Field(default=0, exclude=True)),
    ],
)
def test_a_version_that_does_not_count_from_0_is_refused(model: type[BaseModel]) -> None:
    with pytest.raises(SchemaError, match=r"Thing.*kept"):
        bind(model, TableSchema("pk", version="kept"))


@pytest.mark.parametrize("option", ["created_at", "updated_at"])
@pytest.mark.parametrize(
    "model",
    [
        of_field(str),
        of_field(int),
        of_field(date),
        of_field(NaiveDatetime),
        of_field(FutureDatetime),
        of_field(Any),
        of_field(datetime | None, Field(default=None, exclude=True)),
    ],
)
def test_a_time_that_cannot_hold_the_present_is_refused(model: type[BaseModel], option: str) -> None:
    with pytest.raises(SchemaError, match=r"Thing.*kept"):
        bind(model, TableSchema("pk", **{option: "kept"}))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"version": "version"}, {"created_at": "made"}, {"updated_at": "made"}])
def test_a_computed_field_is_not_kept(options: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="Computing"):
        bind(Computing, TableSchema("pk", **options))


@pytest.mark.parametrize("option", ["version", "created_at", "updated_at"])
def test_an_unknown_field_is_refused(option: str) -> None:
    with pytest.raises(SchemaError, match="'missing'"):
        bind(of_field(int), TableSchema("pk", **{option: "missing"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"partition_key": "kept", "version": "kept"}, NO_KEY),
        (
            {"partition_key": KeyTemplate("key", "X#{kept}"), "version": "kept"},
            NO_KEY,
        ),
        ({"partition_key": "pk", "sort_key": "kept", "version": "kept"}, NO_KEY),
        (
            {"partition_key": "pk", "gsis": (GlobalIndex("index", "kept"),), "version": "kept"},
            NO_KEY,
        ),
        (
            {
                "partition_key": "pk",
                "gsis": (GlobalIndex("index", KeyTemplate("key", "X#{kept}")),),
                "version": "kept",
            },
            NO_KEY,
        ),
        ({"partition_key": "pk", "sort_key": "kept", "updated_at": "kept"}, "updated_at is no part"),
        ({"partition_key": KeyTemplate("key", "X#{kept}"), "updated_at": "kept"}, "updated_at is no part"),
        ({"partition_key": "pk", "version": "kept", "updated_at": "kept"}, "four different fields"),
        ({"partition_key": "pk", "created_at": "kept", "updated_at": "kept"}, "four different fields"),
        ({"partition_key": "pk", "created_at": "kept", "ttl": "kept"}, "four different fields"),
        ({"partition_key": "pk", "version": ""}, "version is the name of a field"),
        ({"partition_key": "pk", "updated_at": 1}, "updated_at is the name of a field"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SchemaError, match=complaint):
        TableSchema(**options)
