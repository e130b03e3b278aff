"""Whether an applicant's history foresees later citation: the forecast of ``ktop.models.prospects``, patent by patent.

    python benchmarks/applicant_prospects.py CORPUS

Every patent is foreseen from what was known of its first applicant on its filing day, its family left out. Figures are
AUC within the filing year, whole applicants drawn for the interval: for citations from other families, and for those
from other families of other applicants. Applicants without earlier patents have no forecast; their row is the share of
them that were cited, beside that of the others.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np
import polars as pl

from ktop.models.prospects import PRIOR_PATENTS
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.training.originality_data import applicant_key
from ktop.validation.within import within_groups

#: Years of a corpus in which hardly anybody has a history.
FIRST_YEARS = 3


@dataclass(frozen=True, slots=True)
class Validated:
    """What the forecast was worth for one outcome.

    Parameters
    ----------
    outcome : what was foreseen.
    patents, cited : patents whose applicant had a history, and those of them that reached the outcome.
    auc : AUC within the filing year and its 95 % interval, whole applicants drawn.
    share, share_of_new : share that reached the outcome of those with a history, and of those without.
    """

    outcome: str
    patents: int
    cited: int
    auc: tuple[float, float, float]
    share: float
    share_of_new: float


def main() -> None:
    """Run and print."""
    for row in validated(Corpus.open(Path(sys.argv[1]))):
        print(
            f"{row.outcome}: {row.cited} of {row.patents:,} with a history, AUC {row.auc[0]:.2f}"
            f" ({row.auc[1]:.2f}-{row.auc[2]:.2f}); of those without {100 * row.share_of_new:.2f} %, of the others"
            f" {100 * row.share:.2f} %"
        )


def validated(corpus: Corpus) -> Iterator[Validated]:
    """Foresee every patent of a corpus from its applicant's history and yield what that was worth."""
    with corpus.reading():
        rows = corpus.patents().select("id", "family", "applicants", "known_from").drop_nulls("known_from").collect()
    rows = rows.sort("known_from", "id").with_columns(day=(pl.col("known_from") - pl.date(1970, 1, 1)).dt.total_days())
    ids, families, days = rows["id"].to_list(), rows["family"].to_list(), rows["day"].to_list()
    years = rows["known_from"].dt.year().to_numpy().astype(np.int64)
    firms = [applicant_key(names or []) or "" for names in rows["applicants"].to_list()]
    place = {patent_id: i for i, patent_id in enumerate(ids)}
    links = resolved_citations(corpus).drop_nulls(["citing_id", "cited_id"]).select("citing_id", "cited_id")
    for others_only in (False, True):
        citing: dict[int, list[int]] = defaultdict(list)
        for a, b in ((place.get(a), place.get(b)) for a, b in links.iter_rows()):
            if a is None or b is None or days[a] <= days[b] or (families[a] is not None and families[a] == families[b]):
                continue
            if not (others_only and firms[a] and firms[a] == firms[b]):
                citing[b].append(days[a])
        forecast, known = foreseen(families, days, firms, citing)
        y = np.array([float(bool(citing.get(i))) for i in range(len(ids))])
        later = years >= years.min() + FIRST_YEARS
        told = known & later
        row = within_groups(
            y[told],
            {"forecast": forecast[told]},
            years[told],
            [firm for firm, chosen in zip(firms, told.tolist(), strict=True) if chosen],
            np.ones(int(told.sum())),
            repeats=200,
        )["forecast"]
        yield Validated(
            f"cited by other families{' of other applicants' if others_only else ''}",
            int(told.sum()),
            int(y[told].sum()),
            row.auc,
            float(y[told].mean()),
            float(y[later & ~known].mean()),
        )


def foreseen(
    families: list[str | None], days: list[int], firms: list[str], citing: dict[int, list[int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return for every patent the expected share (up to a constant prior) and whether its applicant has a history."""
    history: dict[str, list[int]] = defaultdict(list)
    found, known = np.zeros(len(days)), np.zeros(len(days), dtype=bool)
    usual = sum(map(bool, citing.values())) / len(days)
    for i, (firm, day) in enumerate(zip(firms, days, strict=True)):
        own = [j for j in history[firm] if families[j] != families[i]] if firm else []
        cited = sum(any(when < day for when in citing[j]) for j in own if j in citing)
        known[i] = bool(own)
        found[i] = (cited + PRIOR_PATENTS * usual) / (len(own) + PRIOR_PATENTS)
        if firm:
            history[firm].append(i)
    return found, known


if __name__ == "__main__":
    main()
