"""Values that are found wherever they leak, models that consist of them, and who looks for them."""

from __future__ import annotations

import base64
import copy
import pickle
import traceback
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dynarepo import DynamoDBBaseModel, GlobalIndex, KeyTemplate
from dynarepo._codec import bind
from dynarepo.exceptions import DynamoDBServiceError

__all__ = [
    "AMOUNT",
    "BLOB",
    "NUMBER",
    "TEXT",
    "Card",
    "Plain",
    "Sight",
    "Vault",
    "leaks_in",
    "plain",
    "vault",
]

TEXT: Final = "canary-in-a-text"
NUMBER: Final = 735173517351
AMOUNT: Final = Decimal("7351.7351735173517351")
BLOB: Final = b"canary-in-bytes"
WHEN: Final = datetime(7351, 7, 3, 5, 1, 7, 351735, UTC)
EXPIRY: Final = datetime.fromtimestamp(7351735173, UTC)


class Part(BaseModel):
    """Nested, in fields and lists."""

    text: Annotated[str, Field(min_length=1)] = TEXT
    number: int = NUMBER


class Vault(BaseModel):
    """A field of each kind; keys by templates, and all that the library keeps by itself."""

    owner: str = TEXT
    name: str = TEXT
    topic: str = TEXT
    text: Annotated[str, Field(max_length=100)] = TEXT
    number: int = NUMBER
    amount: Decimal = AMOUNT
    share: float = 0.7351735173517351
    blob: bytes = BLOB
    flag: bool = False
    when: datetime = WHEN
    words: list[str] = Field(default_factory=lambda: [TEXT])
    tags: set[str] = Field(default_factory=lambda: {TEXT})
    numbers: list[int] = Field(default_factory=lambda: [NUMBER])
    prefs: dict[str, str] = Field(default_factory=lambda: {TEXT: TEXT})
    part: Part = Part()
    parts: list[Part] = Field(default_factory=lambda: [Part()])
    loose: Any = Field(default_factory=lambda: {TEXT: [TEXT, NUMBER]})
    expires_at: datetime | None = EXPIRY
    version: int = 0
    updated_at: datetime | None = None

    class Meta:
        partition_key = KeyTemplate("pk", "VAULT#{owner}")
        sort_key = KeyTemplate("sk", "{name}")
        gsis = (GlobalIndex("by_topic", "topic", "name", projection="KEYS_ONLY"),)
        discriminator = ("kind", "VAULT")
        version = "version"
        ttl = "expires_at"
        updated_at = "updated_at"


class Card(BaseModel):
    """In the same table, so that both can be read as a union."""

    owner: str = TEXT
    title: str = TEXT

    class Meta:
        partition_key = KeyTemplate("pk", "VAULT#{owner}")
        sort_key = KeyTemplate("sk", "CARD#{title}")
        discriminator = ("kind", "CARD")


class Plain(DynamoDBBaseModel):
    """Keys as they are, and fields that nobody declared."""

    model_config = ConfigDict(extra="allow")

    text: str = TEXT


class Sight(BaseModel):
    """A view of a vault."""

    text: str
    part: Part


def vault(**fields: Any) -> Vault:
    return Vault(**fields)


def plain(**fields: Any) -> Plain:
    return Plain(**{"pk": TEXT, "sk": TEXT, "extra": {TEXT: [TEXT]}} | fields)


#: What is stored, by its table.
STORED: Final = {"app": bind(Vault).encode(vault(version=3)), "plain": bind(Plain).encode(plain())}


def _marks() -> tuple[str, ...]:
    words = [b"canary", b"73517351"]
    found = [word.decode() for word in words] + [word.hex() for word in words]
    for word in words:
        for shift in range(3):
            # Of its base64, what no neighbour changes.
            encoded = base64.b64encode(b"x" * shift + word + b"x" * 2).decode()
            found.append(encoded[4 if shift else 0 : (shift + len(word)) * 8 // 6].lower())
    return tuple(found)


_MARKS: Final = _marks()


def leaks_in(shown: object) -> list[str]:
    """Give what is around each value of ours in a text, or in what its `str` shows."""
    text = str(shown)
    lower = text.lower()
    places = [lower.find(mark) for mark in _MARKS]
    return [text[max(0, place - 100) : place + 50] for place in places if place >= 0]


def shown_by(error: BaseException) -> list[str]:
    """Give all that others see of an error: also where it goes into a log, or into another process."""
    shown = [str(error), repr(error), "".join(traceback.format_exception(error))]
    if isinstance(error, DynamoDBServiceError):
        shown += [str(pickle.dumps(error, protocol)) for protocol in (0, pickle.HIGHEST_PROTOCOL)]
        shown += [str(vars(copy.copy(error))), str(vars(copy.deepcopy(error)))]
    return shown
