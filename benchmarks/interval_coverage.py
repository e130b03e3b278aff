"""Measures how often the 90 % intervals of company models hold the true probability. Prints one Markdown table.

    python -m pip install --no-deps --require-hashes -r requirements/run.txt -r requirements/train.txt
    python benchmarks/interval_coverage.py [--models tech-index,ktrs-fm,start-up] [--firms 80000] [--plain]
        [--seed 30]

Real truth is never seen, so it is made: unrestricted trees, trained on another, larger synthetic population with the
model's own inputs and the labels of its comparison cells, is taken as the true probability. Outcomes are drawn from it
for a fresh population, the model is trained on these, and on a third population the share of companies whose interval
holds the truth is counted. The truth is of no form the model knows: it joins all inputs, follows no sign, and differs
between cells. ``--plain`` leaves out the honest intervals.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import lightgbm
import numpy as np
import polars as pl

from ktop.models.panel_model import PanelModel
from ktop.training.fit import train_scheme
from ktop.training.growth_risk import scheme as growth_risk
from ktop.training.panel import Panel
from ktop.training.reference import build_reference
from ktop.training.tech_index import scheme as tech_index

SCHEMES = {"tech-index": tech_index, **{name: functools.partial(growth_risk, name) for name in ("ktrs-fm", "start-up")}}
LABELS = ("industry_group", "size", "age_band")
#: Large leaves, few of them, and many more firms than the model sees: what it finds is the population, not its noise.
TRUTH = {"objective": "binary", "learning_rate": 0.06, "num_leaves": 20, "min_data_in_leaf": 300, "lambda_l2": 10.0,
         "feature_fraction": 0.6, "max_bin": 127, "num_threads": 1, "deterministic": True, "force_row_wise": True,
         "verbosity": -1}  # fmt: skip
ROUNDS, TRUTH_FIRMS = 200, 300_000


def population(name: str, firms: int, seed: int) -> pl.DataFrame:
    """Return synthetic firms the model may rate; ``firms`` of them for the start-up model means young ones."""
    found = build_reference(firms * (32 if name == "start-up" else 10) // 10, seed)
    return found.filter(pl.col("age_years") <= 7)[:firms] if name == "start-up" else found


def inputs(plan: dict[str, Any], frame: pl.DataFrame) -> np.ndarray:
    """Return the model's own inputs and the cells' labels as numbers."""
    data = Panel(frame, "company_id", None)
    columns = [data.column(entry["expression"]) for entry in plan["features"].values()]
    for label in LABELS:
        words = sorted({str(word) for word in frame[label].unique()})
        columns.append(frame[label].cast(pl.String).replace_strict(words, range(len(words)), default=None).to_numpy())
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def truth(plan: dict[str, Any], frame: pl.DataFrame, others: list[pl.DataFrame]) -> list[dict[str, np.ndarray]]:
    """Return, for every other population, the probabilities that an unrestricted bag learned on ``frame``."""
    X, given = inputs(plan, frame), [inputs(plan, other) for other in others]
    found: list[dict[str, np.ndarray]] = [{} for _ in others]
    for target, entry in plan["targets"].items():
        y = frame[entry["column"]].cast(pl.Float64).to_numpy()
        known = ~np.isnan(y)
        data = lightgbm.Dataset(X[known], label=y[known], params=TRUTH, free_raw_data=False)
        booster = lightgbm.train({**TRUTH, "seed": 1}, data, num_boost_round=ROUNDS)
        for place, values in zip(found, given, strict=True):
            place[target] = np.asarray(booster.predict(values))
    return found


def measure(name: str, firms: int, plain: bool, seed: int) -> list[str]:
    """Return one line per target."""
    plan = SCHEMES[name](20241103)
    plan["honest_intervals"] = not plain
    taught, fresh = population(name, firms, seed + 1), population(name, 8_000, seed + 2)
    known, asked = truth(plan, population(name, TRUTH_FIRMS, seed), [taught, fresh])
    random = np.random.default_rng(seed + 3)
    for target, entry in plan["targets"].items():
        drawn = (random.random(taught.height) < known[target]).astype(np.int8)
        taught = taught.with_columns(pl.Series(entry["column"], drawn))
    start = time.process_time()
    model = PanelModel.from_artefact(train_scheme(plan, taught))
    spent = time.process_time() - start
    data = Panel(fresh, "company_id", None)
    values = np.column_stack([data.column(entry["expression"]) for entry in plan["features"].values()])
    cells = model.cells(data.labels(LABELS), data.n)
    missing = np.isnan(values).sum(axis=1)
    lines = []
    for target, part in model.targets.items():
        estimate = part.estimate(model.inputs(values, cells), cells)
        low, high = estimate.interval()
        p = asked[target]
        inside = (low <= p) & (p <= high)
        shares = [inside, inside[missing == 0], inside[missing == 1], inside[missing > 1]]
        ranked = np.digitize(estimate.probability, np.quantile(estimate.probability, [0.2, 0.4, 0.6, 0.8]))
        fifths = " ".join(f"{100 * inside[ranked == k].mean():.0f}" for k in range(5))
        width = float(np.median(high - low))
        lines.append(
            f"| {name} | {target} | " + " | ".join(f"{100 * one.mean():.1f}" for one in shares)
            + f" | {fifths} | {width:.3f} | {spent:.0f} |"
        )  # fmt: skip
    return lines


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", default=",".join(SCHEMES))
    parser.add_argument("--firms", type=int, default=80_000)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--seed", type=int, default=30)
    options = parser.parse_args()
    print("| model | target | all | none missing | one | two or more | by fifth of probability | width | fit s |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.models.split(","):
        print("\n".join(measure(name, options.firms, options.plain, options.seed)), flush=True)


if __name__ == "__main__":
    main()
