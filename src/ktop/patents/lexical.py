"""The word index of the corpus: tantivy over terms that the analyser has already made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from ktop.patents.segment import NO_DAY, PAIR, IndexedPatent

FIELDS = ("title", "text", "pairs")
#: Weight of a match by field (measured on known items and in-text citations, docs/patents.md).
BOOSTS = {"title": 1.0, "text": 1.0, "pairs": 0.8}
WRITER_BYTES = 128_000_000
#: tantivy stores days as unsigned numbers; shifts 1 January of the year 1 to 1.
_DAY_SHIFT = 719_163
_NO_DAY = 4_000_000_000


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="blanks", index_option="freq")
    for name in ("doc", "day"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_unsigned_field("segment", indexed=True)
    return builder.build()


def _opened(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    path = str(folder)
    index = tantivy.Index.open(path) if tantivy.Index.exists(path) else tantivy.Index(_schema(), path)
    index.register_tokenizer("blanks", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


class LexicalWriter:
    """Adds and removes patents. Nothing is seen by readers before ``commit``; a kill leaves the last commit."""

    def __init__(self, folder: Path) -> None:
        self._index = _opened(folder)
        self._writer = self._index.writer(WRITER_BYTES, 1)

    def remove_segment(self, number: int) -> None:
        """Remove what a killed run may have added under this segment number."""
        self._remove("segment", number)

    def remove(self, docs: Sequence[int]) -> None:
        """Remove patents by document number."""
        for doc in docs:
            self._remove("doc", int(doc))

    def _remove(self, field: str, value: int) -> None:
        # Not delete_documents_by_term: it takes the number as signed and removes nothing from an unsigned field.
        self._writer.delete_documents_by_query(tantivy.Query.term_query(self._index.schema, field, value))

    def add(self, doc: int, segment: int, patent: IndexedPatent, texts: tuple[str, str, str]) -> None:
        """Add one patent with its analysed fields, each a text of terms between blanks."""
        document = tantivy.Document()
        for name, text in zip(FIELDS, texts, strict=True):
            document.add_text(name, text)
        document.add_unsigned("doc", doc)
        document.add_unsigned("segment", segment)
        document.add_unsigned("day", _NO_DAY if patent.day == NO_DAY else patent.day + _DAY_SHIFT)
        self._writer.add_document(document)

    def commit(self) -> None:
        """Make everything since the last commit seen, durably."""
        self._writer.commit()

    def close(self) -> None:
        """Wait for merges and let go of the index."""
        self._writer.wait_merging_threads()


class LexicalReader:
    """Searches by BM25. Terms are those of the analyser; a pair carries its mark."""

    def __init__(self, folder: Path) -> None:
        self._index = _opened(folder)
        self._schema = self._index.schema
        self.searcher = self._index.searcher()

    def document_frequency(self, term: str) -> int:
        """Return how many patents have the term (removed ones may count until tantivy merges)."""
        if PAIR in term:
            return int(self.searcher.doc_freq("pairs", term))
        return max(int(self.searcher.doc_freq("title", term)), int(self.searcher.doc_freq("text", term)))

    def search(
        self, groups: Sequence[Mapping[str, float]], limit: int, before: int | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return document numbers and scores, best first.

        Parameters
        ----------
        groups : each is term → weight; of a group only the best match counts (a word and its translations).
        before : day number; only patents of earlier days are found.
        """
        clauses = [(tantivy.Occur.Should, self._group(group)) for group in groups if group]
        if not clauses or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0)
        query = tantivy.Query.boolean_query(clauses)
        if before is not None:
            earlier = tantivy.Query.range_query(
                self._schema,
                "day",
                tantivy.FieldType.Unsigned,
                lower_bound=0,
                upper_bound=max(before + _DAY_SHIFT, 0),
                include_upper=False,
            )
            free = tantivy.Query.const_score_query(earlier, 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, free)])
        hits = self.searcher.search(query, limit, count=False).hits
        docs = self.searcher.fast_field_values("doc", [address for _, address in hits])
        return np.array(docs, dtype=np.int64), np.array([score for score, _ in hits], dtype=np.float64)

    def _group(self, group: Mapping[str, float]) -> Any:
        queries = [self._term(term, weight) for term, weight in group.items()]
        return queries[0] if len(queries) == 1 else tantivy.Query.disjunction_max_query(queries)

    def _term(self, term: str, weight: float) -> Any:
        fields = ("pairs",) if PAIR in term else ("title", "text")
        queries = [
            tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, name, term, "freq"), weight * BOOSTS[name])
            for name in fields
        ]
        if len(queries) == 1:
            return queries[0]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def remove_lexical(folder: Path) -> None:
    """Delete the word index."""
    shutil.rmtree(folder, ignore_errors=True)
