"""What shingles take for a copy is one where its sentences agree, too."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.technology.neighbourhood import day_number
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.alignment import aligned_share, confirmed
from ktop.patents.neighbours.copies import copied
from ktop.patents.neighbours.term_statistics import EarlierPatents
from ktop.usecases.training.originality_attacks import COPIED, Vocabulary

ALIKE = defaultdict(lambda: 1.0)
TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), max_size=6)


@pytest.fixture(scope="module")
def index(demo_corpus) -> PatentIndex:
    return PatentIndex(demo_corpus)


def test_words_count_in_their_order_and_by_rarity() -> None:
    theirs = [["lens", "bends", "light"], ["motor", "turns", "lens"]]
    assert aligned_share(theirs, theirs, ALIKE) == 1.0
    assert aligned_share(theirs[::-1], theirs, ALIKE) == 1.0, "sentences may stand in another order"
    assert aligned_share([["lens", "bends", "paper"]], theirs, ALIKE) == pytest.approx(2 / 3)
    rare = defaultdict(lambda: 1.0, paper=8.0)
    assert aligned_share([["lens", "bends", "paper"]], theirs, rare) < 0.4
    turned = [["light", "lens", "bends"]]
    assert aligned_share(turned, theirs[:1], ALIKE) == pytest.approx(2 / 3), "words in another order are others"
    assert aligned_share([["honey"]], theirs, ALIKE) == 0.0 == aligned_share([], [], ALIKE)


@given(TEXTS, TEXTS)
def test_a_share_is_a_share_and_the_same_from_both_sides(one: list[list[str]], other: list[list[str]]) -> None:
    assert 0.0 <= aligned_share(one, other, ALIKE) == aligned_share(other, one, ALIKE) <= 1.0
    long = [sentence for sentence in one if len(set(sentence)) > 1]
    if long:
        assert aligned_share(long, long + other, ALIKE) == 1.0, "a text within a longer one is all there"


def test_copies_stay_copies_and_shingles_are_never_raised(index: PatentIndex) -> None:
    words, draw = Vocabulary.of(index.corpus, "en"), random.Random(3)
    earlier = EarlierPatents(index, day_number(date(2024, 1, 1)), np.empty(0, dtype=np.int64))
    docs = index.tables.dated_docs()
    patents = index.corpus.get([index.patent_id(int(doc)) for doc in docs[::20]]).values()
    told = [patent for patent in patents if patent.language == "en"][:8]
    assert len(told) == 8
    kept = []
    for patent in told:
        for name in ("verbatim", "swapped_30_rare"):
            text = COPIED[name](f"{patent.title}. {patent.abstract}", words, draw)
            question = index.question(text, "en")
            taken = copied(index, question, earlier, docs)
            found = confirmed(index, question, earlier, docs, taken)
            assert (found <= taken).all()
            kept.append(found[docs == index.docs_of([patent.id])[0]][0])
    assert min(kept[::2]) >= 1.0 and np.mean(np.array(kept) >= 0.9) >= 0.9


def test_the_same_words_in_other_sentences_are_no_copy(index: PatentIndex) -> None:
    """A patent with all of its words shuffled has the words of a copy and the sentences of none."""
    earlier = EarlierPatents(index, day_number(date(2024, 1, 1)), np.empty(0, dtype=np.int64))
    docs = index.tables.dated_docs()
    patent = next(p for p in index.corpus.get([index.patent_id(int(d)) for d in docs]).values() if p.language == "en")
    own = docs[docs == index.docs_of([patent.id])[0]]
    shuffled = (patent.abstract or "").replace(".", " ").split()
    random.Random(1).shuffle(shuffled)
    taken = np.array([9.0])  # as if shingles had taken it for one
    as_it_was, in_disorder = (
        confirmed(index, index.question(text, "en"), earlier, own, taken)[0]
        for text in (patent.abstract or "", " ".join(shuffled) + ".")
    )
    assert in_disorder < 0.6 * as_it_was
    nothing = np.array([0.3])
    assert confirmed(index, index.question(" ".join(shuffled), "en"), earlier, own, nothing)[0] == 0.3, "not looked at"
