"""Search: the patents nearest to a text, by words, by text vectors, or both; Korean and English questions alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ktop.domain.neighbourhood import day_number
from ktop.domain.technology import Lang, clean_text, detect_language
from ktop.errors import InputError, TooLargeError, UnavailableError
from ktop.patents.layout import Layout
from ktop.patents.lexical import LexicalReader
from ktop.patents.questions import Question
from ktop.patents.segment import LANGUAGE_CODES, Display, Segment
from ktop.patents.tables import Tables
from ktop.patents.text import Analyser
from ktop.patents.vectors import HALF, TextSpace

Mode = Literal["lexical", "dense", "hybrid"]
MAX_QUERY_CHARS = 100_000
#: Weights of the word index and of text vectors, and the rank constant of reciprocal rank fusion (Cormack et al. 2009),
#: for patents in the question's language and for those in the other one. Measured: docs/patents.md.
FUSION_OWN = (1.0, 0.1, 10)
FUSION_OTHER = (1.0, 2.0, 60)
#: Candidates taken from each list before fusing, as a multiple of what is asked for, and at least.
DEPTH = 3
MIN_DEPTH = 300
_VECTOR_BATCH = 200_000

Docs = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hit:
    """A patent found, best first. ``score`` orders the hits of one question and means nothing across questions."""

    patent_id: str
    score: float


class PatentIndex:
    """The index of a corpus, for reading. Cheap to open: arrays are mapped and models load on first use.

    Use one object from one thread at a time.
    """

    def __init__(self, directory: Path | str) -> None:
        """Open the index below a corpus folder.

        Raises ``NotFoundError`` where there is none, ``UnavailableError`` while it is being built.
        """
        self.layout = Layout(Path(directory))
        self.manifest = self.layout.read()
        if self.manifest.tables is None or self.manifest.bridge is None:
            raise UnavailableError("patents.index_incomplete", directory=str(directory))
        self.tables = Tables(self.layout.root / self.manifest.tables)
        self.space = TextSpace(self.layout.root / self.manifest.bridge)
        self.segments: list[Segment] = self.layout.open_segments(self.manifest)
        self._starts = np.array([segment.start for segment in self.segments], dtype=np.int64)
        self.analyser = Analyser()

    def __len__(self) -> int:
        return self.manifest.patents

    @cached_property
    def lexical(self) -> LexicalReader:
        """The word index."""
        return LexicalReader(self.layout.lexical)

    @property
    def version(self) -> str:
        """Version of the corpus that the index was made from."""
        return str(self.tables.about["version"])

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages that patents of the corpus are in."""
        return frozenset(lang for lang, count in self.tables.about["languages"].items() if count)

    # --- questions -------------------------------------------------------------------------------------------------

    def question(self, text: str, language: Lang | None = None, title: str | None = None) -> Question:
        """Analyse a text (and its title) for asking.

        Raises ``TooLargeError`` over ``MAX_QUERY_CHARS`` characters, ``InputError`` where the text has no letters of
        Korean or English.
        """
        if len(text) > MAX_QUERY_CHARS:
            raise TooLargeError("patents.query_too_large", chars=len(text), limit=MAX_QUERY_CHARS)
        cleaned = clean_text(text)
        language = language or detect_language(cleaned)
        if language is None:
            raise InputError("patents.query_language")
        return Question.of(cleaned, language, self.analyser, self.space, title)

    def search(
        self,
        text: str,
        top: int = 10,
        before: date | None = None,
        exclude: Collection[str] = (),
        mode: Mode = "hybrid",
    ) -> list[Hit]:
        """Return the patents nearest to ``text``, best first.

        Parameters
        ----------
        before : only patents placed in time before this day (``Patent.known_from``); undated ones are left out then.
        exclude : ids that must not be found.
        mode : ``lexical`` (words), ``dense`` (text vectors) or ``hybrid`` (both, fused by rank).
        """
        if mode not in get_args(Mode):
            raise InputError("patents.search_mode", mode=mode, known=", ".join(get_args(Mode)))
        if top <= 0:
            return []
        day = None if before is None else day_number(before)
        excluded = self.tables.docs_of(list(exclude)) if exclude else np.empty(0, dtype=np.int64)
        docs, scores = self.retrieve(self.question(text), top, day, excluded, mode)
        return [Hit(self.patent_id(int(doc)), float(score)) for doc, score in zip(docs, scores, strict=True)]

    def retrieve(
        self, question: Question, top: int, before: int | None, excluded: Docs, mode: Mode = "hybrid"
    ) -> tuple[Docs, Scores]:
        """Return document numbers and scores, best first, of at most ``top`` patents (see ``search``)."""
        depth = max(DEPTH * top, MIN_DEPTH) + len(excluded)
        found: list[tuple[Docs, Scores]] = []
        if question.language in self.languages:
            groups = question.own_groups() if mode != "dense" else []
            found.append(self._group(question, groups, FUSION_OWN, True, depth, before, excluded, mode))
        if self.languages - {question.language}:
            groups = question.bridged_groups() if mode != "dense" else []
            found.append(self._group(question, groups, FUSION_OTHER, False, depth, before, excluded, mode))
        docs, scores = self._merged(question, found)
        return docs[:top], scores[:top]

    def _group(
        self,
        question: Question,
        groups: Sequence[dict[str, float]],
        fusion: tuple[float, float, int],
        own: bool,
        depth: int,
        before: int | None,
        excluded: Docs,
        mode: Mode,
    ) -> tuple[Docs, Scores]:
        """Search the patents of one language: those of the question's (``own``) or those of the other one."""
        code = LANGUAGE_CODES[question.language]
        lists: list[tuple[float, Docs, Scores]] = []
        if mode != "dense":
            docs, scores = self.lexical.search(groups, depth, before)
            keep = self._kept(docs, excluded)
            if len(self.languages) > 1:
                language = self.tables.language[docs[keep]]
                keep = keep[(language == code) if own else (language != code)]
            lists.append((fusion[0], docs[keep], scores[keep]))
        if mode != "lexical":
            wanted = None if len(self.languages) == 1 else (code if own else 3 - code)
            docs, scores = self.nearest_vectors(question.vector, depth, before, wanted)
            keep = self._kept(docs, excluded)
            lists.append((fusion[1], docs[keep], scores[keep]))
        if len(lists) == 1:
            return lists[0][1], lists[0][2]
        return _fused(lists, fusion[2])

    def _kept(self, docs: Docs, excluded: Docs) -> Docs:
        """Return the places of documents that may be shown: known to the manifest, alive, not excluded."""
        good = docs < self.manifest.rows  # a build in progress may have committed words beyond the manifest
        good[good] &= self.tables.alive[docs[good]]
        if len(excluded):
            good &= ~np.isin(docs, excluded)
        return np.flatnonzero(good)

    def _merged(self, question: Question, lists: list[tuple[Docs, Scores]]) -> tuple[Docs, Scores]:
        """Join the lists of two languages, whose scores do not compare, by closeness of text vectors.

        The order within each list stays: a patent takes the best closeness of itself and those after it in its list.
        """
        lists = [found for found in lists if len(found[0])]
        if len(lists) < 2:
            return lists[0] if lists else (np.empty(0, dtype=np.int64), np.empty(0))
        vector = question.vector
        near = [np.maximum.accumulate((self.vectors_of(docs) @ vector)[::-1])[::-1] for docs, _ in lists]
        docs, score = np.concatenate([docs for docs, _ in lists]), np.concatenate(near).astype(np.float64)
        order = np.argsort(-score, kind="stable")
        return docs[order], score[order]

    # --- text vectors ----------------------------------------------------------------------------------------------

    def nearest_vectors(
        self, vector: npt.NDArray[np.float32], limit: int, before: int | None, language: int | None = None
    ) -> tuple[Docs, Scores]:
        """Return the documents whose text vectors are nearest (cosine), best first; exhaustive, never approximate."""
        docs: list[Docs] = []
        scores: list[npt.NDArray[np.float32]] = []
        if not np.any(vector):
            return np.empty(0, dtype=np.int64), np.empty(0)
        for segment in self.segments:
            dense = segment.dense
            end = segment.rows if before is None else int(np.searchsorted(segment.day, before))
            if dense is None:
                continue
            for start in range(0, end, _VECTOR_BATCH):
                part = dense[start : min(start + _VECTOR_BATCH, end)] @ vector
                if language is not None:
                    here = self.tables.language[segment.start + start : segment.start + start + len(part)]
                    part = np.where(here == language, part, -2.0)
                best = np.argpartition(-part, limit)[:limit] if len(part) > limit else np.arange(len(part))
                best = best[part[best] > -2.0]
                docs.append(segment.start + start + best)
                scores.append(part[best])
        if not docs:
            return np.empty(0, dtype=np.int64), np.empty(0)
        found, near = np.concatenate(docs).astype(np.int64), np.concatenate(scores)
        order = np.lexsort((found, -near))[:limit]
        return found[order], near[order].astype(np.float64)

    def vectors_of(self, docs: Docs) -> npt.NDArray[np.float32]:
        """Return the text vectors of some documents, shape (len(docs), d); zeros where there is none."""
        found = np.zeros((len(docs), 2 * HALF), dtype=np.float32)
        owner = np.searchsorted(self._starts, docs, side="right") - 1
        for number in np.unique(owner):
            segment = self.segments[int(number)]
            if segment.dense is not None:
                mine = owner == number
                found[mine] = segment.dense[docs[mine] - segment.start]
        return found

    # --- single documents ------------------------------------------------------------------------------------------

    def segment_of(self, doc: int) -> tuple[Segment, int]:
        """Return the segment of a document and its row there."""
        segment = self.segments[int(np.searchsorted(self._starts, doc, side="right")) - 1]
        return segment, doc - segment.start

    def patent_id(self, doc: int) -> str:
        """Return the id of a document."""
        return bytes(self.tables.ids[doc]).decode("ascii")

    def display(self, doc: int) -> Display:
        """Return title, applicants and subclasses of a document."""
        segment, row = self.segment_of(doc)
        return segment.display(row)


def _fused(lists: Sequence[tuple[float, Docs, Scores]], constant: int) -> tuple[Docs, Scores]:
    """Fuse ranked lists: the score of a document is the sum of weight / (constant + rank), ranks from 0."""
    docs = np.unique(np.concatenate([found for _, found, _ in lists]))
    score = np.zeros(len(docs), dtype=np.float64)
    for weight, found, _ in lists:
        score[np.searchsorted(docs, found)] += weight / (constant + np.arange(len(found)))
    order = np.lexsort((docs, -score))
    return docs[order], score[order]
