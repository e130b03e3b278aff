"""Neighbourhoods made by hand or by chance, so that the model can be tested without any corpus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import (
    LabelSets,
    NearestInMeaning,
    Neighbourhood,
    TermStatistics,
    WordPresence,
    day_number,
)
from ktop.domain.technology.summary import Technology
from ktop.models.originality import OriginalityModel, OriginalityReference, build_reference

AS_OF = date(2020, 7, 1)
Maker = Callable[..., Neighbourhood]


def make_neighbourhood(
    seed: int = 0, *, n: int = 40, as_of: date = AS_OF, terms: int = 8, **changes: Any
) -> Neighbourhood:
    """Return a plausible neighbourhood drawn from ``seed``; ``changes`` replace fields."""
    rng = np.random.default_rng(seed)
    today = day_number(as_of)
    similarity = np.sort(rng.beta(3, 9, n) * 0.9)[::-1].astype(np.float64)
    filed = today - rng.integers(30, 3650, n).astype(np.float64)
    vectors = rng.random((n, 6)) ** 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if n else 1.0
    pair = (vectors @ vectors.T * 0.4).astype(np.float32)
    np.fill_diagonal(pair, 1.0)
    df = rng.integers(0, 300, terms)
    df_recent = (df * rng.uniform(0, 0.6, terms)).astype(np.int64)
    names = np.array([f"term {seed} {t}" for t in range(terms)], dtype=object)
    years = np.arange(2005, as_of.year + 1)
    statistics = TermStatistics(
        terms=names,
        weight=np.linspace(1.0, 0.2, terms) if terms else np.zeros(0),
        df=df.astype(np.int64),
        df_recent=df_recent,
        df_previous=((df - df_recent) // 2).astype(np.int64),
        first_day=np.where(df > 0, today - rng.integers(200, 5000, terms), np.nan),
        in_neighbour=rng.random((terms, n)) < rng.uniform(0.05, 0.6, (terms, 1)),
    )
    pairs = np.array([(i, j) for i in range(terms) for j in range(i)], dtype=np.int64).reshape(-1, 2)
    classes = ["A61B", "G06T", "G16H", "H04L", "G06N", "B65G"]
    found = Neighbourhood(
        technology=Technology("a device that reads images and reports the grade of what it finds there", "en", as_of),
        as_of=as_of,
        corpus={"name": "made up", "version": "1", "synthetic": False},
        corpus_size=20_000,
        years=years,
        patents_per_year=np.linspace(900, 1600, len(years)).astype(np.int64),
        patent_ids=np.array([f"US{7000000 + seed * 1000 + i}B2" for i in range(n)], dtype=object),
        titles=np.array([f"Title {i}" for i in range(n)], dtype=object),
        similarity=similarity,
        lexical=similarity * 0.9,
        semantic=similarity + 0.3,
        filing_day=filed,
        language=np.array(["en"] * n, dtype=object),
        classes=LabelSets.of([tuple(rng.choice(classes, rng.integers(1, 3), replace=False)) for _ in range(n)]),
        topics=LabelSets.of([(f"topic {rng.integers(4)}",) for _ in range(n)]),
        applicants=LabelSets.of([(f"firm {rng.integers(12)}",) for _ in range(n)]),
        measures={
            "claims": rng.integers(1, 40, n).astype(np.float64),
            "citations": rng.poisson(2.0, n).astype(np.float64),
        },
        pair_similarity=pair,
        key_terms=statistics,
        text_terms=WordPresence(statistics.terms, statistics.weight, statistics.df, statistics.in_neighbour),
        term_pairs=pairs,
        pair_df=rng.poisson(0.7, len(pairs)).astype(np.int64),
        in_meaning=NearestInMeaning(
            cosine=np.sort(rng.uniform(0.2, 0.8, 2 * n))[::-1].astype(np.float64),
            filing_day=today - rng.integers(30, 365 * (as_of.year - 2004), 2 * n).astype(np.float64),
            topic=rng.integers(0, 4, 2 * n),
        ),
        background=np.sort(rng.beta(1.2, 20, 500)),
        copied=np.full(n, 0.2),
    )
    # drawn last, so that the draws above stay what they were
    among = np.clip(0.5 + rng.normal(0.0, 0.05, 2 * n), -1.0, 1.0)
    found = replace(
        found,
        in_meaning=replace(found.in_meaning, among=among),
        field_use=np.clip(df / 20_000 * rng.uniform(1.0, 6.0, terms) + 0.01, 0.0, 1.0),
    )
    return replace(found, **changes)


@pytest.fixture(scope="session")
def make() -> Maker:
    """The function that makes neighbourhoods."""
    return make_neighbourhood


@pytest.fixture
def neighbourhood() -> Neighbourhood:
    return make_neighbourhood(1)


@pytest.fixture(scope="session")
def reference() -> OriginalityReference:
    """A table of 240 reference patents, filed over eight years."""

    def of(patent_id: str) -> Neighbourhood:
        seed = int(patent_id)
        return make_neighbourhood(seed, as_of=date(2012 + seed % 8, 1 + seed % 12, 1 + seed % 28))

    return build_reference(of, [str(seed) for seed in range(100, 340)], seed=5)


@pytest.fixture(scope="session")
def model(reference: OriginalityReference) -> OriginalityModel:
    return OriginalityModel(reference)
