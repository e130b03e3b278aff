"""Words and phrases of the titles of similar patents: short, at hand without reading any text, and telling."""

from __future__ import annotations

import functools
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.neighbour_evidence import NeighbourWords
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.domain.technology.summary import Lang, detect_language
from ktop.patents.analysis.noun_phrases import is_term
from ktop.patents.analysis.terms import PAIR
from ktop.patents.analysis.text import Analyser, Word, word_list
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.engine.vectors import across
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: Longest phrase, and most terms that are counted; those in more titles come first.
MAX_WORDS = 2
MAX_TERMS = 250
_FEWEST_LETTERS = 2


def neighbour_words(
    index: PatentIndex, found: Neighbourhood, question: Question, exclude: Collection[str] = ()
) -> NeighbourWords:
    """Return the words and phrases of the neighbours' titles and how many earlier patents have each.

    Parameters
    ----------
    found, question : the neighbourhood, made by this index, and the technology's text as a question to it.
    exclude : ids that the neighbourhood was made without.
    """
    titles: dict[str, set[int]] = {}
    spelling: dict[str, tuple[str, int, str]] = {}
    for i, title in enumerate(found.titles):
        language = found.language[i] or detect_language(str(title)) or "en"
        for term, surface, length in _terms(index.analyser, str(title), language):
            titles.setdefault(term, set()).add(i)
            spelling.setdefault(term, (surface, length, language))
    ranked = sorted(titles, key=lambda term: (-len(titles[term]) * spelling[term][1], term))[:MAX_TERMS]
    excluded = index.docs_of(list(exclude)) if exclude else np.empty(0, dtype=np.int64)
    earlier = EarlierPatents(index, day_number(found.as_of), excluded)
    present = np.zeros((len(ranked), found.size), dtype=np.bool_)
    for row, term in enumerate(ranked):
        present[row, sorted(titles[term])] = True
    return NeighbourWords(
        terms=np.array([spelling[term][0] for term in ranked], dtype=object),
        words=np.array([spelling[term][1] for term in ranked], dtype=np.int64),
        df=earlier.counts_of_any([[term] for term in ranked]),
        present=present,
        in_text=np.array([term in question.counts for term in ranked], dtype=np.bool_),
        language=np.array([spelling[term][2] for term in ranked], dtype=object),
    )


def neighbour_pairs(index: PatentIndex, found: Neighbourhood) -> npt.NDArray[np.float32]:
    """Return the (n, n) similarities of the neighbours to one another, across languages as well.

    Patents of two languages share no words, so that by words alone groups would be languages. For such pairs the cosine
    of the text vectors is led to the scale of words: mean and spread as those of pairs of one language.
    """
    pairs = np.array(found.pair_similarity, dtype=np.float32)
    other = found.language[:, None] != found.language[None, :]
    if not other.any():
        return pairs
    vectors = across(index.vectors_of(index.docs_of([str(name) for name in found.patent_ids])))
    close = vectors @ vectors.T
    own = ~other & ~np.eye(len(pairs), dtype=np.bool_)
    spread = float(close[own].std()) if own.any() else 0.0
    if spread <= 0.0:
        return pairs
    # The ratio of the spreads rather than a regression, which would pull all pairs of two languages to the mean.
    line = pairs[own].mean() + float(pairs[own].std()) / spread * (close - close[own].mean())
    pairs[other] = np.clip(line, 0.0, 1.0)[other]
    return pairs


@functools.lru_cache(maxsize=2_000)  # ratings of one field have neighbours in common
def _terms(analyser: Analyser, title: str, language: Lang) -> tuple[tuple[str, str, int], ...]:
    """Return (index term, spelling, number of words) of every phrase of one title that is not generic."""
    generic = word_list(f"generic_{language}")
    found = []
    for run in analyser.runs(title, language):
        telling = [
            word.surface not in generic and word.terms[0] not in generic and not word.surface.isdigit() for word in run
        ]
        for length in range(1, MAX_WORDS + 1):
            for start in range(len(run) - length + 1):
                piece: tuple[Word, ...] = run[start : start + length]
                if all(telling[start : start + length]) and is_term(piece, language):
                    surface = " ".join(word.surface for word in piece)
                    if len(surface) >= _FEWEST_LETTERS:
                        found.append((PAIR.join(word.terms[0] for word in piece), surface, length))
    return tuple(found)
