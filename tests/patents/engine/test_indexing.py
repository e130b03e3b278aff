"""Building and updating an index: nothing twice, nothing lost, whatever happens on the way."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ktop.catalogue import messages
from ktop.kernel import processes as workers
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.patents.corpus.corpus import corpus_lock
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing, layout, vectors
from ktop.patents.engine import row_analysis as analysis
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.integrity import check

from ..conftest import made_up_records, write_records

QUESTION = "medical image diagnosis of cancer lesions in tissue of a patient"
RECORDS = made_up_records(per_theme=6)


def imported(folder: Path, records: list[dict[str, Any]]) -> Path:
    import_paths(folder / "corpus", [write_records(folder / "records.jsonl", records)])
    return folder / "corpus"


def found(folder: Path, mode: str = "lexical", **limits: Any) -> list[tuple[str, float]]:
    hits = PatentIndex(folder).search(QUESTION, 100, mode=mode, **limits)  # type: ignore[arg-type]
    return [(hit.patent_id, hit.score) for hit in hits]


def test_every_patent_is_indexed_once(tmp_path: Path) -> None:
    folder = imported(tmp_path, RECORDS)
    report = build_index(folder)
    assert (report.indexed, report.removed, report.patents) == (len(RECORDS), 0, len(RECORDS))
    again = build_index(folder)
    assert (again.indexed, again.removed, again.patents) == (0, 0, len(RECORDS))


def test_an_index_needs_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        build_index(tmp_path / "nothing")
    with pytest.raises(NotFoundError):
        PatentIndex(imported(tmp_path, RECORDS))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = imported(tmp_path, RECORDS[:3])
    with corpus_lock(folder), pytest.raises(UnavailableError):
        build_index(folder)


def test_an_updated_index_finds_what_a_fresh_one_finds(tmp_path: Path) -> None:
    half = imported(tmp_path, RECORDS[::2])
    build_index(half)
    changed = [dict(record) for record in RECORDS]
    first = next(record for record in changed[::2] if record["language"] == "en")
    first["abstract"] = "A medical image of a lesion is segmented for the diagnosis of cancer in tissue."
    imported(tmp_path, changed)
    report = build_index(half)
    assert (report.indexed, report.removed) == (len(RECORDS) - len(RECORDS[::2]) + 1, 1)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    build_index(imported(fresh, changed))
    assert [patent_id for patent_id, _ in found(half)].count(first["id"]) == 1, "only its new version is found"
    for mode in ("lexical", "dense", "hybrid"):
        assert found(half, mode) == found(fresh / "corpus", mode)
    assert len(PatentIndex(half)) == len(RECORDS)


@pytest.mark.parametrize(
    "step", ["segment", "written", "manifest", "bridge", "vectors", "tables", "generation", "pointer"]
)
def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Fail at each step of the second segment; the next run must end with the index that an undisturbed run makes."""
    monkeypatch.setattr(indexing, "SEGMENT_ROWS", 15)
    monkeypatch.setattr(indexing, "BATCH_ROWS", 5)
    folder = imported(tmp_path, RECORDS)
    calls = {"n": 0}

    class Killed(BaseException):
        """Not an Exception: nothing may catch it."""

    def failing(original: Any, on_call: int, *, after: bool = False) -> Any:
        def call(*args: Any, **keywords: Any) -> Any:
            calls["n"] += 1
            if calls["n"] == on_call and not after:
                raise Killed
            result = original(*args, **keywords)
            if calls["n"] == on_call and after:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patched:
        if step == "segment":
            patched.setattr(indexing, "write_segment", failing(indexing.write_segment, 2))
        elif step == "written":
            patched.setattr(indexing, "write_segment", failing(indexing.write_segment, 2, after=True))
        elif step == "manifest":
            patched.setattr(layout.Layout, "write_building", failing(layout.Layout.write_building, 2))
        elif step == "generation":
            patched.setattr(layout.Layout, "write_generation", failing(layout.Layout.write_generation, 1, after=True))
        elif step == "pointer":
            patched.setattr(layout.Layout, "write", failing(layout.Layout.write, 1))
        elif step == "bridge":
            patched.setattr(indexing, "fit_space", failing(indexing.fit_space, 1))
        elif step == "vectors":
            patched.setattr(vectors, "save_codes", failing(vectors.save_codes, 2))
        else:
            patched.setattr(indexing, "build_tables", failing(indexing.build_tables, 1, after=True))
        with pytest.raises(Killed):
            build_index(folder)
    with pytest.raises((NotFoundError, UnavailableError)):
        PatentIndex(folder)  # never a half index
    report = build_index(folder)
    assert report.patents == len(RECORDS)
    if step != "segment":
        assert report.indexed < len(RECORDS), "finished segments are not made again"
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    build_index(imported(undisturbed, RECORDS))
    assert found(folder) == found(undisturbed / "corpus")
    assert found(folder, "dense") == found(undisturbed / "corpus", "dense")


def test_many_small_segments_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "MAX_SMALL_SEGMENTS", 2)
    for end in range(8, len(RECORDS) + 1, 8):
        records = [dict(record) for record in RECORDS[:end]]
        if end >= 16:  # one of the first patents is replaced, too
            records[0]["claims_count"] = 40 + end
        folder = imported(tmp_path, records)
        build_index(folder)
        manifest = layout.Layout(folder).read()
        assert len(manifest.segments) <= 3
        assert len(PatentIndex(folder)) == end
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    build_index(imported(fresh, records))
    assert found(folder, "hybrid") == found(fresh / "corpus", "hybrid")
    kept = {f"{number:06d}" for number, _ in manifest.segments}
    build_index(folder)
    assert {entry.name for entry in layout.Layout(folder).segments.iterdir()} == kept


def test_workers_do_not_change_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "BATCH_ROWS", 7)
    folder = imported(tmp_path, RECORDS)
    build_index(folder, workers=2)
    one = tmp_path / "one"
    one.mkdir()
    build_index(imported(one, RECORDS), workers=1)
    assert found(folder, "hybrid") == found(one / "corpus", "hybrid")


def test_another_version_of_the_analysis_builds_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = imported(tmp_path, RECORDS[:10])
    build_index(folder)
    former = layout.Layout(folder).read()
    monkeypatch.setattr(layout, "ANALYSIS_VERSION", "another")
    with pytest.raises(UnavailableError):
        PatentIndex(folder)
    assert build_index(folder).indexed == 10
    assert len(PatentIndex(folder)) == 10
    made = layout.Layout(folder).read()
    assert former.corpus_version == made.corpus_version
    assert not {former.bridge, former.tables} & {made.bridge, made.tables}, "nothing of the former one is taken over"
    assert not (layout.Layout(folder).root / str(former.bridge)).exists()


def test_new_citations_reach_the_index_without_analysing_again(tmp_path: Path) -> None:
    folder = imported(tmp_path, RECORDS)
    build_index(folder)
    first, last = RECORDS[0]["id"], RECORDS[-1]["id"]
    before = PatentIndex(folder).tables.citations(PatentIndex(folder).docs_of([first]), 10**6)[0]
    table = tmp_path / "citations.csv"
    table.write_text(f"citing,cited\n{last},{first}\n", encoding="utf-8")
    import_paths(folder, [table])
    report = build_index(folder)
    assert report.indexed == 0
    index = PatentIndex(folder)
    received = index.tables.citations(index.docs_of([first]), 10**6)[0]
    assert received == before + 1


def test_undated_patents_are_found_but_never_before_a_day(tmp_path: Path) -> None:
    undated = {"id": "US9999999B2", "language": "en", "filed": None, "published": None, "abstract": QUESTION}
    record = dict(RECORDS[0]) | undated
    folder = imported(tmp_path, [*RECORDS, record])
    build_index(folder)
    assert "US9999999B2" in [patent_id for patent_id, _ in found(folder)]
    for mode in ("lexical", "dense", "hybrid"):
        assert "US9999999B2" not in [p for p, _ in found(folder, mode, before=date(2100, 1, 1))]


def test_a_lost_worker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_begin", os.kill)  # it wants other arguments: a worker that cannot start is lost
    with pytest.raises(UnavailableError) as lost:
        list(analysis.analysed([[], []], 2))
    assert lost.value.key == "patents.worker_lost"


def test_work_tells_its_stages_by_keys_that_users_have_names_for(tmp_path: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    source = write_records(tmp_path / "made-up.jsonl", RECORDS)
    import_paths(tmp_path / "corpus", [source], progress=lambda *step: told.append(step))
    assert all(step[1:] == (None, source.name) for step in told)  # nobody knows how many records there will be
    told.clear()
    build_index(tmp_path / "corpus", progress=lambda *step: told.append(step))
    check(tmp_path / "corpus", progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(stage for *_, stage in told)) == ["analyse", "tables", "bridge", "vectors", "verify"]
    assert {f"cli.stage_{stage}" for *_, stage in told} <= set(messages())
    assert all(total is not None and 0 <= done <= total for done, total, _ in told)
