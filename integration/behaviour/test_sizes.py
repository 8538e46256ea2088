"""The service's limit of 400 KB is a typed error, judged by bytes, and leaves the stored item alone."""

from __future__ import annotations

import pytest

from dynarepo import DynamoDBBaseModel, ItemTooLargeError
from integration.behaviour.stores import Stores

LIMIT = 409_600


class Document(DynamoDBBaseModel):
    text: str = ""
    more: str = ""


def document_of(size: int, pk: str) -> Document:
    names = len("pk" + "sk" + "text" + "more")
    return Document(pk=pk, sk="a", text="x" * (size - names - len(pk) - 1))


@pytest.mark.differs("embedded", reason="moto refuses an item of exactly 400 KB")
async def test_an_item_of_exactly_400_kb_is_stored_rv45(stores: Stores, pk: str) -> None:
    documents = await stores.of(Document)
    document = document_of(LIMIT, pk)
    await documents.save(document)
    assert await documents.get_one(pk, "a") == document


@pytest.mark.parametrize("operation", ["save", "create"])
async def test_one_byte_more_is_too_large_rv45(stores: Stores, pk: str, operation: str) -> None:
    documents = await stores.of(Document)
    with pytest.raises(ItemTooLargeError) as caught:
        await getattr(documents, operation)(document_of(LIMIT + 1, pk))
    assert caught.value.pk == pk
    assert await documents.get_one(pk, "a") is None


async def test_an_update_beyond_the_limit_changes_nothing_rv46(stores: Stores, pk: str) -> None:
    documents = await stores.of(Document)
    document = document_of(LIMIT // 2, pk)
    await documents.save(document)
    with pytest.raises(ItemTooLargeError):
        await documents.update(pk, "a", {"more": "x" * LIMIT})
    assert await documents.get_one(pk, "a") == document


async def test_the_size_is_that_of_the_bytes_rv47(stores: Stores, pk: str) -> None:
    documents = await stores.of(Document)
    fits = Document(pk=pk, sk="a", text="€" * 100_000)
    await documents.save(fits)
    assert await documents.get_one(pk, "a") == fits
    with pytest.raises(ItemTooLargeError):
        await documents.save(Document(pk=pk, sk="a", text="€" * 140_000))
