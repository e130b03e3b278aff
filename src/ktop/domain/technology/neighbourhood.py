"""A technology among its nearest earlier patents: everything the originality model may know, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.summary import Technology
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return days since 1970-01-01: how all arrays of the patent rooms hold dates."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(_EPOCH.toordinal() + int(number))


@dataclass(frozen=True, slots=True)
class LabelSets:
    """Several labels per row (class symbols, applicants), as offsets into one flat array.

    Row ``i`` has ``names[codes[offsets[i]:offsets[i + 1]]]``.
    """

    offsets: Integers
    codes: Integers
    names: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> LabelSets:
        """Number the labels in the order in which they first occur."""
        known: dict[str, int] = {}
        codes = [known.setdefault(label, len(known)) for row in rows for label in row]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return cls(offsets, np.array(codes, dtype=np.int64), tuple(known))

    @property
    def counts(self) -> Integers:
        """(rows,) how many labels each row has."""
        return self.offsets[1:] - self.offsets[:-1]

    def row(self, i: int) -> tuple[str, ...]:
        """Return the labels of row ``i``."""
        return tuple(self.names[code] for code in self.codes[self.offsets[i] : self.offsets[i + 1]].tolist())

    def first(self, n: int) -> LabelSets:
        """Return the first ``n`` rows, with the same numbers for labels."""
        end = self.offsets[n]
        return LabelSets(self.offsets[: n + 1], self.codes[:end], self.names)

    def weights(self, row_weights: Floats) -> Floats:
        """Return each label's weight, shape (len(names),): every row spreads its own weight evenly over its labels."""
        per_label = np.repeat(row_weights / np.maximum(self.counts, 1), self.counts)
        return np.bincount(self.codes, weights=per_label, minlength=len(self.names)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """Terms of the technology and what the earlier patents of the corpus say of each; all arrays have length t.

    Parameters
    ----------
    terms : the term as a reader would write it.
    weight : its importance in the technology's text, > 0; the largest is 1.
    df : number of patents with the term that are earlier than the as-of day.
    df_recent : how many of them were filed in the three years before that day.
    df_previous : how many in the three years before those.
    first_day : filing day (days since 1970) of the earliest of them; NaN where there is none.
    in_neighbour : (t, n) whether the neighbour has the term.
    """

    terms: Texts
    weight: Floats
    df: Integers
    df_recent: Integers
    df_previous: Integers
    first_day: Floats
    in_neighbour: Booleans


@dataclass(frozen=True, slots=True)
class WordPresence:
    """Words of the technology's text and where they are found; arrays of length t, see ``TermStatistics``.

    Parameters
    ----------
    terms, weight, in_neighbour : as in ``TermStatistics``.
    df : number of earlier patents with the word; replaced publications may count until their index is compacted.
    """

    terms: Texts
    weight: Floats
    df: Integers
    in_neighbour: Booleans


@dataclass(frozen=True, slots=True)
class NearestInMeaning:
    """The earlier patents nearest to the technology in meaning, whatever words they use; the nearest first.

    Parameters
    ----------
    cosine : (k,) cosine of text vectors that both languages share, -1 to 1.
    filing_day : (k,) days since 1970.
    topic : (k,) number of the text topic, -1 where there is none.
    among : (k,) mean cosine of each to the hundred of the others that are nearest to it; empty where it was not asked.
    """

    cosine: Floats
    filing_day: Floats
    topic: Integers
    among: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def none(cls) -> NearestInMeaning:
        """Return that of a text or corpus without vectors."""
        return cls(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The technology, its nearest earlier patents (n of them, the most similar first) and their surroundings.

    Every count is of patents placed in time before ``as_of`` (``Patent.known_from``), never of later ones, and never of
    excluded ones. Where n is 0 all neighbour arrays are empty.

    Parameters
    ----------
    technology, as_of : what is rated, as of which day.
    corpus : name, version and language shares of the corpus, JSON-ready.
    corpus_size : number of earlier patents in the corpus.
    years, patents_per_year : (y,) every year of the corpus up to the as-of year, and its earlier patents.
    patent_ids, titles : (n,) strings.
    similarity : (n,) in [0, 1], comparable between technologies (docs/patents.md says how it is made).
    lexical : (n,) cosine of tf-idf vectors, 0-1 (of the bridged query where the languages differ).
    semantic : (n,) cosine of sentence vectors, NaN where none is stored.
    filing_day : (n,) days since 1970.
    language : (n,) "ko", "en" or "".
    classes : four-character subclasses of each neighbour (IPC, else CPC).
    topics : the text topic of each neighbour, the corpus's own clusters: a stand-in where a corpus has no classes.
    applicants : applicants of each neighbour as printed, case folded.
    measures : measure name → (n,) float64, NaN where missing (see docs/patents.md for names).
    pair_similarity : (n, n) cosine of the neighbours' tf-idf vectors; the diagonal is 1. Empty in halves.
    key_terms : the technology's key terms (noun phrases).
    text_terms : every distinct word of the technology's text after analysis.
    term_pairs, pair_df : (p, 2) indices into ``key_terms`` and how many earlier patents have both terms.
    in_meaning : the earlier patents nearest in meaning, more than the neighbours.
    field_use : for each of ``text_terms`` the share of the patents nearest in meaning that use it; empty where the
        text was read whole.
    copied : (n,) how far the text is a copy of each neighbour, from 1 on it is one; empty where it was not asked.
    left_out : words that count nothing, because the field or nobody knows them.
    halves : the same technology by each half of its sentences, read as far as the whole text is; empty where it was not
        asked or the text has too few.
    background : similarity (same scale) of a fixed sample of earlier patents of the corpus, ascending.
    seconds : time spent by step.
    """

    technology: Technology
    as_of: date
    corpus: Mapping[str, Any]
    corpus_size: int
    years: Integers
    patents_per_year: Integers
    patent_ids: Texts
    titles: Texts
    similarity: Floats
    lexical: Floats
    semantic: Floats
    filing_day: Floats
    language: Texts
    classes: LabelSets
    topics: LabelSets
    applicants: LabelSets
    measures: Mapping[str, Floats]
    pair_similarity: npt.NDArray[np.float32]
    key_terms: TermStatistics
    text_terms: WordPresence
    term_pairs: Integers
    pair_df: Integers
    in_meaning: NearestInMeaning
    background: Floats
    seconds: Mapping[str, float] = field(default_factory=dict)
    field_use: Floats = field(default_factory=lambda: np.empty(0))
    copied: Floats = field(default_factory=lambda: np.empty(0))
    left_out: tuple[str, ...] = ()
    halves: tuple[Neighbourhood, ...] = ()

    @property
    def size(self) -> int:
        """Number of neighbours, n."""
        return len(self.patent_ids)

    @property
    def age_years(self) -> Floats:
        """(n,) years from each neighbour's filing to the as-of day, > 0."""
        return (day_number(self.as_of) - self.filing_day) / 365.25

    def nearest(self, n: int) -> Neighbourhood:
        """Return the same with the ``n`` most similar neighbours only; itself where it has no more."""
        if n >= self.size:
            return self
        return replace(
            self,
            **{name: getattr(self, name)[:n] for name in _PER_NEIGHBOUR},
            copied=self.copied[:n],
            classes=self.classes.first(n),
            topics=self.topics.first(n),
            applicants=self.applicants.first(n),
            measures={name: values[:n] for name, values in self.measures.items()},
            pair_similarity=self.pair_similarity[:n, :n],
            key_terms=replace(self.key_terms, in_neighbour=self.key_terms.in_neighbour[:, :n]),
            text_terms=replace(self.text_terms, in_neighbour=self.text_terms.in_neighbour[:, :n]),
        )


_PER_NEIGHBOUR = ("patent_ids", "titles", "similarity", "lexical", "semantic", "filing_day", "language")
