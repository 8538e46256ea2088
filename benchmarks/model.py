"""The model that every client reads and writes: 12 fields of the common types, 450 bytes on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

__all__ = ["PARTITION", "TABLE", "Address", "User", "sample", "wire_item"]

TABLE: Final = "users"
PARTITION: Final = "TENANT#7f3d"
_BEGIN: Final = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


class Address(BaseModel):
    """The nested model."""

    street: str
    city: str
    postcode: str


class User(BaseModel):
    """Strings, an int, a Decimal, a bool, a datetime, a list, a nested model and an optional."""

    pk: str
    sk: str
    email: str
    name: str
    status: str
    age: int
    balance: Decimal
    active: bool
    created_at: datetime
    tags: list[str]
    address: Address
    nickname: str | None = None


def sample(number: int) -> User:
    """Give the user of a number; every second one has the optional field."""
    return User(
        pk=PARTITION,
        sk=f"USER#{number:08}",
        email=f"user.{number}@mail.example.com",
        name=f"Ada Lovelace {number}",
        status="active",
        age=18 + number % 60,
        balance=Decimal(number % 100_000) / 100 + Decimal("1234.56"),
        active=number % 3 != 0,
        created_at=_BEGIN + timedelta(seconds=number),
        tags=["premium", "newsletter", f"cohort-{number % 7}"],
        address=Address(street=f"{number} Analytical Row", city="London", postcode="W1 1AA"),
        nickname=f"ada{number}" if number % 2 else None,
    )


def wire_item(user: User) -> dict[str, Any]:
    """Write a user as DynamoDB stores it, by hand, so that the server needs none of the clients."""
    address = {name: {"S": getattr(user.address, name)} for name in ("street", "city", "postcode")}
    texts = {name: {"S": getattr(user, name)} for name in ("pk", "sk", "email", "name", "status")}
    nickname = {} if user.nickname is None else {"nickname": {"S": user.nickname}}
    return {
        **texts,
        "age": {"N": str(user.age)},
        "balance": {"N": str(user.balance)},
        "active": {"BOOL": user.active},
        "created_at": {"S": user.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
        "tags": {"L": [{"S": tag} for tag in user.tags]},
        "address": {"M": address},
        **nickname,
    }
