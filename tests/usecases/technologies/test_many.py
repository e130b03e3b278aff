"""Tables of technologies: a row each whatever happens, the same rows however many processes work."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.errors import InputError, UnavailableError
from ktop.usecases.technologies import many as score_technologies
from ktop.usecases.technologies.many import score_queries, without_score

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "technologies"

POEM = (
    "Grandmother sang of swallows over the orchard wall, of honey on warm bread and the quarrel of two brothers who "
    "forgave each other at her table before the bells of evening rang across the sleepy valley."
)


def test_why_some_have_no_score_is_counted() -> None:
    assert without_score([None, None], "en") == ()
    (told,) = without_score(["far", None, "short", "far", "a", "b"], "en")
    assert told == "With a score: 1 of 6. Without: 5. Why: 2 × far 1 × short 1 × a …"


def test_a_table_of_technologies(demo_corpus: Path, tmp_path: Path) -> None:
    body = (EXAMPLES / "solid-state-battery-diagnosis.en.txt").read_text("utf-8")
    queries = pl.DataFrame(
        {
            "query_id": ["a", "b", "c"],
            "text": [body, "too short", POEM],
            "before": [date(2018, 1, 1), None, None],
            "exclude": [["ZZ1"], [], []],
        }
    )
    queries.write_parquet(tmp_path / "q.parquet")
    report = score_queries(tmp_path / "q.parquet", tmp_path / "r.parquet", corpus=lambda: demo_corpus)
    assert (report["queries"], report["refused"]) == (3, 2)
    (told,) = report["remarks"]
    assert "3건 가운데 1건에 점수가 있고 2건에는 없습니다" in told
    for problem in pl.read_parquet(tmp_path / "r.parquet")["problem"].drop_nulls():
        assert f"1 × {problem}" in told
    found = pl.read_parquet(tmp_path / "r.parquet")
    assert found.columns[:9] == [
        *("query_id", "core", "originality", "value", "spillover", "score", "grade", "density", "ocean")
    ]
    assert found["score"].to_list()[0] is not None
    assert found["problem"].to_list()[0] is None and all(found["problem"].to_list()[1:])
    assert found["score"].to_list()[2] is None and "비교할 만한" in found["problem"].to_list()[2]


def test_the_rows_do_not_depend_on_the_number_of_processes(
    demo_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [file.read_text("utf-8") for file in sorted(EXAMPLES.glob("*.txt"))]
    asked = [texts[i % len(texts)] + f" {i}" for i in range(7)] + ["too short"]
    queries = pl.DataFrame({"query_id": [str(i) for i in range(8)], "text": asked})
    queries.write_parquet(tmp_path / "q.parquet")
    score_queries(tmp_path / "q.parquet", tmp_path / "one.parquet", corpus=lambda: demo_corpus, workers=1)
    monkeypatch.setattr(score_technologies, "TOGETHER", 2)
    monkeypatch.setattr(score_technologies, "_WORTH_A_WORKER", 4)
    score_queries(tmp_path / "q.parquet", tmp_path / "two.parquet", corpus=lambda: demo_corpus, workers=2)
    assert pl.read_parquet(tmp_path / "one.parquet").equals(pl.read_parquet(tmp_path / "two.parquet"))


def test_a_lost_worker_is_told_in_one_sentence_and_leaves_nothing(
    demo_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (EXAMPLES / "solid-state-battery-diagnosis.en.txt").read_text("utf-8")
    queries = pl.DataFrame({"query_id": ["1", "2", "3"], "text": [words] * 3})
    queries.write_parquet(tmp_path / "q.parquet")
    monkeypatch.setattr(score_technologies, "TOGETHER", 1)
    monkeypatch.setattr(score_technologies, "_WORTH_A_WORKER", 1)
    monkeypatch.setattr(
        score_technologies, "_open", os.abort
    )  # it takes no argument: a worker that cannot start is lost, too
    with pytest.raises(UnavailableError) as lost:
        score_queries(tmp_path / "q.parquet", tmp_path / "r.parquet", corpus=lambda: demo_corpus, workers=2)
    assert lost.value.key == "patents.worker_lost"
    assert [path.name for path in tmp_path.iterdir()] == ["q.parquet"]


def test_the_result_is_a_parquet_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        score_queries(tmp_path / "q.parquet", tmp_path / "r.csv", corpus=lambda: tmp_path)
