"""Files are whole or as they were: after a fault inside, on a full disk, and after a power cut."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import UnavailableError
from ktop.kernel.files import atomic_path


def test_the_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    synced: list[tuple[bool, bool]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), target.exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_path(target) as beside:
        beside.write_text("new")
    assert synced == [(False, False), (True, True)]


def test_a_full_disk_is_one_sentence_and_the_earlier_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(UnavailableError) as told, atomic_path(target) as beside:
        beside.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert all("a.txt" in message(told.value, lang) for lang in LANGS)
    assert isinstance(told.value, OSError)
    assert told.value.errno == errno.ENOSPC


def test_another_fault_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), atomic_path(tmp_path / "a.txt") as beside:
        beside.write_text("half")
        raise PermissionError(errno.EACCES, "no")
    assert not list(tmp_path.iterdir())
