"""A model that counts versions, what it was before, and an instance of a given version."""

from __future__ import annotations

from dynarepo import AsyncDynamoDBRepository, DynamoDBBaseModel

__all__ = ["Account", "Old", "OldWithField", "stored"]


class Account(DynamoDBBaseModel):
    balance: int = 0
    version: int = 0

    class Meta:
        version = "version"


class Old(DynamoDBBaseModel):
    """What an account was before versions were counted."""

    balance: int = 0


class OldWithField(Old):
    """The same, with a field that nothing counted."""

    version: int = 0


async def stored(accounts: AsyncDynamoDBRepository[Account], version: int) -> Account:
    """Store an account that was saved so many times."""
    account = Account(pk="a", sk="b")
    for _ in range(version):
        account = await accounts.save(account)
    return account
