"""What the nearest patents say of each feature, in one language and across two."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbour_evidence import Overlap
from ktop.domain.technology.summary import Technology
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.neighbourhood import neighbourhood
from ktop.patents.neighbours.overlap import _met, _Word, copied_share, overlap, texts_of

DAY = date(2016, 1, 1)


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


def looked_at(index: PatentIndex, text: str, title: str | None = None) -> tuple[Overlap | None, list[str]]:
    technology = Technology.from_text(text, DAY, title)
    found = neighbourhood(index, technology, size=30)
    question = index.question(technology.text, technology.language)
    return overlap(index, found, question), [str(name) for name in found.patent_ids]


def test_a_patent_is_found_whole_in_itself(index: PatentIndex, small_corpus: Path) -> None:
    patent = next(
        p for p in Corpus.open(small_corpus).get([index.patent_id(i) for i in range(40)]).values() if p.language == "en"
    )
    found, ids = looked_at(index, f"{patent.title}. {patent.abstract}")
    assert found is not None
    own = next(near for near in found.near if ids[near.position] == patent.id)
    assert [match.score for match in own.matches] == pytest.approx([1.0] * len(found.features))
    assert all(match.sentence in f"{patent.title}. {patent.abstract}" for match in own.matches)


def test_what_no_patent_says_is_not_found(index: PatentIndex) -> None:
    new = "A zirconium electrode on a Quokka whisker drives a xylophone motor beneath an umbrella valve."
    found, _ = looked_at(
        index, f"A medical image of a patient is segmented to find cancer lesions in the tissue. {new}"
    )
    assert found is not None
    place = next(i for i, feature in enumerate(found.features) if "Quokka" in feature)
    assert max(near.matches[place].score for near in found.near) < 0.3
    assert found.weights.sum() == pytest.approx(1.0)


def test_the_title_is_no_feature(index: PatentIndex) -> None:
    title, body = "Medical image cancer lesion finder", "The tissue of a patient is segmented to find tumor lesions."
    titled, _ = looked_at(index, f"{title}. {body}", title)
    assert titled is not None
    assert titled.features == (body,)
    untitled, _ = looked_at(index, f"{title}. {body}")
    assert untitled is not None
    assert len(untitled.features) == 2


def test_patents_of_the_other_language_are_met_by_counterparts(index: PatentIndex) -> None:
    technology = Technology.from_text(
        "환자의 의료 영상을 분할하여 조직의 암 병변과 종양을 찾아내고 진단 결과를 의사에게 알려 주는 기술이다.", DAY
    )
    found = neighbourhood(index, technology, size=30)
    looked = overlap(index, found, index.question(technology.text, "ko"), nearest=30)
    assert looked is not None
    foreign = [near for near in looked.near if found.language[near.position] == "en"]
    assert foreign
    assert np.mean([max(match.score for match in near.matches) for near in foreign]) > 0.05


def test_texts_are_those_of_the_nearest(index: PatentIndex) -> None:
    found = neighbourhood(index, Technology.from_text("A medical image of a patient is segmented to find cancer.", DAY))
    texts = texts_of(index, found, 3)
    assert list(texts) == [0, 1, 2]
    assert all(str(found.titles[i]).split()[0] in text for i, text in texts.items())


def test_a_patent_within_a_longer_text_is_seen_from_its_side(index: PatentIndex) -> None:
    patent = (
        "A medical image of a patient is segmented to find cancer lesions. "
        "The lesions are measured and shown to the doctor on a screen beside the image."
    )
    own = [f"The pump number {n} moves cooling water through valve {n} of a furnace." for n in range(20)]
    said = [frozenset(index.analyser.terms(sentence, "en")) for sentence in [*own, *patent.split(". ")]]
    assert copied_share(index, patent, "en", said) == 1.0
    assert copied_share(index, patent, "en", said[:-1]) == pytest.approx(0.45, abs=0.15)
    assert copied_share(index, patent, "en", said[:20]) == 0.0
    assert copied_share(index, "Short.", "en", said) == 0.0


def test_a_sentence_of_four_words_says_nothing_one_of_five_does(index: PatentIndex) -> None:
    for words, share in (
        ("wireless terminal antenna channel", 0.0),
        ("wireless terminal antenna channel frequency", 1.0),
    ):
        sentence = f"The {words}."
        said = [frozenset(index.analyser.terms(sentence, "en"))]
        assert copied_share(index, sentence, "en", said) == share, said


def test_a_word_is_met_by_itself_its_parts_or_a_counterpart() -> None:
    word = _Word("fuel cell", ("fuel_cell", "fuel", "cell"), ("연료_전지",), 2.0, technical=True)
    for known, own, foreign in (
        ({"fuel_cell"}, 1.0, 0.0),
        ({"fuel"}, 0.5, 0.0),
        ({"연료_전지"}, 0.0, 1.0),
        (set(), 0.0, 0.0),
    ):
        assert _met(word, frozenset(known), foreign=False) == own
        assert _met(word, frozenset(known), foreign=True) == foreign
