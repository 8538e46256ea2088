"""Admins of scripted tables, and what the script says of a table."""

from __future__ import annotations

from typing import Any, Final

from dynarepo import DynamoDBConfig, TableAdmin
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.recording_logger import RecordingLogger

__all__ = [
    "CONFIG",
    "NOT_FOUND",
    "NO_TTL",
    "by_status",
    "described",
    "expiry",
    "faked",
    "operations",
    "orders_table",
]

CONFIG: Final = DynamoDBConfig(table_name="app")
NOT_FOUND: Final = error_reply("ResourceNotFoundException")
NO_TTL: Final[Payload] = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}


def faked(*script: Any, config: DynamoDBConfig = CONFIG) -> tuple[FakeTransport, TableAdmin]:
    """Give a scripted transport, and an admin on it that is not open yet."""
    fake = FakeTransport(*script)
    return fake, TableAdmin(config=config, logger=RecordingLogger(), transport=fake)


def described(status: str, *indexes: str) -> Payload:
    """Describe the states of a table and its indexes, and nothing else."""
    return {
        "Table": {
            "TableStatus": status,
            "GlobalSecondaryIndexes": [{"IndexStatus": index} for index in indexes],
        }
    }


def orders_table(*indexes: Payload, sort_key: str = "sk") -> Payload:
    """Describe a table that fits `Order`, apart from its indexes."""
    names = ("pk", sort_key, "gsi1pk", "placed_at")
    return {
        "Table": {
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
            "KeySchema": _key("pk", sort_key),
            "TableStatus": "ACTIVE",
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "GlobalSecondaryIndexes": list(indexes),
        }
    }


def by_status(status: str = "ACTIVE", *key_names: str, name: str = "by_status") -> Payload:
    """Describe the index of `Order`, unless another key or name is given."""
    return {
        "IndexName": name,
        "KeySchema": _key(*key_names or ("gsi1pk", "placed_at")),
        "Projection": {"ProjectionType": "ALL"},
        "IndexStatus": status,
    }


def _key(*names: str) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]


def expiry(attribute: str, status: str = "ENABLED") -> Payload:
    return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": attribute}}


def operations(fake: FakeTransport) -> list[str]:
    return [operation for operation, _ in fake.requests]
