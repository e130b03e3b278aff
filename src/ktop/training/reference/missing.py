"""Which facts of a synthetic firm stay unknown: by chance, for what they would say, or because the firm is young."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktop.training.reference.draw import Streams, happens
from ktop.training.reference.parameters import Array, linear, parameters

#: A statement of the year t-k cannot exist before the firm has completed k + 1 years.
STATEMENTS = ("t0", "t1", "t2")


def hide_facts(facts: Mapping[str, Array], v: Mapping[str, Array], streams: Streams) -> dict[str, Array]:
    """Return the facts with NaN where a value is not known; what was missing already stays missing.

    A term ``low_value`` makes low values less likely to be told (missing not at random), ``loss`` makes statements of
    loss-making firms less likely to exist.
    """
    rng = streams.stage("missing")
    spec = parameters("missing")
    shown = {name: values.astype(float) for name, values in facts.items()}
    loss = (facts["net_income_krw_t0"] < 0).astype(float)
    for name, predictor in spec.items():
        known = {**v, "loss": loss}
        if name in facts:
            known["low_value"] = _low(facts[name])
        hidden = happens(rng, linear(predictor, known))
        if name.startswith("statement_"):
            suffix = name.removeprefix("statement_")
            hidden |= v["age_years"] < 1.0 + STATEMENTS.index(suffix)
            names = [fact for fact in facts if fact.endswith(f"_krw_{suffix}")]
        else:
            names = [name]
        for fact in names:
            shown[fact][hidden] = np.nan
    # One look-up gives both figures, and a firm without patents needs none.
    shown["patents_cited"][facts["patents_registered"] + facts["patents_filed_3y"] == 0] = 0.0
    shown["patent_citations"][np.isnan(shown["patents_cited"])] = np.nan
    return shown


def _low(values: Array) -> Array:
    """Return how low each value stands among all: 1.7 for the lowest, -1.7 for the highest, ties alike."""
    ordered = np.sort(values)
    standing = 0.5 * (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right"))
    low: Array = 1.7 * (1.0 - 2.0 * standing / max(len(values), 1))
    return low
