"""Tables with a stream."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo import ConfigurationError, DynamoDBConfig, InvalidRequestError, RejectedError, TableAdmin
from tests.models import User
from tests.recording_logger import RecordingLogger
from tests.repository.scripted_tables import described, faked, operations


def with_stream(view: str | None) -> Any:
    reply = described("ACTIVE")
    if view is not None:
        reply["Table"]["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    return reply


ID = {
    "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "attribute_definitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


@pytest.mark.parametrize("given", [((User,), {}), ((), ID)])
async def test_a_table_is_made_with_a_stream(given: tuple[Any, Any]) -> None:
    models, shapes = given
    fake, tables = faked({}, {})
    async with tables:
        await tables.create_table(*models, **shapes, stream="new_image", wait=False)
        await tables.create_table(*models, **shapes, wait=False)
    (_, streamed), (_, plain) = fake.requests
    assert streamed.pop("StreamSpecification") == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert streamed == plain


async def test_a_stream_of_something_else_is_refused_before_anything_is_sent() -> None:
    fake, tables = faked()
    async with tables:
        for call in (
            tables.create_table(User, stream="NEW_IMAGE"),  # type: ignore[arg-type]
            tables.enable_stream("everything"),  # type: ignore[arg-type]
            tables.enable_stream(None),  # type: ignore[arg-type]
        ):
            with pytest.raises(InvalidRequestError, match="stream"):
                await call
    assert fake.requests == []


async def test_a_stream_is_switched_on_where_there_is_none() -> None:
    fake, tables = faked(with_stream(None), {}, described("UPDATING"), described("ACTIVE"))
    async with tables:
        await tables.enable_stream("keys_only")
    assert fake.requests[1] == (
        "UpdateTable",
        {"TableName": "app", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
    )
    assert operations(fake)[2:] == ["DescribeTable"] * 2


async def test_the_same_stream_is_left_and_another_one_refused() -> None:
    fake, tables = faked(with_stream("KEYS_ONLY"), with_stream("KEYS_ONLY"))
    async with tables:
        await tables.enable_stream("keys_only")
        with pytest.raises(RejectedError, match="has a stream of keys_only: call disable_stream first"):
            await tables.enable_stream("new_image")
    assert operations(fake) == ["DescribeTable"] * 2


async def test_a_stream_is_switched_off_where_there_is_one() -> None:
    fake, tables = faked(with_stream("KEYS_ONLY"), {}, described("ACTIVE"), with_stream(None))
    async with tables:
        await tables.disable_stream()
        await tables.disable_stream()
    assert fake.requests[1][1]["StreamSpecification"] == {"StreamEnabled": False}
    assert operations(fake) == ["DescribeTable", "UpdateTable", "DescribeTable", "DescribeTable"]


async def test_a_table_says_what_its_stream_has() -> None:
    off = with_stream("KEYS_ONLY")
    off["Table"]["StreamSpecification"]["StreamEnabled"] = False
    _, tables = faked(with_stream("OLD_IMAGE"), with_stream(None), off)
    async with tables:
        assert [await tables.stream_view() for _ in range(3)] == ["old_image", None, None]


async def test_a_table_has_to_be_named() -> None:
    async with TableAdmin(config=DynamoDBConfig(), logger=RecordingLogger(), transport=faked()[0]) as tables:
        with pytest.raises(ConfigurationError, match="no table is named"):
            await tables.stream_view()
