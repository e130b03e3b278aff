"""The index of a corpus whose segments lie in other processes: questions are fanned out and the answers merged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ktop.patents.cluster.share import shares_of
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import IndexManifest
from ktop.patents.engine.lexical import WeightedTerms
from ktop.patents.engine.patent_search import Docs, Filter, Scores, TermDocs, Terms
from ktop.patents.engine.questions import Question
from ktop.patents.engine.ranking import best
from ktop.patents.engine.segment import Display
from ktop.patents.engine.vectors import HALF

#: Asks the shares one question, each with arguments of its own, those of None not at all. Returns the answers of the
#: shares asked, in their order, all of them; where one is missing it raises.
Ask = Callable[[str, Sequence[tuple[Any, ...] | None]], list[Any]]
T = TypeVar("T")


class ClusterIndex(PatentIndex):
    """An index that holds the tables of its generation itself and asks shares for what lies in segments.

    Weights of terms and the lists of vectors to scan are reckoned here, once, by the statistics of the whole
    generation; a share adds up the same numbers in the same order as one machine would, and merging takes the same
    best of them. So every answer is that of one machine to the last bit, whatever the number of shares.
    """

    def __init__(
        self, directory: Path | str, shares: int, connect: Callable[[IndexManifest, list[tuple[int, ...]]], Ask]
    ) -> None:
        """Open the generation in force.

        ``connect`` is given its manifest and the segments of each share, and returns how to ask them once all answer.
        """
        super().__init__(directory, share=())
        places = shares_of(self.manifest, shares)
        owners = {place: number for number, share in enumerate(places) for place in share}
        self._owners = np.array([owners[place] for place in range(len(self.manifest.segments))], dtype=np.int64)
        self._shares = shares
        self._ask = connect(self.manifest, places)

    def _ask_all(self, question: str, *arguments: Any) -> list[Any]:
        return self._ask(question, [arguments] * self._shares)

    def _ask_owners(self, question: str, docs: Docs, *further: Any) -> tuple[list[npt.NDArray[np.int64]], list[Any]]:
        """Ask every share of its own among some documents; return their places among these, and the answers."""
        owner = self._owners[np.searchsorted(self.first_docs, docs, side="right") - 1] if len(docs) else docs
        places = [np.flatnonzero(owner == number) for number in range(self._shares)]
        answers = self._ask(question, [(docs[at], *further) if len(at) else None for at in places])
        return [at for at in places if len(at)], answers

    def _of_each(self, question: str, docs: Docs) -> list[Any]:
        found: list[Any] = [None] * len(docs)
        for places, answer in zip(*self._ask_owners(question, docs), strict=True):
            for place, one in zip(places.tolist(), answer, strict=True):
                found[place] = one
        return found

    def by_words(self, terms: WeightedTerms, limit: int, before: int | None, only: Filter) -> tuple[Docs, Scores]:
        """See ``PatentSearch``."""
        if not len(terms.codes) or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return self._best(self._ask_all("by_words", terms, limit, before, only), limit)

    def saturated(self, docs: Docs, terms: WeightedTerms) -> Scores:
        """See ``PatentSearch``."""
        found = np.zeros(len(docs), dtype=np.float64)
        for places, answer in zip(*self._ask_owners("saturated", docs, terms), strict=True):
            found[places] = answer
        return found

    def by_vector(
        self, vector: npt.NDArray[np.float32], limit: int, before: int | None, only: Filter
    ) -> tuple[Docs, Scores]:
        """See ``PatentSearch``."""
        if limit <= 0 or not np.any(vector):
            return np.empty(0, dtype=np.int64), np.empty(0)
        lists = self.dense.lists_near(vector)
        return self._best(self._ask_all("by_vector", vector, lists, limit, before, only), limit)

    def scan_ahead(self, questions: Sequence[Question], top: int, before: int | None, excluded: int) -> None:
        """Do nothing: shares are asked when an answer is wanted."""

    def _best(self, answers: Sequence[tuple[Docs, Scores]], limit: int) -> tuple[Docs, Scores]:
        docs, scores = [docs for docs, _ in answers], [scores.astype(np.float32) for _, scores in answers]
        return best(docs, scores, limit, self.tables.rank)

    def vectors_of(self, docs: Docs) -> npt.NDArray[np.float32]:
        """See ``PatentSearch``."""
        found = np.zeros((len(docs), 2 * HALF), dtype=np.float32)
        for places, answer in zip(*self._ask_owners("vectors_of", docs), strict=True):
            found[places] = answer
        return found

    def terms_of(self, docs: Docs) -> list[Terms]:
        """See ``PatentSearch``."""
        return self._of_each("terms_of", docs)

    def ids_of(self, docs: Docs) -> list[str]:
        """See ``PatentSearch``."""
        return self._of_each("ids_of", docs)

    def _displays(self, docs: Docs) -> list[Display]:
        return self._of_each("displays", docs)

    def _docs_with(self, wanted: Sequence[Sequence[int]], before: int | None) -> list[TermDocs]:
        answers = self._ask_all("docs_with", wanted, before)
        return [np.sort(np.concatenate(parts)) for parts in zip(*answers, strict=True)]

    def counted(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """See ``PatentIndex``."""
        found: npt.NDArray[np.int64] = np.sum(self._ask_all("counted", codes, before), axis=0, dtype=np.int64)
        return found

    def document_frequencies(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """See ``PatentSearch``."""
        return self.counted(codes, before) - self.tables.replaced_of(codes, before)

    def docs_of(self, ids: Sequence[str]) -> Docs:
        """See ``PatentSearch``."""
        pairs = sorted(itertools.chain.from_iterable(self._ask_all("docs_of", list(ids)))) if ids else []
        return np.array([doc for _, doc in pairs], dtype=np.int64)
