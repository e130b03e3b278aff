"""Words that a field or nobody knows count nothing, nor do sentences made of them."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import day_number
from ktop.domain.technology.summary import Technology
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.field_words import Reading, read_within_field, sentence_weights
from ktop.patents.neighbours.neighbourhood import neighbourhood, question_of

AS_OF = date(2024, 1, 1)
NOBODY = np.empty(0, dtype=np.int64)


@pytest.fixture(scope="module")
def index(demo_corpus) -> PatentIndex:
    return PatentIndex(demo_corpus)


@pytest.fixture(scope="module")
def text(index: PatentIndex) -> str:
    docs = index.tables.dated_docs()
    patents = index.corpus.get([index.patent_id(int(doc)) for doc in docs[-60:]]).values()
    return next(
        f"{patent.title}. {patent.abstract}"
        for patent in patents
        if patent.language == "en" and (patent.abstract or "").count(". ") >= 2
    )


INVENTED = [
    first + middle + last
    for first in ("brol", "plov", "dolf", "keln", "hux", "stog", "nand", "vex")
    for middle in ("um", "engri", "ovri", "abri", "ipol")
    for last in ("vex", "cre", "s", "dal", "quar")
]


@pytest.fixture(scope="module")
def strange(index: PatentIndex) -> list[str]:
    """Invented words that nothing stands for in the other language.

    In a corpus of two languages the encoder gives some a counterpart by chance, and the field may use it
    (docs/methods/originality.md, limits).
    """
    asked = index.space.bridge.translate([(word, word) for word in INVENTED], "en")
    found = [word for word, near in zip(INVENTED, asked, strict=True) if all(one.similarity < 0.5 for one in near)]
    assert len(found) >= 12
    return found


def read(index: PatentIndex, text: str) -> Reading:
    technology = Technology.from_text(text, AS_OF)
    return read_within_field(index, technology, question_of(index, technology), day_number(AS_OF), NOBODY)


def test_invented_words_are_left_out_wherever_they_stand(index: PatentIndex, text: str, strange: list[str]) -> None:
    plain = read(index, text)
    attacked = read(index, text.replace(" the ", f" the {strange[0]} ", 1))
    assert strange[0] in attacked.left_out and strange[0] not in attacked.text
    assert attacked.text.split() == plain.text.split()


def test_a_chance_counterpart_lets_no_invented_word_count(index: PatentIndex, text: str) -> None:
    """Of a word that no patent of its language has; a word that the other language has under its own name counts."""
    asked = index.space.bridge.translate([(word, word) for word in INVENTED], "en")
    nearest = {
        word: max((one.similarity for one in near), default=0.0) for word, near in zip(INVENTED, asked, strict=True)
    }
    chance = [word for word, similarity in nearest.items() if 0.5 <= similarity < 0.65][:8]
    assert len(chance) == 8
    technology = Technology.from_text(f"{text.rstrip('. ')}, with a {' and a '.join(chance)} of a battery.", AS_OF)
    question = question_of(index, technology)
    passing, strict = (
        set(chance) - set(read_within_field(index, technology, question, day_number(AS_OF), NOBODY, doubtful).left_out)
        for doubtful in (False, True)
    )
    assert not strict and strict <= passing
    plain = Technology.from_text(text, AS_OF)
    before, after = (
        read_within_field(index, plain, question_of(index, plain), day_number(AS_OF), NOBODY, doubtful)
        for doubtful in (False, True)
    )
    assert after.text == before.text, "words that patents have are read as they were"


def test_a_sentence_of_strange_words_goes_as_a_whole(index: PatentIndex, text: str) -> None:
    plain = read(index, text)
    attacked = read(
        index, f"{text.rstrip('. ')}. A brolumvex plovcre is coupled to the hux dolfengri through a kelnovris."
    )
    assert attacked.sentences == plain.sentences + 1
    assert attacked.text == plain.text and np.array_equal(attacked.meaning, plain.meaning)


def test_a_text_of_nothing_but_strange_words_is_read_as_it_is(index: PatentIndex, strange: list[str]) -> None:
    words = " ".join(strange[:12]).capitalize() + "."
    assert read(index, words).text.rstrip(".") == words.rstrip(".")


def test_halves_take_every_other_sentence_or_clause_and_begin_alike() -> None:
    space = SimpleNamespace(space=SimpleNamespace(sentences=SimpleNamespace(mean=np.zeros(512))))

    def halves(parts: tuple[str, ...]) -> list[str]:
        encoded = np.eye(512, dtype=np.float32)[: len(parts)]
        reading = Reading(" ".join(parts), encoded[0], NOBODY, (), 0, parts, encoded, "en")
        found = reading.halves(space)
        assert all(meaning.shape == (512,) for _, meaning in found)
        return [words for words, _ in found]

    told = ("A lock reads a card.", "Its  reader is a coil.", "A motor turns the bolt.", "A lamp blinks.")
    assert halves(told) == [f"{told[0]} Its reader is a coil. {told[3]}", f"{told[0]} {told[2]}"]
    clauses = ("A lock that reads a card,", "wherein a motor turns the bolt,", "too, and a lamp blinks at its end.")
    assert halves((" ".join(clauses),)) == [f"{clauses[0]} {clauses[1]}", f"{clauses[0]} {clauses[2]}"]
    assert halves(("A lock reads a card, so far.", "It is small.")) == []


def test_a_neighbourhood_has_its_halves_where_they_are_asked_for(index: PatentIndex, text: str) -> None:
    technology = Technology.from_text(text, AS_OF)
    plain, halved = (neighbourhood(index, technology, within_field=True, halved=chosen) for chosen in (False, True))
    assert plain.halves == () and len(halved.halves) == 2 and not halved.halves[0].halves
    assert plain.patent_ids.tolist() == halved.patent_ids.tolist()
    assert all(half.size and half.technology == technology for half in halved.halves)


def test_a_sentence_of_another_subject_counts_little() -> None:
    about, other = np.array([1.0, 0.1, 0.0]), np.array([0.0, 0.05, 1.0])
    vectors = np.array([about, [1.0, 0.2, 0.1], other, [1.0, 0.0, 0.0]])
    weights = sentence_weights(vectors, np.array([10.0, 10.0, 30.0, 10.0]))
    assert weights[2] < 0.2 * weights[0]
    assert sentence_weights(vectors[:2], np.array([3.0, 4.0])).tolist() == [3.0, 4.0], "nobody can tell of two"


def test_a_neighbourhood_within_the_field_tells_what_it_left_out(
    index: PatentIndex, text: str, strange: list[str]
) -> None:
    technology = Technology.from_text(text.replace(" the ", f" the {strange[0]} ", 1), AS_OF)
    whole, within = (neighbourhood(index, technology, within_field=chosen) for chosen in (False, True))
    assert whole.left_out == () and not len(whole.field_use) and not len(whole.copied)
    assert strange[0] in within.left_out and len(within.copied) == within.size
    assert len(within.field_use) == len(within.text_terms.terms) and within.technology == technology
    assert ((within.field_use >= 0.0) & (within.field_use <= 1.0)).all()
    assert len(within.in_meaning.among) == len(within.in_meaning.cosine)
