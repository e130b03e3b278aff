"""Proposals ranked: the best first, repeats flagged, and no row stops the rest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.errors import InputError, TooLargeError
from ktop.patents.corpus import Corpus
from ktop.services.rank_proposals import COLUMNS, frame_of, proposals_in, proposals_of, rank_file, rank_rows
from ktop.services.rate_technology import TechnologyEngine, open_corpus

EXAMPLES = Path(__file__).parents[2] / "examples" / "technologies"
DAY = date(2026, 6, 30)
POEM = "산에는 꽃 피네 꽃이 피네 갈 봄 여름 없이 꽃이 피네 산에 산에 피는 꽃은 저만치 혼자서 피어 있네"


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
    assert len(scores) == 4
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, None, None, None, None]
    assert set(rows[0]) == set(COLUMNS)


def test_proposals_that_repeat_one_another_name_each_other(ranked: dict[str, dict[str, Any]]) -> None:
    assert ranked["one"]["duplicate_of"] == "again"
    assert ranked["again"]["duplicate_of"] == "one"
    assert 0.65 <= ranked["one"]["duplicate_similarity"] < 1.0
    assert ranked["battery"]["duplicate_of"] is None


def test_a_copied_patent_is_named(ranked: dict[str, dict[str, Any]]) -> None:
    assert ranked["copied"]["repeats_patent"] == ranked["copied"]["nearest_patent"]
    assert ranked["one"]["repeats_patent"] is None


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
        from ktop.services.records import write_table

        write_table(frame, source)
    report = rank_file(source, out, corpus=demo_corpus, as_of=DAY, lang="ko")
    assert (report.proposals, report.refused, report.duplicates) == (2, 1, 0)
    from ktop.services.records import read_table

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
    with pytest.raises(InputError):
        proposals_in(b"id,text\n", "t.exe")
