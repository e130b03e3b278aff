"""Leaves out of a text what the field does not know: words foreign to it, and words that no patent has.

Whoever writes of quantum chains in a text on door locks, or invents words, must gain nothing by it; nor must a text
lose by a name. The field is the patents nearest in meaning to what most sentences agree on. A rare word that
none of them uses, and a word that no earlier patent has and that is not made of words that the field knows, count
nothing; a sentence that is mostly made of such words counts nothing as a whole (docs/methods/originality.md).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.summary import Lang, Technology
from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.patents.analysis.encoder import encode_remembered
from ktop.patents.analysis.text import Word, word_list
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.patent_search import Filter
from ktop.patents.engine.questions import Question
from ktop.patents.engine.vectors import MAX_SENTENCE_CHARS
from ktop.patents.neighbours.boilerplate_filter import SENTENCE_END
from ktop.patents.neighbours.document_terms import having
from ktop.patents.neighbours.term_statistics import EarlierPatents

Float32 = npt.NDArray[np.float32]

#: Patents nearest in meaning that the field is made of.
FIELD = 300
#: A word that a larger share of the patents has belongs to any field.
COMMON = 0.01
#: A rarer word belongs to the field where so many of its patents use it ...
FEWEST_USERS = 1
#: ... and at least this share of as many as of patents drawn by chance would.
LIFT = 0.5
#: A sentence goes as a whole where this share of its telling words is foreign, of at least so many.
FOREIGN_SENTENCE = 0.5
FEWEST_TELLING = 3
#: Sentences, or clauses of so many words, that a text must have for its halves to be read by themselves.
FEWEST_TO_HALVE = 3
FEWEST_OF_CLAUSE = 5
CLAUSE_END = re.compile(r"(?<=[,;:])\s+")
#: Sentences that are encoded, and words from which on a longer sentence counts no more.
MOST_SENTENCES = 16
LONG_SENTENCE = 40
_KOREAN_WORD_CHARS = 2.5
#: Counterparts in the other language that stand for a word, and how near they must be.
_COUNTERPARTS = 2
_NEAR = 0.5
#: How near one must be for a word that no patent of the text's own language has: the encoder leads nine of ten invented
#: words to something, but one in ten so near, and most words that are merely new (docs/methods/originality.md).
_SURE = 0.65


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as far as its field knows its words.

    Parameters
    ----------
    text : what is left of it; all of it where nothing would be.
    meaning : (512,) mean vector of the sentences that are left, by how much each agrees with the rest.
    field : documents of the field, the nearest first.
    left_out : words that count nothing, as written, in the order of the text.
    sentences : sentences left out as a whole.
    parts : what is left, sentence by sentence.
    encoded : (e, 512) vectors of the first of these, as many as are encoded.
    language : of the text.
    """

    text: str
    meaning: Float32
    field: Integers
    left_out: tuple[str, ...]
    sentences: int
    parts: tuple[str, ...] = ()
    encoded: Float32 = dataclasses.field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    language: Lang = "en"

    def halves(self, index: PatentIndex) -> list[tuple[str, Float32]]:
        """Return text and meaning of two halves, every other sentence each; none of a text too short to be cut.

        The first sentence, which names the subject, is in both. Of a text of one or two sentences, as many abstracts
        are, clauses are taken instead. What both halves say of a technology is of the technology, what only one says
        is of the telling (split halves; Brown 1910).
        """
        if len(self.parts) >= FEWEST_TO_HALVE:
            return [self._half(index, self.parts, self.encoded, start) for start in (1, 2)]
        clauses = [clause for part in self.parts for clause in _clauses(part)]
        if len(clauses) < FEWEST_TO_HALVE:
            return []
        encoded = encode_remembered([clause[:MAX_SENTENCE_CHARS] for clause in clauses[:MOST_SENTENCES]])
        return [self._half(index, clauses, encoded, start) for start in (1, 2)]

    def _half(self, index: PatentIndex, parts: Sequence[str], encoded: Float32, start: int) -> tuple[str, Float32]:
        chosen = [0, *range(start, len(parts), 2)]
        told = [i for i in chosen if i < len(encoded)]
        lengths = np.array([_length(parts[i], self.language) for i in told])
        return " ".join(" ".join(parts[i] for i in chosen).split()), _mean(index, encoded[told], lengths)


def _clauses(sentence: str) -> list[str]:
    """Return the clauses of a sentence, of ``FEWEST_OF_CLAUSE`` words and more each."""
    found: list[str] = []
    for piece in CLAUSE_END.split(sentence):
        if found and len(found[-1].split()) < FEWEST_OF_CLAUSE:
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    if len(found) > 1 and len(found[-1].split()) < FEWEST_OF_CLAUSE:
        found[-2:] = [" ".join(found[-2:])]
    return found


def read_within_field(
    index: PatentIndex,
    technology: Technology,
    question: Question,
    before: int,
    excluded: Integers,
    doubtful: bool = False,
) -> Reading:
    """Return a technology's text without what is foreign to its field as of a day.

    Parameters
    ----------
    question : the text without boiler-plate, as the neighbourhood asks it.
    before, excluded : only patents earlier than this day count, and none of these.
    doubtful : whether a word that no earlier patent of its language has counts only by a near counterpart.
    """
    sentences = [part for part in SENTENCE_END.split(question.text) if part.strip()] or [question.text]
    encoded = encode_remembered(sentences_of(question.text))
    lengths = np.array([_length(part, question.language) for part in sentences[: len(encoded)]])
    meaning = _mean(index, encoded, lengths)
    near = _nearest(index, question.vector_of(meaning), before, excluded)
    words = {word.terms[0]: word for run in question.runs for word in run}
    if not words or not len(near):
        return Reading(question.text, meaning, near, (), 0)
    foreign = _foreign(index, question, list(words.values()), near, EarlierPatents(index, before, excluded), doubtful)
    gone = {term for term, is_foreign in zip(words, foreign.tolist(), strict=True) if is_foreign}
    texts: list[str] = []
    kept: list[int] = []
    generic = word_list(f"generic_{question.language}")
    for i, sentence in enumerate(sentences):
        own = {
            word.terms[0]: word
            for run in index.analyser.runs(sentence, question.language)
            for word in run
            if word.surface not in generic and not word.surface.isdigit()
        }
        strange = [word for term, word in own.items() if term in gone]
        if len(own) < FEWEST_TELLING or len(strange) < FOREIGN_SENTENCE * len(own):
            texts.append(_without(sentence, strange, question.language))
            kept.append(i)
    if not kept:
        return Reading(question.text, meaning, near, (), 0)
    told = [i for i in kept if i < len(encoded)]
    if len(told) < len(encoded) and told:
        meaning = _mean(index, encoded[told], lengths[told])
    left_out = tuple(words[term].surface for term in words if term in gone)
    return Reading(
        " ".join(" ".join(texts).split()),
        meaning,
        near,
        left_out,
        len(sentences) - len(kept),
        tuple(texts),
        encoded[told],
        question.language,
    )


def sentences_of(text: str) -> list[str]:
    """Return the sentences that are encoded, the first ``MOST_SENTENCES``, each cut to what the encoder reads."""
    found = [part[:MAX_SENTENCE_CHARS] for part in SENTENCE_END.split(text) if part.strip()][:MOST_SENTENCES]
    return found or [text[:MAX_SENTENCE_CHARS]]


def to_encode(text: str) -> list[str]:
    """Return what reading a text within its field encodes: its sentences, and clauses where these stand for them.

    A clause that loses a foreign word is another one, which is encoded when that is known.
    """
    whole = [part for part in SENTENCE_END.split(text) if part.strip()] or [text]
    clauses: list[str] = []
    if len(whole) < FEWEST_TO_HALVE:
        cut = [clause for part in whole for clause in _clauses(part)]
        clauses = cut if len(cut) >= FEWEST_TO_HALVE else []
    return [*sentences_of(text), *(clause[:MAX_SENTENCE_CHARS] for clause in clauses[:MOST_SENTENCES])]


def _without(sentence: str, strange: Sequence[Word], language: Lang) -> str:
    """Return a sentence without some words; of a Korean word with particles the particles stay."""
    end = r"\b" if language == "en" else ""
    for word in sorted({word.surface for word in strange}, key=len, reverse=True):
        sentence = re.sub(rf"\b{re.escape(word)}{end}", " ", sentence, flags=re.IGNORECASE)
    return sentence


# --- the field --------------------------------------------------------------------------------------------------------


def sentence_weights(vectors: Floats, lengths: Floats) -> Floats:
    """Return how much each sentence counts for what a text is about, (s,): less the less it agrees with the others.

    With c the sum of the other sentences' vectors by weight, a sentence of cosine a to c counts its length times
    min(1, a / median a) squared, twice over: a sentence of another subject drops out. Under three sentences nobody can
    tell which is the stranger.
    """
    weights = lengths.astype(np.float64)
    if len(vectors) < 3:
        return weights
    for _ in range(2):
        others = (vectors * weights[:, None]).sum(axis=0) - vectors * weights[:, None]
        agreement = np.einsum("ij,ij->i", vectors, others) / np.maximum(np.linalg.norm(others, axis=1), 1e-9)
        usual = max(float(np.median(agreement)), 1e-6)
        weights = lengths * np.square(np.clip(agreement / usual, 0.0, 1.0))
    return weights


def _length(sentence: str, language: Lang) -> float:
    words = len(sentence) / _KOREAN_WORD_CHARS if language == "ko" else len(sentence.split())
    return float(min(words, LONG_SENTENCE))


def _mean(index: PatentIndex, encoded: Float32, lengths: Floats) -> Float32:
    """Return the mean of sentence vectors by how much each counts, (512,)."""
    centred = encoded.astype(np.float64) - index.space.sentences.mean
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    weights = sentence_weights(centred, lengths)
    mean: Float32 = (np.average(encoded, axis=0, weights=weights + 1e-9)).astype(np.float32)
    return mean


def _nearest(index: PatentIndex, vector: Float32, before: int, excluded: Integers) -> Integers:
    docs, _ = index.by_vector(vector, FIELD + len(excluded), before, Filter())
    found: Integers = docs[~np.isin(docs, excluded)][:FIELD]
    return found


def _foreign(
    index: PatentIndex,
    question: Question,
    words: Sequence[Word],
    field: Integers,
    earlier: EarlierPatents,
    doubtful: bool,
) -> Booleans:
    """Return which words are foreign to the field or known to nobody, (w,)."""
    own = question.language in index.languages
    near = _counterparts(index, question, words, _NEAR)
    if doubtful and own and near:
        known = earlier.counts_of_any([(word.terms[0],) for word in words]) > 0
        unknown = [word for word, is_known in zip(words, known.tolist(), strict=True) if not is_known]
        near = {**near, **_counterparts(index, question, unknown, _SURE)}
    groups = [(*([word.terms[0]] if own else []), *near.get(word.terms[0], ())) for word in words]
    share = earlier.counts_of_any(groups) / max(earlier.size, 1)
    users = users_of(index, field, groups)
    rare = share < COMMON
    few = users < np.maximum(FEWEST_USERS, LIFT * share * len(field))
    foreign: Booleans = (share == 0.0) | (rare & few)
    strange = np.flatnonzero(foreign).tolist()
    parts = sorted({part for i in strange for part in words[i].terms[1:]}) if own else []
    used = set(itertools.compress(parts, users_of(index, field, [(part,) for part in parts]) >= FEWEST_USERS))
    for i in strange:
        # a compound is known where its parts are: a new name of the field is not a word that nobody knows
        if own and words[i].terms[1:]:
            foreign[i] = not used.issuperset(words[i].terms[1:])
        elif not own and not groups[i]:
            foreign[i] = False  # nothing stands for it: it counts nowhere anyway
    return foreign


def _counterparts(
    index: PatentIndex, question: Question, words: Sequence[Word], least: float
) -> Mapping[str, tuple[str, ...]]:
    if not index.languages - {question.language}:
        return {}
    asked = [(word.terms[0], word.surface) for word in words]
    translated = index.space.bridge.translate(asked, question.language)
    return {
        term: tuple(each.term for each in found[:_COUNTERPARTS] if each.similarity >= least)
        for (term, _), found in zip(asked, translated, strict=True)
    }


def users_of(index: PatentIndex, docs: Integers, groups: Sequence[Sequence[str]]) -> Integers:
    """Return how many of some patents have any term of each group, (g,)."""
    users: Integers = having(index, docs, groups).sum(axis=1)
    return users
