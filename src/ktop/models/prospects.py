"""Prospects with this applicant (출원인 전망): how often an applicant's earlier patents were cited by others by a day.

A forecast of its own, never a part of originality: who files foresees later citation better than what is written, and
says nothing of the technology. It is the posterior mean of a share under a beta prior worth ``PRIOR_PATENTS`` patents
of the corpus at large (empirical Bayes; Efron and Morris 1975): few patents say little. A new applicant has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Patents at large that the prior is worth; it keeps one cited patent of two from looking like a half.
PRIOR_PATENTS = 20.0
_LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class ApplicantHistory:
    """What was known of an applicant, and of the corpus, on a day.

    Parameters
    ----------
    patents, cited : the applicant's earlier patents, and those of them that patents of other families cited by then.
    all_patents, all_cited : the same of the whole corpus.
    """

    patents: int
    cited: int
    all_patents: int
    all_cited: int


@dataclass(frozen=True, slots=True)
class Prospects:
    """The forecast for one applicant.

    Parameters
    ----------
    share : expected share of its patents that others cite, 0 to 1, by the day as long after filing as the others were.
    low, high : 90 % interval of that share.
    usual : share of all earlier patents.
    history : what it rests on.
    """

    share: float
    low: float
    high: float
    usual: float
    history: ApplicantHistory

    @property
    def ratio(self) -> float:
        """How many times the usual share; NaN where nobody was cited yet."""
        return self.share / self.usual if self.usual > 0.0 else math.nan


def prospects(history: ApplicantHistory) -> Prospects | None:
    """Return the forecast; None for an applicant without earlier patents and for a corpus without any citation.

    On applicants that were not known before nothing foresees better than chance (docs/methods/prospects.md).
    """
    if history.patents < 1 or history.all_patents < 1 or history.all_cited < 1:
        return None
    from scipy.stats import beta  # heavy, and only asked for here

    usual = history.all_cited / history.all_patents
    yes = history.cited + PRIOR_PATENTS * usual
    no = history.patents - history.cited + PRIOR_PATENTS * (1.0 - usual)
    low, high = (float(beta.ppf(q, yes, no)) for q in ((1.0 - _LEVEL) / 2.0, (1.0 + _LEVEL) / 2.0))
    return Prospects(yes / (yes + no), low, high, usual, history)
