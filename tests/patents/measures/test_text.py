"""Text measures against plain loops over all pairs of patents; order, languages, gaps and the index do not matter."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ktop.patents.analysis.text import Analyser
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.indexing import build_index
from ktop.patents.measures import compute_measures
from ktop.patents.measures.definitions import BASELINE_YEARS
from ktop.patents.measures.documents import Documents, current_index
from ktop.patents.measures.formulas import backward_idf, similarity
from ktop.patents.measures.novelty import Entries, Novelty
from ktop.patents.measures.similarity import Similarity, YearTexts

from ..conftest import made_up_records, write_records

TEXT = [
    "backward_similarity",
    "forward_similarity_5y",
    "forward_similarity_10y",
    "text_importance_5y",
    "text_importance_10y",
    "new_terms",
    "new_terms_reuse",
    "new_pairs",
    "new_pairs_reuse",
]


# --- by definition ----------------------------------------------------------------------------------------------------


def similarities(texts: list[tuple[int, str, Counter[str]]]) -> list[dict[str, float | None]]:
    """Return the similarities of texts (year, language, term counts), pair by pair, as the papers define them."""
    found: list[dict[str, float | None]] = []
    for year, language, words in texts:
        same = [(other_year, other) for other_year, spoken, other in texts if spoken == language]
        years = [other_year for other_year, _ in same]

        def idf(at: int, same: list[tuple[int, Counter[str]]] = same) -> dict[str, float] | None:
            before = [other for other_year, other in same if other_year < at]
            if not before:
                return None
            terms = {term for _, other in same for term in other}
            return {term: backward_idf(len(before), sum(term in other for other in before)) for term in terms}

        def has_weight(text: Counter[str], weights: dict[str, float]) -> bool:
            return any(weights[term] > 0 for term in text)

        def mean(
            pairs: list[tuple[Counter[str], dict[str, float] | None]], words: Counter[str] = words
        ) -> float | None:
            values = [
                similarity(words, other, weights)
                for other, weights in pairs
                if weights and has_weight(other, weights) and has_weight(words, weights)
            ]
            return sum(values) / len(values) if values else None

        row: dict[str, float | None] = {}
        row["backward_similarity"] = mean([(other, idf(at)) for at, other in same if year - 5 <= at < year])
        own = idf(year)
        for window in (5, 10):
            ahead = [(other, own) for at, other in same if year < at <= year + window]
            row[f"forward_similarity_{window}y"] = mean(ahead) if year + window <= max(years) else None
            back, forward = row["backward_similarity"], row[f"forward_similarity_{window}y"]
            row[f"text_importance_{window}y"] = forward / back if back and forward is not None else None
        found.append(row)
    return found


def novelty(texts: list[tuple[date, str, set[str], set[str]]]) -> list[dict[str, int | None]]:
    """Return counts of new terms and pairs and of their reuse for texts (day, language, terms, pairs)."""
    found: list[dict[str, int | None]] = []
    for day, language, *sets in texts:
        days = [other_day for other_day, spoken, *_ in texts if spoken == language]
        row: dict[str, int | None] = {}
        for name, place, own in zip(("terms", "pairs"), (2, 3), sets, strict=True):
            new = {term for term in own if not any(term in other[place] for other in texts if other[0] < day)}
            reuse = sum(term in other[place] for term in new for other in texts if other[0] > day)
            known = day.year >= min(days).year + BASELINE_YEARS
            row[f"new_{name}"] = len(new) if known else None
            row[f"new_{name}_reuse"] = reuse if known and day < max(days) else None
        found.append(row)
    return found


def same(value: float | None, expected: float | None) -> bool:
    if value is None or expected is None:
        return value is None and expected is None
    return value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Made-up patents of thirteen years and two languages, without an index."""
    folder = tmp_path_factory.mktemp("texts")
    records = made_up_records(per_theme=24, seed=11)
    later = ("2011-03-01", "A graphene electrode."), ("2013-04-01", "Graphene and the graphene electrode are measured.")
    records += [
        {"id": f"US80000{number}B2", "title": "graphene", "abstract": text, "filed": day}
        for number, (day, text) in enumerate((*later, ("2017-06-01", "The battery has an electrode.")))
    ]
    records += [
        {"id": "US7999001B2", "title": "undated battery", "abstract": "Lithium battery electrode of an unknown day."},
        {"id": "US7999002B2", "title": "0000", "abstract": "1111", "filed": "2010-01-01"},
    ]
    import_paths(folder / "corpus", [write_records(folder / "records.jsonl", records)])
    return Corpus(folder / "corpus")


@pytest.fixture(scope="module")
def measured(corpus: Corpus) -> pl.DataFrame:
    return pl.read_parquet(compute_measures(corpus).file)


def test_every_text_measure_is_what_its_definition_gives_pair_by_pair(corpus: Corpus, measured: pl.DataFrame) -> None:
    analyser = Analyser()
    ids, words, sets = [], [], []
    for row in corpus.patents().collect().iter_rows(named=True):
        if row["known_from"] is None or row["title"] == "0000":
            continue
        language = analyser.language(f"{row['title']}. {row['abstract']}")
        title, text = (analyser.terms_and_pairs(row[name], language) for name in ("title", "abstract"))
        counts = Counter(text[0])
        for term in title[0]:
            counts[term] += 2  # as the index counts titles
        ids.append(row["id"])
        words.append((row["known_from"].year, str(language), counts))
        sets.append((row["known_from"], str(language), {*title[0], *text[0]}, {*title[1], *text[1]}))
    assert {language for _, language, _ in words} == {"ko", "en"}
    found = {row["id"]: row for row in measured.iter_rows(named=True)}
    expected = [a | b for a, b in zip(similarities(words), novelty(sets), strict=True)]
    for patent, row in zip(ids, expected, strict=True):
        for name in TEXT:
            assert same(found[patent][name], row[name]), (patent, name)
    for name in TEXT:
        told = [row[name] for row in expected]
        assert None in told and any(told), f"{name} is tried both known and unknown"


def test_what_has_no_day_or_no_terms_has_no_text_measures(measured: pl.DataFrame) -> None:
    silent = measured.filter(pl.col("id").is_in(["US7999001B2", "US7999002B2"])).select(TEXT)
    assert silent.height == 2 and silent.null_count().row(0) == (2,) * len(TEXT)


def test_the_index_gives_the_same_terms_as_analysing_anew_also_after_patents_were_replaced(
    corpus: Corpus, tmp_path: Path
) -> None:
    copy = tmp_path / "corpus"
    shutil.copytree(corpus.directory, copy)
    build_index(copy)
    later = [
        record | {"abstract": "A wastewater robot searches the channel.", "published": "2019-01-01"}
        for record in made_up_records(per_theme=24, seed=11)[:30]
    ]
    import_paths(copy, [write_records(tmp_path / "later.jsonl", later)])
    assert current_index(Corpus(copy)) is None, "an index of an earlier state is not current"
    stages: set[str] = set()
    by_analysis = compute_measures(Corpus(copy), lambda done, total, stage: stages.add(stage))
    anew = pl.read_parquet(by_analysis.file)
    assert "measures_analysis" in stages and "measures_terms" not in stages
    build_index(copy)
    assert current_index(Corpus(copy)) is not None
    stages.clear()
    compute_measures(Corpus(copy), lambda done, total, stage: stages.add(stage))
    assert "measures_terms" in stages and "measures_analysis" not in stages
    assert_frame_equal(pl.read_parquet(copy / "measures/patents.parquet"), anew, rel_tol=1e-12)


# --- on arrays --------------------------------------------------------------------------------------------------------


@st.composite
def _texts(draw: st.DrawFn) -> list[tuple[int, int, dict[int, int]]]:
    """Texts as (day, language, counts by code), by ascending day."""
    codes = st.dictionaries(st.integers(2, 13), st.integers(1, 5), max_size=6)
    days = st.integers(10_957, 10_957 + 14 * 365)  # from the year 2000
    return sorted(
        draw(st.lists(st.tuples(days, st.sampled_from([1, 2]), codes), min_size=1, max_size=14)),
        key=lambda text: text[0],
    )


def _documents(texts: list[tuple[int, int, dict[int, int]]], numbers: list[int]) -> Documents:
    chosen = [texts[number] for number in numbers]
    return Documents(
        numbers=np.array(numbers, dtype=np.int64),
        languages=np.array([language for _, language, _ in chosen], dtype=np.uint8),
        offsets=np.cumsum([0, *(len(counts) for *_, counts in chosen)]),
        codes=np.array([code for *_, counts in chosen for code in counts], dtype=np.uint32),
        counts=np.array([count for *_, counts in chosen for count in counts.values()], dtype=np.uint8),
    )


def _computed(texts: list[tuple[int, int, dict[int, int]]], batches: list[list[int]], folder: Path) -> dict[str, Any]:
    days = np.array([day for day, *_ in texts], dtype=np.int32)
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int16) + np.int16(1970)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    store, entries = YearTexts(folder, years), Entries(folder, len(texts))
    with entries:
        for batch in batches:
            store.add(_documents(texts, batch))
            entries.add(_documents(texts, batch))
    counted = Novelty(days)
    shared = [counted.count(path, pairs=pairs) for path, pairs in entries.files()]
    vocabulary = np.concatenate([codes[codes & 1 == 0] for codes in shared])
    store.number_terms(vocabulary)
    found = Similarity(store, len(vocabulary), len(texts))
    found.compute(lambda done: None)
    return {"backward": found.backward, **found.forward, "new": counted.new, "reuse": counted.reuse}


@settings(max_examples=150)
@given(_texts(), st.randoms(use_true_random=False))
def test_sums_over_years_equal_all_pairs_in_whatever_order_patents_come(
    tmp_path_factory: pytest.TempPathFactory, texts: list[Any], chance: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "arrays"
    numbers = list(range(len(texts)))
    found = _computed(texts, [numbers], folder)
    singles = [
        (
            (date(1970, 1, 1) + timedelta(days=day)).year,
            str(language),
            Counter({str(code): count for code, count in counts.items() if code % 2 == 0}),
        )
        for day, language, counts in texts
    ]
    for number, row in enumerate(similarities(singles)):
        for name, key in (("backward", "backward"), (5, "forward_5y"), (10, "forward_10y")):
            value = found[name][number]
            expected = row[key.replace("backward", "backward_similarity").replace("forward_", "forward_similarity_")]
            assert same(None if np.isnan(value) else float(value), expected)
            assert np.isnan(value) or -1e-12 <= value <= 1 + 1e-12
    first: dict[int, int] = {}
    users: dict[int, list[int]] = defaultdict(list)
    for day, _, counts in texts:
        for code in counts:
            first.setdefault(code, day)
            users[code].append(day)
    for number, (day, _, counts) in enumerate(texts):
        for row_of, remainder in ((0, 0), (1, 1)):
            new = [code for code in counts if code % 2 == remainder and first[code] == day]
            assert found["new"][row_of, number] == len(new)
            assert found["reuse"][row_of, number] == sum(later > day for code in new for later in users[code])
    chance.shuffle(numbers)
    cut = len(numbers) // 2
    mixed = _computed(texts, [batch for batch in (numbers[:cut], numbers[cut:]) if batch], folder)
    for name, values in found.items():
        np.testing.assert_allclose(mixed[name], values, rtol=1e-12, atol=1e-15)


def test_a_worked_example(tmp_path: Path) -> None:
    """The example of the documentation: three years, one term each that is common, rare and new."""
    common, rare, new = 2, 4, 6
    texts = [(10_957 + 365 * year, 1, counts) for year, counts in ((1, {common: 1}), (2, {common: 1, rare: 1}))]
    texts += [(10_957 + 365 * 3, 1, {rare: 2, new: 1})]
    found = _computed(texts, [[0, 1, 2]], tmp_path / "example")
    # In the second year one patent is earlier; it has the common term (weight log 2/2 = 0) but not the rare and the new
    # ones (log 2/1): the second text is all "rare", and the cosine with the third is 2 / sqrt(2^2 + 1^2).
    assert found["backward"][2] == pytest.approx(2 / 5**0.5)
    assert np.isnan(found["backward"][0]) and np.isnan(found["backward"][1]), "nothing earlier than the first year"
    assert found["new"][0].tolist() == [1, 1, 1]
    assert found["reuse"][0].tolist() == [1, 1, 0]


def test_years_and_files_of_any_size_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    texts: list[Any] = [
        (10_957 + int(day), 1, {int(code): 1 for code in chance.choice(60, size=int(size), replace=False) + 2})
        for day, size in zip(sorted(chance.integers(0, 4_000, 80)), chance.integers(0, 30, 80), strict=True)
    ]
    whole = _computed(texts, [list(range(80))], tmp_path / "whole")
    monkeypatch.setattr("ktop.patents.measures.similarity._TERMS_AT_A_TIME", 40)
    monkeypatch.setattr("ktop.patents.measures.novelty.ENTRIES_AT_A_TIME", 200)
    parts = _computed(texts, [list(range(80))], tmp_path / "parts")
    assert len(list((tmp_path / "parts").glob("entries-*"))) > len(list((tmp_path / "whole").glob("entries-*")))
    for name, values in whole.items():
        np.testing.assert_allclose(parts[name], values, rtol=1e-12, atol=1e-15)
