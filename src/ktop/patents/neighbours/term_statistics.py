"""What the earlier patents of a corpus say of a term: which have it, since when, how many in which years."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.engine import kernels
from ktop.patents.engine.index import PatentIndex
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

    def docs(self, term: str) -> Docs:
        """Return the document numbers that have a term of one or more words joined by the pair mark, ascending.

        A term of three words is taken as two pairs that share a word.
        """
        codes = [term_code(part) for part in parts_of(term)]
        found: list[Docs] = []
        for segment in self.index.segments:
            rows = segment.rows_with(codes[0], self.before)
            for code in codes[1:]:
                if not len(rows):
                    break
                rows = np.intersect1d(rows, segment.rows_with(code, self.before), assume_unique=True)
            found.append(segment.start + rows)
        return self._counted(np.concatenate(found) if found else np.empty(0, dtype=np.int64))

    def docs_of_any(self, terms: Iterable[str]) -> Docs:
        """Return the document numbers that have at least one of the terms, ascending."""
        found = np.empty(0, dtype=np.int64)
        for number, term in enumerate(dict.fromkeys(terms)):
            docs = self.docs(term)
            found = docs if number == 0 else kernels.union(found, docs)
        return found

    def counts_of_any(self, groups: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
        """Return for each group of terms about how many patents have one of them, shape (len(groups),).

        Exact for one term; of several (a word and its counterparts, which stand in patents of different languages) the
        counts are added up. Excluded patents do not count.
        """
        single = [term for group in groups for term in group if len(parts_of(term)) == 1]
        codes = np.unique(np.array([term_code(term) for term in single], dtype=np.uint32))
        counted = dict(zip(codes.tolist(), self.document_frequencies(codes).tolist(), strict=True))
        gone = [set(terms.tolist()) for terms in self._excluded_terms()]
        found = np.zeros(len(groups), dtype=np.int64)
        for i, group in enumerate(groups):
            for term in dict.fromkeys(group):
                if len(parts_of(term)) > 1:
                    found[i] += len(self.docs(term))
                else:
                    code = term_code(term)
                    found[i] += counted[code] - sum(code in terms for terms in gone)
        return np.clip(found, 0, self.size)

    def _excluded_terms(self) -> list[npt.NDArray[np.uint32]]:
        """Return the terms of each excluded patent that is earlier."""
        found = []
        for doc in self.excluded.tolist():
            segment, row = self.index.segment_of(doc)
            if row < segment.end(self.before):
                found.append(segment.terms_of(row)[0])
        return found

    def _counted(self, docs: Docs) -> Docs:
        if self.index.manifest.dead:
            docs = docs[self.index.tables.alive[docs]]
        if len(self.excluded):
            docs = docs[~np.isin(docs, self.excluded)]
        return docs

    def document_frequencies(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """Return for each term code how many earlier patents have it; excluded patents count, too.

        Segments follow one another in time, so most lie wholly before the day or wholly after it; the fewer of the two
        kinds are asked, beside the totals of the whole corpus.
        """
        tables, segments = self.index.tables, self.index.segments
        replaced = tables.replaced_of(codes, self.before)  # the segments' lists have them still
        ends = [segment.end(self.before) for segment in segments]
        later = [segment for segment, end in zip(segments, ends, strict=True) if end < segment.rows]
        if 2 * len(later) > len(segments):
            counted = -replaced
            for segment, end in zip(segments, ends, strict=True):
                if end:
                    counted += segment.document_frequencies(codes, None if end == segment.rows else self.before)
            return counted
        counted = tables.totals_of(codes) + tables.replaced_of(codes, None) - replaced
        for segment in later:
            counted -= segment.document_frequencies(codes, None)
            counted += segment.document_frequencies(codes, self.before)
        return counted

    def recent_and_previous(self, docs: Docs) -> tuple[int, int]:
        """Return how many of some earlier documents are of the last three years, and of the three before those."""
        assert self.before is not None, "recent is only what a day lies behind"
        span = RECENT_YEARS * DAYS_PER_YEAR
        bounds = np.array([self.before - 2 * span, self.before - span, self.before], dtype=np.float64)
        previous, recent = kernels.counts_between(docs, self.index.tables.day, bounds).tolist()
        return recent, previous

    def days(self, docs: Docs) -> npt.NDArray[np.int32]:
        """Return the day numbers of some documents."""
        found: npt.NDArray[np.int32] = self.index.tables.day[docs]
        return found


def parts_of(term: str) -> Sequence[str]:
    """Return the index terms that make up a term: itself, or the pairs of neighbouring words."""
    words = term.split(PAIR)
    return [term] if len(words) <= 2 else [f"{a}{PAIR}{b}" for a, b in itertools.pairwise(words)]
