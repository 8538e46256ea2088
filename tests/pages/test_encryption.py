"""An encrypted cursor tells nothing of the key in it, and needs a package that nothing else does."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from dynarepo import (
    AsyncDynamoDBRepository,
    ConfigurationError,
    DynamoDBConfig,
    DynamoDBConnection,
    attr,
)
from dynarepo._pages._cursor import open_cursor, seal_cursor
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import Note
from tests.recording_logger import RecordingLogger

CONFIG = DynamoDBConfig(cursor_keys=(SecretStr("k" * 16),), encrypt_cursors=True)
HIDDEN = "hidden-item-7351"

Notes = AsyncDynamoDBRepository[Note]


def token_of(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@pytest.fixture
async def notes() -> AsyncIterator[Notes]:
    """Answer with a page whose last item was left out by the filter."""
    last = {"owner": {"S": "p"}, "name": {"S": HIDDEN}}
    page = {"Items": [], "Count": 0, "ScannedCount": 1, "LastEvaluatedKey": last}
    async with on_fake(FakeTransport.answering(lambda *_: page), Note) as repository:
        yield repository


async def test_a_signed_cursor_shows_the_key_of_an_item_that_a_filter_hides(notes: Notes) -> None:
    page = await notes.query_by_pk("p", where=attr("rank").ge(1))
    assert page.cursor is not None
    assert HIDDEN.encode() in token_of(page.cursor)


async def test_an_encrypted_cursor_holds_no_part_of_that_key(notes: Notes) -> None:
    page = await notes.with_options(encrypt_cursors=True).query_by_pk("p", where=attr("rank").ge(1))
    assert page.cursor is not None
    shown = page.cursor.encode() + token_of(page.cursor)
    key = b'"name":{"S":"' + HIDDEN.encode()
    for text in (key, base64.b64encode(key), key.hex().encode()):
        assert not [at for at in range(len(text) - 3) if text[at : at + 4] in shown]


def test_no_two_cursors_of_one_position_are_alike() -> None:
    tokens = [token_of(seal_cursor(CONFIG, b"f" * 32, {"pk": {"S": "p"}})) for _ in range(1_000)]
    assert len({token[1:13] for token in tokens}) == len({token[13:] for token in tokens}) == 1_000


@pytest.mark.parametrize(
    ("encrypt", "cursor"),
    [
        (False, "AY9i0tVNZafXhrfzUKqgN5R7InBrIjp7IlMiOiJVU0VSIzEifSwic2siOnsiTiI6IjcifX0"),
        (True, "Appq77YzDJ6oMLrlliRnXKytrrGP7AijpuGPpDP4H3L6ibA3WmWAHq8Nm36JAUdPbFjhI5nhu-KLVjfhGkJjggQ"),
    ],
    ids=["signed", "encrypted"],
)
def test_a_cursor_of_an_earlier_release_is_still_read(encrypt: bool, cursor: str) -> None:
    """A change that fails here takes away cursors that users have, and needs a new version byte."""
    config = CONFIG.model_copy(update={"cursor_scope": "tenant", "encrypt_cursors": encrypt})
    assert open_cursor(config, b"f" * 32, cursor) == {"pk": {"S": "USER#1"}, "sk": {"N": "7"}}


def test_the_package_alone_imports_no_cryptography() -> None:
    program = "import dynarepo, dynarepo.testing, sys; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def _not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dynarepo._pages._encryption", raising=False)


@pytest.mark.usefixtures("_not_imported")
@pytest.mark.parametrize(
    "use",
    [
        lambda: AsyncDynamoDBRepository(Note, config=config(encrypt=True), logger=RecordingLogger()),
        lambda: connected(encrypt=True).repository(Note),
        lambda: connected(encrypt=False).repository(Note).with_options(encrypt_cursors=True),
    ],
)
def test_without_the_package_it_is_refused_when_a_repository_is_made(
    use: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigurationError, match=r'pip install "dynarepo\[crypto\]"'):
        use()


def test_another_module_that_is_missing_is_not_taken_for_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dynarepo._pages._encryption", None)
    with pytest.raises(ModuleNotFoundError, match=r"dynarepo\._pages\._encryption"):
        connected(encrypt=True).repository(Note)


def config(*, encrypt: bool) -> DynamoDBConfig:
    return DynamoDBConfig(table_name="app", encrypt_cursors=encrypt)


def connected(*, encrypt: bool) -> DynamoDBConnection:
    return DynamoDBConnection(
        config=config(encrypt=encrypt), logger=RecordingLogger(), transport=FakeTransport()
    )
