"""Importing into a corpus: idempotent, all or nothing, the newest publication of each application, reasoned rejects."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop import catalogue
from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.kernel.errors import InputError, KtopError, NotFoundError, TooLargeError, UnavailableError
from ktop.patents.corpus import importing, merging
from ktop.patents.corpus.corpus import SCHEMA, Corpus, packed_together, patent_of, row_of
from ktop.patents.corpus.importing import ImportReport, import_paths

from ..conftest import made_up_records, write_records

ROOT = Path(__file__).resolve().parents[3]


def write(path: Path, *records: dict[str, Any]) -> Path:
    """Write records of the house's own JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def lamp(number: int, **fields: Any) -> dict[str, Any]:
    """Return one made-up record."""
    return {"id": f"US7{number:06}B2", "title": f"Lamp {number}", "filed": f"{2000 + number % 5}-03-04"} | fields


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.new, report.updated, report.unchanged, report.rejected


def content(directory: Path) -> dict[str, Patent]:
    """Return the whole corpus by id."""
    rows = Corpus(directory).patents().collect().iter_rows(named=True)
    return {row["id"]: patent_of(row) for row in rows}


def files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


# --- what an import does --------------------------------------------------------------------------------------------


def test_patents_come_back_in_date_order_with_undated_ones_first_or_last_by_year(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", lamp(9), lamp(3), lamp(4), lamp(8, filed=None), lamp(14))
    report = import_paths(tmp_path / "corpus", [source])
    assert counts(report) == (5, 0, 0, 0) and report.patents_in_corpus == 5
    corpus = Corpus.open(tmp_path / "corpus")
    dated = corpus.patents().drop_nulls("known_from").collect()
    assert dated["id"].to_list() == ["US7000003B2", "US7000004B2", "US7000009B2", "US7000014B2"]
    assert len(corpus) == 5 and corpus.years == (0, 2003, 2004)
    assert corpus.get(["US7000008B2"])["US7000008B2"].known_from is None


@pytest.mark.parametrize(
    ("rows", "together"), [(0, 500), (499, 500), (32_000, 500), (64_000, 1_000), (256_000, 4_000), (10**7, 4_000)]
)
def test_a_text_of_a_small_file_is_read_with_few_others(rows: int, together: int) -> None:
    assert packed_together(rows) == together


def test_importing_again_changes_nothing_at_all(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", *map(lamp, range(30)), {"title": "no number"})
    corpus = tmp_path / "corpus"
    assert counts(import_paths(corpus, [source])) == (30, 0, 0, 1)
    version, stored = Corpus(corpus).version, files(corpus)
    stamps = {name: (corpus / name).stat().st_mtime_ns for name in stored if name.endswith(".parquet")}
    assert counts(import_paths(corpus, [source])) == (0, 0, 30, 1)
    assert (Corpus(corpus).version, files(corpus)) == (version, stored)
    assert stamps == {name: (corpus / name).stat().st_mtime_ns for name in stamps}
    assert len((corpus / "rejects.jsonl").read_text().splitlines()) == 1
    again = import_paths(corpus, [source])
    assert (again.read, again.added, again.total) == (31, 0, 30)


def test_the_version_is_of_the_content_not_of_the_way_there(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", *map(lamp, range(10)))
    two = write(tmp_path / "two.jsonl", *map(lamp, range(10, 20)))
    import_paths(tmp_path / "together", [one, two])
    import_paths(tmp_path / "apart", [two])
    half = Corpus(tmp_path / "apart").version
    import_paths(tmp_path / "apart", [one])
    assert Corpus(tmp_path / "together").version == Corpus(tmp_path / "apart").version != half
    import_paths(tmp_path / "apart", [write(tmp_path / "c.jsonl", lamp(3, title="Candle"))])
    assert Corpus(tmp_path / "together").version != Corpus(tmp_path / "apart").version


def test_a_corrected_record_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    import_paths(corpus, [write(tmp_path / "a.jsonl", *map(lamp, range(6)))])
    changed = write(tmp_path / "b.jsonl", lamp(2, title="Candle"), lamp(3, filed="1999-01-01"), lamp(4), lamp(6))
    assert counts(import_paths(corpus, [changed])) == (1, 2, 1, 0)
    found = content(corpus)
    assert len(found) == 7
    assert found["US7000002B2"].title == "Candle"
    assert found["US7000003B2"].filing_date == date(1999, 1, 1)
    assert 1999 in Corpus(corpus).years


GRANT = lamp(1, id="US7000001B2", application_number="US09123456", published="2006-10-17", filed="2001-02-03")
OPENED = GRANT | {"id": "US20030000001A1", "title": "Lamp as filed", "published": "2003-01-02"}


@pytest.mark.parametrize("order", [[OPENED, GRANT], [GRANT, OPENED]], ids=["opened first", "grant first"])
@pytest.mark.parametrize("together", [True, False], ids=["one import", "two imports"])
@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
def test_the_newest_publication_of_an_application_stands(
    tmp_path: Path, order: list[dict[str, Any]], together: bool, dated: bool
) -> None:
    if not dated:
        order = [record | {"published": None} for record in order]
    paths = [write(tmp_path / f"{number}.jsonl", record) for number, record in enumerate(order)]
    corpus = tmp_path / "corpus"
    for batch in [paths] if together else [[path] for path in paths]:
        import_paths(corpus, batch)
    (patent,) = content(corpus).values()
    assert (patent.id, patent.title) == ("US7000001B2", "Lamp 1")
    assert patent.also_published_as == ("US20030000001A1",)
    version = Corpus(corpus).version
    assert counts(import_paths(corpus, paths)) == (0, 0, 1, 0)
    assert Corpus(corpus).version == version
    for path in paths:
        import_paths(corpus, [path])
    assert Corpus(corpus).version == version


def test_a_record_without_application_joins_the_one_that_names_it(tmp_path: Path) -> None:
    korean = tmp_path / "kr.csv"
    korean.write_text(
        "출원번호,공개번호,등록번호,발명의명칭\n1020190012345,1020200099999,1023456780000,통\n", encoding="utf-8"
    )
    bare = write(tmp_path / "bare.jsonl", {"id": "KR102345678B1", "title": "통", "published": "2019-06-01"})
    import_paths(tmp_path / "corpus", [korean, bare])
    (patent,) = content(tmp_path / "corpus").values()
    assert {patent.id, *patent.also_published_as} == {"KR1020200099999A", "KR102345678B1"}


def test_citation_tables_join_the_citations_of_the_patents(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", lamp(1, cites=["US7000002B2"]), lamp(2))
    table = tmp_path / "citations.csv"
    table.write_text("citing,cited\nUS7000001B2,US7000002B2\nUS7000001B2,US555\n")
    import_paths(tmp_path / "corpus", [source, table])
    version = Corpus(tmp_path / "corpus").version
    edges = Corpus(tmp_path / "corpus").citations().collect()
    assert set(edges.select("citing", "cited").rows()) == {
        ("US7000001B2", "US7000002B2"),
        ("US7000001B2", "US555"),
    }
    import_paths(tmp_path / "corpus", [table])
    assert Corpus(tmp_path / "corpus").version == version


@pytest.mark.parametrize("stand_in", ["-1", "0", "N/A", "", "nan", "-", "None", "NULL", "0.0", "#N/A"])
def test_strangers_without_a_family_are_no_family(tmp_path: Path, stand_in: str) -> None:
    strangers = [lamp(number, family=stand_in) for number in range(4)]
    source = write(tmp_path / "a.jsonl", *strangers, lamp(7, family="F7"), lamp(8, family="F7"))
    import_paths(tmp_path / "corpus", [source])
    assert [patent.family for _, patent in sorted(content(tmp_path / "corpus").items())] == [None] * 4 + ["F7"] * 2


def test_rejects_name_file_place_and_reason_in_both_languages(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    one = write(tmp_path / "one.jsonl", lamp(1), {"title": "no number"}, lamp(2, filed="someday"))
    two = write(tmp_path / "two.jsonl", lamp(3), {"title": "no number"})
    import_paths(corpus, [one])
    import_paths(corpus, [two])
    import_paths(corpus, [one])
    lines = [json.loads(line) for line in (corpus / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted((line["file"], line["where"], line["reason"]) for line in lines) == [
        ("one.jsonl", "line 2", "reject_number"),
        ("one.jsonl", "line 3", "reject_date"),
        ("two.jsonl", "line 2", "reject_number"),
    ]
    assert all(set(line["message"]) == {"ko", "en"} and all(line["message"].values()) for line in lines)


def test_files_of_a_folder_that_are_no_sources_are_told(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", lamp(1))
    (tmp_path / "in" / "README.md").write_text("# about")
    assert import_paths(tmp_path / "corpus", [tmp_path / "in"]).skipped == ["README.md"]


# --- what an import refuses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("a.xml", b"<?xml version='1.0'?>\n<us-patent-grant>\n<a>", "patents.xml_broken"),
        (
            "b.xml",
            b"<?xml version='1.0'?><!DOCTYPE us-patent-grant [<!ENTITY a 'x'>]><us-patent-grant>&a;</us-patent-grant>",
            "patents.xml_refused",
        ),
        ("c.txt", b"nothing of the kind", "patents.format_unknown"),
        ("d.parquet", b"PAR1 cut off", "patents.table_broken"),
        ("e.json", b'[{"id": "US7000001B2", "title":', "patent_sources.json_broken"),
    ],
)
@pytest.mark.parametrize("existing", [False, True], ids=["new corpus", "existing corpus"])
def test_a_broken_file_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, name: str, data: bytes, key: str, existing: bool
) -> None:
    corpus = tmp_path / "corpus"
    if existing:
        import_paths(corpus, [write(tmp_path / "good.jsonl", lamp(1))])
    before = files(corpus)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        import_paths(corpus, [tmp_path / name])
    assert caught.value.key == key
    assert name in catalogue.message(caught.value, "en") and name in catalogue.message(caught.value, "ko")
    assert files(corpus) == before
    assert corpus.exists() == existing


def test_a_bomb_beside_good_files_imports_nothing(tmp_path: Path) -> None:
    import zipfile

    write(tmp_path / "in" / "a.jsonl", lamp(1))
    with zipfile.ZipFile(tmp_path / "in" / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.xml", bytes(20_000_000))
    with pytest.raises(TooLargeError):
        import_paths(tmp_path / "corpus", [tmp_path / "in"])
    assert not (tmp_path / "corpus").exists()


def test_a_zip_inside_a_zip_is_read_beside_the_others(tmp_path: Path) -> None:
    import io
    import zipfile

    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jsonl", json.dumps(lamp(1)))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("b.jsonl", json.dumps(lamp(2)))
    report = import_paths(tmp_path / "corpus", [tmp_path / "outer.zip"])
    assert (report.skipped, report.files, report.patents_in_corpus) == ([], 2, 2)


def test_a_broken_file_among_good_ones_is_a_reject(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", lamp(1))
    (tmp_path / "in" / "b.xml").write_bytes(b"<?xml version='1.0'?>\n<us-patent-grant>\n<a>")
    assert counts(import_paths(tmp_path / "corpus", [tmp_path / "in"])) == (1, 0, 0, 1)


def test_a_folder_without_a_corpus_says_how_to_import(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Corpus.open(tmp_path / "nowhere")
    assert "ktop patents import" in catalogue.message(caught.value, "en")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "partitions": [3], "citations": null}']
)
def test_a_damaged_manifest_is_told_not_traced(tmp_path: Path, text: str) -> None:
    (tmp_path / "corpus.json").write_text(text)
    with pytest.raises(InputError) as caught:
        Corpus(tmp_path)
    assert str(tmp_path) in catalogue.message(caught.value, "ko")


def test_a_second_import_at_the_same_time_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, source = tmp_path / "corpus", write(tmp_path / "a.jsonl", lamp(1))
    refused = []

    def again(*args: Any) -> Any:
        with pytest.raises(UnavailableError) as caught:
            import_paths(corpus, [source])
        refused.append(caught.value.key)
        return plan(*args)

    plan = merging.plan
    monkeypatch.setattr(merging, "plan", again)
    import_paths(corpus, [source])
    assert refused == ["patents.corpus_busy"]
    assert list(content(corpus)) == ["US7000001B2"]


# --- an import that is cut short ------------------------------------------------------------------------------------

POINTS: dict[str, Callable[[pytest.MonkeyPatch, Callable[..., Any]], None]] = {
    "while reading": lambda patch, boom: patch.setattr(importing._Run, "_flush", boom),
    "while planning": lambda patch, boom: patch.setattr(merging, "plan", boom),
    "while merging": lambda patch, boom: patch.setattr(merging, "digest_of", boom),
    "between two years": lambda patch, boom: patch.setattr(
        importing._Run, "_write", _second(importing._Run._write, boom)
    ),
    "before the manifest": lambda patch, boom: patch.setattr(importing, "write_manifest", boom),
}


def _second(real: Callable[..., Any], boom: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that works once and then fails."""
    calls = []

    def once(*args: Any) -> Any:
        calls.append(args)
        return real(*args) if len(calls) == 1 else boom()

    return once


@pytest.mark.parametrize("point", list(POINTS))
def test_a_crash_leaves_the_state_before_and_the_next_import_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    corpus = tmp_path / "corpus"
    import_paths(corpus, [write(tmp_path / "a.jsonl", *map(lamp, range(20)))])
    before, version = content(corpus), Corpus(corpus).version
    more = write(tmp_path / "b.jsonl", *(lamp(number, title="Candle") for number in range(10, 40)))

    def boom(*_: Any) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patch:
        POINTS[point](patch, boom)
        with pytest.raises(RuntimeError):
            import_paths(corpus, [more])
    assert Corpus(corpus).version == version and content(corpus) == before
    assert counts(import_paths(corpus, [more])) == (20, 10, 0, 0)
    assert sum(patent.title == "Candle" for patent in content(corpus).values()) == 30
    named = {part.file for part in Corpus(corpus).manifest.partitions.values()}
    assert {name for name in files(corpus) if name.endswith(".parquet")} == named


@pytest.mark.parametrize("point", list(POINTS))
def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    corpus = tmp_path / "corpus"
    import_paths(corpus, [write(tmp_path / "a.jsonl", *map(lamp, range(20)))])
    before = files(corpus)
    more = write(tmp_path / "b.jsonl", *map(lamp, range(10, 40)))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        POINTS[point](patch, full)
        with pytest.raises(UnavailableError) as caught:
            import_paths(corpus, [more])
    assert caught.value.key == "patents.disk_full"
    assert files(corpus) == before
    assert counts(import_paths(corpus, [more])) == (20, 0, 10, 0)


def test_a_killed_process_leaves_the_state_before(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    import_paths(corpus, [write(tmp_path / "a.jsonl", *map(lamp, range(5)))])
    before = content(corpus)
    more = write(tmp_path / "b.jsonl", *map(lamp, range(5, 15)))
    script = (
        "import os, signal, sys\n"
        "from ktop.patents.corpus import importing\n"
        "importing.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "importing.import_paths(sys.argv[1], [sys.argv[2]])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "POLARS_MAX_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script, str(corpus), str(more)], env=environment, check=False)
    assert done.returncode == -9
    assert content(corpus) == before
    assert counts(import_paths(corpus, [more])) == (10, 0, 0, 0)
    assert not list(corpus.glob(".staging-*"))


# --- rows -----------------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
_SOME = st.none() | _TEXT
_DAY = st.none() | st.dates(date(1800, 1, 1), date(2100, 1, 1))
_LIST = st.lists(_TEXT, max_size=3).map(tuple)
PATENTS = st.builds(
    Patent,
    id=_TEXT,
    title=_TEXT,
    abstract=_SOME,
    application=_SOME,
    filing_date=_DAY,
    publication_date=_DAY,
    grant_date=_DAY,
    claims_count=st.none() | st.integers(0, 10_000),
    ipc=_LIST,
    applicants=_LIST,
    cited_patents=st.lists(st.builds(PatentCitation, _TEXT, _SOME), max_size=2).map(tuple),
    cited_literature=st.lists(st.builds(LiteratureCitation, _TEXT, _SOME), max_size=2).map(tuple),
    also_published_as=_LIST,
    language=st.sampled_from([None, "ko", "en"]),
)


@settings(deadline=None)
@given(st.lists(PATENTS, max_size=4))
def test_a_patent_survives_storage(patents: list[Patent]) -> None:
    frame = pl.DataFrame([row_of(patent) for patent in patents], schema=SCHEMA)
    assert [patent_of(row) for row in frame.iter_rows(named=True)] == patents
    assert frame["known_from"].to_list() == [patent.known_from for patent in patents]


@settings(deadline=None, max_examples=25)
@given(st.permutations(list(range(6))), st.integers(1, 5))
def test_any_order_and_any_cut_of_imports_gives_the_same_corpus(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    records = [GRANT, OPENED, *(lamp(number, application_number=f"US0999000{number}") for number in range(2, 6))]
    mixed = [records[position] for position in order]
    one, two = write(folder / "1.jsonl", *mixed[:cut]), write(folder / "2.jsonl", *mixed[cut:])
    import_paths(folder / "corpus", [one])
    import_paths(folder / "corpus", [two])
    import_paths(folder / "straight", [write(folder / "all.jsonl", *records)])
    assert Corpus(folder / "corpus").version == Corpus(folder / "straight").version


def test_a_synthetic_corpus_says_so_and_a_mixed_one_does_not(tmp_path: Path) -> None:
    corpus = tmp_path / "made-up"
    import_paths(corpus, [write(tmp_path / "a.jsonl", lamp(1, synthetic=True), lamp(2, synthetic=True))])
    assert (Corpus(corpus).synthetic, Corpus(corpus).name) == (True, "made-up")
    import_paths(corpus, [write(tmp_path / "b.jsonl", lamp(3))])
    assert not Corpus(corpus).synthetic
    assert not Corpus(tmp_path / "empty").synthetic


@pytest.mark.real_data
def test_a_large_real_set_comes_in_whole(shared_data: Path, tmp_path: Path) -> None:
    report = import_paths(tmp_path / "corpus", [shared_data / "patents" / "nus_retrieval_2244"])
    assert (report.new, report.rejected, report.skipped) == (2244, 0, ["queries.json"])
    stored = Corpus(tmp_path / "corpus").get(["US7591949"])
    assert stored["US7591949"].ipc and replace(stored["US7591949"], title="") != stored["US7591949"]


def test_two_first_imports_at_once_never_delete_each_others_work(tmp_path: Path) -> None:
    """One is taken, the other is taken after it or told to wait; a refused one leaves the folder of the other alone."""
    records = write_records(tmp_path / "good.jsonl", made_up_records(per_theme=2))
    bad = tmp_path / "bad.jsonl"
    bad.write_text("no patents here\n", encoding="utf-8")
    refused = 0
    for attempt in range(60):
        folder = tmp_path / f"corpus-{attempt}"
        start = threading.Barrier(2)

        def work(source: Path, folder: Path = folder, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                import_paths(folder, [source])
            except KtopError as error:
                return error.key
            return "done"

        sources = (records, bad if attempt % 2 else records)
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(work, sources))
        assert set(said) <= {"done", "patents.corpus_busy", "patents.format_unknown"}
        refused += said != ["done", "done"]
        if said[0] == "done" or said[1] == "done":
            assert len(Corpus.open(folder)) == 12
        else:  # nothing but the lock, where the refused one had found the folder made
            assert not folder.exists() or [entry.name for entry in folder.iterdir()] == [".lock"]
    assert refused >= 1
