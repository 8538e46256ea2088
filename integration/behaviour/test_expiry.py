"""The expiry time is stored as DynamoDB wants it, and items that have expired can be left out of reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from pydantic import AwareDatetime, BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBBaseModel,
    GlobalIndex,
    InvalidRequestError,
    InvalidValueError,
    SortKeyCondition,
    attr,
)
from integration.behaviour.stores import Stores


class Session(DynamoDBBaseModel):
    expires_at: AwareDatetime | None = None
    user: str = ""

    class Meta:
        ttl = "expires_at"


class Kept(DynamoDBBaseModel):
    """Makes a table that removes nothing, so that what has expired is still there."""

    user: str = ""

    class Meta:
        gsis = (
            GlobalIndex("by_user", partition_key="user", sort_key="sk"),
            GlobalIndex("keys_only", partition_key="user", sort_key="sk", projection="KEYS_ONLY"),
        )


class Login(Kept):
    expires_at: AwareDatetime | None = None

    class Meta(Kept.Meta):
        ttl = "expires_at"


class User(BaseModel):
    user: str


class Naive(DynamoDBBaseModel):
    expires_at: datetime

    class Meta:
        ttl = "expires_at"


PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE: Final = datetime(2100, 1, 1, tzinfo=UTC)


def logins(pk: str) -> tuple[list[Login], list[Login]]:
    """Give logins in the order of their sort keys, and those of them that have not expired."""
    whens = (None, PAST, FUTURE)
    every = [Login(pk=pk, sk=f"{n}", user=pk, expires_at=whens[n % 3]) for n in range(9)]
    return every, [login for login in every if login.expires_at != PAST]


async def stored_logins(stores: Stores, pk: str) -> AsyncDynamoDBRepository[Login]:
    kept = await stores.of(Kept)
    repository = stores.connection.repository(Login, table_name=kept.table_name)
    await repository.batch_write(logins(pk)[0])
    return repository


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


async def test_an_item_that_has_expired_is_none_on_demand_rl168(stores: Stores, pk: str) -> None:
    repository = await stored_logins(stores, pk)
    every, live = logins(pk)
    keys = [(pk, login.sk) for login in every]
    expected = [login if login in live else None for login in every]
    assert [await repository.get_one(*key) for key in keys] == every
    assert [await repository.get_one(*key, skip_expired=True) for key in keys] == expected
    assert await repository.batch_get(keys) == every
    assert await repository.batch_get(keys, skip_expired=True) == expected
    assert await repository.transact_get(keys) == every
    assert await repository.transact_get(keys, skip_expired=True) == expected


async def test_a_view_without_the_expiry_time_is_none_as_well_rl168(stores: Stores, pk: str) -> None:
    repository = await stored_logins(stores, pk)
    keys = [(pk, "1"), (pk, "2")]
    expected = [None, User(user=pk)]
    assert [await repository.get_one(*key, view=User, skip_expired=True) for key in keys] == expected
    assert await repository.batch_get(keys, view=User, skip_expired=True) == expected
    assert await repository.transact_get(keys, view=User, skip_expired=True) == expected
    assert await repository.batch_get(keys, view=User) == [User(user=pk)] * 2


async def test_a_query_leaves_out_what_has_expired_rl169(stores: Stores, pk: str) -> None:
    repository = await stored_logins(stores, pk)
    every, live = logins(pk)
    assert (await repository.query_by_pk(pk)).items == every
    page = await repository.query_by_pk(pk, skip_expired=True, limit=4)
    assert page.items == live[:4]
    rest = await repository.query_by_pk(pk, skip_expired=True, cursor=page.cursor)
    assert rest.items == live[4:]
    later = SortKeyCondition.ne("0")
    found = [login async for login in repository.iter_query_items(pk, later, skip_expired=True, page_size=2)]
    assert found == live[1:]
    some = attr("user").eq("nobody") | attr("sk").ge("3")
    by_user = await repository.query_by_pk(pk, index="by_user", skip_expired=True, where=attr("pk").eq(pk))
    assert by_user.items == live
    assert (
        await repository.scan(index="by_user", skip_expired=True, where=some & attr("pk").eq(pk))
    ).items == [login for login in live if login.sk >= "3"]
    assert (await repository.query_by_pk(pk, view=User, skip_expired=True)).items == [User(user=pk)] * len(
        live
    )


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param({"NULL": True}, id="null"),
        pytest.param(
            {"S": "soon"},
            id="text",
            marks=pytest.mark.differs("embedded", reason="moto answers 500 where types differ", run=False),
        ),
    ],
)
async def test_what_is_no_number_never_expires_rl169(
    stores: Stores, pk: str, raw: Any, stored: dict[str, Any]
) -> None:
    kept = await stores.of(Kept)
    repository = stores.connection.repository(Login, table_name=kept.table_name)
    item = {"pk": {"S": pk}, "sk": {"S": "a"}, "user": {"S": pk}, "expires_at": stored}
    await raw.put_item(TableName=kept.table_name, Item=item)
    assert await repository.get_one(pk, "a", view=User, skip_expired=True) == User(user=pk)
    assert (await repository.query_by_pk(pk, view=User, skip_expired=True)).items == [User(user=pk)]
    assert await repository.count(pk, skip_expired=True) == 1


async def test_a_count_leaves_out_what_has_expired_rl169(stores: Stores, pk: str) -> None:
    repository = await stored_logins(stores, pk)
    every, live = logins(pk)
    assert await repository.count(pk) == len(every)
    assert await repository.count(pk, skip_expired=True) == len(live)
    assert await repository.count(pk, index="by_user", skip_expired=True) == len(live)


async def test_a_scan_leaves_out_what_has_expired_rl169(stores: Stores, pk: str) -> None:
    kept = await stores.fresh(Kept)
    repository = stores.connection.repository(Login, table_name=kept.table_name)
    every, live = logins(pk)
    await repository.batch_write(every)
    found = [login async for login in repository.iter_scan_items(skip_expired=True, segments=2)]
    assert sorted(found, key=lambda login: login.sk) == live
    assert len([login async for login in repository.iter_scan_items()]) == len(every)


async def test_an_index_of_keys_leaves_it_to_the_table_what_has_expired_rl169(
    stores: Stores, sent: list[str], pk: str
) -> None:
    repository = await stored_logins(stores, pk)
    _, live = logins(pk)
    options: dict[str, Any] = {"index": "keys_only", "hydrate": True, "skip_expired": True}
    sent.clear()
    page = await repository.query_by_pk(pk, limit=4, **options)
    assert page.items == live[:4]
    assert set(sent) == {"Query", "BatchGetItem"}
    assert (await repository.query_by_pk(pk, cursor=page.cursor, **options)).items == live[4:]
    sent.clear()
    with pytest.raises(InvalidRequestError, match=r"keys_only does not hold .* \(expires_at\)"):
        await repository.count(pk, index="keys_only", skip_expired=True)
    assert sent == []


async def test_expired_items_cannot_be_told_where_nothing_expires_rl169(
    stores: Stores, sent: list[str], pk: str
) -> None:
    kept = await stores.of(Kept)
    sent.clear()
    for call in (kept.get_one(pk, "a", skip_expired=True), kept.query_by_pk(pk, skip_expired=True)):
        with pytest.raises(InvalidRequestError, match="Kept declares no ttl"):
            await call
    assert sent == []
