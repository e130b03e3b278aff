"""The languages of a technology are equated where the corpus has patents in one of them only."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from ktop import catalogue
from ktop.patents.index import PatentIndex
from ktop.services.equating import EQUATING_FILE, is_needed, main_language
from ktop.services.patents import import_patents, index_patents
from ktop.services.rate_technology import TechnologyEngine, open_corpus, technology_of

SUMMARIES = catalogue.load("patents/bilingual_summaries")


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> TechnologyEngine:
    """A corpus of English patents only: sentences of the summaries, mixed by chance."""
    folder = tmp_path_factory.mktemp("english")
    sentences = [s for summary in SUMMARIES for key in ("en", "en_again") for s in summary[key].split(". ")]
    chance = np.random.Generator(np.random.PCG64(3))
    lines = []
    for number in range(420):
        text = ". ".join(chance.choice(sentences, 3))
        filed = date(2010, 1, 1) + timedelta(days=5 * number)
        lines.append(
            json.dumps(
                {
                    "publication_number": f"US{9000000 + number}B2",
                    "title": text[:60],
                    "abstract": text,
                    "filing_date": filed.isoformat(),
                    "assignee": f"Company {number % 17}",
                }
            )
        )
    (folder / "patents.jsonl").write_text("\n".join(lines), encoding="utf-8")
    corpus = folder / "corpus"
    import_patents([folder / "patents.jsonl"], corpus)
    index_patents(corpus, workers=1)
    assert (corpus / EQUATING_FILE).is_file(), "the first rating need not wait for it"
    return open_corpus(corpus)


def test_the_lines_between_the_languages_are_made_once_and_named(english: TechnologyEngine) -> None:
    equating, folder = english.model.equating, english.index.layout.directory
    assert equating is not None
    assert equating.language == main_language(english.index) == "en"
    assert english.model.version.endswith(f".{equating.digest}")
    made = (folder / EQUATING_FILE).stat().st_mtime_ns
    again = open_corpus(folder).model.equating
    assert again is not None
    assert again.digest == equating.digest
    assert (folder / EQUATING_FILE).stat().st_mtime_ns == made


def test_equating_brings_the_languages_nearer_on_average(english: TechnologyEngine) -> None:
    day = date(2016, 1, 1)
    gaps: dict[bool, list[float]] = {True: [], False: []}
    lines = english.model.equating
    for summary in SUMMARIES[:8]:
        told = {lang: english.neighbourhood(technology_of(summary[lang], day)) for lang in ("ko", "en")}
        for equated in gaps:
            english.model.equating = lines if equated else None
            z = {lang: english.model.score(found).placed for lang, found in told.items()}
            if z["ko"] is not None and z["en"] is not None:
                gaps[equated].append(z["ko"].z["score"] - z["en"].z["score"])
    english.model.equating = lines
    assert len(gaps[True]) >= 4
    assert np.mean(np.abs(gaps[True])) < np.mean(np.abs(gaps[False]))


def test_a_corpus_of_both_languages_needs_none(demo_corpus: Path) -> None:
    assert not is_needed(PatentIndex(demo_corpus))
    assert open_corpus(demo_corpus).model.equating is None
