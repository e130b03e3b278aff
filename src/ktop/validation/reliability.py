"""How reliable a score is: what differs between subjects beside what differs between tellings of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktop.kernel.arrays import Floats


@dataclass(frozen=True, slots=True)
class Reliability:
    """Variance components of a score over subjects that were told more than once.

    Parameters
    ----------
    subjects, tellings : how many there were of each.
    within : standard deviation between tellings of one subject, in points.
    between : standard deviation between subjects with that of tellings taken out, in points; 0 where there is none.
    reliability : share of the variance of one telling that is of its subject, 0 to 1 (intraclass correlation, ICC(1) of
        Shrout and Fleiss 1979); NaN where nothing differs.
    """

    subjects: int
    tellings: int
    within: float
    between: float
    reliability: float


def reliability(groups: Sequence[Floats]) -> Reliability:
    """Return the variance components of scores, a group a subject; subjects told once are passed over.

    One-way analysis of variance with unequal numbers of tellings (Searle, Casella and McCulloch 1992). Raises
    ``ValueError`` for fewer than two subjects told twice.
    """
    kept = [np.asarray(group, dtype=np.float64) for group in groups if len(group) > 1]
    if len(kept) < 2:
        raise ValueError("two subjects must be told twice or more")
    sizes = np.array([len(group) for group in kept], dtype=np.float64)
    total = float(sizes.sum())
    means = np.array([group.mean() for group in kept])
    grand = float(np.concatenate(kept).mean())
    within = sum(float(np.square(group - group.mean()).sum()) for group in kept) / (total - len(kept))
    among = float((sizes * np.square(means - grand)).sum()) / (len(kept) - 1)
    each = (total - float(np.square(sizes).sum()) / total) / (len(kept) - 1)
    between = max(0.0, (among - within) / each)
    share = between / (between + within) if between + within > 0.0 else float("nan")
    return Reliability(len(kept), int(total), within**0.5, between**0.5, share)
