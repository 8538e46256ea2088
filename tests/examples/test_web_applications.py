"""The FastAPI and the aiohttp application do the same, seen through HTTP."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dynarepo import DynamoDBConfig, TransientError, UnexpectedResponseError
from examples import aiohttp_app
from examples.notes import answer_to, config_from_environment
from tests.examples.asking import Ask, Reply


def note(number: int = 1) -> dict[str, object]:
    return {"owner": "ada", "note_id": f"n{number}", "text": "Buy milk", "done": False}


async def test_a_note_that_was_created_can_be_read(ask: Ask) -> None:
    assert await ask("POST", "/notes", note()) == Reply(201, note())
    assert await ask("GET", "/notes/ada/n1") == Reply(200, note())


async def test_a_note_that_is_there_is_not_created_again(ask: Ask) -> None:
    await ask("POST", "/notes", note())
    reply = await ask("POST", "/notes", note() | {"text": "other"})
    assert (reply.status, reply.body["detail"]) == (409, "an item with this key exists; it was left as it is")
    assert (await ask("GET", "/notes/ada/n1")).body == note()


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("DELETE", None), ("PATCH", {"done": True})])
async def test_a_note_that_is_not_there_is_not_found(ask: Ask, method: str, body: object) -> None:
    assert (await ask(method, "/notes/ada/n1", body)).status == 404


async def test_a_change_leaves_the_other_fields(ask: Ask) -> None:
    await ask("POST", "/notes", note())
    assert await ask("PATCH", "/notes/ada/n1", {"done": True}) == Reply(200, note() | {"done": True})


@pytest.mark.parametrize("body", [{"done": "maybe"}, {"owner": "grace"}])
async def test_a_change_that_does_not_fit_the_model_is_refused(ask: Ask, body: object) -> None:
    await ask("POST", "/notes", note())
    assert (await ask("PATCH", "/notes/ada/n1", body)).status == 422
    assert (await ask("GET", "/notes/ada/n1")).body == note()


async def test_a_change_of_nothing_is_refused(ask: Ask) -> None:
    await ask("POST", "/notes", note())
    reply = await ask("PATCH", "/notes/ada/n1", {})
    assert (reply.status, reply.body["detail"]) == (
        422,
        "the update changes nothing; give at least one field",
    )


async def test_a_deleted_note_is_gone(ask: Ask) -> None:
    await ask("POST", "/notes", note())
    assert await ask("DELETE", "/notes/ada/n1") == Reply(204, None)
    assert (await ask("GET", "/notes/ada/n1")).status == 404


async def test_the_list_is_read_page_by_page(ask: Ask) -> None:
    for number in range(1, 6):
        await ask("POST", "/notes", note(number))
    found, path = [], "/notes/ada?limit=2"
    while True:
        page = (await ask("GET", path)).body
        found.append([item["note_id"] for item in page["items"]])
        if page["cursor"] is None:
            break
        path = f"/notes/ada?limit=2&cursor={page['cursor']}"
    assert found == [["n1", "n2"], ["n3", "n4"], ["n5"]]


async def test_the_list_of_an_owner_without_notes_is_empty(ask: Ask) -> None:
    assert await ask("GET", "/notes/ada") == Reply(200, {"items": [], "cursor": None})


async def test_a_cursor_of_another_owner_is_refused(ask: Ask) -> None:
    for number in range(1, 4):
        await ask("POST", "/notes", note(number))
    cursor = (await ask("GET", "/notes/ada?limit=1")).body["cursor"]
    assert (await ask("GET", f"/notes/grace?limit=1&cursor={cursor}")).status == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "cursor=none"])
async def test_a_bad_query_is_refused(ask: Ask, query: str) -> None:
    assert (await ask("GET", f"/notes/ada?{query}")).status in {400, 422}


@pytest.mark.parametrize("body", [{}, {"owner": "ada", "note_id": "n1"}])
async def test_a_note_without_a_text_is_refused(ask: Ask, body: object) -> None:
    assert (await ask("POST", "/notes", body)).status == 422


async def test_a_key_that_is_too_long_is_refused(ask: Ask) -> None:
    assert (await ask("GET", f"/notes/ada/{'n' * 1025}")).status == 422


def test_an_error_that_may_pass_is_service_unavailable() -> None:
    assert answer_to(TransientError("try again")) == ({"detail": "try again"}, 503)


def test_any_other_error_is_not_explained_to_users() -> None:
    assert answer_to(UnexpectedResponseError("inside")) == ({"detail": "something went wrong here"}, 500)


def test_the_configuration_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", "notes")
    monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", "http://localhost:8000")
    monkeypatch.setenv("CURSOR_KEYS", "a-key-of-16-bytes another-key-of-16-bytes")
    config = config_from_environment()
    assert (config.table_name, config.endpoint_url) == ("notes", "http://localhost:8000")
    assert [key.get_secret_value() for key in config.cursor_keys] == [
        "a-key-of-16-bytes",
        "another-key-of-16-bytes",
    ]


def test_the_aiohttp_application_is_made_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", "notes")
    config = aiohttp_app.main([])[aiohttp_app.CONFIG]
    assert config == DynamoDBConfig(table_name="notes")


def test_a_bad_environment_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", "no name")
    with pytest.raises(ValidationError, match="table_name"):
        aiohttp_app.main([])
