"""Proposals ranked: the best first, repeats flagged, and no row stops the rest."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.kernel.errors import InputError, TooLargeError, UnavailableError
from ktop.kernel.waiting import until
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.questions import Question
from ktop.report.present.proposals import proposals_table
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.technologies.proposals import (
    COLUMNS,
    frame_of,
    proposals_in,
    proposals_of,
    rank_file,
    rank_rows,
    uploaded_table,
)
from ktop.usecases.technologies.rating import rate_technology
from ktop.usecases.uploads import sentences

EXAMPLES = Path(__file__).parents[3] / "examples" / "technologies"
DAY = date(2026, 6, 30)
POEM = "산에는 꽃 피네 꽃이 피네 갈 봄 여름 없이 꽃이 피네 산에 산에 피는 꽃은 저만치 혼자서 피어 있네"

#: A field that the demo corpus hardly has.
STRANGE = (
    "A tokamak coil of rare earth superconductor tape whose joints can be opened. Tapes are soldered in a jacket with "
    "a low melting alloy, cooled by supercritical helium, and the quench is detected by optical fibres wound along the "
    "conductor before the plasma disrupts."
)


@pytest.fixture(scope="module")
def engine(demo_corpus: Path) -> TechnologyEngine:
    return open_corpus(demo_corpus)


@pytest.fixture(scope="module")
def ranked(engine: TechnologyEngine, demo_corpus: Path) -> dict[str, dict[str, Any]]:
    """The rows of a mixed lot, by proposal."""
    summary = (EXAMPLES / "cervical-cancer-reading.ko.txt").read_text("utf-8")
    patent = next(iter(Corpus.open(demo_corpus).get([engine.index.patent_id(100)]).values()))
    given = [
        {"id": "one", "title": "원격 판독", "text": summary},
        {"id": "again", "title": '=HYPERLINK("x")', "text": summary.replace("카메라", "촬영기")},
        {
            "id": "battery",
            "title": None,
            "text": (EXAMPLES / "solid-state-battery-diagnosis.en.txt").read_text("utf-8"),
        },
        {"id": "copied", "title": patent.title, "text": patent.abstract},
        {"id": "strange", "title": None, "text": STRANGE},
        {"id": "poem", "title": "시", "text": POEM},
        {"id": "short", "title": "short", "text": "x"},
        {"id": "empty", "title": None, "text": None},
        {"id": "day", "title": None, "text": summary, "before": "someday"},
    ]
    return {row["proposal_id"]: row for row in rank_rows(given, engine, as_of=DAY, lang="en")}


def test_the_best_comes_first_and_what_has_no_score_last(ranked: dict[str, dict[str, Any]]) -> None:
    rows = list(ranked.values())
    scores = [row["score"] for row in rows if row["score"] is not None]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, None, None, None, None]
    assert set(rows[0]) == set(COLUMNS)


def test_proposals_that_repeat_one_another_name_each_other(ranked: dict[str, dict[str, Any]]) -> None:
    assert ranked["one"]["duplicate_of"] == "again"
    assert ranked["again"]["duplicate_of"] == "one"
    assert 0.65 <= ranked["one"]["duplicate_similarity"] < 1.0
    assert ranked["battery"]["duplicate_of"] is None


def test_a_copied_patent_is_named(ranked: dict[str, dict[str, Any]]) -> None:
    assert ranked["copied"]["repeats_patent"] == ranked["copied"]["nearest_patent"]
    assert ranked["one"]["repeats_patent"] is None


def test_a_score_that_rests_on_hardly_anything_is_marked(ranked: dict[str, dict[str, Any]]) -> None:
    assert ranked["strange"]["score"] is not None
    assert "not reliable" in ranked["strange"]["caution"]
    assert "not reliable" in proposals_table([ranked["strange"]], "en").rows[0][-1]
    assert ranked["copied"]["caution"] is None


def test_what_could_not_be_scored_says_why_once(ranked: dict[str, dict[str, Any]]) -> None:
    (row,) = proposals_table([ranked["short"]], "en").rows
    assert set(row[2:8]) == {"–"} and "too short" in row[-1]


def test_every_row_without_a_score_says_why(ranked: dict[str, dict[str, Any]]) -> None:
    for name in ("poem", "short", "empty", "day"):
        assert ranked[name]["score"] is None
        assert ranked[name]["problem"]
    assert "someday" in ranked["day"]["problem"]
    assert all(ranked[name]["problem"] is None for name in ("one", "again", "battery", "copied"))


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_tables_in_and_out(engine: TechnologyEngine, demo_corpus: Path, tmp_path: Path, ending: str) -> None:
    summary = (EXAMPLES / "endoscopy-reading.ko.txt").read_text("utf-8")
    frame = pl.DataFrame({"과제번호": ["=1+1", "b"], "과제명": ["내시경", "짧음"], "연구 내용": [summary, "짧다"]})
    source, out = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    if ending == "csv":
        frame.write_csv(source)
    elif ending == "parquet":
        frame.write_parquet(source)
    else:
        from ktop.usecases.uploads import write_table

        write_table(frame, source)
    report = rank_file(source, out, engine=lambda: open_corpus(demo_corpus), as_of=DAY, lang="ko")
    assert (report.proposals, report.refused, report.duplicates) == (2, 1, 0)
    assert "2건 가운데 1건에 점수가 있고 1건에는 없습니다" in report.remarks[0]
    from ktop.usecases.uploads import read_table

    found = read_table(out)
    assert found.columns == list(COLUMNS)
    if ending == "csv":  # what a spreadsheet would run is told apart by an apostrophe
        assert found["proposal_id"].to_list()[0] == "'=1+1"


def test_rows_without_a_number_are_counted() -> None:
    rows = proposals_of(pl.DataFrame({"summary": ["a", "b"]}), "t.csv")
    assert [row["id"] for row in rows] == ["1", "2"]


def test_a_table_without_texts_or_too_long_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        proposals_of(pl.DataFrame({"price": [1]}), "t.csv")
    assert refused.value.key == "records.no_proposals"
    with pytest.raises(TooLargeError):
        proposals_of(pl.DataFrame({"text": ["a"] * 5001}), "t.csv")


def test_no_proposals_are_an_empty_table(engine: TechnologyEngine) -> None:
    assert frame_of(rank_rows([], engine)).height == 0


def test_a_table_for_a_page_is_read_from_its_content() -> None:
    assert proposals_in(b"id,text\nx,some words\n", "t.csv")[0]["text"] == "some words"
    for name in ("t.exe", "t.parquet", "t"):
        with pytest.raises(InputError) as refused:
            proposals_in(b"id,text\n1,words\n", name)
        assert (refused.value.key, refused.value.params["path"]) == ("records.unknown_upload", name)


def test_an_uploaded_table_is_called_by_its_own_name_and_held_to_the_limit_of_a_page() -> None:
    with pytest.raises(InputError) as refused:
        proposals_in(b"id,text\n", "C:\\users\\../제안 목록.csv")
    assert (refused.value.key, refused.value.params["path"]) == ("records.proposals_without_rows", "제안 목록.csv")
    with pytest.raises(TooLargeError) as too_many:
        proposals_in(b"id,text\n" + b"1,words\n" * 101, "t.csv")
    assert too_many.value.params["limit"] == 100


def test_numbers_from_a_spreadsheet_stay_whole(tmp_path: Path) -> None:
    from ktop.usecases.uploads import write_table

    path = tmp_path / "t.xlsx"
    write_table(pl.DataFrame({"연번": [7, 8], "기술개요": ["가", "나"]}), path)
    assert [row["id"] for row in proposals_in(path.read_bytes(), "t.xlsx")] == ["7", "8"]


def test_an_id_that_occurs_again_is_told_apart_by_its_row(engine: TechnologyEngine) -> None:
    words = (EXAMPLES / "cervical-cancer-reading.ko.txt").read_text("utf-8")
    given = [{"id": "1", "text": words}, {"id": "1", "text": words}, {"id": "1#2", "text": "x"}]
    rows = {row["proposal_id"]: row for row in rank_rows(given, engine, as_of=DAY)}
    assert set(rows) == {"1", "1#2#2", "1#2"}
    assert rows["1"]["duplicate_of"] == "1#2#2"
    assert rows["1#2#2"]["duplicate_of"] == "1"


@pytest.mark.parametrize("given", ["2020-12-31", "2020.12.31", "2020. 12. 31.", "2020/12/31", "20201231", 20201231.0])
def test_days_are_read_as_people_write_them(engine: TechnologyEngine, given: Any) -> None:
    row = rank_rows([{"id": "1", "text": "x", "before": given}], engine)[0]
    assert "31" not in row["problem"]  # refused for its text, not for its day


def test_a_name_that_no_table_can_have_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for out, key in ((tmp_path / "out.doc", "records.unknown_table"), (tmp_path, "records.unknown_table")):
        with pytest.raises(InputError) as refused:
            rank_file(tmp_path / "none.csv", out, engine=lambda: open_corpus(tmp_path))
        assert refused.value.key == key
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(InputError) as refused:
        rank_file(tmp_path / "none.csv", tmp_path / "out.csv", engine=lambda: open_corpus(tmp_path))
    assert refused.value.key == "records.out_is_folder"


def test_ranking_stops_once_the_client_has_left(engine: TechnologyEngine) -> None:
    given = [{"id": str(k), "title": None, "text": STRANGE} for k in range(5)]
    left, begun = threading.Event(), []

    def progress(done: int, total: int | None, what: str) -> None:
        begun.append(done)
        if done == 1:
            left.set()

    with until(left), pytest.raises(UnavailableError):
        rank_rows(given, engine, as_of=DAY, progress=progress)
    assert begun == [0, 1]


def test_a_technology_is_analysed_and_encoded_once(engine: TechnologyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[str] = []
    of = Question.of.__func__

    def counted(cls: type[Question], text: str, *args: Any) -> Question:
        analysed.append(text)
        return of(cls, text, *args)

    monkeypatch.setattr(Question, "of", classmethod(counted))
    filler = "We are proud to offer the best service to all our valued customers around the world."
    text = STRANGE.replace("tokamak coil", "tokamak coil of a reactor")  # asked by no other test
    rating = rate_technology(engine, f"{text} {filler}", as_of=DAY)
    # scores and neighbour evidence ask by one question, by what of it the field knows, and by its halves
    assert len(analysed) == len(set(analysed)) == 4
    assert "valued customers" not in analysed[0]
    assert "valued customers" not in str(rating.details["novelty"])


def test_titles_above_a_table_of_proposals_are_found_and_told(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("2026년 접수 과제,,\n,,\n번호,과제 개요,비고\n7,자궁경부 세포 판독 방법,\n8,#REF!,\n", "utf-8")
    table, shown = uploaded_table(source.read_bytes(), "list.csv")
    assert [row["id"] for row in proposals_of(table.frame, shown)] == ["7", "8"]
    assert [told.key for told in table.told] == ["tables.header_row"]
    assert sentences(table, "en")[0].startswith("Row 3 was taken for the headings")
