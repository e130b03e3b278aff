"""What followed a text within some years of its day: its later likenesses and the use of the terms that it introduced.

This looks ahead by design. It serves to learn and to judge the originality model, never to rate.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ktop.domain.technology.forward_outcomes import ForwardOutcomes
from ktop.domain.technology.neighbourhood import LabelSets, day_number
from ktop.domain.technology.summary import Technology
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.segment import NO_DAY
from ktop.patents.engine.sorted_search import first_not_less
from ktop.patents.neighbours.keyterms import key_terms
from ktop.patents.neighbours.neighbourhood import KEY_TERMS, applicant_labels, candidates
from ktop.patents.neighbours.similarity import Similarity
from ktop.patents.neighbours.term_statistics import DAYS_PER_YEAR, EarlierPatents


def last_day(index: PatentIndex) -> int:
    """Return the day number of the latest dated patent of an index, ``NO_DAY`` where none is dated."""
    days = index.tables.days
    end = first_not_less(days, NO_DAY)
    return int(days[end - 1]) if end else NO_DAY


def forward_outcomes(
    index: PatentIndex,
    technology: Technology,
    years: int,
    exclude: Collection[str] = (),
    size: int = 100,
    n_terms: int = KEY_TERMS,
) -> ForwardOutcomes | None:
    """Return what followed a technology within ``years`` of its day, None where the corpus ends before that.

    Parameters
    ----------
    exclude : ids that do not count, nor do other patents of their families.
    size : most similar patents looked at, of whatever day before the end of the window.
    n_terms : key terms looked at, chosen by what was known on the technology's own day.
    """
    day = day_number(technology.as_of)
    until = day + round(years * DAYS_PER_YEAR)
    latest = last_day(index)
    if latest == NO_DAY or until > latest + 1:
        return None
    excluded = np.empty(0, dtype=np.int64)
    if exclude:
        excluded = index.tables.family_of(index.docs_of(list(exclude)))
    question = index.question(technology.text, technology.language, technology.title)
    before, then = EarlierPatents(index, day, excluded), EarlierPatents(index, until, excluded)
    terms = key_terms(index, question, before, n_terms)
    unused = [(term.index_term, *term.counterparts) for term in terms if term.patents == 0]
    reuse = [len(docs) for docs in then.docs_of_any(unused)]
    near = candidates(index, question, 2 * size, until, excluded).docs
    rated = Similarity(index, question, then).of(near)
    order = np.argsort(-rated.similarity, kind="stable")[:size]
    docs, similarity = near[order], rated.similarity[order]
    later = index.tables.day[docs] >= day
    display = index.displays(docs[later])
    topics = [int(topic) for topic in index.tables.topic[docs[later]]]
    names = index.tables.about["topics"]
    total = float(similarity.sum())
    return ForwardOutcomes(
        years=years,
        share=float(similarity[later].sum()) / total if total > 0.0 else float("nan"),
        expected=(then.size - before.size) / then.size if then.size else float("nan"),
        similarity=similarity[later],
        classes=LabelSets.of([shown.subclasses for shown in display]),
        topics=LabelSets.of([[names[topic]] if topic >= 0 else [] for topic in topics]),
        applicants=applicant_labels(display),
        reuse=np.array(reuse, dtype=np.int64),
    )
