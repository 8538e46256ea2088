"""The expiry time is stored as DynamoDB wants it: a number of whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import AwareDatetime

from dynarepo import DynamoDBBaseModel, InvalidRequestError, InvalidValueError
from integration.behaviour.stores import Stores


class Session(DynamoDBBaseModel):
    expires_at: AwareDatetime | None = None
    user: str = ""

    class Meta:
        ttl = "expires_at"


class Naive(DynamoDBBaseModel):
    expires_at: datetime

    class Meta:
        ttl = "expires_at"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2030, 1, 1, tzinfo=UTC),
        datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
async def test_a_datetime_is_stored_as_whole_seconds_rl166(
    stores: Stores, pk: str, raw: Any, moment: datetime
) -> None:
    sessions = await stores.of(Session)
    await sessions.save(Session(pk=pk, sk="a", expires_at=moment))
    stored = await raw.get_item(TableName=sessions.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert stored["Item"]["expires_at"] == {"N": "1893456000"}
    read = await sessions.get_one(pk, "a")
    assert read is not None
    assert read.expires_at == moment


async def test_no_expiry_time_is_no_attribute_rl166(stores: Stores, pk: str, raw: Any) -> None:
    sessions = await stores.of(Session)
    await sessions.save(Session(pk=pk, sk="a"))
    stored = await raw.get_item(TableName=sessions.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert stored["Item"].keys() == {"pk", "sk", "user"}


async def test_the_table_has_its_expiry_attribute_rl166(stores: Stores, raw: Any) -> None:
    sessions = await stores.of(Session)
    described = await raw.describe_time_to_live(TableName=sessions.table_name)
    assert described["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    assert described["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


@pytest.mark.parametrize(
    "moment",
    [datetime(2030, 1, 1), datetime(2030, 1, 1, microsecond=1, tzinfo=UTC)],  # noqa: DTZ001
    ids=["naive", "microseconds"],
)
async def test_a_datetime_that_would_not_come_back_is_refused_unsent_rl167(
    stores: Stores, sent: list[str], pk: str, moment: datetime
) -> None:
    sessions = await stores.of(Naive)
    sent.clear()
    with pytest.raises(InvalidValueError, match="expires_at"):
        await sessions.save(Naive(pk=pk, sk="a", expires_at=moment))
    assert sent == []


async def test_an_update_by_dict_does_not_touch_the_expiry_time(
    stores: Stores, sent: list[str], pk: str
) -> None:
    sessions = await stores.of(Session)
    sent.clear()
    with pytest.raises(InvalidRequestError, match="expires_at"):
        await sessions.update(pk, "a", {"expires_at": datetime(2030, 1, 1, tzinfo=UTC)})
    assert sent == []
