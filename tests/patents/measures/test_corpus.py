"""Measuring whole corpora: outside references, interruptions, limits of memory, odd folder names, population norms."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ktop.kernel.errors import UnavailableError
from ktop.patents.corpus.corpus import Corpus, corpus_lock
from ktop.patents.corpus.database import Database, database
from ktop.patents.corpus.importing import import_paths
from ktop.patents.measures import citation, compute_measures, measure

from ..conftest import made_up_records, write_records


def corpus_of(folder: Path, records: list[dict[str, Any]]) -> Corpus:
    folder.parent.mkdir(parents=True, exist_ok=True)
    import_paths(folder, [write_records(folder.parent / "records.jsonl", records)])
    return Corpus(folder)


def measured(corpus: Corpus, **limits: int) -> dict[str, dict[str, Any]]:
    found = pl.read_parquet(compute_measures(corpus, **limits).file)
    return {row["id"]: row for row in found.iter_rows(named=True)}


def test_references_outside_the_corpus_count_in_disruption(tmp_path: Path) -> None:
    records = [
        {"id": "US7000001", "title": "focal", "filed": "2001-01-01", "cites": ["JP5555555"]},
        {"id": "US7000002", "title": "both", "filed": "2002-01-01", "cites": ["US7000001B2", "JP5555555"]},
        {"id": "US7000003", "title": "passed over", "filed": "2003-01-01", "cites": ["JP5555555"]},
        {"id": "US7000004", "title": "late", "filed": "2010-01-01", "cites": ["JP1111111"]},
    ]
    found = measured(corpus_of(tmp_path / "corpus", records))
    assert found["US7000001"]["disruption_5y"] == pytest.approx(-1 / 2)
    assert found["US7000002"]["backward_citations"] == 2
    assert found["US7000004"]["disruption_5y"] is None, "its five years are not over"


def test_a_corpus_without_citations_or_text_has_nulls_and_no_zeros(tmp_path: Path) -> None:
    records = [
        {"id": f"US700000{n}", "title": "3333", "filed": f"200{n}-01-01", "ipc": ["G06F1/00"]} for n in range(1, 9)
    ]
    found = measured(corpus_of(tmp_path / "corpus", records))
    known = {"id", "year", "field", "scope"}
    for row in found.values():
        assert {name for name, value in row.items() if value is not None} == known


def test_results_do_not_depend_on_threads_memory_workers_or_the_name_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = made_up_records(per_theme=8, seed=3)
    plain = corpus_of(tmp_path / "plain", records)
    odd = tmp_path / "it's year=1 of {corpus}"
    shutil.copytree(plain.directory, odd)
    first = pl.read_parquet(compute_measures(plain).file)
    again = compute_measures(Corpus(odd), memory_mb=200, threads=3)
    monkeypatch.setattr(citation, "PATENTS_AT_A_TIME", 40)
    monkeypatch.setattr(citation, "PAIRS_AT_A_TIME", 30)
    tasks = []
    year_ends = first.group_by("year").agg(pl.len()).sort("year")["len"].cum_sum().to_list()

    def in_order(work: Any, parts: Any, workers: int) -> Iterator[Any]:
        for part in parts:
            tasks.append(part)
            work(part)  # whoever did it was lost, and another one does it again
            yield work(part)

    dealt = compute_measures(Corpus(tmp_path / "plain"), memory_mb=200, workers=2, in_order=in_order)
    assert pl.read_parquet(dealt.file).equals(first)
    assert len(tasks) >= 6
    lasts = [int(task.query.partition("BETWEEN")[2].split()[2]) for task in tasks if "FROM citing JOIN" in task.query]
    assert len(lasts) >= 2 and {last + 1 for last in lasts} <= set(year_ends)  # whole years of filing
    assert not list((tmp_path / "plain" / "measures").glob(".work*"))
    assert pl.read_parquet(again.file, glob=False).equals(first)
    assert not (odd / "measures" / ".work").exists()


@pytest.mark.parametrize("stage", ["measures_sql", "measures_analysis", "measures_similarity", "measures_writing"])
def test_an_interruption_leaves_the_old_measures_whole_and_nothing_else(tmp_path: Path, stage: str) -> None:
    corpus = corpus_of(tmp_path / "corpus", made_up_records(per_theme=3))
    old = compute_measures(corpus).file.read_bytes()
    import_paths(corpus.directory, [write_records(tmp_path / "more.jsonl", made_up_records(per_theme=5, seed=2)[-9:])])

    def interrupt(done: int, total: int | None, what: str) -> None:
        if what == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_measures(Corpus(corpus.directory), interrupt)
    folder = corpus.directory / "measures"
    assert sorted(path.name for path in folder.iterdir()) == ["patents.json", "patents.parquet"]
    assert (folder / "patents.parquet").read_bytes() == old
    assert json.loads((folder / "patents.json").read_text())["corpus_version"] == corpus.version


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", made_up_records(per_theme=2))
    left = corpus.directory / "measures" / ".work" / "texts-1-2005-codes.bin"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half of something")
    (left.parent / "work.duckdb").write_bytes(b"no database")
    assert compute_measures(corpus).patents == len(corpus)
    assert not left.parent.exists()


def test_nobody_measures_a_corpus_that_is_being_written(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", made_up_records(per_theme=1))
    with corpus_lock(corpus.directory), pytest.raises(UnavailableError) as told:
        compute_measures(corpus)
    assert told.value.key == "patents.corpus_busy"


def test_too_little_memory_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as told, database(tmp_path, memory_mb=20) as db:
        db.value("SELECT len(list(range)) FROM range(20_000_000)")
    assert (told.value.key, told.value.params) == ("patents.measures_memory", {"megabytes": 20})
    assert list(tmp_path.iterdir()) == []


def test_sorting_more_than_fits_into_memory_spills_and_clears_away(tmp_path: Path) -> None:
    with database(tmp_path, memory_mb=60) as db:
        db.run("CREATE TABLE t AS SELECT hash(range) AS x, range::VARCHAR AS y FROM range(3_000_000)")
        assert db.value("SELECT count(*) FROM (SELECT x, y FROM t ORDER BY y, x OFFSET 10)") == 2_999_990
    assert list(tmp_path.iterdir()) == []


# --- against the population of US patents -------------------------------------------------------------------------


@pytest.fixture
def norms(shared_data: Path) -> Iterator[Path]:
    yield shared_data / "patents" / "us_population_norms"


def facts(**columns: Any) -> list[pl.Expr]:
    """Return the columns that ``measure`` needs; what is not given is unknown."""
    blank: dict[str, Any] = {
        "publication_date": pl.lit(None, pl.Date),
        "family": pl.lit(None, pl.String),
        "claims": pl.lit(None, pl.Int32),
        "literature": pl.lit(0, pl.Int32),
        "classes": pl.lit([], pl.List(pl.String)),
    }
    return [expression.alias(name) for name, expression in (blank | columns).items()]


@pytest.mark.real_data
def test_backward_citations_of_a_sample_grow_as_those_of_all_us_patents(shared_data: Path, norms: Path) -> None:
    """Granted patents of 1976 to 2004; later the sample cites applications and foreign patents the norms leave out."""
    sample = pl.read_parquet(shared_data / "patents" / "us_bigquery_10k" / "patents.parquet").filter(
        pl.col("kind_code").is_in(["A", "B1", "B2"]), pl.col("pub_year_est").is_between(1976, 2004)
    )
    day = pl.date(pl.col("pub_year_est").cast(pl.Int32), 7, 1)
    patents = sample.select(facts(id=pl.col("publication_number"), known_from=day))
    citations = sample.select(citing_id="publication_number", cited_id="cites").explode("cited_id")
    citations = citations.drop_nulls("cited_id").with_columns(
        cited_id=pl.when(pl.col("cited_id").is_in(sample["publication_number"].implode())).then("cited_id")
    )
    found = measure(patents, citations)
    assert found["backward_citations"].sum() == citations.height
    everyone = pl.read_parquet(norms / "chapter6__citations_per_year.parquet").with_columns(
        pl.col("year").cast(pl.Int32)
    )
    by_period = (
        found.join(everyone, on="year")
        .group_by(period=pl.col("year") // 5 * 5)
        .agg(pl.col("backward_citations", "avg_citations").mean(), median=pl.col("backward_citations").median())
        .sort("period")
    )
    ratio = by_period["backward_citations"] / by_period["avg_citations"]
    assert by_period.height == 6 and ratio.is_between(0.95, 1.35).all(), by_period
    assert by_period["backward_citations"].is_sorted(), "citations per patent have grown from period to period"


@pytest.mark.real_data
def test_originality_and_generality_of_sections_lie_where_the_population_lies(shared_data: Path, norms: Path) -> None:
    """Few citations stay within the sample, so Hall's correction is compared with norms of ten and more citations."""
    sample = pl.read_parquet(shared_data / "patents" / "nus_retrieval_2244" / "patents.parquet").with_columns(
        id=pl.col("patent_number").str.replace(r"(\d)[A-Z]\d?$", "${1}")
    )
    sample = sample.unique("id", keep="first", maintain_order=True)
    filed = pl.col("application_date").str.to_date(strict=False)
    sections = pl.col("ipc").list.eval(pl.element().str.slice(0, 1)).list.unique(maintain_order=True)
    patents = sample.select(facts(id=pl.col("id"), known_from=filed, classes=sections))
    citations = sample.select(citing_id="id", cited_id="cites").explode("cited_id").drop_nulls().unique()
    citations = citations.with_columns(
        cited_id=pl.when(pl.col("cited_id").is_in(sample["id"].implode())).then("cited_id")
    )
    found = measure(patents, citations.filter(pl.col("citing_id").ne_missing(pl.col("cited_id"))))
    population = pl.read_parquet(norms / "computed__originality_generality_filtered.parquet").filter(
        pl.col("threshold") == "gte10", pl.col("year").is_between(1990, 2010)
    )
    for name in ("originality", "generality"):
        values = found[f"{name}_corrected"].drop_nulls()
        mean, typical = values.mean(), population[f"avg_{name}"].mean()
        assert len(values) > 50 and isinstance(mean, float) and isinstance(typical, float)
        assert abs(mean - typical) < 0.06, (name, mean, typical)


@pytest.mark.parametrize("place", ["connect", "write"])
def test_a_full_disk_is_one_sentence_and_leaves_the_old_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    corpus = corpus_of(tmp_path / "corpus", made_up_records(per_theme=2))
    old = compute_measures(corpus).file.read_bytes()

    def full(*_: Any, **__: Any) -> Any:
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    with monkeypatch.context() as patch:
        if place == "connect":
            patch.setattr(duckdb, "connect", full)
        else:
            patch.setattr(Database, "write", full)
        with pytest.raises(UnavailableError) as caught:
            compute_measures(Corpus(corpus.directory))
    assert caught.value.key == "patents.measures_disk"
    folder = corpus.directory / "measures"
    assert {path.name for path in folder.iterdir()} == {"patents.parquet", "patents.json"}
    assert (folder / "patents.parquet").read_bytes() == old
