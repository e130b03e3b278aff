"""Key terms as shown: whole phrases ranked against the corpus, with what the corpus can say of each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbour_evidence import ShownTerm
from ktop.domain.technology.summary import Technology
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.neighbourhood import neighbourhood
from ktop.patents.neighbours.shown_terms import phrase_counts, rank, shown_terms
from ktop.patents.neighbours.term_statistics import EarlierPatents

DAY = date(2020, 1, 1)
TEXT = "A wireless base station measures antenna interference. Antenna interference shakes a foldable zeppelin mast."


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


def shown(index: PatentIndex, text: str, title: str | None = None) -> list[ShownTerm]:
    technology = Technology.from_text(f"{title}\n{text}" if title else text, DAY, title=title)
    found = neighbourhood(index, technology)
    question = index.question(technology.text, technology.language, technology.title)
    return list(shown_terms(index, found, question))


def test_whole_phrases_are_shown_the_best_first(index: PatentIndex) -> None:
    found = shown(index, TEXT)
    names = [term.term for term in found]
    assert {"wireless base station", "antenna interference", "foldable zeppelin mast"} <= set(names)
    assert "station" not in names, "parts of a phrase are not shown beside it"
    assert [term.weight for term in found] == sorted((term.weight for term in found), reverse=True)
    assert found[0].weight == 1.0


def test_numbers_are_those_of_the_earlier_patents(index: PatentIndex) -> None:
    by_name = {term.term: term for term in shown(index, TEXT)}
    known, new = by_name["antenna interference"], by_name["foldable zeppelin mast"]
    docs = EarlierPatents(index, 18262, np.empty(0, dtype=np.int64)).docs("antenna_interfer")
    assert known.patents == len(docs) > 0
    assert not known.new
    assert known.first_year is not None and known.first_year < 2020
    assert 0 <= (known.recent or 0) + (known.previous or 0) <= known.patents
    assert 0 < (known.similar_patents or 0) <= known.patents
    assert (new.patents, new.first_year, new.similar_patents, new.new) == (0, None, 0, True)


def test_the_title_counts_twice(index: PatentIndex) -> None:
    technology = Technology(text="The mast carries a lamp.", language="en", as_of=DAY, title="Zeppelin mast")
    counted = phrase_counts(index, technology)
    assert dict(counted.values()) == {"zeppelin mast": 2, "mast": 1, "lamp": 1}


def test_a_phrase_that_no_patent_has_is_as_rare_as_its_words(index: PatentIndex) -> None:
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))
    common = {("batteri", "antenna"): ("battery antenna", 1), ("zeppelin", "mast"): ("zeppelin mast", 1)}
    telling, chance = rank(common, True, {}, earlier)
    assert (telling.surface, chance.surface) == ("zeppelin mast", "battery antenna")
    assert telling.score > chance.score > 0.0


def test_what_the_corpus_cannot_know_is_left_open(index: PatentIndex) -> None:
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))
    counted = {("전지",): ("전지", 1), ("안테나",): ("안테나", 1)}
    translated = rank(counted, False, {"전지": ("batteri",)}, earlier)
    assert [phrase.surface for phrase in translated] == ["안테나", "전지"], "a word without a counterpart is not common"
    assert ShownTerm("안테나", 1.0).new is False


def test_korean_terms_count_patents_of_both_languages(index: PatentIndex) -> None:
    (term,) = [
        t for t in shown(index, "리튬 전지의 전해질에 관한 기술로, 전해질을 분리막에 코팅한다.") if t.term == "전해질"
    ]
    assert (term.patents or 0) > 0


def test_a_text_without_nouns_has_no_terms(index: PatentIndex) -> None:
    assert phrase_counts(index, Technology(text="Then it is so.", language="en", as_of=DAY)) == {}
    assert rank({}, True, {}, EarlierPatents(index, None, np.empty(0, dtype=np.int64))) == []
