"""What later events say of a technology, as outcomes to learn from: cited, reused, followed, spread."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ktop.domain.technology.forward_outcomes import ForwardOutcomes
from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.models.originality.weighing import NAN, spread

#: Outcomes in the order in which they are told.
OUTCOMES = ("cited", "reuse", "spread", "follow")
#: Above this share of its group (filing year, or field and year) an outcome counts as reached.
TOP = 0.9
#: Fewest rows of a group for its top to mean anything.
FEWEST_IN_GROUP = 20


def forward_figures(later: ForwardOutcomes | None) -> dict[str, float]:
    """Return the figures of a patent's forward outcomes; NaN where the corpus cannot tell (yet).

    ``reuse`` : sum over the text's new terms of log(1 + later patents with the term) (Arts, Hou and Gomez 2021).
    ``follow`` : log(share of the window's patents among the most similar / among all).
    ``spread_fields``, ``spread_applicants`` : diversity of classes (topics) and of applicants of the window's patents
    among the most similar, with Hall's (2005) correction: generality (Trajtenberg et al. 1997) read from text.
    """
    if later is None:
        return dict.fromkeys(("reuse", "follow", "spread_fields", "spread_applicants"), NAN)
    with_class = int(np.count_nonzero(np.diff(later.classes.offsets)))
    fields = later.classes if 2 * with_class >= len(later.similarity) else later.topics
    follow = math.log(later.share / later.expected) if later.share > 0.0 and later.expected > 0.0 else NAN
    return {
        "reuse": float(np.log1p(later.reuse).sum()),
        "follow": follow,
        "spread_fields": spread(fields, later.similarity),
        "spread_applicants": spread(later.applicants, later.similarity),
    }


def reached(values: Floats, groups: Integers, drawn: Booleans, top: float = TOP) -> Floats:
    """Return 1 where a value is above 0 and in the top of its group, 0 where not, NaN where it is unknown.

    Parameters
    ----------
    values : (n,) figures, NaN unknown.
    groups : (n,) group of each row.
    drawn : (n,) rows drawn by chance: they alone set the limit, rows chosen for their outcome would raise it.
    """
    outcome = np.full(len(values), np.nan)
    for group in np.unique(groups):
        mine = (groups == group) & ~np.isnan(values)
        ruler = values[mine & drawn]
        if len(ruler) >= FEWEST_IN_GROUP:
            limit = float(np.quantile(ruler, top))
            outcome[mine] = ((values[mine] > limit) & (values[mine] > 0.0)).astype(np.float64)
    return outcome


def outcomes_of(figures: Mapping[str, Floats], groups: Integers, drawn: Booleans) -> dict[str, Floats]:
    """Return every outcome, 0, 1 or NaN, of rows with ``citations`` and the figures of ``forward_figures``.

    ``cited`` is the top of the group by citations received, ``spread`` that by the mean percentile of the diversities
    of fields and of applicants; ``follow`` above its group's top need not be above 0.
    """
    ranks = [_percentiles(figures[name], groups, drawn) for name in ("spread_fields", "spread_applicants")]
    both: Floats = np.mean(ranks, axis=0)
    above_zero = figures["follow"] - np.nanmin(figures["follow"], initial=0.0) + 1.0
    return {
        "cited": reached(figures["citations"], groups, drawn),
        "reuse": reached(figures["reuse"], groups, drawn),
        "spread": reached(both, groups, drawn),
        "follow": reached(above_zero, groups, drawn),
    }


def _percentiles(values: Floats, groups: Integers, drawn: Booleans) -> Floats:
    percentiles = np.full(len(values), np.nan)
    for group in np.unique(groups):
        mine = (groups == group) & ~np.isnan(values)
        ruler = np.sort(values[mine & drawn])
        if len(ruler) >= FEWEST_IN_GROUP:
            below = np.searchsorted(ruler, values[mine], side="left")
            through = np.searchsorted(ruler, values[mine], side="right")
            percentiles[mine] = (below + through) / (2.0 * len(ruler))
    return percentiles
