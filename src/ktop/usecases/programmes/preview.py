"""How many applicants each clause of a rule lets pass, refuses and asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktop.domain.decision.screening import Screening
from ktop.usecases.programmes.interface import ClauseCount


def clause_counts(found: Screening, readable: Sequence[bool]) -> list[ClauseCount]:
    """Return the counts of each clause among applicants whose row could be read."""
    states = found.states[np.array(readable, dtype=bool)]
    failed = states == 0
    alone = failed & (failed.sum(axis=1) == 1)[:, None]
    return [
        ClauseCount(
            clause.id,
            clause.label,
            int((states[:, k] == 1).sum()),
            int(failed[:, k].sum()),
            int(np.isnan(states[:, k]).sum()),
            int(alone[:, k].sum()),
        )
        for k, clause in enumerate(found.rule.clauses)
    ]
