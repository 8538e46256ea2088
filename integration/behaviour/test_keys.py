"""Keys as the server sees them: length in bytes, odd bytes, odd names."""

from __future__ import annotations

import secrets
from typing import Any, Final

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from dynarepo import DynamoDBBaseModel, InvalidKeyError, InvalidRequestError, RejectedError, attr
from integration.behaviour.stores import Stores


class Note(DynamoDBBaseModel):
    text: str = ""


class Blob(BaseModel):
    pk: bytes
    sk: bytes

    class Meta:
        partition_key = "pk"
        sort_key = "sk"


class OddNames(DynamoDBBaseModel):
    """Its attributes have names that expressions would read as something else."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False, serialize_by_alias=True)

    dotted: int = Field(default=1, alias="a.b")
    hashed: int = Field(default=1, alias="#x")
    colon: int = Field(default=1, alias=":y")
    space: int = Field(default=1, alias="a b")
    quote: int = Field(default=1, alias='"')
    newline: int = Field(default=1, alias="\n")
    nul: int = Field(default=1, alias="\0")
    index: int = Field(default=1, alias="[0]")
    emoji: int = Field(default=1, alias="🦊")
    function: int = Field(default=1, alias="size")
    reserved: int = Field(default=1, alias="SELECT")


class Bare(DynamoDBBaseModel):
    """Nothing but its key."""


FIELDS: Final[dict[str, Any]] = {f"f{number}": (int, ...) for number in range(400)}
Wide = create_model("Wide", __base__=DynamoDBBaseModel, **FIELDS)
ODD = [name for name in OddNames.model_fields if name not in ("pk", "sk")]


async def test_a_partition_key_takes_2048_bytes_in_two_byte_characters_rk06(stores: Stores) -> None:
    notes = await stores.of(Note)
    note = Note(pk=secrets.token_hex(8) + "é" * 1016, sk="a")
    await notes.save(note)
    assert await notes.get_one(note.pk, "a") == note


@pytest.mark.parametrize(("pk", "sk"), [("é" * 1025, "a"), ("a", "é" * 513), ("a", "x" * 1025)])
async def test_a_longer_key_is_refused_unsent_rk06_rk07(
    stores: Stores, sent: list[str], pk: str, sk: str
) -> None:
    notes = await stores.of(Note)
    sent.clear()
    for call in (
        lambda: notes.save(Note(pk=pk, sk=sk)),
        lambda: notes.get_one(pk, sk),
        lambda: notes.delete(pk, sk),
    ):
        with pytest.raises(InvalidKeyError):
            await call()
    assert sent == []


@pytest.mark.parametrize(
    ("model", "pk", "sk", "name"), [(Note, "", "a", "pk"), (Note, "a", "", "sk"), (Blob, b"", b"a", "pk")]
)
async def test_an_empty_key_is_refused_unsent_rk05(
    stores: Stores, sent: list[str], model: type[Any], pk: Any, sk: Any, name: str
) -> None:
    repository = await stores.of(model)
    sent.clear()
    for call in (
        lambda: repository.save(model(pk=pk, sk=sk)),
        lambda: repository.batch_write([model(pk=pk, sk=sk)]),
        lambda: repository.get_one(pk, sk),
    ):
        with pytest.raises(InvalidKeyError, match=name):
            await call()
    assert sent == []


async def test_a_sort_key_takes_1024_bytes_rk07(stores: Stores, pk: str) -> None:
    notes = await stores.of(Note)
    note = Note(pk=pk, sk="é" * 512)
    await notes.save(note)
    assert await notes.get_one(pk, note.sk) == note


async def test_a_key_of_all_bytes_is_stored_queried_and_deleted_rk08(stores: Stores) -> None:
    blobs = await stores.of(Blob)
    blob = Blob(pk=bytes(range(256)) + secrets.token_bytes(8), sk=bytes(range(256)))
    await blobs.save(blob)
    assert await blobs.get_one(blob.pk, blob.sk) == blob
    assert (await blobs.query_by_pk(blob.pk)).items == [blob]
    assert await blobs.delete(blob.pk, blob.sk)


async def test_nul_stands_in_keys_and_values_rk09(stores: Stores, pk: str) -> None:
    notes = await stores.of(Note)
    note = Note(pk=f"\0{pk}\0", sk="\0", text="a\0b")
    await notes.save(note)
    assert await notes.get_one(note.pk, "\0") == note


@pytest.mark.parametrize("field", ODD)
async def test_an_odd_attribute_name_is_a_top_level_name_rk10(stores: Stores, pk: str, field: str) -> None:
    odd = await stores.of(OddNames)
    item = OddNames(pk=pk, sk="a")
    await odd.save(item)
    changed = await odd.update(pk, "a", {field: 2}, where=attr(field).eq(1))
    assert changed == item.model_copy(update={field: 2})
    assert (await odd.query_by_pk(pk, where=attr(field).eq(2))).items == [changed]
    assert (await odd.query_by_pk(pk, where=attr(field).ne(2))).items == []
    fields: dict[str, Any] = {field: (int, ...)}
    part = create_model("Part", **fields)
    assert await odd.get_one(pk, "a", view=part) == part(**{field: 2})


async def test_400_fields_come_back_rk11(stores: Stores, pk: str) -> None:
    wide = await stores.of(Wide)
    item = Wide(pk=pk, sk="a", **{name: number for number, name in enumerate(FIELDS)})
    await wide.save(item)
    assert await wide.get_one(pk, "a") == item


async def test_an_item_of_keys_alone_is_stored_rk12(stores: Stores, pk: str) -> None:
    bare = await stores.of(Bare)
    await bare.save(Bare(pk=pk, sk="a"))
    assert await bare.get_one(pk, "a") == Bare(pk=pk, sk="a")


async def test_a_key_in_an_update_is_refused_unsent_ru77(stores: Stores, sent: list[str], pk: str) -> None:
    notes = await stores.of(Note)
    sent.clear()
    with pytest.raises(InvalidRequestError, match="sk"):
        await notes.update(pk, "a", {"sk": "b"})
    assert sent == []


class Unsorted(BaseModel):
    """Its table has a sort key, which it does not know."""

    pk: str

    class Meta:
        partition_key = "pk"


class Numbered(BaseModel):
    """Its table has text as keys."""

    pk: int
    sk: int

    class Meta:
        partition_key = "pk"
        sort_key = "sk"


@pytest.mark.parametrize("item", [Unsorted(pk="a"), Numbered(pk=1, sk=2)])
async def test_keys_that_are_not_the_tables_are_refused_in_words(stores: Stores, item: BaseModel) -> None:
    notes = await stores.of(Note)
    others: Any = stores.connection.repository(type(item), table_name=notes.table_name)
    with pytest.raises(RejectedError, match=r"refused the request: .*TableAdmin\.verify") as raised:
        await others.save(item)
    assert raised.value.code == "ValidationException"
