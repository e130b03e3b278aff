"""Search: the patents nearest to a text, by words, by text vectors, or both; Korean and English questions alike."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt

from ktop import catalogue
from ktop.domain.technology.neighbourhood import day_number
from ktop.domain.technology.summary import Lang, clean_text, detect_language
from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.analysis.text import Analyser
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.checksums import checksum
from ktop.patents.engine.dense import DenseReader
from ktop.patents.engine.generations import open_generation
from ktop.patents.engine.layout import Layout
from ktop.patents.engine.lexical import LexicalReader, WeightedTerms, by_chances
from ktop.patents.engine.patent_search import EVERY, Docs, Filter, Scores, TermDocs, Terms
from ktop.patents.engine.questions import Question
from ktop.patents.engine.ranking import FUSION_OTHER, FUSION_OWN, best, fused
from ktop.patents.engine.remembered import Remembered
from ktop.patents.engine.scans import Asked, Scans
from ktop.patents.engine.segment import LANGUAGE_CODES, Display, Segment
from ktop.patents.engine.sorted_search import among
from ktop.patents.engine.tables import Tables, country_code
from ktop.patents.engine.vectors import TextSpace, across

T = TypeVar("T")
Mode = Literal["lexical", "dense", "hybrid"]
Weighing = Literal["counts", "chances"]
MAX_QUERY_CHARS = 100_000
#: Candidates taken from each list before fusing, as a multiple of what is asked for, and at least.
DEPTH = 3
MIN_DEPTH = 300
#: Patents from which on work is done on two cores at once: below it was no faster.
BESIDE_FROM = 500_000
#: Terms whose documents are remembered, and at most how many document numbers for each patent of the corpus: 8 bytes.
TERMS_KEPT = 300
DOCS_KEPT = 2
#: Patents whose numbers, titles, applicants and classes are remembered.
SHOWN_KEPT = 8_192
#: Analysed questions that are kept: one rating asks the same text several times, and others may ask theirs meanwhile.
QUESTIONS_KEPT = 64
#: Filters whose document masks are kept (a byte a patent each).
MAX_MASKS = 8
#: Files of the catalogue that a question's answer depends on.
WORD_DATA = ("function_words", "glossary", "idle_words", "sentence_rule", "stop_terms")


@dataclass(frozen=True, slots=True)
class Hit:
    """A patent found, best first. ``score`` orders the hits of one question and means nothing across questions."""

    patent_id: str
    score: float


class PatentIndex:
    """The index of a corpus, for reading. Cheap to open: arrays are mapped and models load on first use.

    Several threads may ask one object at once: what it remembers is put in place in one step.
    """

    def __init__(
        self, directory: Path | str, *, generation: int | None = None, share: Collection[int] | None = None
    ) -> None:
        """Open the index below a corpus folder.

        It answers as of the generation in force now, whatever is written later, and holds that generation on the disk.

        Parameters
        ----------
        generation : the generation to open in place of the one in force, as long as anybody holds it.
        share : places in the manifest of the segments to open, all where None: what is asked of segments is answered
            of these alone, by the statistics of the whole generation.

        Raises ``NotFoundError`` where there is none, ``UnavailableError`` while the first one is being built,
        ``InputError`` where any of its files is not as it was written.
        """
        self.layout = Layout(Path(directory))
        self._seen = self.layout.stamp()
        self.manifest, self._lease = open_generation(self.layout, generation)
        self.layout.verify_checksums(self.manifest, share=share)
        assert self.manifest.tables is not None and self.manifest.bridge is not None
        self.tables = Tables(self.layout.root / self.manifest.tables)
        self.space = TextSpace(self.layout.root / self.manifest.bridge)
        segments = self.layout.open_segments(self.manifest)
        self.segments: list[Segment] = segments if share is None else [segments[place] for place in sorted(share)]
        self.dense = DenseReader(self.segments, self.manifest.bridge, self.space.centres, self.tables.rank)
        self.lexical = LexicalReader(self.segments, self.tables, self.manifest.average_length)
        self._asked: dict[tuple[str, Lang, str | None], Question] = {}
        self._asking = threading.Lock()
        self._masks: dict[Filter, npt.NDArray[np.uint8]] = {}
        self._having: Remembered[tuple[int | None, tuple[int, ...]], TermDocs]
        self._having = Remembered(TERMS_KEPT, DOCS_KEPT * len(self), len)
        self._shown: Remembered[int, Display] = Remembered(SHOWN_KEPT)
        self._numbers: Remembered[str, int] = Remembered(SHOWN_KEPT)
        self._of_sample: tuple[int | None, npt.NDArray[np.int64]] | None = None
        self._starts = [segment.start for segment in self.segments]
        self.analyser = Analyser()

    def __len__(self) -> int:
        return self.manifest.patents

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus that this generation was made from, for looking texts up."""
        return Corpus(self.layout.directory, self.layout.corpus_of(self.manifest))

    @cached_property
    def key(self) -> str:
        """Digest of all that answers follow from, for naming what is derived from them.

        Corpus, analysis, segments, language bridge, text vectors and tables of this generation, the encoder, and the
        catalogue's word data that questions are read by.
        """
        content = [json.dumps(self.manifest.to_json(), sort_keys=True), word_data_digest()]
        content += [checksum(self.layout.root / name) for name in (self.manifest.tables, self.manifest.bridge) if name]
        return hashlib.blake2b("|".join(content).encode(), digest_size=16).hexdigest()

    @property
    def is_current(self) -> bool:
        """Whether this is still the generation in force; costs one look at the pointer's date."""
        return self._seen == self.layout.stamp()

    def close(self) -> None:
        """Let the generation go before the object ends; what is mapped stays readable."""
        self._lease.close()

    @property
    def version(self) -> str:
        """Version of the corpus that the index was made from."""
        return str(self.tables.about["version"])

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages that patents of the corpus are in."""
        return frozenset(lang for lang, count in self.tables.about["languages"].items() if count)

    @cached_property
    def first_docs(self) -> npt.NDArray[np.int64]:
        """The first document of each segment of the generation, opened here or not, and how many documents there are.

        Within a segment documents stand in the order of their days.
        """
        return np.cumsum([0, *(rows for _, rows in self.manifest.segments)], dtype=np.int64)

    @contextmanager
    def beside(self, work: Callable[[], T]) -> Iterator[Callable[[], T]]:
        """Let some asking of this index go on beside the block; gives what waits for its answer.

        On another core where the corpus is so large that most of it is done without the interpreter; else when waited
        for, because two threads that both need the interpreter are no faster than one.
        """
        if len(self) < BESIDE_FROM:
            yield work
        else:
            with ThreadPoolExecutor(1) as other:
                yield other.submit(work).result

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
        key = (cleaned, language, title)
        found = self._asked.get(key)
        if found is None:
            found = Question.of(cleaned, language, self.analyser, self.space, title)
            with self._asking:
                found = self._asked.setdefault(key, found)
                for oldest in list(self._asked)[:-QUESTIONS_KEPT]:
                    del self._asked[oldest]
        return found

    def search(
        self,
        text: str,
        top: int = 10,
        before: date | None = None,
        exclude: Collection[str] = (),
        mode: Mode = "hybrid",
        only: Filter | None = None,
    ) -> list[Hit]:
        """Return the patents nearest to ``text``, best first.

        Parameters
        ----------
        before : only patents placed in time before this day (``Patent.known_from``); undated ones are left out then.
        exclude : ids that must not be found.
        mode : ``lexical`` (words), ``dense`` (text vectors) or ``hybrid`` (both, fused by rank).
        only : languages, classes and countries to look in; all where None.
        """
        if mode not in get_args(Mode):
            raise InputError("patents.search_mode", mode=mode, known=", ".join(get_args(Mode)))
        if top <= 0:
            return []
        day = None if before is None else day_number(before)
        excluded = self.docs_of(list(exclude)) if exclude else np.empty(0, dtype=np.int64)
        docs, scores = self.retrieve(self.question(text), top, day, excluded, mode, only or EVERY, "chances")
        ids = self.ids_of(docs)
        return [Hit(patent_id, float(score)) for patent_id, score in zip(ids, scores, strict=True)]

    def retrieve(
        self,
        question: Question,
        top: int,
        before: int | None,
        excluded: Docs,
        mode: Mode = "hybrid",
        only: Filter = EVERY,
        weighing: Weighing = "counts",
    ) -> tuple[Docs, Scores]:
        """Return document numbers and scores, best first, of at most ``top`` patents (see ``search``).

        Parameters
        ----------
        weighing : of words in the question's language: by ``counts`` and rarity, or also by ``chances``
            (``term_chances``), which finds more. Neighbours of all released versions of the originality model are found
            by counts.
        """
        found: list[tuple[Docs, Scores]] = []
        for language in sorted(self.languages & (only.languages or self.languages)):
            own = language == question.language
            within = replace(only, languages=frozenset([language]) if len(self.languages) > 1 else None)
            depth = (max(DEPTH * top, MIN_DEPTH) if mode == "hybrid" else top) + len(excluded)
            lists: list[tuple[Docs, Scores]] = []
            if mode != "dense":
                lists.append(self._by_words_of(question, own, depth, before, within, weighing))
            if mode != "lexical":
                vector = question.vector if own else question.vector_across
                lists.append(self.by_vector(vector, depth, before, within))
            kept = [_without(excluded, docs, scores) for docs, scores in lists]
            if len(kept) == 1:
                found.append(kept[0])
                continue
            *weights, constant = FUSION_OWN if own else FUSION_OTHER
            found.append(fused([(w, *one) for w, one in zip(weights, kept, strict=True)], constant, self.tables.rank))
        docs, scores = self._merged(question, found)
        return docs[:top], scores[:top]

    def _by_words_of(
        self,
        question: Question,
        own: bool,
        limit: int,
        before: int | None,
        only: Filter,
        weighing: Weighing,
    ) -> tuple[Docs, Scores]:
        """Search the patents of one language, the question's own or the other one, by words."""
        if own and weighing == "chances":
            terms = self.lexical.likely(question.occurrences)
            return by_chances(
                limit,
                self.tables.rank,
                lambda first: self.by_words(terms, first, before, only)[0],
                lambda docs: self.saturated(docs, terms),
            )
        groups = question.own_groups() if own else question.bridged_groups()
        return self.by_words(self.lexical.weighted(groups), limit, before, only)

    def mask(self, only: Filter) -> npt.NDArray[np.uint8]:
        """Return 1 for the documents that a filter lets through, 0 for others and replaced ones; empty for "all"."""
        known = self._masks.get(only)
        if known is not None:
            return known
        tables = self.tables
        passed = None if not self.manifest.dead else np.array(tables.alive)
        if only.languages is not None:
            codes = [LANGUAGE_CODES[language] for language in only.languages]
            passed = _both(passed, np.isin(tables.language, codes))
        if only.countries is not None:
            codes = [country_code(country) for country in only.countries]
            passed = _both(passed, np.isin(tables.country, codes))
        if only.classes is not None:
            inside = np.zeros(self.manifest.rows, dtype=bool)
            inside[tables.docs_of_classes(sorted(only.classes))] = True
            passed = _both(passed, inside)
        found = np.empty(0, dtype=np.uint8) if passed is None else passed.view(np.uint8)
        if len(self._masks) >= MAX_MASKS:
            self._masks.clear()
        self._masks[only] = found
        return found

    def _merged(self, question: Question, lists: list[tuple[Docs, Scores]]) -> tuple[Docs, Scores]:
        """Join the lists of two languages, whose scores do not compare, by closeness of text vectors.

        The order within each list stays: a patent takes the best closeness of itself and those after it in its list.
        """
        lists = [found for found in lists if len(found[0])]
        if len(lists) < 2:
            return lists[0] if lists else (np.empty(0, dtype=np.int64), np.empty(0))
        vector = question.vector_across
        near = [np.maximum.accumulate((self.vectors_of(docs) @ vector)[::-1])[::-1] for docs, _ in lists]
        docs, score = np.concatenate([docs for docs, _ in lists]), np.concatenate(near).astype(np.float64)
        order = np.argsort(-score, kind="stable")
        return docs[order], score[order]

    # --- what is asked of the segments (``PatentSearch``) ----------------------------------------------------------

    def by_words(self, terms: WeightedTerms, limit: int, before: int | None, only: Filter) -> tuple[Docs, Scores]:
        """See ``PatentSearch``."""
        return self.lexical.search_weighted(terms, limit, before, self.mask(only))

    def saturated(self, docs: Docs, terms: WeightedTerms) -> Scores:
        """See ``PatentSearch``."""
        return self.lexical.saturated(docs, terms)

    def by_vector(
        self, vector: npt.NDArray[np.float32], limit: int, before: int | None, only: Filter
    ) -> tuple[Docs, Scores]:
        """See ``PatentSearch``. The first of what was asked lately are not looked for again.

        Where nothing is left out, the patents of each language are scanned by themselves: a rating asks for those of
        one of them, too.
        """
        if only == EVERY and self._parted_by_language:
            parts = self._nearest([(vector, limit, each) for each in self._scans.apart], before)
            docs, scores = [docs for docs, _ in parts], [scores.astype(np.float32) for _, scores in parts]
            return best(docs, scores, limit, self.tables.rank)
        return self._nearest([(vector, limit, only)], before)[0]

    def scan_ahead(self, questions: Sequence[Question], top: int, before: int | None, excluded: int) -> None:
        """Find what ``retrieve`` of some questions, and searches for their ``top`` in meaning, ask of the vectors.

        In one pass: a vector that is at hand is soon held against all. ``excluded`` documents may be among them.
        """
        if len(self.languages) < 2 or self._parted_by_language:
            limit = max(DEPTH * top, MIN_DEPTH) + excluded
            asked: list[Asked] = []
            for question in questions:
                asked += [(question.vector_across, limit, only) for only in self._scans.apart]
                if question.language in self.languages:
                    own = frozenset([question.language]) if len(self.languages) > 1 else None
                    asked.append((question.vector, limit, Filter(languages=own)))
            self._nearest(asked, before)

    def _nearest(self, asked: Sequence[Asked], before: int | None) -> list[tuple[Docs, Scores]]:
        return self._scans.nearest(asked, before, self.mask, self.beside)

    @cached_property
    def _scans(self) -> Scans:
        return Scans(self.dense, self.languages)

    @cached_property
    def _parted_by_language(self) -> bool:
        """Whether there are several languages, and every patent is in one."""
        counts = self.tables.about["languages"]
        return len(self.languages) > 1 and sum(counts.values()) == self.tables.about["patents"]

    def vectors_of(self, docs: Docs) -> npt.NDArray[np.float32]:
        """See ``PatentSearch``."""
        return self.dense.vectors_of(docs)

    def terms_of(self, docs: Docs) -> list[Terms]:
        """See ``PatentSearch``."""
        owner = np.searchsorted(self._starts, docs, side="right") - 1
        found: dict[int, Terms] = {}
        for number in np.unique(owner).tolist():
            segment, mine = self.segments[number], np.flatnonzero(owner == number)
            found.update(zip(mine.tolist(), segment.terms_of_rows(docs[mine] - segment.start), strict=True))
        return [found[place] for place in range(len(docs))]

    def docs_with(self, wanted: Sequence[Sequence[int]], before: int | None) -> list[TermDocs]:
        """See ``PatentSearch``. Remembered: most terms of a text are asked for by its halves and for opinions, too."""
        asked = [(before, tuple(codes)) for codes in wanted]
        return self._having.of(asked, lambda new: self._docs_with([codes for _, codes in new], before))

    def _docs_with(self, wanted: Sequence[Sequence[int]], before: int | None) -> list[TermDocs]:
        codes = np.unique(np.array([code for each in wanted for code in each], dtype=np.uint32))
        places = [np.searchsorted(codes, np.array(each, dtype=np.uint32)).tolist() for each in wanted]
        found: list[list[TermDocs]] = [[] for _ in wanted]
        for segment in self.segments:
            rows = segment.rows_with(codes, before)
            for number, (first, *others) in enumerate(places):
                mine = rows[first]
                for other in others:
                    mine = mine[among(mine, rows[other])]
                if len(mine):
                    found[number].append(mine + np.int32(segment.start))
        return [np.concatenate(docs) if docs else np.empty(0, dtype=np.int32) for docs in found]

    def document_frequencies(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """See ``PatentSearch``.

        Segments follow one another in time, so most lie wholly before the day or wholly after it; the fewer of the two
        kinds are asked, beside the totals of the whole corpus.
        """
        tables, segments = self.tables, self.segments
        replaced = tables.replaced_of(codes, before)  # the segments' lists have them still
        later = [segment for segment in segments if segment.end(before) < segment.rows]
        if 2 * len(later) > len(segments):
            return self.counted(codes, before) - replaced
        counted = tables.totals_of(codes) + tables.replaced_of(codes, None) - replaced
        for segment in later:
            counted -= segment.document_frequencies(codes, None)
            counted += segment.document_frequencies(codes, before)
        return counted

    @cached_property
    def sample_vectors(self) -> npt.NDArray[np.float32]:
        """What ``across`` leaves of the text vectors of the tables' sample, (sample, d)."""
        return across(self.vectors_of(self.tables.sample.docs))

    def sample_frequencies(self, before: int | None) -> npt.NDArray[np.int64]:
        """Return ``document_frequencies`` of the terms of the tables' sample, remembered for the day asked last."""
        known = self._of_sample
        if known is None or known[0] != before:
            self._of_sample = known = before, self.document_frequencies(self.tables.sample.terms, before)
        return known[1]

    def counted(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """Return how many patents of the segments (earlier than a day) have each term, replaced ones included."""
        found = np.zeros(len(codes), dtype=np.int64)
        for segment in self.segments:
            end = segment.end(before)
            if end:
                found += segment.document_frequencies(codes, None if end == segment.rows else before)
        return found

    def ids_of(self, docs: Docs) -> list[str]:
        """See ``PatentSearch``."""
        numbers = docs.tolist()
        ids = [self._id(doc).decode("ascii") for doc in numbers]
        # whoever shows neighbours asks for their numbers again, each of which takes two dozen looks at ids on the disk
        alive = self.tables.alive[docs].tolist()
        self._numbers.keep(dict(itertools.compress(zip(ids, numbers, strict=True), alive)))
        return ids

    def docs_of(self, ids: Sequence[str]) -> Docs:
        """See ``PatentSearch``."""
        known = self._numbers.known
        found = [[known[name]] if name in known else self.tables.docs_of([name], self._id).tolist() for name in ids]
        return np.array(list(itertools.chain.from_iterable(found)), dtype=np.int64)

    def displays(self, docs: Docs) -> list[Display]:
        """See ``PatentSearch``. Remembered: a text and its halves have most neighbours in common."""
        return self._shown.of(docs.tolist(), lambda new: self._displays(np.array(new)))

    def _displays(self, docs: Docs) -> list[Display]:
        return [segment.display(row) for segment, row in map(self.segment_of, docs.tolist())]

    # --- single documents ------------------------------------------------------------------------------------------

    def segment_of(self, doc: int) -> tuple[Segment, int]:
        """Return the segment of a document and its row there."""
        segment = self.segments[bisect.bisect_right(self._starts, doc) - 1]
        return segment, doc - segment.start

    def _id(self, doc: int) -> bytes:
        segment, row = self.segment_of(doc)
        return bytes(segment.ids[row])

    def patent_id(self, doc: int) -> str:
        """Return the id of a document."""
        return self.ids_of(np.array([doc], dtype=np.int64))[0]


def word_data_digest() -> str:
    """Return a digest of the catalogue's word data that questions are read by: glossary, word lists, sentence rule."""
    data = [catalogue.load(f"patents/{name}") for name in WORD_DATA]
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def _both(one: npt.NDArray[np.bool_] | None, other: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return other if one is None else one & other


def _without(excluded: Docs, docs: Docs, scores: Scores) -> tuple[Docs, Scores]:
    """Leave excluded documents out of a list."""
    if not len(excluded):
        return docs, scores
    kept = ~np.isin(docs, excluded)
    return docs[kept], scores[kept]
