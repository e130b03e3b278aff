"""What the earlier patents of a corpus say of a term: which have it, since when, how many in which years."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cached_property, reduce

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import PAIR, UInt32, term_code
from ktop.patents.engine import document_lists
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.patent_search import TermDocs
from ktop.patents.engine.sorted_search import first_not_less

DAYS_PER_YEAR = 365.25
#: Years that count as recent.
RECENT_YEARS = 3
#: A share of all patents above which a term says nothing.
COMMON_SHARE = 0.1

Docs = npt.NDArray[np.int64]


class EarlierPatents:
    """The patents of an index that are earlier than a day, without the excluded ones.

    Parameters
    ----------
    before : day number; None for all patents, undated ones included.
    excluded : document numbers that do not count.
    """

    def __init__(self, index: PatentIndex, before: int | None, excluded: Docs) -> None:
        self.index, self.before, self.excluded = index, before, excluded
        self._frequencies: tuple[UInt32, Docs] = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int64)

    @cached_property
    def size(self) -> int:
        """Number of patents that count."""
        tables = self.index.tables
        total = len(tables.days) if self.before is None else first_not_less(tables.days, self.before)
        if len(self.excluded):
            days = tables.day[self.excluded]
            total -= len(days) if self.before is None else int(np.count_nonzero(days < self.before))
        return total

    def counts(self, docs: Docs) -> npt.NDArray[np.bool_]:
        """Return which of some documents count."""
        tables = self.index.tables
        good: npt.NDArray[np.bool_] = np.asarray(tables.alive[docs])
        if self.before is not None:
            good = good & (tables.day[docs] < self.before)
        return good & ~np.isin(docs, self.excluded)

    def docs(self, term: str) -> TermDocs:
        """Return the document numbers that have a term of one or more words joined by the pair mark, ascending.

        A term of three words is taken as two pairs that share a word.
        """
        return self.docs_of_each([term])[0]

    def docs_of_each(self, terms: Sequence[str]) -> list[TermDocs]:
        """Return what ``docs`` does of each of some terms, asked for together."""
        wanted = [[term_code(part) for part in parts_of(term)] for term in terms]
        return [self._counted(docs) for docs in self.index.docs_with(wanted, self.before)] if wanted else []

    def docs_of_any(self, groups: Sequence[Iterable[str]]) -> list[TermDocs]:
        """Return for each group of terms the document numbers that have at least one of them, ascending."""
        terms = list(dict.fromkeys(itertools.chain.from_iterable(groups)))
        docs = dict(zip(terms, self.docs_of_each(terms), strict=True))
        nobody = np.empty(0, dtype=np.int32)
        each = [[docs[term] for term in dict.fromkeys(group)] or [nobody] for group in groups]
        return [reduce(document_lists.union, lists) for lists in each]

    def counts_of_any(self, groups: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
        """Return for each group of terms about how many patents have one of them, shape (len(groups),).

        Exact for one term; of several (a word and its counterparts, which stand in patents of different languages) the
        counts are added up. Excluded patents do not count.
        """
        terms = list(dict.fromkeys(itertools.chain.from_iterable(groups)))
        several = [term for term in terms if len(parts_of(term)) > 1]
        single = [term for term in terms if len(parts_of(term)) == 1]
        codes = np.array([term_code(term) for term in single], dtype=np.uint32)
        counts = self.document_frequencies(codes)
        for gone in self._excluded_terms():
            counts -= np.isin(codes, gone)
        counted = dict(zip(several, map(len, self.docs_of_each(several)), strict=True))
        counted |= zip(single, counts.tolist(), strict=True)
        found = [sum(counted[term] for term in dict.fromkeys(group)) for group in groups]
        return np.clip(np.array(found, dtype=np.int64), 0, self.size)

    def _excluded_terms(self) -> list[npt.NDArray[np.uint32]]:
        """Return the terms of each excluded patent that is earlier."""
        earlier = self.excluded
        if self.before is not None:
            earlier = earlier[self.index.tables.day[earlier] < self.before]
        return [terms for terms, _ in self.index.terms_of(earlier)] if len(earlier) else []

    def _counted(self, docs: TermDocs) -> TermDocs:
        if self.index.manifest.dead:
            docs = docs[self.index.tables.alive[docs]]
        if len(self.excluded):
            docs = docs[~np.isin(docs, self.excluded)]
        return docs

    def document_frequencies(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """Return for each term code how many earlier patents have it; excluded patents count, too.

        Remembered: the neighbours of a text and of its halves have most terms in common, and these are found sooner
        among some thousands than among the millions of a large corpus.
        """
        known, counted = self._frequencies
        place = np.searchsorted(known, codes)
        new = np.unique(codes[known[np.minimum(place, len(known) - 1)] != codes] if len(known) else codes)
        if len(new):
            order = np.argsort(np.concatenate([known, new]), kind="stable")
            found = self.index.document_frequencies(new, self.before)
            known, counted = np.concatenate([known, new])[order], np.concatenate([counted, found])[order]
            self._frequencies = known, counted
            place = np.searchsorted(known, codes)
        frequencies: npt.NDArray[np.int64] = counted[place]
        return frequencies

    def recent_and_previous(self, docs: TermDocs) -> tuple[int, int]:
        """Return how many of some earlier documents are of the last three years, and of the three before those."""
        assert self.before is not None, "recent is only what a day lies behind"
        span = RECENT_YEARS * DAYS_PER_YEAR
        edges = np.array([self.before - 2 * span, self.before - span, self.before], dtype=np.float64)
        previous, recent = document_lists.counts_between(docs, self.index.tables.day, self.index.first_docs, edges)
        return int(recent), int(previous)

    def first_day(self, docs: TermDocs) -> int | None:
        """Return the day number of the earliest of some documents, ascending; None where there is none."""
        return int(document_lists.earliest(docs, self.index.tables.day, self.index.first_docs)) if len(docs) else None

    def days(self, docs: Docs) -> npt.NDArray[np.int32]:
        """Return the day numbers of some documents."""
        found: npt.NDArray[np.int32] = self.index.tables.day[docs]
        return found


def parts_of(term: str) -> Sequence[str]:
    """Return the index terms that make up a term: itself, or the pairs of neighbouring words."""
    words = term.split(PAIR)
    return [term] if len(words) <= 2 else [f"{a}{PAIR}{b}" for a, b in itertools.pairwise(words)]
