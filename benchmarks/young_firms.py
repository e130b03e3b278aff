"""What the next version of the company models could mend: firms too young for six ratios, and the heaviest losses.

    .venv/bin/python benchmarks/young_firms.py [--firms 40000] [--fresh 60000] [--models …] [--released]

Each model's scheme is trained as it is released and with two changes: what firms of an age do beyond what all else says
of them is fitted last (``cuts``), and returns on assets are cut four times as finely (``bins``). Both are judged on
fresh synthetic firms: what came beside what was foretold. Intervals are left out of both trainings.

``--released`` trains nothing: the models in force are judged as they are and with a step by age added to their logit,
fitted on other fresh firms (``--firms``) as each comparison cell's own rate is. Also told is how many tenths of the six
ratios lie outside the 99 % interval of what came.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np
import polars as pl

from ktop.domain.company.indicators import accounts_ratios, evaluate
from ktop.kernel.arrays import Booleans, Floats
from ktop.models.artefact import as_bytes
from ktop.models.calibration import expit, logit
from ktop.models.registry import ModelRegistry
from ktop.training import growth_risk, tech_index
from ktop.training.calibration import fit_offsets, fit_platt
from ktop.training.fit import known_outcomes, predict, train_scheme
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.validation.calibration import reliability_table
from ktop.validation.discrimination import auc

Groups = Mapping[str, Booleans]

SEED = 20241103
AGES = (1, 2, 3, 4, 5, 7, 10, 15, 20)
#: A step by age is drawn towards none as by a normal prior of this standard deviation (logit).
STEP_SD = 0.5
#: Level of the interval of what came in a tenth of a ratio.
LEVEL = 0.99
#: Returns on assets (per cent) that bound the groups of the last columns.
LOSSES = ((-1000.0, -30.0), (-30.0, -10.0), (-10.0, 0.0))


def changed(scheme: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scheme with the age curve and the finer returns on assets."""
    features = {name: dict(entry) for name, entry in scheme["features"].items()}
    for name in ("return_on_assets", "return_on_assets_before"):
        features[name]["bins"] = 255
    features["years_in_business"] = {"expression": "age_years", "group": "age", "cuts": list(AGES)}
    return {**scheme, "groups": {**scheme["groups"], "age": {"ko": "업력", "en": "Age"}}, "features": features}


def released(names: Sequence[str], taught: pl.DataFrame, fresh: pl.DataFrame, ratios: Floats, groups: Groups) -> None:
    """Print what the models in force foretell, with and without steps by age."""
    print("| model | target | way | AUC | tenths outside | " + " | ".join(f"{name}: came / foretold" for name in groups)
          + " |\n" + "|---" * (len(groups) + 5) + "|")  # fmt: skip
    bins = [np.searchsorted(np.array(AGES), one["age_years"].to_numpy()) for one in (taught, fresh)]
    for name in names:
        model = ModelRegistry().model(name)
        rated = [model.rate_table(reference_table(one), contributions=False).probabilities for one in (taught, fresh)]
        known = [known_outcomes(model.panel, one) for one in (taught, fresh)]
        for target in rated[0]:
            y, seen = (one[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy() for one in known)
            z, fresh_z = (logit(one[target][0]) for one in rated)
            rows, there = ~np.isnan(y) & ~np.isnan(z), ~np.isnan(seen) & ~np.isnan(fresh_z)
            line = fit_platt(z[rows], y[rows])
            for _ in range(3):  # steps and line settle on each other
                steps = fit_offsets(line(z[rows]), y[rows], bins[0][rows][:, None], len(AGES) + 1, STEP_SD)
                line = fit_platt(z[rows], y[rows], steps[bins[0][rows]])
            for way, p in (("as released", expit(fresh_z)), ("with age", expit(line(fresh_z) + steps[bins[1]]))):
                tenths = [
                    tenth
                    for k in range(ratios.shape[1])
                    for tenth in reliability_table(seen, p, 10, by=ratios[:, k], level=LEVEL)
                ]
                outside = sum(not one.low <= one.predicted <= one.high for one in tenths)
                own = [f"{seen[there & of].mean():.4f} / {p[there & of].mean():.4f}" for of in groups.values()]
                told = [name, target, way, f"{auc(seen[there], p[there]):.4f}", f"{outside} of {len(tenths)}", *own]
                print("| " + " | ".join(told) + " |", flush=True)


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=40_000)
    parser.add_argument("--fresh", type=int, default=60_000)
    parser.add_argument("--models", default="tech-index,ktrs-fm")
    parser.add_argument("--released", action="store_true", help="steps by age on the models in force; trains nothing")
    options = parser.parse_args()
    fresh = build_reference(options.fresh, 4407)
    ratios = evaluate(accounts_ratios(), reference_table(fresh))
    known, age, returns = (~np.isnan(ratios)).sum(axis=1), fresh["age_years"].to_numpy(), ratios[:, 0]
    groups = {
        "1 to 4 ratios": (known >= 1) & (known <= 4),
        "in the second year": (age >= 1) & (age < 2),
        "20 years and more": age >= 20,
        **{f"loss, {low:.0f} to {high:.0f} %": (returns >= low) & (returns < high) for low, high in LOSSES},
    }
    if options.released:
        released(options.models.split(","), build_reference(options.firms, 777), fresh, ratios, groups)
        return
    taught = build_reference(options.firms, SEED)
    print("| model | target | scheme | AUC | " + " | ".join(f"{name}: came / foretold" for name in groups)
          + " | MB | CPU s |\n" + "|---" * (len(groups) + 6) + "|")  # fmt: skip
    for name in options.models.split(","):
        own = tech_index.scheme(SEED) if name == "tech-index" else growth_risk.scheme(name, SEED)
        for way, scheme in (("as released", own), ("changed", changed(own))):
            begun = time.process_time()
            artefact = train_scheme({**scheme, "honest_intervals": False}, taught)
            spent = time.process_time() - begun
            predicted, outcomes = predict(artefact, fresh), known_outcomes(artefact, fresh)
            size = len(as_bytes(artefact)) / 1e6
            for target in own["targets"]:
                y = outcomes[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
                p, there = predicted[f"p_{target}"].to_numpy(), ~np.isnan(y)
                cells = [f"{y[there & rows].mean():.4f} / {p[there & rows].mean():.4f}" for rows in groups.values()]
                line = [name, target, way, f"{auc(y[there], p[there]):.4f}", *cells, f"{size:.1f}", f"{spent:.0f}"]
                print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
