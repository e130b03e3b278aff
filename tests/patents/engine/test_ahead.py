"""Segments written ahead by others: the same index byte for byte, whoever writes, ends, is killed or comes twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing, vectors
from ktop.patents.engine.ahead import SegmentPlan, cut, write_ahead
from ktop.patents.engine.indexing import build_index

from ..conftest import made_up_records, write_records


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(indexing, "SEGMENT_ROWS", 20)
    monkeypatch.setattr(indexing, "BATCH_ROWS", 10)
    monkeypatch.setattr(indexing, "MAX_SMALL_SEGMENTS", 100)
    monkeypatch.setattr(vectors, "SAMPLE_SENTENCES", 20)
    yield


def imported(folder: Path) -> Path:
    """Return a corpus of which a part is indexed already, some of it as it stands no more."""
    records = made_up_records(per_theme=20)
    former = [record | {"title": "A former title"} for record in records[:30:3]]
    import_paths(folder, [write_records(folder.with_suffix(".1"), [*former, *records[50:60]])])
    build_index(folder)
    import_paths(folder, [write_records(folder.with_suffix(".2"), records)])
    return folder


def index_of(folder: Path) -> dict[str, bytes]:
    """Return every file of an index but what depends on the disk it lies on."""
    files = {str(file.relative_to(folder)): file for file in (folder / "index").rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if file.name != "seen.json"}


_KILLED = """
import os, signal, sys
from pathlib import Path
from ktop.patents.engine.ahead import write_ahead
write_ahead(Path(sys.argv[1]), sys.argv[2], 3, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_an_index_of_segments_written_by_others_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    alone, shared = imported(tmp_path / "alone"), imported(tmp_path / "shared")
    report = build_index(alone)
    plans: list[str] = []

    def then_killed(plan: str, count: int) -> None:
        plans.append(plan)
        assert count >= 5
        assert write_ahead(shared, plan, 0)
        assert not write_ahead(shared, plan, 0), "it is there"
        killed = subprocess.run([sys.executable, "-c", _KILLED, str(shared), plan], check=False)
        assert killed.returncode == -signal.SIGKILL
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(shared, ask_others=then_killed)
    written = (shared / "index" / plans[0] / "000000").stat().st_ino
    left_to_other, others = threading.Event(), []

    def at_work(plan: str, count: int) -> None:
        plans.append(plan)
        assert SegmentPlan(shared, plan).missing == list(range(1, count))
        held = threading.Event()

        def slowly(*_: object) -> None:
            held.set()
            left_to_other.wait(60)

        others.append(threading.Thread(target=write_ahead, args=(shared, plan, 2, slowly)))
        others[0].start()
        assert held.wait(60)
        assert not write_ahead(shared, plan, 2), "somebody is at it"

    def progress(_done: int, _of: int | None, stage: str) -> None:
        if stage == "analyse" and SegmentPlan(shared, plans[-1]).missing == [2]:
            left_to_other.set()

    dealt = build_index(shared, progress=progress, ask_others=at_work)
    others[0].join()
    assert plans[1] == plans[0]
    assert written in {folder.stat().st_ino for folder in (shared / "index" / "segments").iterdir()}
    assert (dealt.indexed, dealt.removed, dealt.patents) == (report.indexed, report.removed, report.patents)
    assert index_of(shared) == index_of(alone)
    assert not write_ahead(shared, plans[0], 1), "nobody wants it any more"
    assert not write_ahead(shared, "ahead-/../..", 1)


def test_nobody_is_asked_for_one_segment(tmp_path: Path) -> None:
    import_paths(tmp_path / "corpus", [write_records(tmp_path / "records.jsonl", made_up_records(per_theme=3)[:15])])
    build_index(tmp_path / "corpus", ask_others=lambda *_: pytest.fail("there is nothing to share"))


@given(
    st.dictionaries(st.integers(1_900, 2_100), st.integers(0, 60), max_size=8), st.integers(1, 30), st.integers(1, 12)
)
def test_segments_are_cut_after_full_batches_and_hold_every_row_once(
    counts: dict[int, int], segment_rows: int, batch_rows: int
) -> None:
    cuts = cut(counts, segment_rows, batch_rows)
    rows = [(year, row) for part in cuts for year, first, end in part.pieces for row in range(first, end)]
    assert rows == [(year, row) for year, count in counts.items() for row in range(count)]
    assert [year for part in cuts for year in part.finished] == list(counts)
    sizes = [part.rows for part in cuts]
    assert all(segment_rows <= size < segment_rows + batch_rows for size in sizes[:-1])
