"""Puts a technology among its nearest earlier patents: makes the ``Neighbourhood`` that the originality model rates."""

from __future__ import annotations

import functools
import itertools
import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.neighbourhood import (
    LabelSets,
    NearestInMeaning,
    Neighbourhood,
    TermStatistics,
    WordPresence,
    day_number,
    day_of,
)
from ktop.domain.technology.summary import Technology
from ktop.kernel.arrays import Floats, Integers, Texts
from ktop.patents.analysis.encoder import encode_remembered
from ktop.patents.analysis.terms import PAIR
from ktop.patents.engine import document_lists
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.patent_search import Filter
from ktop.patents.engine.questions import Question
from ktop.patents.engine.segment import LANGUAGES, Display
from ktop.patents.engine.sorted_search import among, places_not_less
from ktop.patents.engine.vectors import across
from ktop.patents.neighbours.alignment import confirmed
from ktop.patents.neighbours.boilerplate_filter import without_boilerplate
from ktop.patents.neighbours.copies import copied
from ktop.patents.neighbours.document_terms import having
from ktop.patents.neighbours.field_words import read_within_field, sentences_of, to_encode, users_of
from ktop.patents.neighbours.keyterms import KeyTerm, counterparts_of, key_terms, words_led_over
from ktop.patents.neighbours.similarity import Similarity
from ktop.patents.neighbours.term_statistics import EarlierPatents

NEIGHBOURS = 200
KEY_TERMS = 20
MAX_TEXT_TERMS = 150
#: Patents nearest by meaning alone that are candidates, too, as a multiple of the neighbours wanted.
NEAREST_IN_MEANING = 1.5
#: Of the patents nearest in meaning, how many around each say how close together they lie.
AROUND = 100

Docs = Integers


def neighbourhood(
    index: PatentIndex,
    technology: Technology,
    as_of: date | None = None,
    exclude: Collection[str] = (),
    size: int = NEIGHBOURS,
    n_terms: int = KEY_TERMS,
    background: bool = True,
    within_field: bool = False,
    aligned: bool = False,
    doubtful: bool = False,
    halved: bool = False,
    meanwhile: Callable[[Neighbourhood], object] | None = None,
) -> Neighbourhood:
    """Return a technology among the ``size`` nearest patents placed in time before the as-of day.

    Parameters
    ----------
    as_of : the day; the technology's own where None.
    exclude : ids that do not count, nor do other patents of their families: for a technology that is itself in the
        corpus.
    background : whether to compare the corpus's fixed sample, too (``Neighbourhood.background``; empty otherwise).
    within_field : whether words that the field does not know count nothing (``field_words``), meaning is that of all
        sentences, and copies are looked for; otherwise the text is read whole, as versions up to 3 of the model do.
    doubtful : whether a word that no patent of its language has needs a near counterpart, from 4.3 on.
    halved : whether each half of the sentences is put among its nearest patents, too, from 4.4 on.
    aligned : whether what shingles take for a copy must say the same sentence by sentence (``alignment``), from 4.1 on.
    meanwhile : is given the neighbourhood of the whole text, without its halves, while these may still be at work on
        another core.
    """
    clock = _Clock()
    day = as_of or technology.as_of
    before = day_number(day)
    excluded = np.empty(0, dtype=np.int64)
    if exclude:
        excluded = index.tables.family_of(index.docs_of(list(exclude)))
    whole = question = question_of(index, technology)
    reading = None
    if within_field:
        reading = read_within_field(index, technology, whole, before, excluded, doubtful)
        question = _part_of(whole, index, reading.text, reading.meaning)
    clock.lap("analyse")
    earlier = EarlierPatents(index, before, excluded)
    around = functools.partial(_around, index, technology, day, earlier=earlier, size=size, n_terms=n_terms)
    parts = [
        _part_of(whole, index, *half) for half in (reading.halves(index) if reading is not None and halved else ())
    ]
    index.scan_ahead([question, *parts], size, before, len(excluded))

    def of_halves() -> tuple[Neighbourhood, ...]:
        of_half = functools.partial(around, within_field=True, background=False, paired=False)
        # searches first: meanwhile the patents of the whole text's terms are found, which its halves ask for, too
        near = [candidates(index, part, size, before, excluded) for part in parts]
        return tuple(of_half(*half, clock=_Clock())[0] for half in zip(parts, near, strict=True))

    with index.beside(of_halves) as halves:
        near = candidates(index, question, size, before, excluded)
        clock.lap("search")
        found, docs = around(
            question, near, within_field=reading is not None, background=background, paired=True, clock=clock
        )
        if reading is not None:
            taken = copied(index, whole, earlier, docs)
            if aligned:
                taken = confirmed(index, whole, earlier, docs, taken)
            found = replace(found, copied=taken, left_out=reading.left_out)
            clock.lap("copies")
        if meanwhile is not None:
            meanwhile(found)
            clock.lap("meanwhile")
        found = replace(found, halves=halves())
        clock.lap("halves")
        return found


def _part_of(whole: Question, index: PatentIndex, text: str, meaning: npt.NDArray[np.float32]) -> Question:
    """Return what is left of a question, or a half of it, as a question of its own."""
    part = Question.of(text, whole.language, index.analyser, index.space)
    part.meaning, part.whole, part.translations = meaning, whole, whole.translations
    return part


def _around(
    index: PatentIndex,
    technology: Technology,
    day: date,
    question: Question,
    among: Candidates,
    *,
    earlier: EarlierPatents,
    size: int,
    n_terms: int,
    within_field: bool,
    background: bool,
    paired: bool,
    clock: _Clock,
) -> tuple[Neighbourhood, Docs]:
    """Return a question among the nearest of its candidates, and the documents that these are.

    ``paired`` is whether these are compared with one another, too.
    """
    before = day_number(day)
    meant, cosines, near = among.meant, among.cosines, among.docs
    closeness = Similarity(index, question, earlier)
    rated = closeness.of(near, paired)
    order = np.argsort(-rated.similarity, kind="stable")[:size]
    docs = near[order]
    clock.lap("similarity")
    terms = key_terms(index, question, earlier, n_terms)
    years, per_year = _years(earlier, day)
    key = _statistics(terms, earlier, docs)
    clock.lap("key_terms")
    pairs, pair_df = _pairs(terms)
    display = index.displays(docs)
    tables = index.tables
    topics = [int(topic) for topic in tables.topic[docs]]
    names = tables.about["topics"]
    words, groups = _text_terms(index, question, earlier, docs)
    use = users_of(index, meant, groups) / max(len(meant), 1) if within_field else np.empty(0)
    found = Neighbourhood(
        technology=technology,
        as_of=day,
        corpus=_corpus(index),
        corpus_size=earlier.size,
        years=years,
        patents_per_year=per_year,
        patent_ids=_objects(index.ids_of(docs)),
        titles=_objects([shown.title for shown in display]),
        similarity=rated.similarity[order],
        lexical=rated.lexical[order],
        semantic=rated.semantic[order],
        filing_day=tables.day[docs].astype(np.float64),
        language=_objects([LANGUAGES[int(code)] for code in tables.language[docs]]),
        classes=LabelSets.of([shown.subclasses for shown in display]),
        topics=LabelSets.of([[names[topic]] if topic >= 0 else [] for topic in topics]),
        applicants=applicant_labels(display),
        measures=_measures(index, docs, before),
        pair_similarity=rated.pairs(order) if paired else np.empty((0, 0), dtype=np.float32),
        key_terms=key,
        text_terms=words,
        term_pairs=pairs,
        pair_df=pair_df,
        in_meaning=NearestInMeaning(
            cosine=cosines,
            filing_day=tables.day[meant].astype(np.float64),
            topic=tables.topic[meant].astype(np.int64),
            among=_among(index, meant) if within_field else np.empty(0),
        ),
        background=np.sort(closeness.of_sample().similarity) if background else np.empty(0),
        seconds=clock.laps,
        field_use=use,
    )
    clock.lap("surroundings")
    return found, docs


def question_of(index: PatentIndex, technology: Technology) -> Question:
    """Return a technology as the one question all is asked by, scores and neighbour evidence alike.

    Sentences that say nothing about the technology are left out (``boilerplate_filter``); the index keeps the analysed
    question, so that it is cleaned, analysed and encoded once for all who ask within a rating.
    """
    text = without_boilerplate(technology.text, technology.language, index.analyser)
    return index.question(text, technology.language, technology.title)


def prepare(index: PatentIndex, technology: Technology, within_field: bool = False) -> None:
    """Encode what a neighbourhood of a technology will need: its sentences, its text, its unknown words.

    That takes longer than all else and needs nothing that changes, so that several threads may do it at once and beside
    a search. The index remembers it; a neighbourhood asked for without it is the same, only later. ``within_field`` as
    there: the meaning is then that of the sentences, and the whole text is not encoded as one.
    """
    question = question_of(index, technology)
    texts = to_encode(question.text) if within_field else [*sentences_of(question.text), question.opening]
    led_over = words_led_over(question) if index.languages - {question.language} else []
    # all at once, because each asking reads all weights of the encoder, and the vocabulary of the other language
    unknown = index.space.bridge.to_encode(led_over, question.language)
    encode_remembered([*texts, *filter(None, (question.gloss,)), *unknown])
    if led_over:
        index.space.bridge.translate(led_over, question.language)
        question.vectors_of_counterparts()
        counterparts_of(index, question)
    _ = question.vector
    _ = question.gloss_vector if within_field else question.vector_across


def nearest_in_meaning(
    index: PatentIndex, question: Question, size: int, before: int, excluded: Docs
) -> tuple[Docs, Floats]:
    """Return the earlier patents whose text vectors are nearest to the question's, and their cosines."""
    limit = math.ceil(NEAREST_IN_MEANING * size)
    docs, cosines = index.by_vector(question.vector_across, limit + len(excluded), before, Filter())
    kept = ~np.isin(docs, excluded)
    # a stored vector has two halves of equal length, of which the question has the one that both languages share
    return docs[kept][:limit], math.sqrt(2.0) * cosines[kept][:limit].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The patents whose similarity is computed, and of these the nearest in meaning with their cosines."""

    docs: Docs
    meant: Docs
    cosines: Floats


def candidates(index: PatentIndex, question: Question, size: int, before: int, excluded: Docs) -> Candidates:
    """Return the earlier patents that a search finds, and those that are nearest in meaning."""
    # the search first: where the corpus is in the other language alone, the nearest in meaning are among what it finds
    searched, _ = index.retrieve(question, size, before, excluded)
    meant, cosines = nearest_in_meaning(index, question, size, before, excluded)
    return Candidates(joined(index, searched, meant, excluded), meant, cosines)


def joined(index: PatentIndex, searched: Docs, meant: Docs, excluded: Docs) -> Docs:
    """Return what a search finds and the nearest in meaning as one list.

    The latter are the same patents whatever the words and the language of the text, so that a technology told in other
    words is held against the same neighbours. They stand in the order of their days and ids: sums over several depend
    on it in the last bits, and it must not be that of arrival.
    """
    found = np.setdiff1d(np.union1d(searched, meant), excluded)
    return found[np.argsort(index.tables.rank[found], kind="stable")]


class _Clock:
    """Measures the seconds of each step."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def _objects(values: Sequence[str]) -> Texts:
    return np.array(values, dtype=object)


def _corpus(index: PatentIndex) -> dict[str, Any]:
    about = index.tables.about
    return {
        "name": index.layout.directory.name,
        "version": about["version"],
        "patents": about["patents"],
        "languages": about["languages"],
        "synthetic": about["synthetic"] >= 1.0,
    }


def _years(earlier: EarlierPatents, day: date) -> tuple[Integers, Integers]:
    """Return every year from the corpus's first to the as-of year, and its earlier patents."""
    days = earlier.index.tables.days
    if not len(days) or days[0] >= day_number(day):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    years = np.arange(day_of(int(days[0])).year, day.year + 1, dtype=np.int64)
    edges = [day_number(date(int(year), 1, 1)) for year in years] + [day_number(day)]
    counts = np.diff(places_not_less(days, edges))
    if len(earlier.excluded):
        gone = earlier.days(earlier.excluded)
        counts -= np.histogram(gone[gone < day_number(day)], bins=np.array(edges))[0]
    return years, counts.astype(np.int64)


def applicant_labels(display: Sequence[Display]) -> LabelSets:
    """Return the applicants as printed; names that differ only in case are one, spelt as first met."""
    spelling: dict[str, str] = {}
    rows = [
        list(dict.fromkeys(spelling.setdefault(" ".join(name.casefold().split()), name) for name in shown.applicants))
        for shown in display
    ]
    return LabelSets.of(rows)


def _measures(index: PatentIndex, docs: Docs, before: int) -> dict[str, Floats]:
    """Return per-neighbour measures that were known on the as-of day.

    ``claims``: number of claims. ``family_size``: patents of the family in the corpus, earlier than the day.
    ``citations``: citations received from patents of the corpus filed before the day. All NaN where missing; citation
    counts are NaN where the corpus has no citations at all before the day.
    """
    tables = index.tables
    citations = tables.citations(docs, before).astype(np.float64)
    if not tables.has_citations(before):
        citations[:] = np.nan
    return {
        "claims": tables.claims[docs].astype(np.float64),
        "family_size": tables.family_sizes(docs, before),
        "citations": citations,
    }


# --- terms ------------------------------------------------------------------------------------------------------------


def _statistics(terms: Sequence[KeyTerm], earlier: EarlierPatents, docs: Docs) -> TermStatistics:
    """Return what the earlier patents say of each term."""
    df_recent, df_previous = np.zeros(len(terms), dtype=np.int64), np.zeros(len(terms), dtype=np.int64)
    present = np.zeros((len(terms), len(docs)), dtype=np.bool_)
    for i, term in enumerate(terms):
        df_recent[i], df_previous[i] = earlier.recent_and_previous(term.docs)
        present[i] = among(docs, term.docs)
    scores = np.array([term.score for term in terms], dtype=np.float64)
    return TermStatistics(
        terms=_objects([term.term for term in terms]),
        weight=scores / scores.max() if len(scores) else scores,
        df=np.array([term.patents for term in terms], dtype=np.int64),
        df_recent=df_recent,
        df_previous=df_previous,
        first_day=np.array([np.nan if t.first_day is None else t.first_day for t in terms], dtype=np.float64),
        in_neighbour=present,
    )


def _among(index: PatentIndex, docs: Docs) -> Floats:
    """Return the mean cosine of each of some patents to the hundred others that are nearest to it in meaning."""
    vectors = across(index.vectors_of(docs))
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -np.inf)
    count = min(AROUND, len(docs) - 1)
    if count < 1:
        return np.zeros(len(docs))
    nearest = np.partition(cosine, len(docs) - count, axis=1)[:, len(docs) - count :]
    mean: Floats = nearest.mean(axis=1).astype(np.float64)
    return mean


def _text_terms(
    index: PatentIndex, question: Question, earlier: EarlierPatents, docs: Docs
) -> tuple[WordPresence, list[tuple[str, ...]]]:
    """Return the distinct words of the text and where they are found, the most repeated first, and their index terms.

    Where the corpus is only in the other language, words without a counterpart are left out: that they are missing
    there would say something about translation, not about novelty.
    """
    single = [term for term in question.source_terms if PAIR not in term.term][:MAX_TEXT_TERMS]
    own = question.language in index.languages
    translations = question.translated() if index.languages - {question.language} else []
    translated = {term.term: [near.term for near in found[:2]] for term, found in translations}
    kept = [term for term in single if own or translated.get(term.term)]
    groups = [(*([term.term] if own else []), *translated.get(term.term, ())) for term in kept]
    weights = np.array([term.weight for term in kept], dtype=np.float64)
    found = WordPresence(
        terms=_objects([term.surface for term in kept]),
        weight=weights / weights.max() if len(weights) else weights,
        df=earlier.counts_of_any(groups),
        in_neighbour=having(index, docs, groups),
    )
    return found, groups


def _pairs(terms: Sequence[KeyTerm]) -> tuple[Integers, Integers]:
    """Return all pairs of key terms that share no word, and how many earlier patents have both."""
    offsets = np.concatenate([[0], np.cumsum([len(term.docs) for term in terms])]).astype(np.int64)
    docs = np.concatenate([np.empty(0, dtype=np.int32), *(term.docs for term in terms)])
    common = document_lists.common_counts(docs, offsets)
    chosen = [
        (i, j)
        for (i, one), (j, other) in itertools.combinations(enumerate(terms), 2)
        if not set(one.index_term.split(PAIR)) & set(other.index_term.split(PAIR))
    ]
    pairs = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    return pairs, common[pairs[:, 0], pairs[:, 1]]
