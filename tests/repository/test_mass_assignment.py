"""A dict from outside changes declared, unprotected fields under their own names, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

import pytest
from pydantic import BaseModel, Field, computed_field

from dynarepo import (
    AsyncDynamoDBRepository,
    GlobalIndex,
    KeyTemplate,
    TransactWriteItem,
    append,
    increment,
    remove,
    set_,
)
from dynarepo.exceptions import InvalidRequestError
from dynarepo.testing import FakeTransport
from tests.faked import on_fake

NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Address(BaseModel):
    city: str = ""


class Account(BaseModel):
    """A field of each kind that users must not set, and some that they may."""

    tenant: str
    number: int
    kind: Literal["account"] = "account"
    version: int = 0
    expires_at: datetime | None = None
    changed_at: datetime | None = Field(None, alias="ch")
    is_admin: bool = Field(False, alias="adm")
    name: str = ""
    status: str = "open"
    address: Address = Address()
    tags: list[str] = Field(default_factory=list)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        return f"{self.tenant}/{self.number}"

    class Meta:
        partition_key = KeyTemplate("pk", "TENANT#{tenant}")
        sort_key = KeyTemplate("sk", "ACCOUNT#{number:06}")
        gsis = (GlobalIndex("by_status", KeyTemplate("gsi1pk", "STATUS#{status}"), "name"),)
        discriminator = "kind"
        version = "version"
        ttl = "expires_at"
        updated_at = "changed_at"


Accounts = AsyncDynamoDBRepository[Account]
KEY: Final = {"tenant": "t"}, {"number": 1}

#: What the library keeps, under its own name and the one it is stored by.
PROTECTED: Final[dict[str, Any]] = {
    "tenant": "other",
    "number": 2,
    "pk": "TENANT#other",
    "sk": "ACCOUNT#000002",
    "gsi1pk": "STATUS#other",
    "kind": "account",
    "version": 9,
    "expires_at": NOON,
    "changed_at": NOON,
    "ch": NOON,
    "adm": True,
    "label": "other",
}


def misspelled() -> Iterator[str]:
    """Give what could be taken for the name of a field by something that is less strict."""
    for name in (*PROTECTED, "is_admin", "address"):
        yield from {
            name.upper(),
            name.title(),
            name.swapcase(),
            name.replace("_", "-"),
            name.replace("_", ""),
        } - {name}
        yield from (
            f" {name}",
            f"{name} ",
            f"{name}\0",
            f"{name}.",
            f".{name}",
            f"{name}[0]",
            f"#{name}",
            f":{name}",
        )
        yield from (f"{name}\u200b", name.replace("a", "\u0430") + "\u0301", f"{name} = :v0 REMOVE kind")
    yield from (
        "address.city",
        "address['city']",
        "address[city]",
        "tags[0]",
        "tags.0",
        "name.first",
        "Meta.version",
    )
    yield from (
        "__class__",
        "__dict__",
        "__init__",
        "__pydantic_fields_set__",
        "model_config",
        "model_fields",
        "Meta",
    )
    yield from ("", "*", "$set", "password", "is_staff", "table_name", "TableName", "ConditionExpression")


@pytest.fixture
def fake() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
async def accounts(fake: FakeTransport) -> AsyncIterator[Accounts]:
    async with on_fake(fake, Account) as repository:
        yield repository


async def in_a_transaction(accounts: Accounts, changes: dict[Any, Any]) -> None:
    await accounts.transact_write([TransactWriteItem.update(*KEY, changes)])


#: Every way by which a dict of changes comes in.
WAYS: Final[dict[str, Callable[[Accounts, dict[Any, Any]], Any]]] = {
    "update": lambda accounts, changes: accounts.update(*KEY, changes),
    "update, conditional": lambda accounts, changes: accounts.update(
        *KEY, changes, where=lambda a: a.name == "x", version=1
    ),
    "update, once": lambda accounts, changes: accounts.update(*KEY, changes, exactly_once=True),
    "transaction": in_a_transaction,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROTECTED)
async def test_what_the_library_keeps_is_refused_in_a_dict(
    accounts: Accounts, fake: FakeTransport, name: str, way: str
) -> None:
    for changes in ({name: PROTECTED[name]}, {"name": "x", name: PROTECTED[name]}, {name: None, "name": "x"}):
        with pytest.raises(InvalidRequestError):
            await WAYS[way](accounts, changes)
    assert fake.requests == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_that_is_no_fields_is_refused_however_alike_it_is(
    accounts: Accounts, fake: FakeTransport, way: str
) -> None:
    for name in misspelled():
        for changes in ({name: "x"}, {"name": "x", name: "x"}):
            with pytest.raises(InvalidRequestError):
                await WAYS[way](accounts, changes)
    assert fake.requests == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [1, None, True, ("name",), b"name", 1.5])
async def test_a_name_that_is_no_text_is_refused(
    accounts: Accounts, fake: FakeTransport, name: object, way: str
) -> None:
    with pytest.raises(InvalidRequestError, match="has no field <"):
        await WAYS[way](accounts, {"name": "x", name: "x"})
    assert fake.requests == []


@pytest.mark.parametrize("name", [name for name in PROTECTED if name != "expires_at"])
@pytest.mark.parametrize(
    "action", [lambda field: set_(field).to("x"), lambda field: increment(field, 1), remove]
)
async def test_actions_cannot_set_it_either(
    accounts: Accounts, fake: FakeTransport, name: str, action: Callable[[Any], Any]
) -> None:
    with pytest.raises(InvalidRequestError):
        await accounts.update(*KEY, lambda a: [action(getattr(a, name))])
    assert fake.requests == []


@pytest.mark.parametrize(
    "build",
    [
        lambda a: [set_(a.expires_at).to(NOON)],
        lambda a: [set_(a.is_admin).to(True), set_(a.address.city).to("x"), append(a.tags, ["x"])],
    ],
)
async def test_a_program_can_set_by_actions_what_a_dict_cannot(build: Callable[[Any], Any]) -> None:
    fake = FakeTransport.answering(lambda *_: {})
    async with on_fake(fake, Account) as accounts:
        await accounts.transact_write([TransactWriteItem.update(*KEY, build)])
    assert len(fake.requests) == 1


async def test_a_dict_changes_declared_fields_by_their_names() -> None:
    fake = FakeTransport.answering(lambda *_: {})
    async with on_fake(fake, Account) as accounts:
        await in_a_transaction(
            accounts, {"is_admin": True, "name": "x", "address": {"city": "y"}, "status": "z"}
        )
    ((_, payload),) = fake.requests
    update = payload["TransactItems"][0]["Update"]
    written = {"adm", "name", "address", "status", "gsi1pk", "ch", "version", "_write_id"}
    assert written <= set(update["ExpressionAttributeNames"].values()) <= {*written, "pk", "kind"}
