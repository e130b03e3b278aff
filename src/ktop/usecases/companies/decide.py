"""Joins what is decided to a rating: the model says how a company stands, a versioned rule what follows from that.

A rating with all the grades that the small-guarantee rule (소액보증) looks at is decided on; any other stays as it is.
"""

from __future__ import annotations

import dataclasses

from ktop.catalogue import LANGS, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision import guarantee
from ktop.domain.rating.rating import Opinion, Rating
from ktop.models.batch import BatchRatings

#: Sentences that look ahead: the decision is told before them.
_AFTER_THE_DECISION = frozenset({"advice", "caution"})


def can_be_decided(rating: Rating | BatchRatings) -> bool:
    """Return whether a rating has the grades that the guarantee rule looks at."""
    return set(guarantee.LADDERS) <= rating.grades.keys()


def with_decision(rating: Rating, facts: FactTable, rule: str | None = None) -> Rating:
    """Return a rating with ``details.guarantee`` (see ``GuaranteeDecision.to_json``) and the sentence on it.

    Where the firm is refused for what it can mend, a second sentence says so before the advice of the model: a product
    more is of no use to a firm whose capital is used up.

    ``facts`` is the table of the one company rated, ``rule`` the version to decide by (None: the one in force). Raises
    ``KeyError`` for a version that never was.
    """
    if not can_be_decided(rating):
        return rating
    grades = {name: [rating.grades[name]] for name in guarantee.LADDERS}
    decision = guarantee.decide(facts, grades, rule).decision(0)
    sentences = [Opinion(lang, decision.summary(lang), ("details.guarantee.status",), "summary") for lang in LANGS]
    sentences += [
        Opinion(lang, text("guarantee.first", lang, items=" ".join(told)), ("details.guarantee.clauses",), "advice")
        for lang in LANGS
        if (told := decision.comes_first(lang))
    ]
    kinds = [opinion.kind in _AFTER_THE_DECISION for opinion in rating.opinions]
    place = kinds.index(True) if any(kinds) else len(kinds)
    return dataclasses.replace(
        rating,
        opinions=(*rating.opinions[:place], *sentences, *rating.opinions[place:]),
        details={"guarantee": decision.to_json(), **rating.details},
    )


def with_decisions(ratings: BatchRatings, facts: FactTable) -> BatchRatings:
    """Return ratings of a table with the columns ``guarantee`` (status, None where not rated) and ``guarantee_krw``."""
    if not can_be_decided(ratings):
        return ratings
    decisions = guarantee.decide(facts, {name: list(ratings.grades[name]) for name in guarantee.LADDERS})
    status = decisions.status
    status[~ratings.ok] = None
    columns = {**ratings.columns, "guarantee": status, "guarantee_krw": decisions.amount_krw}
    return dataclasses.replace(ratings, columns=columns)
