"""Where work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynarepo.cli._checkpoint import Checkpoint, Position, alone, resumable
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.exceptions import (
    AuthenticationError,
    DynamoDBBatchOperationError,
    ItemTooLargeError,
    ThrottledError,
)

WORK = {"export": "shop", "of": {"values": {":0": {"S": "secret"}}}}


def begun(path: Path) -> Checkpoint:
    """Save how far some work is."""
    checkpoint = Checkpoint.found(path, WORK, segments=2)
    checkpoint.items, checkpoint.size = 7, 70
    checkpoint.positions[1] = Position({"pk": {"S": "a"}})
    checkpoint.save()
    return checkpoint


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    path = tmp_path / "state"
    assert not Checkpoint.found(path, WORK, segments=2).is_begun
    assert Checkpoint.found(path, WORK, segments=2) != begun(path)
    found = Checkpoint.found(path, WORK, segments=2)
    assert found == begun(path)
    assert found.is_begun
    assert not found.is_done
    found.items += 2
    assert (found.counts, found.by_this_run) == (
        {"items": 9, "items_this_run": 2},
        ", 2 of them by this run",
    )
    found.remove()
    assert not found.is_begun


def test_only_its_owner_can_read_it_and_it_holds_no_values_of_filters(tmp_path: Path) -> None:
    path = begun(tmp_path / "state").path
    assert path.stat().st_mode & 0o777 == 0o600
    assert "secret" not in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(("work", "segments"), [({**WORK, "of": {}}, 2), (WORK, 3)])
def test_other_work_does_not_go_on_from_it(work: dict[str, object], segments: int, tmp_path: Path) -> None:
    path = begun(tmp_path / "state").path
    with pytest.raises(CommandError, match="is of other work") as caught:
        Checkpoint.found(path, work, segments=segments)
    assert caught.value.code is Exit.USAGE
    assert Checkpoint.found(path, work, segments=segments, restart=True).items == 0


def test_a_file_that_changed_is_told_apart_from_other_work(tmp_path: Path) -> None:
    path = tmp_path / "state"
    Checkpoint.found(path, WORK, source=[1, 2]).save()
    assert Checkpoint.found(path, WORK, source=[1, 2]).is_begun
    with pytest.raises(CommandError, match=r"the file changed since .* by --restart") as caught:
        Checkpoint.found(path, WORK, source=[1, 3])
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"positions": [1]}'])
def test_a_damaged_file_is_told_of(text: str, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text(text)
    with pytest.raises(CommandError, match="is no state file"):
        Checkpoint.found(path, WORK)


def test_an_interruption_says_that_it_can_go_on(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandError, match="the same command goes on") as caught,
        resumable(tmp_path / "state"),
    ):
        raise KeyboardInterrupt
    assert caught.value.code is Exit.INTERRUPTED


def test_a_failure_in_the_middle_is_partly_done_and_one_at_the_beginning_is_not(tmp_path: Path) -> None:
    with pytest.raises(ThrottledError), resumable(tmp_path / "state"):
        raise ThrottledError("too many")
    path = begun(tmp_path / "state").path
    with pytest.raises(CommandError, match="the same command goes on") as caught, resumable(path):
        raise ThrottledError("too many")
    assert caught.value.code is Exit.DIFFERENT


@pytest.mark.parametrize("kind", [ItemTooLargeError, AuthenticationError])
def test_what_the_service_refuses_is_to_be_mended_first(kind: type[Exception], tmp_path: Path) -> None:
    path = begun(tmp_path / "state").path
    said = "; when that is mended, the same command goes on"
    with pytest.raises(CommandError, match=said), resumable(path):
        raise kind("refused")
    with pytest.raises(CommandError, match=said), resumable(path):
        raise DynamoDBBatchOperationError("3 written, 2 not written") from kind("refused")


def test_work_is_done_by_one_run_at_a_time_and_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with (
        alone(path),
        pytest.raises(CommandError, match="another run is at work on") as caught,
        alone(path),
    ):
        pytest.fail("two at a time")
    assert caught.value.code is Exit.FAILED
    assert list(tmp_path.iterdir()) == []
    with alone(path), alone(tmp_path / "other"):
        pass


@pytest.mark.parametrize("is_there_again", [False, True])
def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(
    is_there_again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "state.lock"

    def removed(_: int) -> None:
        lock.unlink()
        if is_there_again:
            lock.touch()

    monkeypatch.setattr("dynarepo.cli._checkpoint._lock", removed)
    with pytest.raises(CommandError, match="another run is at work on"), alone(tmp_path / "state"):
        pytest.fail("kept nobody out")
    assert lock.exists() == is_there_again


def test_a_lock_that_cannot_be_removed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(self: Path, *, missing_ok: bool) -> None:
        raise PermissionError

    with monkeypatch.context() as patched, alone(tmp_path / "state"):
        patched.setattr(Path, "unlink", kept)
    with alone(tmp_path / "state"):
        pass
    assert list(tmp_path.iterdir()) == []
