"""Which sentences of the nearest patents say what a technology says, feature by feature.

A feature's score in a sentence is the share of its content words that the sentence has, each weighed by its rarity in
the corpus (words that are technical here count four times as much): containment rather than a cosine, because a claim
is anticipated by a text that holds it, however much else that text holds. Words are led to patents of the other
language by their counterparts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktop.domain.technology.neighbour_evidence import Match, NearPatent, Overlap
from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.features import MAX_FEATURES, features, sentences
from ktop.patents.analysis.text import Word
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.neighbours.boilerplate_filter import without_boilerplate
from ktop.patents.neighbours.keyterms import MAX_COUNTERPARTS, MIN_COUNTERPART
from ktop.patents.neighbours.stored_text import stored_texts
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: A sentence of a patent is copied where one sentence has this share of its words; shorter ones say nothing.
COPIED = 0.9
FEWEST_COPIED = 5
#: Patents whose texts are read.
NEAREST = 5
#: A word is technical where the neighbours use it so many times as often as patents at large, or where it is rare.
LIFT = 3.0
RARE_SHARE = 0.01
#: What any other content word counts beside a technical one.
PLAIN_WEIGHT = 0.25
FEWEST_TECHNICAL = 2
_EXCERPT_CHARS = 400
_SHARED_SHOWN = 8


@dataclass(frozen=True, slots=True)
class _Word:
    """A content word of the text: spelling, index terms, counterparts in the other language, rarity, kind."""

    surface: str
    terms: tuple[str, ...]
    counterparts: tuple[str, ...]
    idf: float
    technical: bool

    @property
    def weight(self) -> float:
        """What the word counts in a feature."""
        return self.idf if self.technical else PLAIN_WEIGHT * self.idf


def overlap(index: PatentIndex, found: Neighbourhood, question: Question, nearest: int = NEAREST) -> Overlap | None:
    """Return what the nearest patents have of each feature; None where the text has no feature that can be compared.

    Reads the texts of ``nearest`` patents from the corpus (about 45 ms at eight million patents).
    """
    technology = found.technology
    title = f"{technology.title}."  # the title names the technology, it is no feature
    whole = technology.text.removeprefix(title)
    filtered = without_boilerplate(technology.text, technology.language, index.analyser).removeprefix(title)
    parts = features(filtered, technology.language, index.analyser)
    words = _described(index, found, question, [word for _, part in parts for word in part])
    kept = []
    for text, part in parts:
        own = [words[word.terms[0]] for word in part]
        weight = sum(word.idf for word in own if word.technical)
        if sum(word.technical for word in own) >= FEWEST_TECHNICAL:
            kept.append((text, own, weight))
    if not kept or not found.size:
        return None
    if len(kept) > MAX_FEATURES:
        least = sorted((weight for _, _, weight in kept), reverse=True)[MAX_FEATURES - 1]
        kept = [entry for entry in kept if entry[2] >= least][:MAX_FEATURES]
    weights = np.array([weight for _, _, weight in kept])
    texts = texts_of(index, found, nearest)
    said = [frozenset(index.analyser.terms(part, technology.language)) for part in sentences(whole)]
    near = []
    for position, text in texts.items():
        foreign = found.language[position] != technology.language
        matches = _matches(index, text, found.language[position], [k[1] for k in kept], foreign)
        taken = 0.0 if foreign else copied_share(index, text, technology.language, said)
        near.append(NearPatent(position, matches, taken))
    return Overlap(tuple(text for text, _, _ in kept), weights / weights.sum(), tuple(near))


def copied_share(index: PatentIndex, text: str, language: Lang, said: Sequence[frozenset[str]]) -> float:
    """Return the share of a patent's text, by words, whose sentences stand nearly word for word in a technology's text.

    The features tell how much of the technology a patent has; a whole patent put into a longer text is seen only from
    the patent's side (containment, Broder 1997).

    Parameters
    ----------
    text, language : the patent's.
    said : the index terms of the technology's sentences.
    """
    whole = taken = 0
    for sentence in sentences(text):
        terms = frozenset(index.analyser.terms(sentence, language))
        if len(terms) < FEWEST_COPIED:
            continue
        whole += len(terms)
        if any(len(terms & other) >= COPIED * len(terms) for other in said):
            taken += len(terms)
    return taken / whole if whole else 0.0


def texts_of(index: PatentIndex, found: Neighbourhood, count: int) -> dict[int, str]:
    """Return the stored texts of the nearest patents, by their position in the neighbourhood."""
    ids = [str(name) for name in found.patent_ids[:count]]
    texts = stored_texts(index, dict(zip(ids, map(int, found.filing_day[:count]), strict=True)))
    return {position: texts[name] for position, name in enumerate(ids) if name in texts}


def _described(index: PatentIndex, found: Neighbourhood, question: Question, words: Sequence[Word]) -> dict[str, _Word]:
    """Return every distinct word with its rarity, its counterparts and whether it is technical."""
    distinct = {word.terms[0]: word for word in words}
    own = question.language in index.languages
    near: dict[str, tuple[str, ...]] = {}
    if index.languages - {question.language}:
        asked = [(term, word.surface) for term, word in distinct.items()]
        for (term, _), translations in zip(asked, index.space.bridge.translate(asked, question.language), strict=True):
            close = [t.term for t in translations[:MAX_COUNTERPARTS] if t.similarity >= MIN_COUNTERPART]
            near[term] = tuple(close)
    earlier = EarlierPatents(index, day_number(found.as_of), np.empty(0, dtype=np.int64))
    groups = [(*([term] if own else []), *near.get(term, ())) for term in distinct]
    df = earlier.counts_of_any(groups)
    among = _share_among_neighbours(found)
    total = max(found.corpus_size, 1)
    described = {}
    for (term, word), count in zip(distinct.items(), df.tolist(), strict=True):
        share = count / total
        lifted = among.get(word.surface, 0.0) >= LIFT * share + RARE_SHARE
        idf = math.log((total + 1) / (count + 1))
        described[term] = _Word(word.surface, word.terms, near.get(term, ()), idf, lifted or share < RARE_SHARE)
    return described


def _share_among_neighbours(found: Neighbourhood) -> dict[str, float]:
    words = found.text_terms
    shares = words.in_neighbour.mean(axis=1) if found.size else np.zeros(len(words.terms))
    return {str(term): float(share) for term, share in zip(words.terms, shares, strict=True)}


def _matches(
    index: PatentIndex, text: str, language: Lang | str, wanted: Sequence[Sequence[_Word]], foreign: bool
) -> tuple[Match, ...]:
    """Return for each feature the sentence that has most of it."""
    spoken: Lang = "ko" if language == "ko" else "en"
    cut = sentences(text)
    terms = [frozenset(index.analyser.terms(sentence, spoken)) for sentence in cut]
    found = []
    for words in wanted:
        whole = sum(word.weight for word in words) or 1.0
        best = Match("", 0.0, ())
        for sentence, known in zip(cut, terms, strict=True):
            met = [(word, _met(word, known, foreign)) for word in words]
            score = sum(share * word.weight for word, share in met) / whole
            if score > best.score:
                shared = tuple(word.surface for word, share in met if share >= 0.5)
                best = Match(_excerpt(sentence), min(score, 1.0), shared[:_SHARED_SHOWN])
        found.append(best)
    return tuple(found)


def _met(word: _Word, known: frozenset[str], foreign: bool) -> float:
    """Return how much of a word a sentence has: a compound counts by its parts where the whole is not there."""
    if foreign:
        return 1.0 if any(term in known for term in word.counterparts) else 0.0
    if word.terms[0] in known:
        return 1.0
    parts = word.terms[1:]
    return sum(part in known for part in parts) / len(parts) if parts else 0.0


def _excerpt(sentence: str) -> str:
    return sentence if len(sentence) <= _EXCERPT_CHARS else sentence[: _EXCERPT_CHARS - 1].rstrip() + "…"
