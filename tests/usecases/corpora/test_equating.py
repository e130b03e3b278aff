"""The languages of a technology are equated where the corpus has patents in one of them only."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from ktop import catalogue
from ktop.domain.technology.neighbourhood import day_of
from ktop.models.originality.measures import measure_values
from ktop.patents.engine.index import PatentIndex
from ktop.usecases.corpora.corpus import import_patents, index_patents
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.corpora.equating import EQUATING_FILE, is_needed, load_equating, main_language
from ktop.usecases.corpora.reference import load_reference, of_version
from ktop.usecases.technologies.rating import technology_of

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
    assert (corpus / of_version(EQUATING_FILE, None)).is_file(), "the first rating need not wait for it"
    return open_corpus(corpus)


def test_the_lines_between_the_languages_are_made_once_and_named(english: TechnologyEngine) -> None:
    equating, folder = english.model.equating, english.index.layout.directory
    assert equating is not None
    assert equating.language == main_language(english.index) == "en"
    assert english.model.version.endswith(f".{equating.digest}")
    made = (folder / of_version(EQUATING_FILE, None)).stat().st_mtime_ns
    again = open_corpus(folder).model.equating
    assert again is not None
    assert again.digest == equating.digest
    assert (folder / of_version(EQUATING_FILE, None)).stat().st_mtime_ns == made


def test_lines_are_used_only_with_the_summaries_they_were_made_of(
    english: TechnologyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = english.index.layout.directory
    reference = load_reference(folder, english.index)
    assert reference is not None and load_equating(folder, english.index, reference) is not None
    monkeypatch.setitem(SUMMARIES[0], "ko_again", "다른 요약이다.")
    assert load_equating(folder, english.index, reference) is None


def test_equating_takes_measures_of_the_other_language_nearer(english: TechnologyEngine) -> None:
    """Of every measure that is moved the squared difference falls, over the technologies that the lines are made of."""
    lines = english.model.equating
    assert lines is not None
    days = np.asarray(english.index.tables.days)
    day = day_of(int(days.max())) + timedelta(days=1)
    own, other = (
        [measure_values(english.neighbourhood(technology_of(summary[lang], day))) for summary in SUMMARIES]
        for lang in ("en", "ko")
    )
    moved = [n for n, slope, at in zip(lines.names, lines.slope, lines.intercept, strict=True) if (slope, at) != (1, 0)]
    assert moved
    before, after = np.zeros(len(moved)), np.zeros(len(moved))
    for english_values, korean_values in zip(own, other, strict=True):
        equated = lines.apply(korean_values, "ko")
        before += [np.square(korean_values[name] - english_values[name]) for name in moved]
        styled = lines.apply(english_values, "en")  # the style of summaries is equated in both languages
        after += [np.square(equated[name] - styled[name]) for name in moved]
    # the lines are made of a second wording, too, so that a few may miss here
    assert np.mean(after < before) > 0.7 and np.mean(np.log(after / before)) < -0.3


def test_a_corpus_of_both_languages_needs_none(demo_corpus: Path) -> None:
    assert not is_needed(PatentIndex(demo_corpus))
    assert open_corpus(demo_corpus).model.equating is None
