"""The model log through kills, full disks and odd characters: readable always, and never silently changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError
from ktop.models import kinds, log_file
from ktop.models.artefact import Artefact
from ktop.models.registry import LOG, Shelf

RELEASED = kinds.load_artefact("tech-index")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    found = Shelf(tmp_path / "models")
    found.add(Artefact({**RELEASED.meta, "version": "2.0.0"}, RELEASED.arrays), {}, None, by="kim", why="own")
    found.promote("tech-index", "2.0.0", by="lee", why="더 낫다")
    return found


def _path(shelf: Shelf) -> Path:
    assert shelf.folder is not None
    return shelf.folder / LOG


def test_wherever_a_line_is_torn_the_entries_before_it_hold(shelf: Shelf) -> None:
    path = _path(shelf)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in [*range(first + 1, len(whole) - 1, 7), len(whole) - 2]:
        path.write_bytes(whole[:end])
        assert shelf.champion("tech-index") == RELEASED.meta["version"], end
        assert shelf.torn() == 2 and len(shelf.log()) == 1
    shelf.promote("tech-index", "2.0.0", by="lee", why="once more")
    assert shelf.champion("tech-index") == "2.0.0" and shelf.torn() is None
    (aside,) = path.parent.glob("log-torn-*.jsonl")
    assert aside.read_bytes() == whole[first : len(whole) - 2]


def test_an_entry_that_lost_only_its_line_end_counts(shelf: Shelf) -> None:
    path = _path(shelf)
    path.write_bytes(path.read_bytes()[:-1])
    assert shelf.champion("tech-index") == "2.0.0" and shelf.torn() is None
    shelf.rollback("tech-index", by="lee", why="back")
    assert [event.action for event in shelf.log()] == ["add", "promote", "rollback"]


def test_zeros_that_a_power_cut_left_are_a_torn_line(shelf: Shelf) -> None:
    _path(shelf).open("ab").write(bytes(300))
    assert shelf.torn() == 3 and shelf.champion("tech-index") == "2.0.0"


def test_a_finished_line_that_does_not_fit_is_refused(shelf: Shelf) -> None:
    path = _path(shelf)
    lines = path.read_bytes().split(b"\n")
    for changed in ([lines[0], lines[1][:-9], b""], [lines[0][:-9], lines[1], b""], [lines[0][:-9], lines[1][:50]]):
        path.write_bytes(b"\n".join(changed))
        with pytest.raises(InputError) as caught:
            shelf.champion("tech-index")
        assert caught.value.key == "models.log_altered"


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0b\x0c\x1c", "\ud800", "줄\n바꿈\r\n"])
def test_no_character_in_a_reason_breaks_the_log(shelf: Shelf, odd: str) -> None:
    shelf.rollback("tech-index", by=f"lee{odd}x", why=f"a{odd}b")
    shelf.promote("tech-index", "2.0.0", by="lee", why="again", evidence={f"k{odd}": [f"v{odd}"]})
    events = Shelf(shelf.folder).log()
    assert len(events) == 4 and events[2].why.startswith("a") and events[2].why.endswith("b")
    assert _path(shelf).read_bytes().count(b"\n") == 4
    for event in events:
        event.why.encode("utf-8")


def test_a_full_disk_leaves_the_log_as_it_was(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = _path(shelf).read_bytes(), os.write
    left = [40]

    def full(handle: int, content: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, left[0] = write(handle, content[: left[0]]), 0
        return part

    monkeypatch.setattr(log_file.os, "write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        shelf.rollback("tech-index", by="lee", why="back")
    assert caught.value.filename == str(_path(shelf)), "the command line tells which file"
    monkeypatch.undo()
    assert _path(shelf).read_bytes() == before and shelf.champion("tech-index") == "2.0.0"
    shelf.rollback("tech-index", by="lee", why="back")
    assert shelf.torn() is None
