"""The model log through kills, full disks and odd characters: readable always, and never silently changed."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError
from ktop.models import model_log
from ktop.models.artefact import Artefact
from ktop.models.registry import LOG, ModelRegistry

RELEASED = ModelRegistry().artefact("tech-index")


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    found = ModelRegistry(tmp_path / "models")
    found.add(Artefact({**RELEASED.meta, "version": "2.0.0"}, RELEASED.arrays), {}, None, by="kim", why="own")
    found.promote("tech-index", "2.0.0", by="lee", why="더 낫다")
    return found


def _path(registry: ModelRegistry) -> Path:
    assert registry.folder is not None
    return registry.folder / LOG


def test_wherever_a_line_is_torn_the_entries_before_it_hold(registry: ModelRegistry) -> None:
    path = _path(registry)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in [*range(first + 1, len(whole) - 1, 7), len(whole) - 2]:
        path.write_bytes(whole[:end])
        assert registry.champion("tech-index") == RELEASED.meta["version"], end
        assert registry.torn() == 2 and len(registry.log()) == 1
    registry.promote("tech-index", "2.0.0", by="lee", why="once more")
    assert registry.champion("tech-index") == "2.0.0" and registry.torn() is None
    (aside,) = path.parent.glob("log-torn-*.jsonl")
    assert aside.read_bytes() == whole[first : len(whole) - 2]


def test_an_entry_that_lost_only_its_line_end_counts(registry: ModelRegistry) -> None:
    path = _path(registry)
    path.write_bytes(path.read_bytes()[:-1])
    assert registry.champion("tech-index") == "2.0.0" and registry.torn() is None
    registry.rollback("tech-index", by="lee", why="back")
    assert [event.action for event in registry.log()] == ["add", "promote", "rollback"]


def test_zeros_that_a_power_cut_left_are_a_torn_line(registry: ModelRegistry) -> None:
    _path(registry).open("ab").write(bytes(300))
    assert registry.torn() == 3 and registry.champion("tech-index") == "2.0.0"


def test_a_finished_line_that_does_not_fit_is_refused(registry: ModelRegistry) -> None:
    path = _path(registry)
    lines = path.read_bytes().split(b"\n")
    for changed in ([lines[0], lines[1][:-9], b""], [lines[0][:-9], lines[1], b""], [lines[0][:-9], lines[1][:50]]):
        path.write_bytes(b"\n".join(changed))
        with pytest.raises(InputError) as caught:
            registry.champion("tech-index")
        assert caught.value.key == "models.log_altered"


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0b\x0c\x1c", "\ud800", "줄\n바꿈\r\n"])
def test_no_character_in_a_reason_breaks_the_log(registry: ModelRegistry, odd: str) -> None:
    registry.rollback("tech-index", by=f"lee{odd}x", why=f"a{odd}b")
    registry.promote("tech-index", "2.0.0", by="lee", why="again", evidence={f"k{odd}": [f"v{odd}"]})
    events = ModelRegistry(registry.folder).log()
    assert len(events) == 4 and events[2].why.startswith("a") and events[2].why.endswith("b")
    assert _path(registry).read_bytes().count(b"\n") == 4
    for event in events:
        event.why.encode("utf-8")


def test_a_full_disk_leaves_the_log_as_it_was(registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = _path(registry).read_bytes(), os.write
    left = [40]

    def full(handle: int, content: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, left[0] = write(handle, content[: left[0]]), 0
        return part

    monkeypatch.setattr(model_log.os, "write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        registry.rollback("tech-index", by="lee", why="back")
    assert caught.value.filename == str(_path(registry)), "the command line tells which file"
    monkeypatch.undo()
    assert _path(registry).read_bytes() == before and registry.champion("tech-index") == "2.0.0"
    registry.rollback("tech-index", by="lee", why="back")
    assert registry.torn() is None


#: Appends to a log without end and says the number of each entry once it is acknowledged. The disk takes a little at a
#: time, so that writing a line is long enough to be hit.
APPENDER = """
import os, sys
from pathlib import Path
from ktop.models import model_log
write = os.write
os.write = lambda handle, content: write(handle, content[:32])
while True:
    event = model_log.append(Path(sys.argv[1]), "promote", "own", "1", "", "kim", "a reason", "0", {"x": "y" * 100_000})
    print(event.number, flush=True)
"""


def test_kills_at_random_moments_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    path, chance = tmp_path / LOG, random.Random(20)
    known = torn = 0
    for _ in range(20):
        appender = subprocess.Popen([sys.executable, "-c", APPENDER, str(path)], stdout=subprocess.PIPE)
        assert appender.stdout is not None
        acknowledged = int(appender.stdout.readline())
        assert acknowledged == known + 1, "it goes on from where the killed one was"
        time.sleep(chance.uniform(0.0, 0.05))
        appender.kill()
        rest = appender.stdout.read().split()
        appender.wait()
        acknowledged = int(rest[-1]) if rest else acknowledged
        events, end = model_log.read(path)
        known, torn = len(events), torn + bool(end)
        assert acknowledged <= known <= acknowledged + 1
        assert [event.number for event in events] == list(range(1, known + 1))
    model_log.append(path, "promote", "own", "1", "", "kim", "the last", "0", {})
    events, end = model_log.read(path)
    assert (len(events), end) == (known + 1, b"")
    assert len(list(tmp_path.glob("log-torn-*.jsonl"))) == torn
