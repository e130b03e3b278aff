"""Key terms of a text: the noun phrases that say what it is about, weighed against the corpus.

A phrase scores log2(words + 1) x root of its count x rarity. The first factor is that of the C-value (Frantzi,
Ananiadou and Mima 2000) in the form that also ranks single words (Barron-Cedeno et al. 2009); rarity is
log((N + 1) / (df + 1)) over the earlier patents. A phrase that no patent has is as rare as its words are on average, so
that a chance phrase does not win over a telling one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ktop.patents.analysis.terms import PAIR
from ktop.patents.analysis.text import Word, word_list
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.patent_search import TermDocs
from ktop.patents.engine.questions import Question
from ktop.patents.neighbours.term_statistics import COMMON_SHARE, EarlierPatents

MAX_WORDS = 3
#: However small the corpus, a term that only so many patents have is not common.
FEW_PATENTS = 50
#: Of the key terms, at most this share are phrases; the rest are single words, of which patents say more.
PHRASE_SHARE = 0.6
#: A counterpart in the other language stands for a key term from this nearness on; of several the nearest two.
MIN_COUNTERPART = 0.6
MAX_COUNTERPARTS = 2


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A key term and the earlier patents that have it.

    Parameters
    ----------
    term : as written.
    index_term : its index terms, joined by the pair mark.
    score : importance, > 0; comparable within one text.
    count : how often it stands in the text.
    counterparts : terms of the other language that stand for it in patents of that language.
    docs : document numbers of the earlier patents with the term or a counterpart.
    first_day : day number of the earliest of them, None where there is none.
    """

    term: str
    index_term: str
    score: float
    count: int
    counterparts: tuple[str, ...] = ()
    docs: TermDocs = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    first_day: int | None = None

    @property
    def patents(self) -> int:
        """Number of earlier patents with the term."""
        return len(self.docs)


@dataclass(frozen=True, slots=True)
class _Candidate:
    index_term: str
    surface: str
    words: tuple[str, ...]
    count: int


def key_terms(index: PatentIndex, question: Question, earlier: EarlierPatents, n: int = 20) -> list[KeyTerm]:
    """Return up to ``n`` key terms of a question, the most important first."""
    candidates = _candidates(question)
    if not candidates:
        return []
    words = {word for candidate in candidates for word in candidate.words}
    counterparts = _counterparts(index, question, candidates)
    own = question.language in index.languages
    groups = {term: (*([term] if own else []), *near) for term, near in counterparts.items()}
    counted = dict(zip(groups, earlier.counts_of_any([*groups.values()]).tolist(), strict=True))
    total = earlier.size
    rarity_of_word = {word: math.log((total + 1) / (counted[word] + 1)) for word in words if word in counted}
    scored: list[tuple[float, _Candidate]] = []
    for candidate in candidates:
        patents = counted[candidate.index_term]
        if patents > max(COMMON_SHARE * total, FEW_PATENTS):
            continue
        if patents or len(candidate.words) == 1:
            rarity = math.log((total + 1) / (patents + 1))
        else:
            rarity = float(np.mean([rarity_of_word.get(word, math.log(total + 1)) for word in candidate.words]))
        weight = math.log2(len(candidate.words) + 1) * math.sqrt(candidate.count) * max(rarity, 0.1)
        scored.append((weight, candidate))
    scored.sort(key=lambda item: (-item[0], item[1].index_term))
    chosen = _without_repeats(scored, n)
    docs = earlier.docs_of_any([groups[candidate.index_term] for _, candidate in chosen])
    return [
        _described(score, candidate, having, counterparts[candidate.index_term], earlier)
        for (score, candidate), having in zip(chosen, docs, strict=True)
    ]


def counterparts_of(index: PatentIndex, question: Question) -> dict[str, tuple[str, ...]]:
    """Return what ``key_terms`` takes for each of a question's words and phrases from the other language."""
    return _counterparts(index, question, _candidates(question))


def words_led_over(question: Question) -> list[tuple[str, str]]:
    """Return the index terms and spellings of a question that some step of a rating leads to the other language."""
    asked = [(term.term, term.surface) for term in question.source_terms]
    asked += _spelt(_candidates(question)).items()
    return asked + [(word.terms[0], word.surface) for run in question.runs for word in run]


def _spelt(candidates: Sequence[_Candidate]) -> dict[str, str]:
    """Return index term → spelling of the candidates and of each of their words."""
    terms = {candidate.index_term: candidate.surface for candidate in candidates}
    for candidate in candidates:
        for word, surface in zip(candidate.words, candidate.surface.split(" "), strict=False):
            terms.setdefault(word, surface)
    return terms


def _candidates(question: Question) -> list[_Candidate]:
    """Return the words and phrases of the noun runs; none that is made of generic words only."""
    generic = word_list(f"generic_{question.language}")
    counts: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for run in question.runs:
        for length in range(1, MAX_WORDS + 1):
            for start in range(len(run) - length + 1):
                piece: Sequence[Word] = run[start : start + length]
                if all(word.surface in generic or word.surface.isdigit() for word in piece):
                    continue
                if length > 1 and (piece[0].surface in generic and piece[-1].surface in generic):
                    continue
                words = tuple(word.terms[0] for word in piece)
                counts[PAIR.join(words), " ".join(word.surface for word in piece), words] += 1
    best: dict[str, _Candidate] = {}
    for (term, surface, words), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        before = best.get(term)
        best[term] = _Candidate(
            term, before.surface if before else surface, words, count + (before.count if before else 0)
        )
    return list(best.values())


def _counterparts(
    index: PatentIndex, question: Question, candidates: Sequence[_Candidate]
) -> dict[str, tuple[str, ...]]:
    """Return for each candidate, and each of their words, the terms of the other language that stand for it."""
    terms = _spelt(candidates)
    if not index.languages - {question.language}:
        return dict.fromkeys(terms, ())
    translations = index.space.bridge.translate([*terms.items()], question.language)
    return {
        term: tuple(t.term for t in near[:MAX_COUNTERPARTS] if t.similarity >= MIN_COUNTERPART)
        for term, near in zip(terms, translations, strict=True)
    }


def _without_repeats(scored: Sequence[tuple[float, _Candidate]], n: int) -> list[tuple[float, _Candidate]]:
    """Choose phrases and single words in the order of their scores, none that only repeats a chosen one."""
    phrases: list[tuple[float, _Candidate]] = []
    words: list[tuple[float, _Candidate]] = []
    for score, candidate in scored:
        if len(candidate.words) == 1:
            words.append((score, candidate))
        elif not any(_overlap(candidate, other) for _, other in phrases):
            phrases.append((score, candidate))
    phrases = phrases[: round(PHRASE_SHARE * n)]
    chosen = phrases + words[: n - len(phrases)]
    return sorted(chosen, key=lambda item: (-item[0], item[1].index_term))


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    """Return whether two phrases are cut from one place: two words in common, standing equally often."""
    return one.count == other.count and len(set(one.words) & set(other.words)) >= 2


def _described(
    score: float, candidate: _Candidate, docs: TermDocs, counterparts: tuple[str, ...], earlier: EarlierPatents
) -> KeyTerm:
    first = earlier.first_day(docs)
    return KeyTerm(candidate.surface, candidate.index_term, score, candidate.count, counterparts, docs, first)
