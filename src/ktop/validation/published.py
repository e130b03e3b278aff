"""Event rate per band of grades in the form KOTEC once published: firms, events, rate, and every inversion named."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import load
from ktop.validation.calibration import jeffreys_interval

#: Entry of catalogue/published_rates.yaml that is set beside ours.
SOURCE = "kotec_2005_2007"


def published_form(y: npt.ArrayLike, grades: Sequence[str | None]) -> dict[str, Any]:
    """Return the table of failures per band of business grades beside the published rates; JSON types.

    ``y`` is 1 where the firm failed, 0 where it did not, NaN unknown. ``inversions`` are neighbouring bands with firms
    whose rates run the wrong way; a public table of the original had one, told openly, and so does ours where it has.
    """
    outcomes = np.asarray(y, dtype=np.float64)
    given = np.asarray(grades, dtype=object)
    source: Mapping[str, Any] = load("published_rates")[SOURCE]
    rows = []
    for entry in source["bands"]:
        inside = np.isin(given.astype(str), entry["grades"]) & ~np.isnan(outcomes)
        n, events = int(inside.sum()), int(outcomes[inside].sum())
        low, high = jeffreys_interval(events, n)
        rows.append(
            {
                "band": entry["band"],
                "firms": n,
                "events": events,
                "rate": events / n if n else None,
                "low": low if n else None,
                "high": high if n else None,
                "published": entry["rate"],
            }
        )
    used = [row for row in rows if row["firms"]]
    return {
        "source": SOURCE,
        "label": dict(source["label"]),
        "rows": rows,
        "inversions": [[a["band"], b["band"]] for a, b in itertools.pairwise(used) if b["rate"] < a["rate"]],
    }
