"""Weights learned from a corpus: what counts as known when, and what a small or citation-free corpus does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.domain.technology.neighbourhood import day_number
from ktop.models.originality import Weights, released
from ktop.usecases.corpora.engine import WEIGHTS_FILE, weights_in_force
from ktop.usecases.training.originality_data import applicant_key, later_citations, training_table
from ktop.usecases.training.originality_training import learn_from, logits_of, outcomes_in, train_weights

pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def table(demo_corpus: Path) -> pl.DataFrame:
    return training_table(demo_corpus, 120)


def test_the_table_is_made_once_and_says_what_each_row_stands_for(table: pl.DataFrame, demo_corpus: Path) -> None:
    assert training_table(demo_corpus, 120).equals(table)
    assert table["drawn"].sum() >= 100
    from ktop.patents.engine.index import PatentIndex

    dated = len(PatentIndex(demo_corpus).tables.dated_docs())
    assert table["weight"].sum() == pytest.approx(dated - 300, rel=0.1)


def test_citing_patents_are_later_and_of_another_family(demo_corpus: Path) -> None:
    from ktop.patents.corpus.corpus import Corpus

    found = later_citations(Corpus.open(demo_corpus))
    days = dict(
        Corpus.open(demo_corpus).patents().select("id", pl.col("known_from").dt.epoch("d")).collect().iter_rows()
    )
    assert found
    for cited, citing in found.items():
        assert min(citing) > days[cited] and citing == sorted(citing)


def test_nothing_after_the_day_is_known(table: pl.DataFrame) -> None:
    rows = table.with_columns(citing_days=pl.concat_list(pl.col("day") + 100, pl.col("day") + 3000))
    rows = pl.concat([rows] * 3)  # enough rows a year for a top to exist
    years, drawn = np.zeros(rows.height, dtype=np.int64), np.ones(rows.height, dtype=bool)
    until = int(rows["day"].median())  # type: ignore[arg-type]
    known = outcomes_in(rows, years, drawn, until)
    late = rows["day"].to_numpy() + 3 * 365 > until
    for name in ("reuse", "spread", "follow"):
        assert np.isnan(known[name][late]).all()
    early = day_number(date(1900, 1, 1))
    assert np.isnan(outcomes_in(rows, years, drawn, early)["cited"]).all()


def test_a_corpus_without_enough_events_keeps_the_released_weights(table: pl.DataFrame) -> None:
    found = learn_from(table.with_columns(citing_days=pl.lit([], dtype=pl.List(pl.Int64))), name="made up")
    assert "cited" in found.kept
    logits, _, _ = logits_of(table)
    assert logits.shape == (table.height, len(released().shares))


def test_weights_in_the_corpus_folder_are_in_force(demo_corpus: Path, tmp_path: Path, few_wordings: None) -> None:
    report = train_weights(demo_corpus, tmp_path / WEIGHTS_FILE, patents=120)
    assert report["patents"] >= 100
    assert weights_in_force(tmp_path).digest == Weights.load(tmp_path / WEIGHTS_FILE).digest
    (tmp_path / WEIGHTS_FILE).unlink()
    assert weights_in_force(tmp_path) is released()


def test_spellings_of_an_applicant_are_one() -> None:
    assert applicant_key(["CommVault Systems, Inc."]) == applicant_key(["COMMVAULT SYSTEMS INC"])
    assert applicant_key(["주식회사 한빛"]) == applicant_key(["(주)한빛"]) == "한빛"
    assert applicant_key([]) is None and applicant_key(["Inc."]) is None
