"""Key terms: noun phrases that say what a text is about, and what the corpus knows of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import day_number
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.keyterms import KeyTerm, key_terms
from ktop.patents.neighbours.term_statistics import EarlierPatents, parts_of

KOREAN = "리튬 전지의 전극과 전해질에 관한 기술로, 나노입자를 코팅한 분리막으로 전지의 용량을 높이는 방법을 제공한다."
ENGLISH = "The present invention provides a method in which a wireless base station measures the antenna interference."


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


def terms_of(index: PatentIndex, text: str, before: date | None = None, n: int = 20) -> list[KeyTerm]:
    earlier = EarlierPatents(index, None if before is None else day_number(before), np.empty(0, dtype=np.int64))
    return key_terms(index, index.question(text), earlier, n)


def test_phrases_and_words_of_the_text(index: PatentIndex) -> None:
    korean = [term.term for term in terms_of(index, KOREAN)]
    assert {"리튬 전지", "전해질", "분리막"} <= set(korean)
    assert not {"기술", "방법", "제공"} & set(korean), "generic words are no key terms alone"
    english = [term.term for term in terms_of(index, ENGLISH)]
    assert "wireless base station" in english
    assert not {"method", "invention", "present"} & set(english)


def test_best_first_and_no_more_than_asked(index: PatentIndex) -> None:
    found = terms_of(index, KOREAN, n=6)
    assert len(found) == 6
    assert [term.score for term in found] == sorted((term.score for term in found), reverse=True)
    assert len({term.index_term for term in found}) == 6


def test_no_two_phrases_from_one_place(index: PatentIndex) -> None:
    phrases = [set(term.index_term.split("_")) for term in terms_of(index, KOREAN) if "_" in term.index_term]
    assert all(len(one & other) < 2 for i, one in enumerate(phrases) for other in phrases[:i])


def test_a_term_counts_patents_of_both_languages(index: PatentIndex) -> None:
    (term,) = [term for term in terms_of(index, KOREAN) if term.term == "전해질"]
    assert term.counterparts[0] == "electrolyt"
    languages = set(np.asarray(index.tables.language)[term.docs].tolist())
    assert languages == {1, 2}


def test_only_earlier_patents_count(index: PatentIndex) -> None:
    day = date(2009, 1, 1)
    everything = {term.term: term for term in terms_of(index, KOREAN)}
    early = {term.term: term for term in terms_of(index, KOREAN, before=day)}
    for name in everything.keys() & early.keys():
        assert set(early[name].docs) <= set(everything[name].docs)
        assert (np.asarray(index.tables.day)[early[name].docs] < day_number(day)).all()
        first = early[name].first_day
        assert first is None or first < day_number(day)


def test_a_text_without_nouns_has_no_key_terms(index: PatentIndex) -> None:
    assert terms_of(index, "of the and with from") == []


def test_a_term_of_three_words_is_two_pairs() -> None:
    assert parts_of("base") == ["base"]
    assert parts_of("base_station") == ["base_station"]
    assert parts_of("wireless_base_station") == ["wireless_base", "base_station"]
