"""Where work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynarepo.cli._checkpoint import Checkpoint, Position, resumable
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.exceptions import ThrottledError

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
