"""A technology among its nearest earlier patents: gathers from the index all that the originality model may know."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import date
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ktop.domain.neighbourhood import Labels, Neighbourhood, TermStatistics, day_number, day_of
from ktop.domain.patent import Patent
from ktop.domain.technology import Technology
from ktop.patents.index import PatentIndex
from ktop.patents.keyterms import KeyTerm, key_terms
from ktop.patents.questions import Question
from ktop.patents.segment import LANGUAGES
from ktop.patents.statistics import EarlierPatents
from ktop.patents.weights import WeightedTerms, weighted_terms

#: Neighbours are chosen by similarity among this many times as many patents found by search.
CANDIDATES = 2
KEY_TERMS = 16
#: Pairs are formed of this many key terms, the most important ones.
PAIRED_TERMS = 10
#: Words of a text whose statistics are taken, the most repeated first.
TEXT_TERMS = 60
#: Patents of the corpus's fixed sample that similarity is set against.
BACKGROUND = 400
#: "Recent" and "previous" filings: the last three years before the day, and the three before those.
WINDOW_DAYS = 1096

Docs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def neighbourhood(
    index: PatentIndex, technology: Technology, *, n: int = 200, exclude: Collection[str] = ()
) -> Neighbourhood:
    """Return the ``n`` earlier patents most similar to a technology, and what is known of them on its day.

    Similarity is the mean of two cosines, each held to [0, 1]: of tf-idf vectors over the earlier patents (of the bridged
    terms where the languages differ) and of text vectors. Search by words and vectors finds ``CANDIDATES * n`` patents,
    similarity orders them.

    Parameters
    ----------
    exclude : ids of patents that do not count, their whole families included.
    """
    excluded = index.tables.family_of(index.tables.docs_of(list(exclude))) if exclude else np.empty(0, dtype=np.int64)
    return _gathered(index, technology, n, excluded)


def neighbourhood_of_patent(index: PatentIndex, patent: Patent, *, n: int = 200) -> Neighbourhood:
    """Return the neighbourhood of a patent of the corpus as of its own day, itself and its family left out.

    The patent is taken as a technology whose summary is its title and abstract.
    """
    day = patent.known_from
    if day is None:
        raise ValueError(f"{patent.id} has no date")
    text = f"{patent.title or ''}. {patent.abstract or ''}".strip(". ")
    technology = Technology(text=text, language=patent.language or "en", as_of=day, title=patent.title)
    return neighbourhood(index, technology, n=n, exclude=[patent.id])


def _gathered(index: PatentIndex, technology: Technology, n: int, excluded: Docs) -> Neighbourhood:
    seconds: dict[str, float] = {}
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[name] = now - clock
        clock = now

    before = day_number(technology.as_of)
    tables = index.tables
    earlier = EarlierPatents(index, before, excluded)
    question = index.question(technology.text, technology.language)
    docs, _ = index.retrieve(question, CANDIDATES * n, before, excluded)
    lap("search")

    languages = np.array([LANGUAGES.get(int(code), "") for code in tables.language[docs]], dtype=object)
    found = weighted_terms(index, docs, earlier)
    lexical, semantic = _cosines(index, question, docs, languages, found, earlier)
    similarity = _joined(lexical, semantic)
    order = np.lexsort((docs, -similarity))[:n]
    order = order[similarity[order] > 0]
    docs, languages, found = docs[order], languages[order], found.take(order)
    lap("similarity")

    sample = np.asarray(tables.sample)
    sample = sample[tables.day[sample] < before]
    sample = sample[~np.isin(sample, excluded)][:: max(1, len(sample) // BACKGROUND)]
    spoken = np.array([LANGUAGES.get(int(code), "") for code in tables.language[sample]], dtype=object)
    background = _joined(*_cosines(index, question, sample, spoken, weighted_terms(index, sample, earlier), earlier))
    lap("background")

    years = _years(index, before)
    terms = key_terms(index, question, earlier, KEY_TERMS)
    pairs = np.array(list(combinations(range(min(PAIRED_TERMS, len(terms))), 2)), dtype=np.int64).reshape(-1, 2)
    pair_df = [len(np.intersect1d(terms[a].docs, terms[b].docs, assume_unique=True)) for a, b in pairs]
    lap("terms")

    shown = [index.display(int(doc)) for doc in docs]
    topics = [int(topic) for topic in tables.topic[docs]]
    names = tables.about["topics"]
    cited = tables.citations(docs, before)
    earlier_days = np.asarray(tables.days[: int(np.searchsorted(tables.days, before))])
    result = Neighbourhood(
        technology=technology,
        as_of=technology.as_of,
        corpus={
            "name": index.layout.directory.name,
            "version": index.version,
            "patents": len(index),
            "languages": tables.about["languages"],
            "synthetic": bool(tables.about["synthetic"] > 0.5),
        },
        corpus_size=earlier.size,
        years=years,
        patents_per_year=_per_year(earlier_days, years),
        patent_ids=np.array([index.patent_id(int(doc)) for doc in docs], dtype=object),
        titles=np.array([entry.title for entry in shown], dtype=object),
        similarity=similarity[order],
        lexical=lexical[order],
        semantic=semantic[order],
        filing_day=np.asarray(tables.day[docs], dtype=np.float64),
        language=languages,
        classes=Labels.of([entry.subclasses for entry in shown]),
        topics=Labels.of([(names[topic],) if topic >= 0 else () for topic in topics]),
        applicants=Labels.of([tuple(name.casefold() for name in entry.applicants) for entry in shown]),
        measures={
            "claims": np.asarray(tables.claims[docs], dtype=np.float64),
            "forward_citations": np.array([len(days) for days in cited], dtype=np.float64)
            if tables.knows_citations
            else np.full(len(docs), np.nan),
        },
        pair_similarity=(found.matrix @ found.matrix.T).astype(np.float32),
        class_totals=tables.class_totals(before),
        topic_totals=_topic_totals(index, before, names),
        key_terms=_statistics(terms, earlier, docs, before, years),
        text_terms=_statistics(_text_terms(index, question, earlier), earlier, docs, before, years),
        term_pairs=pairs,
        pair_df=np.array(pair_df, dtype=np.int64),
        background=np.sort(background),
        seconds=seconds,
    )
    lap("gathering")
    return result


def _cosines(
    index: PatentIndex,
    question: Question,
    docs: Docs,
    languages: npt.NDArray[np.object_],
    found: WeightedTerms,
    earlier: EarlierPatents,
) -> tuple[Floats, Floats]:
    """Return the lexical and the semantic cosine of each patent with the question; the latter NaN without a vector."""
    lexical = np.zeros(len(docs))
    own = languages == question.language
    if own.any():
        lexical[own] = found.take(np.flatnonzero(own)).cosines(question.weighted_codes(False), earlier)
    if (~own).any():
        lexical[~own] = found.take(np.flatnonzero(~own)).cosines(question.weighted_codes(True), earlier)
    vectors = index.vectors_of(docs)
    semantic = (vectors @ question.vector).astype(np.float64)
    semantic[~vectors.any(axis=1)] = np.nan
    return lexical, semantic


def _joined(lexical: Floats, semantic: Floats) -> Floats:
    """Return similarity: the mean of the two cosines held to [0, 1], the lexical one alone where there is no vector."""
    held = np.clip(lexical, 0.0, 1.0)
    return np.where(np.isnan(semantic), held, (held + np.clip(np.nan_to_num(semantic), 0.0, 1.0)) / 2)


def _years(index: PatentIndex, before: int) -> npt.NDArray[np.int64]:
    """Return every year from the corpus's first to that of the day."""
    last = day_of(before).year
    days = index.tables.days
    first = day_of(int(days[0])).year if len(days) and int(days[0]) < before else last
    return np.arange(min(first, last), last + 1, dtype=np.int64)


def _per_year(days: npt.NDArray[np.integer], years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many of the days fall into each of the years."""
    edges = [day_number(date(int(year), 1, 1)) for year in (*years, years[-1] + 1)]
    found: npt.NDArray[np.int64] = np.histogram(days, bins=edges)[0].astype(np.int64)
    return found


def _topic_totals(index: PatentIndex, before: int, names: list[str]) -> dict[str, int]:
    tables = index.tables
    topics = np.asarray(tables.topic)[(np.asarray(tables.day) < before) & np.asarray(tables.alive)]
    counts = np.bincount(topics[topics >= 0], minlength=len(names))
    totals: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        if count:
            totals[name] = totals.get(name, 0) + int(count)
    return totals


def _text_terms(index: PatentIndex, question: Question, earlier: EarlierPatents) -> list[KeyTerm]:
    """Return the distinct words of the text with the earlier patents that have them (or their best counterpart)."""
    own = question.language in index.languages
    bridged = dict.fromkeys(index.languages - {question.language})
    counterparts = {source.term: near[0].term for source, near in question.translated()} if bridged else {}
    found = []
    words = [(term, count) for term, count in question.counts.items() if "_" not in term]
    for term, count in sorted(words, key=lambda item: (-item[1], item[0]))[:TEXT_TERMS]:
        asked = [*([term] if own else []), *([counterparts[term]] if term in counterparts else [])]
        if not asked:
            continue  # nothing in this corpus's language stands for the word: the corpus cannot say it is new
        docs = earlier.docs_of_any(asked)
        first = int(earlier.days(docs).min()) if len(docs) else None
        found.append(KeyTerm(term, term, float(count), count, (), docs, first))
    return found


def _statistics(
    terms: list[KeyTerm], earlier: EarlierPatents, docs: Docs, before: int, years: npt.NDArray[np.int64]
) -> TermStatistics:
    """Return what the earlier patents say of the terms."""
    top = max((term.score for term in terms), default=1.0)
    recent, previous, yearly, inside = [], [], [], []
    for term in terms:
        days = earlier.days(term.docs)
        recent.append(int(np.count_nonzero(days >= before - WINDOW_DAYS)))
        previous.append(int(np.count_nonzero((days < before - WINDOW_DAYS) & (days >= before - 2 * WINDOW_DAYS))))
        yearly.append(_per_year(days, years))
        inside.append(np.isin(docs, term.docs))
    return TermStatistics(
        terms=np.array([term.term for term in terms], dtype=object),
        weight=np.array([term.score / top for term in terms], dtype=np.float64),
        df=np.array([term.patents for term in terms], dtype=np.int64),
        df_recent=np.array(recent, dtype=np.int64),
        df_previous=np.array(previous, dtype=np.int64),
        first_day=np.array([np.nan if term.first_day is None else term.first_day for term in terms], dtype=np.float64),
        yearly=np.array(yearly, dtype=np.int64).reshape(len(terms), len(years)),
        in_neighbour=np.array(inside, dtype=bool).reshape(len(terms), len(docs)),
    )
