"""A cursor is accepted for the listing it was made for, and for no other, however it was changed."""

from __future__ import annotations

import base64
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConfig,
    InvalidCursorError,
    InvalidKeyError,
    InvalidRequestError,
    PaginationResult,
    SortKeyCondition,
    attr,
)
from dynarepo._codec import bind
from dynarepo._pages._cursor import open_cursor, seal_cursor
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import FRAME_SCHEMA, Frame, Note, Reading
from tests.pages.paged_table import PagedTable

OLD, NEW = "k" * 16, "l" * 16

NOTES: Final = [Note(owner="p", name=f"{n:02}", topic="t", rank=n, text="x" * n) for n in range(9)]

Notes = AsyncDynamoDBRepository[Note]
Ask = Callable[..., Awaitable[PaginationResult[Any]]]


def stored() -> FakeTransport:
    """Serve the notes to every listing of the table and its indexes."""
    items = [bind(Note).encode(note) for note in NOTES]
    by_name, by_rank = PagedTable(items, ("owner", "name")), PagedTable(items, ("rank", "owner", "name"))
    by_topic = PagedTable(items, ("topic", "rank", "owner", "name"))
    indexes = {None: by_name, "by_rank": by_rank, "by_topic": by_topic}
    return FakeTransport.answering(
        lambda operation, payload: indexes[payload.get("IndexName")](operation, payload)
    )


@pytest.fixture(params=[False, True], ids=["signed", "encrypted"])
def encrypt(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def notes(encrypt: bool) -> AsyncIterator[Notes]:
    fake, keys = stored(), (OLD,)
    async with on_fake(
        fake, Note, cursor_keys=keys, cursor_scope="tenant-1", encrypt_cursors=encrypt
    ) as repository:
        yield repository


#: Listings that differ in one thing each, as functions of a repository.
LISTINGS: Final[dict[str, Callable[[Notes], Ask]]] = {
    "partition": lambda notes: lambda **more: notes.query_by_pk("p", **more),
    "descending": lambda notes: lambda **more: notes.query_by_pk("p", descending=True, **more),
    "filtered": lambda notes: lambda **more: notes.query_by_pk("p", where=attr("rank").ge(1), **more),
    "other value": lambda notes: lambda **more: notes.query_by_pk("p", where=attr("rank").ge(0), **more),
    "other field": lambda notes: lambda **more: notes.query_by_pk("p", where=attr("text").ge("0"), **more),
    "at least": lambda notes: ranged(notes, SortKeyCondition.ge("01")),
    "more than": lambda notes: ranged(notes, SortKeyCondition.gt("01")),
    "higher": lambda notes: ranged(notes, SortKeyCondition.gt("02")),
    "different": lambda notes: ranged(notes, SortKeyCondition.ne("04")),
    "local index": lambda notes: lambda **more: notes.query_by_pk("p", index="by_rank", **more),
    "global index": lambda notes: lambda **more: notes.query_by_pk("t", index="by_topic", **more),
    "scan": lambda notes: notes.scan,
    "scan of an index": lambda notes: lambda **more: notes.scan(index="by_topic", **more),
    "filtered scan": lambda notes: lambda **more: notes.scan(where=attr("rank").ge(1), **more),
    "other scope": lambda notes: LISTINGS["partition"](notes.with_options(cursor_scope="tenant-2")),
    "no scope": lambda notes: LISTINGS["partition"](notes.with_options(cursor_scope="")),
    "other key": lambda notes: LISTINGS["partition"](notes.with_options(cursor_keys=(NEW,))),
    "process key": lambda notes: LISTINGS["partition"](notes.with_options(cursor_keys=())),
    "other mode": lambda notes: LISTINGS["partition"](
        notes.with_options(encrypt_cursors=not notes.config.encrypt_cursors)
    ),
    "other table": lambda notes: LISTINGS["partition"](in_other_table(notes)),
}


def ranged(notes: Notes, condition: SortKeyCondition) -> Ask:
    return lambda **more: notes.query_by_pk_and_sk("p", condition, **more)


def in_other_table(notes: Notes) -> Notes:
    return AsyncDynamoDBRepository(
        Note, config=notes.config, logger=notes._logger, table_name="other", channel=notes._channel
    )


async def cursor_of(ask: Ask) -> str:
    cursor = (await ask(limit=2)).cursor
    assert cursor is not None
    return cursor


@pytest.mark.parametrize("made_for", LISTINGS)
async def test_a_cursor_goes_on_in_its_own_listing_and_in_no_other_rq120_rq121(
    notes: Notes, made_for: str
) -> None:
    cursor = await cursor_of(LISTINGS[made_for](notes))
    for name, listing in LISTINGS.items():
        if name == made_for:
            first, rest = await listing(notes)(limit=2), await listing(notes)(cursor=cursor)
            assert first.items + rest.items == (await listing(notes)()).items
        else:
            with pytest.raises(InvalidCursorError):
                await listing(notes)(cursor=cursor)


async def test_a_foreign_cursor_is_refused_without_a_request(encrypt: bool) -> None:
    fake = stored()
    async with on_fake(fake, Note, cursor_keys=(OLD,), encrypt_cursors=encrypt) as notes:
        cursor = await cursor_of(LISTINGS["partition"](notes))
        sent = len(fake.requests)
        with pytest.raises(InvalidCursorError):
            await notes.query_by_pk("q", cursor=cursor)
        with pytest.raises(InvalidCursorError):
            notes.iter_query("q", cursor=cursor)
        with pytest.raises(InvalidCursorError):
            notes.iter_query_items("p", cursor=cursor, descending=True)
        with pytest.raises(InvalidCursorError):
            notes.iter_scan(cursor=cursor)
        with pytest.raises(InvalidCursorError):
            await notes.scan(cursor=cursor)
        assert len(fake.requests) == sent


async def test_no_cursor_is_accepted_by_another_listing_or_another_tenant(encrypt: bool) -> None:
    """More than a thousand swaps, none of which sends anything."""
    fake = stored()
    async with on_fake(fake, Note, cursor_keys=(OLD,), encrypt_cursors=encrypt) as notes:
        listings = [
            LISTINGS[name](notes.with_options(cursor_scope=tenant))
            for tenant in ("", "tenant-1", "tenant-2")
            for name in list(LISTINGS)[: list(LISTINGS).index("other scope")]
        ]
        cursors = [await cursor_of(listing) for listing in listings]
        sent, swaps = len(fake.requests), 0
        for listing, own in zip(listings, cursors, strict=True):
            for foreign in cursors:
                if foreign is not own:
                    swaps += 1
                    with pytest.raises(InvalidCursorError):
                        await listing(cursor=foreign)
        assert swaps > 1_000
        assert len(fake.requests) == sent


async def test_a_cursor_may_go_on_with_another_page_and_consistency(notes: Notes) -> None:
    cursor = await cursor_of(LISTINGS["partition"](notes))
    rest = await notes.query_by_pk("p", cursor=cursor, page_size=3, limit=4, consistent=True)
    assert rest.items == NOTES[2:6]


async def test_another_repository_with_the_same_key_goes_on(notes: Notes) -> None:
    cursor = await cursor_of(LISTINGS["partition"](notes))
    options = notes.config.model_dump(include={"cursor_keys", "cursor_scope", "encrypt_cursors"})
    async with on_fake(stored(), Note, **options) as other:
        assert (await other.query_by_pk("p", cursor=cursor)).items == NOTES[2:]


async def test_without_configured_keys_cursors_hold_within_the_process(encrypt: bool) -> None:
    async with on_fake(stored(), Note, encrypt_cursors=encrypt) as notes:
        cursor = await cursor_of(LISTINGS["partition"](notes))
    async with on_fake(stored(), Note, encrypt_cursors=encrypt) as other:
        assert (await other.query_by_pk("p", cursor=cursor)).items == NOTES[2:]


async def test_keys_are_rotated_without_losing_cursors(notes: Notes) -> None:
    old = LISTINGS["partition"](notes)
    both = LISTINGS["partition"](notes.with_options(cursor_keys=(NEW, OLD)))
    new = LISTINGS["partition"](notes.with_options(cursor_keys=(NEW,)))
    assert (await both(cursor=await cursor_of(old))).items == NOTES[2:]
    assert (await new(cursor=await cursor_of(both))).items == NOTES[2:]
    for ask, cursor in ((old, await cursor_of(both)), (new, await cursor_of(old))):
        with pytest.raises(InvalidCursorError):
            await ask(cursor=cursor)


def flipped(data: bytes) -> list[bytes]:
    """Change every single bit."""
    return [
        bytes([*data[:at], data[at] ^ 1 << bit, *data[at + 1 :]])
        for at in range(len(data))
        for bit in range(8)
    ]


async def test_no_changed_bit_and_no_cut_of_a_cursor_is_accepted_rq122(encrypt: bool) -> None:
    fake = stored()
    async with on_fake(fake, Note, cursor_keys=(OLD,), encrypt_cursors=encrypt) as notes:
        cursor = await cursor_of(LISTINGS["partition"](notes))
        sent = len(fake.requests)
        token = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        changed = [base64.urlsafe_b64encode(other).decode().rstrip("=") for other in flipped(token)]
        changed += [other.decode("latin-1") for other in flipped(cursor.encode())]
        changed += [part for at in range(1, len(cursor)) for part in (cursor[:at], cursor[at:])]
        for other in changed:
            with pytest.raises(InvalidCursorError):
                await notes.query_by_pk("p", cursor=other)
        assert len(fake.requests) == sent


def tampered(drawn: random.Random, token: bytes, other: bytes) -> bytes:
    """Flip bits of a token, cut it, swap two of its stretches, or graft a part of another on it."""
    match drawn.randrange(4):
        case 0:
            changed = bytearray(token)
            for _ in range(drawn.randint(1, 8)):
                changed[drawn.randrange(len(token))] ^= 1 << drawn.randrange(8)
            return bytes(changed)
        case 1:
            start, end = sorted(drawn.sample(range(len(token) + 1), 2))
            return drawn.choice([token[start:end], token[:start] + token[end:], token[:end] + token[start:]])
        case 2:
            one, two, three = sorted(drawn.sample(range(len(token) + 1), 3))
            return token[:one] + token[two:three] + token[one:two] + token[three:]
    at, length = drawn.randrange(len(token)), drawn.randrange(1, 32)
    return token[:at] + other[at : at + length] + token[at + length :]


def test_of_50_000_tampered_cursors_none_is_accepted_rq122(encrypt: bool) -> None:
    config = DynamoDBConfig(cursor_keys=(SecretStr(NEW), SecretStr(OLD)), encrypt_cursors=encrypt)
    fingerprint, drawn = b"f" * 32, random.Random(7)  # noqa: S311 - which ones is no secret
    positions = [{"owner": {"S": "p"}, "name": {"S": f"{n:02}" * 4}} for n in range(20)]
    cursors = [seal_cursor(config, fingerprint, position) for position in positions]
    assert [open_cursor(config, fingerprint, cursor) for cursor in cursors] == positions
    tokens = [base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) for cursor in cursors]
    tried = 0
    while tried < 50_000:
        changed = tampered(drawn, *drawn.sample(tokens, 2))
        if changed in tokens:
            continue
        tried += 1
        try:
            open_cursor(config, fingerprint, base64.urlsafe_b64encode(changed).decode().rstrip("="))
        except InvalidCursorError:
            continue
        pytest.fail(f"accepted {changed.hex()}")


@pytest.mark.parametrize(
    "spelled",
    [
        lambda cursor: cursor + "=" * (-len(cursor) % 4 or 4),
        lambda cursor: cursor + "\n",
        lambda cursor: " " + cursor,
        lambda cursor: cursor + "AAAA",
        lambda cursor: cursor + cursor,
        lambda cursor: cursor.swapcase(),
        lambda cursor: cursor.encode(),
    ],
)
async def test_a_cursor_has_one_spelling_rq122(notes: Notes, spelled: Callable[[str], Any]) -> None:
    cursor = await cursor_of(LISTINGS["partition"](notes))
    with pytest.raises(InvalidCursorError):
        await notes.query_by_pk("p", cursor=spelled(cursor))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "A",
        "AAAA",
        "e30",
        "not base64",
        "ünïcode",
        "\0",
        "\ud800",
        "A" * 1_000_000,
        1,
        True,
        {},
        b"AAAA",
    ],
    ids=lambda cursor: ascii(cursor)[:20],
)
async def test_what_is_no_cursor_is_refused_without_a_request_or_an_echo_rq122(cursor: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, Note) as notes:
        with pytest.raises(InvalidCursorError) as raised:
            await notes.query_by_pk("p", cursor=cursor)
    assert fake.requests == []
    assert len(str(raised.value)) < 200


async def test_a_cursor_and_a_key_together_are_refused(notes: Notes) -> None:
    page = await notes.query_by_pk("p", limit=2)
    with pytest.raises(InvalidRequestError, match="one of them"):
        await notes.query_by_pk("p", cursor=page.cursor, last_evaluated_key=page.last_evaluated_key)


async def test_a_cursor_can_travel_in_an_address(notes: Notes) -> None:
    for listing in LISTINGS.values():
        cursor = await cursor_of(listing(notes))
        assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"owner": "p"},
        {"owner": "p", "name": "01", "rank": 1},
        {"owner": "p", "Name": "01"},
        {"owner": "p", "name": 1},
        {"owner": "p", "name": b"01"},
        {"owner": "p", "name": None},
        {"owner": "q", "name": "01"},
        "p",
        [("owner", "p"), ("name", "01")],
    ],
)
async def test_a_key_that_is_none_of_the_listing_is_refused_without_a_request(key: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, Note) as notes:
        with pytest.raises(InvalidKeyError):
            await notes.query_by_pk("p", last_evaluated_key=key)
    assert fake.requests == []


async def test_keys_of_numbers_and_bytes_are_plain_python_values() -> None:
    readings = [bind(Reading).encode(Reading(sensor="p", at=Decimal(n))) for n in ("1E3", "2.5E4")]
    async with on_fake(
        FakeTransport.answering(PagedTable(readings, ("sensor", "at"))), Reading
    ) as repository:
        page = await repository.query_by_pk("p", page_size=1)
        assert page.last_evaluated_key == {"sensor": "p", "at": 1000}
        rest = await repository.query_by_pk("p", last_evaluated_key={"sensor": "p", "at": Decimal("1E3")})
        assert [item.at for item in rest.items] == [25000]
    frames = [bind(Frame, FRAME_SCHEMA).encode(Frame(film="p", digest=bytes([n]))) for n in (0, 255)]
    fake = FakeTransport.answering(PagedTable(frames, ("film", "digest")))
    async with on_fake(fake, Frame, schema=FRAME_SCHEMA) as films:
        assert (await films.query_by_pk("p", page_size=1)).last_evaluated_key == {
            "film": "p",
            "digest": b"\0",
        }


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    values=st.dictionaries(st.text(), st.text() | st.integers().map(str), max_size=6),
    fingerprint=st.binary(min_size=32, max_size=32),
    scope=st.text(),
    encrypt=st.booleans(),
)
def test_a_position_comes_out_as_it_was_sealed(
    values: dict[str, str], fingerprint: bytes, scope: str, encrypt: bool
) -> None:
    config = DynamoDBConfig.model_validate({"cursor_scope": scope, "encrypt_cursors": encrypt})
    position = {name: {"S": value} for name, value in values.items()}
    cursor = seal_cursor(config, fingerprint, position)
    assert open_cursor(config, fingerprint, cursor) == position
    for changed in ({"cursor_scope": scope + "x"}, {"encrypt_cursors": not encrypt}):
        with pytest.raises(InvalidCursorError):
            open_cursor(config.model_copy(update=changed), fingerprint, cursor)
