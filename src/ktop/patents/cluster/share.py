"""One share of a generation: some of its segments, held by one process, that answers of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import IndexManifest
from ktop.patents.engine.lexical import WeightedTerms
from ktop.patents.engine.patent_search import Docs, Filter, Scores, TermDocs, Terms
from ktop.patents.engine.segment import Display

#: What may be asked of a share; every name is one of ``Share``'s methods.
QUESTIONS = frozenset(
    {
        "by_words",
        "saturated",
        "by_vector",
        "vectors_of",
        "terms_of",
        "docs_with",
        "counted",
        "ids_of",
        "docs_of",
        "displays",
    }
)


def shares_of(manifest: IndexManifest, count: int) -> list[tuple[int, ...]]:
    """Return the places of the segments of each of ``count`` shares, about equally many patents in each.

    Segments follow one another in time and every question looks at the earlier ones: they are dealt out in turn.
    """
    held = [0] * count
    shares: list[list[int]] = [[] for _ in range(count)]
    for place, (_, rows) in enumerate(manifest.segments):
        lightest = held.index(min(held))
        shares[lightest].append(place)
        held[lightest] += rows
    return [tuple(share) for share in shares]


class Share:
    """Some segments of one generation, opened by its number: a process that comes back opens the very same."""

    def __init__(self, directory: Path | str, generation: int, places: Sequence[int]) -> None:
        self._index = PatentIndex(directory, generation=generation, share=frozenset(places))

    def ask(self, question: str, arguments: Sequence[Any]) -> Any:
        """Answer one of ``QUESTIONS``."""
        if question not in QUESTIONS:
            raise ValueError(f"a share is not asked for {question}")
        return getattr(self, question)(*arguments)

    def by_words(self, terms: WeightedTerms, limit: int, before: int | None, only: Filter) -> tuple[Docs, Scores]:
        """Return documents and scores, best first; the weights are those of the whole generation."""
        return self._index.lexical.search_weighted(terms, limit, before, self._index.mask(only))

    def saturated(self, docs: Docs, terms: WeightedTerms) -> Scores:
        """Return the scores of documents of the share by which searches by chances order them."""
        return self._index.saturated(docs, terms)

    def by_vector(
        self,
        vector: npt.NDArray[np.float32],
        lists: npt.NDArray[np.int64],
        limit: int,
        before: int | None,
        only: Filter,
    ) -> tuple[Docs, Scores]:
        """Return documents and cosines, best first; the lists to scan were chosen once for all shares."""
        return self._index.dense.search_lists(vector, lists, limit, before, self._index.mask(only))

    def vectors_of(self, docs: Docs) -> npt.NDArray[np.float32]:
        """Return the text vectors of documents of the share."""
        return self._index.vectors_of(docs)

    def terms_of(self, docs: Docs) -> list[Terms]:
        """Return the terms of documents of the share."""
        return [(np.array(codes), np.array(counts)) for codes, counts in self._index.terms_of(docs)]

    def docs_with(self, wanted: Sequence[Sequence[int]], before: int | None) -> list[TermDocs]:
        """Return the documents of the share with all of each list of terms."""
        return self._index.docs_with(wanted, before)

    def counted(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """Return how many patents of the share have each term, replaced ones included."""
        return self._index.counted(codes, before)

    def ids_of(self, docs: Docs) -> list[str]:
        """Return the ids of documents of the share."""
        return self._index.ids_of(docs)

    def displays(self, docs: Docs) -> list[Display]:
        """Return what is shown of documents of the share."""
        return self._index.displays(docs)

    def docs_of(self, ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return place in ``ids`` and document number of every patent of the share with one of these ids."""
        found: list[tuple[int, int]] = []
        alive = self._index.tables.alive
        for segment, rows in self._by_id:
            ordered = segment.ids[rows]
            for place, name in enumerate(ids):
                wanted = name.encode("ascii", "replace")
                at = int(np.searchsorted(ordered, wanted))
                while at < len(ordered) and ordered[at] == wanted:
                    doc = segment.start + int(rows[at])
                    if alive[doc]:
                        found.append((place, doc))
                    at += 1
        return found

    @cached_property
    def _by_id(self) -> list[tuple[Any, npt.NDArray[np.int64]]]:
        """The segments, each with its rows in the order of their ids."""
        return [(segment, np.argsort(segment.ids, kind="stable")) for segment in self._index.segments]
