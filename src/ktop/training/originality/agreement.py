"""Learns weights that tellings of one technology agree on and that part later breakthroughs and outcomes from the rest.

The weights w of the measures are at or above zero and add up to 1. They minimise

    mean log(1 + exp(-4 d'w)) + Σ (w - w₀)² / (w₀ + .01) - 5 (r_told + r_worded) - Σ k g'w / sqrt(w'Cw)

with d the logits of a breakthrough less those of the everyday proposal beside it, r the reliability of the score over
patents told by abstract and by description and over wordings of summaries (1 - w'Ew / w'Cw), g how far measures part
patents that reached an outcome from others of their year, and k the outcome's share. A measure whose start weight is
zero stays at zero: its sign would stand against its trait's definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.models.originality.definitions import TRAITS

#: What a score is multiplied by before a pair is judged by it.
_STEEP = 4.0
#: How strongly the start weights pull, and how much reliability and outcomes count beside the pairs: chosen by leaving
#: out pairs of breakthroughs (docs/methods/originality.md).
PULL, RELIABILITY, OUTCOMES = 1.0, 5.0, 1.0
_PULL_FLOOR = 0.01
#: Share of each outcome.
OUTCOME_SHARES = {"cited": 0.40, "reuse": 0.15, "follow": 0.15, "spread_fields": 0.15, "spread_applicants": 0.15}
#: A trait's share of the score, and the share of its start weight that a measure keeps at least.
LEAST_TRAIT, MOST_TRAIT, KEPT = 0.15, 0.38, 0.2
#: An outcome of a filing year is reached by its top tenth, where more patents than these are known.
_TOP, _FEWEST_IN_YEAR = 0.9, 8
_STEPS = 60
_DIGITS = 3

Pair = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class Told:
    """Logits of measures of technologies told twice: a row a technology, (n, m) each, 0 where missing."""

    one: Floats
    other: Floats

    @property
    def noise(self) -> Floats:
        """(m, m) mean product of the errors of one telling (duplicate determinations; Dahlberg 1940)."""
        error = self.one - self.other
        covariance: Floats = error.T @ error / (2.0 * len(error))
        return covariance

    @property
    def spread(self) -> Floats:
        """(m, m) covariance of single tellings."""
        covariance: Floats = np.cov(np.concatenate([self.one, self.other]), rowvar=False)
        return covariance

    def reliability(self, weights: Floats) -> float:
        """Return the share of the variance of one telling's score that is of its technology, 0 to 1."""
        return float(1.0 - (weights @ self.noise @ weights) / (weights @ self.spread @ weights))

    def rows(self, chosen: Booleans) -> Told:
        """Return some of the technologies."""
        return Told(self.one[chosen], self.other[chosen])


@dataclass(frozen=True, eq=False)
class Evidence:
    """What weights are learned from, over m measures.

    Parameters
    ----------
    traits : (m,) trait of each measure.
    start : (m,) weights that pull, adding up to 1; zero for a measure that must not count.
    told : patents told by title and abstract, and by title and description.
    worded : summaries written twice, in one or two languages.
    pairs : for each breakthrough (p of them) the logits of it less those of its everyday proposal, a row a language.
    gaps : outcome → (m,) mean logits of patents that reached it less those of others of their year.
    """

    traits: Sequence[str]
    start: Floats
    told: Told
    worded: Told
    pairs: Sequence[Floats]
    gaps: Mapping[str, Floats]

    def without_pairs(self, left_out: Sequence[int]) -> Evidence:
        """Return the same without some breakthroughs, by their places."""
        return replace(self, pairs=[pair for i, pair in enumerate(self.pairs) if i not in left_out])


def learn_agreement(evidence: Evidence) -> Floats:
    """Return (m,) weights, adding up to 1; not rounded."""
    from scipy.optimize import minimize

    start, free = evidence.start, evidence.start > 0.0
    pairs = np.concatenate(list(evidence.pairs))
    parts = [(told.noise, told.spread) for told in (evidence.told, evidence.worded)]
    gap = sum((OUTCOME_SHARES[name] * evidence.gaps[name] for name in OUTCOME_SHARES), np.zeros(len(start)))

    def loss(point: Floats) -> float:
        w = np.zeros(len(start))
        w[free] = point
        agreed = sum(1.0 - (w @ noise @ w) / (w @ spread @ w) for noise, spread in parts)
        away = np.sum((w - start) ** 2 / (start + _PULL_FLOOR))
        parted = (w @ gap) / np.sqrt(w @ parts[0][1] @ w)
        judged = np.mean(np.log1p(np.exp(-_STEEP * pairs @ w)))
        return float(judged + PULL * away - RELIABILITY * agreed - OUTCOMES * parted)

    constraints: list[dict[str, object]] = [{"type": "eq", "fun": lambda point: point.sum() - 1.0}]
    for trait in TRAITS:
        own = np.array([name == trait for name in evidence.traits])[free]
        constraints += [
            {"type": "ineq", "fun": lambda point, own=own: point[own].sum() - LEAST_TRAIT},
            {"type": "ineq", "fun": lambda point, own=own: MOST_TRAIT - point[own].sum()},
        ]
    bounds = [(KEPT * share, 1.0) for share in start[free]]
    found = minimize(
        loss, start[free], bounds=bounds, constraints=constraints, method="SLSQP", options={"maxiter": _STEPS}
    )
    weights = np.zeros(len(start))
    weights[free] = found.x
    learned: Floats = weights / weights.sum()
    return learned


def rounded(weights: Floats) -> Floats:
    """Return weights with three decimals that add up to 1: the largest takes what rounding leaves."""
    found = np.round(weights, _DIGITS)
    found[int(np.argmax(found))] += round(1.0 - float(found.sum()), _DIGITS)
    told: Floats = np.round(found, _DIGITS)
    return told


def pairs_told_apart(weights: Floats, pairs: Sequence[Floats]) -> float:
    """Return the share of texts whose breakthrough has the higher score, 0 to 1."""
    return float(np.mean(np.concatenate(list(pairs)) @ weights > 0.0))


def in_top_tenth(values: Floats, years: Integers) -> Floats:
    """Return 1 where a value is in the top tenth of its year, 0 where not, NaN where unknown, (n,)."""
    reached = np.full(len(values), np.nan)
    for year in np.unique(years):
        mine = (years == year) & ~np.isnan(values)
        if np.count_nonzero(mine) > _FEWEST_IN_YEAR:
            limit = max(float(np.quantile(values[mine], _TOP)), 1e-9)
            reached[mine] = (values[mine] >= limit) & (values[mine] > np.median(values[mine]))
    return reached


def gap_of(logits: Floats, reached: Floats, years: Integers) -> Floats:
    """Return (m,) mean logits of the rows that reached an outcome less those of others of their year.

    Parameters
    ----------
    logits : (n, m); reached : (n,) 1, 0 or NaN (passed over); years : (n,). Years count by their events.
    """
    total, events = np.zeros(logits.shape[1]), 0
    for year in np.unique(years):
        yes, no = logits[(years == year) & (reached == 1.0)], logits[(years == year) & (reached == 0.0)]
        if len(yes) and len(no):
            total += len(yes) * (yes.mean(axis=0) - no.mean(axis=0))
            events += len(yes)
    gap: Floats = total / max(events, 1)
    return gap


def rank_within_years(logits: Floats, reached: Floats, years: Integers, weights: Floats) -> float:
    """Return the AUC of a score for an outcome, pairs of one year alone; NaN where none is known."""
    score, met, pairs = logits @ weights, 0.0, 0
    for year in np.unique(years):
        yes, no = score[(years == year) & (reached == 1.0)], score[(years == year) & (reached == 0.0)]
        met += float((yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum())
        pairs += len(yes) * len(no)
    return met / pairs if pairs else float("nan")
