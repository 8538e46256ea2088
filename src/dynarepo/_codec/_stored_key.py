"""A key attribute that several models make in different ways, given as it is stored."""

from __future__ import annotations

from dynarepo._codec._keys import KeyTag, check_key_value, encode_plain_key, is_number
from dynarepo._record import Record
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidKeyError

__all__ = ["StoredKey"]


class StoredKey(Record, frozen=True):
    """Takes text, a number or bytes, as stored, and knows no fields."""

    attribute: str
    tag: KeyTag
    max_bytes: int
    fields: tuple[str, ...] = ()
    is_rendered: bool = False

    def encode(self, value: object) -> AttributeValue:
        """Encode a stored value."""
        if value is None:
            raise InvalidKeyError(f"{self.attribute}: the key value is missing")
        if not isinstance(value, str | bytes) and not is_number(value):
            raise InvalidKeyError(
                f"{self.attribute}: the models make this key in different ways; give it as it is stored"
            )
        return check_key_value(self.attribute, encode_plain_key(self, value), self.max_bytes)

    def encode_prefix(self, value: object) -> AttributeValue:
        """Encode the beginning of a text or binary key."""
        if self.tag == "N":
            raise InvalidKeyError(f"{self.attribute}: begins_with takes a text or binary key")
        return self.encode(value)

    def of(self, item: WireItem) -> AttributeValue | None:
        """Give the stored value."""
        return item.get(self.attribute)

    def known(self, value: object) -> WireItem:  # noqa: ARG002 - named so by the protocol
        """It tells no fields."""
        return {}
