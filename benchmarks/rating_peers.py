r"""Measures our glass box beside the usual models on real panels. Prints one table per data set.

    python -m pip install --no-deps --require-hashes -r requirements/run.txt -r requirements/train.txt \
        -r requirements/bench.txt
    python benchmarks/rating_peers.py DATA [--only us,us-disjoint,polish1,polish3,polish5,slovak,rd] [--json OUT]

DATA is the folder with the panels (`us_listed_panel.parquet` …). All models of a table see the same inputs and the same
training rows; the calibration rows fit one line (Platt) for each; the test rows are touched once. One thread, fixed
seeds. AUC intervals (95 %) draw whole firms. "noise" is the ECE that probabilities without any fault would show.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

import numpy as np
from rating_peers_data import Task, tasks

from ktop.models.calibration import expit
from ktop.training.boosting import BoostingSettings, firm_bootstrap, fit_boosting
from ktop.training.calibration import fit_platt
from ktop.training.scorecard import ScorecardSettings, fit_scorecard
from ktop.training.terms import assemble
from ktop.validation.calibration import brier, calibration_line, ece
from ktop.validation.comparison import paired_bootstrap
from ktop.validation.discrimination import accuracy_ratio, auc, clustered_bootstrap, ks

Scorer = Callable[[np.ndarray], np.ndarray]
#: Of our model; the same for every data set, chosen on validation years of the listed companies. With interplay the
#: groups' trees are fewer, and the bag is larger.
MEMBERS, MEMBERS_WITH_INTERPLAY = 12, 36
OURS = BoostingSettings(rounds=200, learning_rate=0.05, leaves=16, depth=4, max_bin=32, min_leaf_rows=60, l2=5.0,
                        feature_fraction=0.3, table_inputs=0)  # fmt: skip
WITH_INTERPLAY = dataclasses.replace(OURS, rounds=100, interplay_rounds=150)
#: Share of the scorecard in the joint logit, as in examples/schemes/us_listed.yaml.
CARD_WEIGHT = 0.1
BLACK_BOXES = ("LightGBM", "CatBoost", "XGBoost")


def logistic(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """Logistic regression on winsorised, standardised inputs, gaps at the median, with a ridge penalty."""
    from sklearn.linear_model import LogisticRegression

    low, middle, high = np.nanquantile(X, [0.01, 0.5, 0.99], axis=0)

    def shaped(raw: np.ndarray) -> np.ndarray:
        filled = np.where(np.isnan(raw), middle, np.clip(raw, low, high))
        return (filled - middle) / np.where(high > low, high - low, 1.0)

    model = LogisticRegression(C=1.0, max_iter=2000).fit(shaped(X), y)
    return lambda raw: model.decision_function(shaped(raw))


def scorecard(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """Our monotone scorecard of weights of evidence on the task's shorter list of inputs."""
    some = task.few or list(range(X.shape[1]))
    signs = [task.signs[j] for j in some]
    card, _ = fit_scorecard(X[:, some], y, [np.ones(len(y))], signs, ScorecardSettings())
    names = [task.names[j] for j in some]
    model, _ = assemble([card], X[:, some], names, ["all"] * len(some), signs, central=card)
    return lambda raw: model.logit(model.bins(raw[:, some]))


def ebm(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """Explainable boosting machine with the same signs, main effects and ten pairs."""
    from interpret.glassbox import ExplainableBoostingClassifier

    model = ExplainableBoostingClassifier(
        feature_names=list(task.names), monotone_constraints=list(task.signs), interactions=10, outer_bags=2,
        max_bins=64, max_rounds=1500, n_jobs=1, random_state=1,
    )  # fmt: skip
    model.fit(X, y.astype(int))
    return lambda raw: model.decision_function(raw)


def lightgbm(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """LightGBM without any constraint, a bag of four over firms."""
    import lightgbm as lgb

    settings = {"objective": "binary", "learning_rate": 0.03, "num_leaves": 31, "max_depth": 7, "feature_fraction": 0.3,
                "min_data_in_leaf": 40, "lambda_l2": 5, "max_bin": 63, "num_threads": 1, "deterministic": True,
                "force_row_wise": True, "verbosity": -1}  # fmt: skip
    data = lgb.Dataset(X, label=y, params=settings, free_raw_data=False)
    members = []
    for k, weight in enumerate(firm_bootstrap(firms, 4, 3)):
        data.set_weight(weight)
        members.append(lgb.train({**settings, "seed": k}, data, 250))
    return lambda raw: np.mean([member.predict(raw, raw_score=True) for member in members], axis=0)


def catboost(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """CatBoost, symmetric trees of depth 6."""
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        depth=6, iterations=500, learning_rate=0.04, l2_leaf_reg=8, verbose=0, thread_count=1, random_seed=1,
        allow_writing_files=False,
    ).fit(X, y)  # fmt: skip
    return lambda raw: model.predict(raw, prediction_type="RawFormulaVal")


def xgboost(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """XGBoost, depth 6, rows and columns sampled."""
    from xgboost import XGBClassifier

    model = XGBClassifier(
        max_depth=6, n_estimators=250, learning_rate=0.03, min_child_weight=15, subsample=0.7, colsample_bytree=0.4,
        reg_lambda=5, tree_method="hist", n_jobs=1, random_state=1,
    ).fit(X, y)  # fmt: skip
    return lambda raw: model.predict(raw, output_margin=True)


def ours(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """Group-additive monotone boosting in tables, as a boosted track of a scheme trains it."""
    return _glass_box(task, X, y, firms, OURS, MEMBERS, [])


def ours_with_interplay(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """The same with one more part: what inputs of different groups do only together (a group ``of: all``)."""
    return _glass_box(task, X, y, firms, WITH_INTERPLAY, MEMBERS_WITH_INTERPLAY, ["interplay"])


def ours_both_tracks(task: Task, X: np.ndarray, y: np.ndarray, firms: np.ndarray) -> Scorer:
    """What a trained scheme gives out: the joint logit of that and the scorecard, which counts a tenth there."""
    boosted, card = ours_with_interplay(task, X, y, firms), scorecard(task, X, y, firms)
    return lambda raw: (1.0 - CARD_WEIGHT) * boosted(raw) + CARD_WEIGHT * card(raw)


def _glass_box(
    task: Task,
    X: np.ndarray,
    y: np.ndarray,
    firms: np.ndarray,
    settings: BoostingSettings,
    count: int,
    interplay: list[str],
) -> Scorer:
    names, groups, signs, times = list(task.names), list(task.groups), list(task.signs), 1
    for group in interplay:
        names, groups, signs = names + [f"{n}_in_{group}" for n in names], groups + [group] * len(names), signs * 2
        times = 2
    given = np.tile(X, times)
    weights = firm_bootstrap(firms, count, 20241103)
    members = fit_boosting(given, y, weights, groups, signs, settings, 20241103, interplay)
    model, logits = assemble(members, given, names, groups, signs)
    gap = float(np.abs(model.contributions(model.bins(given)).sum(axis=1) + model.base - logits.mean(axis=0)).max())
    print(f"    parts against the bag's own logit: {gap:.1e}; {len(model.tables)} tables", file=sys.stderr)
    return lambda raw: model.logit(model.bins(np.tile(raw, times)))


MODELS: dict[str, Callable[..., Scorer]] = {
    "logistic": logistic, "scorecard": scorecard, "EBM": ebm, "LightGBM": lightgbm, "CatBoost": catboost,
    "XGBoost": xgboost, "ours": ours, "ours with interplay": ours_with_interplay,
    "ours with interplay and card": ours_both_tracks,
}  # fmt: skip


def measure(task: Task, chosen: list[str]) -> list[dict[str, Any]]:
    """Fit every model on every fold; returns one row of figures per model over the pooled test rows."""
    test = np.concatenate([fold.test for fold in task.folds])
    y, firms = task.y[test], task.firm[test]
    scores: dict[str, np.ndarray] = {}
    seconds: dict[str, list[float]] = {}
    for name in chosen:
        parts, fit_time, use_time = [], 0.0, 0.0
        for fold in task.folds:
            start = time.process_time()
            numbers = np.unique(task.firm[fold.train], return_inverse=True)[1]
            scorer = MODELS[name](task, task.X[fold.train], task.y[fold.train], numbers)
            fit_time += time.process_time() - start
            line = fit_platt(np.asarray(scorer(task.X[fold.calibrate]), float), task.y[fold.calibrate])
            start = time.process_time()
            raw = np.asarray(scorer(task.X[fold.test]), dtype=float)
            use_time += time.process_time() - start
            parts.append(line(raw))
        scores[name], seconds[name] = np.concatenate(parts), [fit_time, use_time]
        print(f"  {task.name} {name}: {auc(y, scores[name]):.4f} ({fit_time:.0f} s)", file=sys.stderr, flush=True)
    boxes = [name for name in BLACK_BOXES if name in scores]
    if len(boxes) > 1:
        scores["blend of the three" if len(boxes) == 3 else "blend"] = np.mean([scores[b] for b in boxes], axis=0)
    rows = [_row(name, z, y, firms, seconds.get(name)) for name, z in scores.items()]
    best = next((name for name in scores if name.startswith("blend")), None)
    for row in rows:
        if best is not None and row["model"].startswith("ours"):
            p, other = expit(scores[row["model"]]), expit(scores[best])
            gap = paired_bootstrap(y, other, p, firms, repeats=1000, seed=2)["auc"]
            row |= {"gap": gap.difference, "gap_low": gap.low, "gap_high": gap.high}
    return rows


def _row(name: str, z: np.ndarray, y: np.ndarray, firms: np.ndarray, seconds: list[float] | None) -> dict[str, Any]:
    p = expit(z)
    line = calibration_line(y, p)
    random = np.random.default_rng(0)
    noise = float(np.mean([ece((random.random(len(p)) < p).astype(float), p) for _ in range(20)]))
    low, high = clustered_bootstrap(y, p, firms, repeats=200, seed=1)["auc"]
    return {
        "model": name, "auc": auc(y, p), "low": low, "high": high, "ar": accuracy_ratio(y, p), "ks": ks(y, p),
        "brier": brier(y, p), "slope": line.slope, "slope_error": line.slope_error, "ece": ece(y, p), "noise": noise,
        "fit_s": seconds[0] if seconds else None, "predict_s": seconds[1] if seconds else None,
    }  # fmt: skip


def table(task: Task, rows: list[dict[str, Any]]) -> str:
    """Return one data set's figures as a Markdown table."""
    test = np.concatenate([fold.test for fold in task.folds])
    head = f"### {task.name}: {task.note}; {len(test):,} test rows, {int(task.y[test].sum()):,} events\n\n"
    head += "| model | AUC (95 %) | AR | KS | Brier | slope | ECE (noise) | fit s | predict s |\n" + "|---|" * 9 + "\n"
    head = head.replace("|---||", "|---|").replace("||", "|")
    lines = []
    for r in rows:
        spent = "– | –" if r["fit_s"] is None else f"{r['fit_s']:.0f} | {r['predict_s']:.2f}"
        slope = f"{r['slope']:.2f} ± {r['slope_error']:.2f}"
        lines.append(
            f"| {r['model']} | {r['auc']:.4f} ({r['low']:.3f}–{r['high']:.3f}) | {r['ar']:.3f} | {r['ks']:.3f} | "
            f"{r['brier']:.4f} | {slope} | {r['ece']:.4f} ({r['noise']:.4f}) | {spent} |"
        )
    for r in rows:
        if "gap" in r:
            beside = f"{r['gap']:+.4f} ({r['gap_low']:+.4f} to {r['gap_high']:+.4f})"
            lines.append(f"\n{r['model']} less the blend, drawing whole firms for both alike: {beside}")
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--targets", default="", help="of the listed companies: high_growth, …; all without")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    packages = ("numpy", "scikit-learn", "interpret-core", "lightgbm", "catboost", "xgboost-cpu")
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} –")
    print(f"Python {platform.python_version()}, {', '.join(versions)}; {platform.machine()}, one thread.\n", flush=True)
    found = {}
    wanted = [name for name in options.targets.split(",") if name]
    for task in tasks(options.data, [name for name in options.only.split(",") if name]):
        if wanted and task.name.startswith("us") and task.name.split()[1] not in wanted:
            continue
        rows = measure(task, options.models.split(","))
        found[task.name] = rows
        print(table(task, rows), flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
