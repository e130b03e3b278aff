"""What is asked of the patents of a generation, wherever their segments lie: the port of an index to its shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import UInt32
from ktop.patents.engine.lexical import WeightedTerms
from ktop.patents.engine.segment import Display

Docs = npt.NDArray[np.int64]
#: Documents of a term, of which there may be a million: 32 bits each.
TermDocs = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float64]
#: Term codes of a patent, ascending, and how often each stands there.
Terms = tuple[UInt32, npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which patents a search looks in; None stands for all.

    Parameters
    ----------
    languages : ``ko``, ``en``.
    classes : beginnings of IPC or CPC symbols, one to four characters: ``G``, ``G06``, ``G06F``.
    countries : two-letter codes of the office that published the patent: ``KR``, ``US``.
    """

    languages: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    countries: frozenset[str] | None = None


#: Lets every patent through.
EVERY = Filter()


class PatentSearch(Protocol):
    """What is asked of the patents of a generation, wherever their segments lie: in this process or in others.

    Whoever answers gives the same to the last bit: the statistics are those of the whole generation, and of equal
    scores the patent of the earlier day, then of the lower id, comes first.
    """

    def by_words(self, terms: WeightedTerms, limit: int, before: int | None, only: Filter) -> tuple[Docs, Scores]:
        """Return documents and BM25 scores, best first (``LexicalReader.search_weighted``)."""

    def saturated(self, docs: Docs, terms: WeightedTerms) -> Scores:
        """Return the scores of some documents by which searches by chances order them (``LexicalReader``)."""

    def by_vector(
        self, vector: npt.NDArray[np.float32], limit: int, before: int | None, only: Filter
    ) -> tuple[Docs, Scores]:
        """Return documents and cosines of text vectors, best first (``DenseReader.search``)."""

    def vectors_of(self, docs: Docs) -> npt.NDArray[np.float32]:
        """Return the text vectors of some documents, shape (len(docs), d)."""

    def terms_of(self, docs: Docs) -> list[Terms]:
        """Return the terms of each of some documents."""

    def docs_with(self, wanted: Sequence[Sequence[int]], before: int | None) -> list[TermDocs]:
        """Return for each list of term codes the documents (earlier than a day) with all of them, ascending.

        Replaced patents are among them.
        """

    def document_frequencies(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """Return for each term code how many patents (earlier than a day) have it, shape (len(codes),)."""

    def ids_of(self, docs: Docs) -> list[str]:
        """Return the ids of some documents."""

    def docs_of(self, ids: Sequence[str]) -> Docs:
        """Return the document numbers of the patents with these ids that there are."""

    def displays(self, docs: Docs) -> list[Display]:
        """Return title, applicants and subclasses of some documents."""
