"""Key terms as a reader is shown them: whole noun phrases of the text, with what the earlier patents say of each.

They are chosen apart from the terms that measures are taken on (``ktop.patents.neighbours.keyterms``), of which single
words are a part on purpose: patents say more of words than of long phrases. A phrase scores count x rarity x
log2(words + 1): TF-IDF of whole noun rows with the first factor of the C-value (Frantzi, Ananiadou and Mima 2000;
Barron-Cedeno et al. 2009). A phrase within a longer one counts only where it stands by itself. Rarity is
log((N + 1) / (df + 1)) over the
earlier patents; of a phrase that none has, the mean of its words. Measured in docs/methods/originality.md.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.neighbour_evidence import ShownTerm
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number, day_of
from ktop.domain.technology.summary import Technology
from ktop.patents.analysis.noun_phrases import as_written, noun_phrases
from ktop.patents.analysis.terms import PAIR
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.patent_search import TermDocs
from ktop.patents.engine.questions import Question
from ktop.patents.engine.row_analysis import TITLE_COUNTS
from ktop.patents.engine.sorted_search import among
from ktop.patents.neighbours.boilerplate_filter import without_boilerplate
from ktop.patents.neighbours.keyterms import MAX_COUNTERPARTS, MIN_COUNTERPART
from ktop.patents.neighbours.term_statistics import EarlierPatents

TERMS = 20

Docs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a text: how it is written, its words' index terms, its score (> 0)."""

    surface: str
    words: tuple[str, ...]
    score: float


def shown_terms(index: PatentIndex, found: Neighbourhood, question: Question, n: int = TERMS) -> tuple[ShownTerm, ...]:
    """Return up to ``n`` noun phrases of a technology, the most important first.

    Parameters
    ----------
    found, question : the neighbourhood, made by this index, and the technology's text as a question to it.
    """
    technology = found.technology
    earlier = EarlierPatents(index, day_number(found.as_of), np.empty(0, dtype=np.int64))
    counterparts = _counterparts(index, question)
    own = technology.language in index.languages
    counted = phrase_counts(index, technology)
    ranked = rank(counted, own, counterparts, earlier)[:n]
    neighbours = index.docs_of([str(name) for name in found.patent_ids])
    best = ranked[0].score if ranked else 1.0
    terms = [PAIR.join(phrase.words) for phrase in ranked]
    names = [(*([term] if own else []), *counterparts.get(term, ())) for term in terms]
    return tuple(
        _shown_term(phrase.surface, phrase.score / best, docs if asked else None, earlier, neighbours)
        for phrase, asked, docs in zip(ranked, names, earlier.docs_of_any(names), strict=True)
    )


def phrase_counts(index: PatentIndex, technology: Technology) -> dict[tuple[str, ...], tuple[str, int]]:
    """Return words' index terms → spelling and count of the noun phrases; one of the title counts twice.

    Phrases that are written alike, blanks aside, are one, which the words met first stand for.
    """
    language, analyser = technology.language, index.analyser
    text = without_boilerplate(technology.text, language, analyser).removeprefix(technology.title or "")
    counts: Counter[tuple[str, ...]] = Counter()
    spelling: dict[tuple[str, ...], str] = {}
    first: dict[str, tuple[str, ...]] = {}
    for written, times in ((technology.title or "", TITLE_COUNTS), (text, 1)):
        for phrase in noun_phrases(written, analyser.runs(written, language), language):
            words = tuple(word.terms[0] for word in phrase)
            spelt = as_written(phrase, written) if language == "ko" else " ".join(word.surface for word in phrase)
            if spelt is None:
                continue
            words = first.setdefault("".join(spelt.split()), words)
            counts[words] += times
            spelling.setdefault(words, spelt)
    return {words: (spelling[words], count) for words, count in counts.items()}


def rank(
    counted: dict[tuple[str, ...], tuple[str, int]],
    own: bool,
    counterparts: dict[str, tuple[str, ...]],
    earlier: EarlierPatents,
) -> list[Phrase]:
    """Return the phrases in the order of their scores.

    Parameters
    ----------
    counted : as ``phrase_counts`` gives them.
    own : whether the corpus has patents in the text's language.
    counterparts : index term or pair → terms of the other language that stand for it.
    """
    pieces = sorted({piece for words in counted for piece in (*words, *_pairs(words))})
    groups = [(*([piece] if own else []), *counterparts.get(piece, ())) for piece in pieces]
    patents = dict(zip(pieces, earlier.counts_of_any(groups).tolist(), strict=True))
    total = earlier.size

    def rarity(count: int) -> float:
        return math.log((total + 1) / (count + 1))

    found = []
    for words, (surface, count) in counted.items():
        df = min(patents[piece] for piece in _pairs(words) or words)
        rare = rarity(df) if df or len(words) == 1 else sum(rarity(patents[w]) for w in words) / len(words)
        found.append(Phrase(surface, words, count * max(rare, 0.1) * math.log2(len(words) + 1)))
    return sorted(found, key=lambda phrase: (-phrase.score, phrase.words))


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{a}{PAIR}{b}" for a, b in itertools.pairwise(words)]


def _counterparts(index: PatentIndex, question: Question) -> dict[str, tuple[str, ...]]:
    """Return the question's words and pairs → near terms of the other language, where the corpus has patents in it."""
    if not index.languages - {question.language}:
        return {}
    return {
        source.term: tuple(t.term for t in near[:MAX_COUNTERPARTS] if t.similarity >= MIN_COUNTERPART)
        for source, near in question.translated()
    }


def _shown_term(
    surface: str, weight: float, docs: TermDocs | None, earlier: EarlierPatents, neighbours: Docs
) -> ShownTerm:
    """Return a term with its statistics; without any where the corpus cannot know it."""
    if docs is None:
        return ShownTerm(surface, weight)
    recent, previous = earlier.recent_and_previous(docs)
    first = earlier.first_day(docs)
    return ShownTerm(
        surface,
        weight,
        patents=len(docs),
        recent=recent,
        previous=previous,
        first_year=None if first is None else day_of(first).year,
        similar_patents=int(np.count_nonzero(among(neighbours, docs))),
    )
