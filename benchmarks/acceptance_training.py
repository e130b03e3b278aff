"""Training that tunes itself beside a LightGBM bag that is tuned as long, on tables neither was set up for.

Our side is what anybody gets by ``ktop models train`` with a minimal scheme. The rival walks along its own settings on
the same inner folds for as many seconds, free of every restriction, and its bag is as large. Also shown: LightGBM as it
comes, and our training without tuning. ``--data`` is the folder of the panels. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from rating_peers_data import SCHEME, tasks

from ktop.models.calibration import expit
from ktop.training.boosting import BoostingSettings, member_weights
from ktop.training.fit import predict, prepared_panel, train_scheme
from ktop.training.panel import Panel, features, outcome, plain_panel
from ktop.training.scheme import read_scheme
from ktop.training.tuning.candidate import CHECKPOINTS, Candidate
from ktop.training.tuning.folds import inner_folds
from ktop.training.tuning.journal import Journal
from ktop.training.tuning.minimal import full_scheme
from ktop.training.tuning.trial import Trials, grow
from ktop.training.tuning.tune import BAG_SHARE, TRIAL_MEMBERS, tune_scheme
from ktop.validation.calibration import calibration_line
from ktop.validation.comparison import clustered_error
from ktop.validation.discrimination import auc

POLISH = {"1": "polish_1year", "3": "polish_3year_48cols", "5": "polish_5year"}
#: What a LightGBM bag is tuned over, those worth most first.
RIVAL_AXES: Mapping[str, Sequence[float]] = {
    "min_leaf_rows": (2, 5, 15, 40, 100),
    "feature_fraction": (0.15, 0.3, 0.6, 1.0),
    "leaves": (7, 15, 31, 63),
    "l2": (0.0, 1.0, 5.0, 20.0),
    "learning_rate": (0.03, 0.05, 0.1),
}
#: A sample has at least so many training rows with the event: fewer cannot be folded (training refuses below 20).
SAMPLED_EVENTS = 30
PLAIN = {"objective": "binary", "num_threads": 1, "deterministic": True, "verbosity": -1}


@dataclass(frozen=True)
class Split:
    """A table cut into rows that train and rows that are judged once (``judged`` of ``test``, with outcome ``y`` and
    ``firm``; the others are their history), and the scheme that is given."""

    name: str
    scheme: Mapping[str, Any]
    train: pl.DataFrame
    test: pl.DataFrame
    y: np.ndarray
    firm: np.ndarray
    judged: np.ndarray
    until: int | None = None


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the panels")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the processor, for each training")
    parser.add_argument("--only", default=",".join(MAKERS), help="tables, by comma")


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the table."""
    heads = ("table", "rows / events that train", "judged", "tuned", "LightGBM bag, tuned", "tuned less bag (error)")
    heads += ("cost told by the training (error)", "untuned", "LightGBM as it comes", "slope", "mean p / rate")
    heads += ("chosen", "CPU s: tuning, training, rival")
    yield "| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    for name in options.only.split(","):
        for split in MAKERS[name](options.data):
            yield "| " + " | ".join(judged(split, options.minutes)) + " |"


@dataclass(frozen=True)
class Measured:
    """What one table gave: AUC on the judged rows of our training tuned and untuned, of a tuned LightGBM bag and of
    LightGBM as it comes; ``error`` is of the difference tuned less bag on the same rows, firms drawn whole."""

    split: Split
    tuned: float
    bag: float
    error: float
    untuned: float
    plain: float
    report: Mapping[str, Any]
    slope: float
    mean: float
    seconds: tuple[float, float, float]


def measured(split: Split, minutes: float) -> Measured:
    """Train both sides of one table and judge them once."""
    begun = time.process_time()
    scheme, report = tune_scheme(split.scheme, split.train, split.until, minutes=minutes, clock=time.process_time)
    tuned = time.process_time()
    (target,) = report["targets"]
    frame = predict(train_scheme(scheme, split.train, split.until), split.test)
    p = _known(frame, split, f"p_{target}")
    trained = time.process_time()
    rival, plain = _rivals(split, 60 * minutes, report["members"])
    ended = time.process_time()
    untuned = full_scheme(split.scheme, split.train)
    before = _known(predict(train_scheme(untuned, split.train, split.until), split.test), split, f"p_{target}")
    y = split.y
    return Measured(
        split,
        tuned=auc(y, p),
        bag=auc(y, rival),
        error=clustered_error(y, p, rival, split.firm),
        untuned=auc(y, before),
        plain=auc(y, plain),
        report=report,
        slope=calibration_line(y, p).slope,
        mean=float(p.mean()),
        seconds=(tuned - begun, trained - tuned, ended - trained),
    )


def judged(split: Split, minutes: float) -> list[str]:
    """Return the cells of one table."""
    one = measured(split, minutes)
    (found,) = one.report["targets"].values()
    chosen, members = found["chosen"], one.report["members"]
    told = f"{chosen['form']}, {chosen['group_rounds'] + chosen['rounds']} trees × {members}, depth "
    told += f"{chosen['depth']}, {chosen['max_bin']} bins, {chosen['min_leaf_rows']} rows a leaf"
    told += f", card {found['scorecard_weight']:g}" if found["scorecard_weight"] else ""
    if found["signs"]["given"]:
        told += f", {len(found['signs']['rejected'])} of {found['signs']['given']} signs released"
    return [
        split.name,
        f"{found['rows']:,} / {found['events']:,}",
        f"{len(split.y):,} / {int(split.y.sum()):,}",
        f"{one.tuned:.4f}",
        f"{one.bag:.4f}",
        f"{one.tuned - one.bag:+.4f} ({one.error:.4f})",
        f"{found['auc']['cost']:+.4f} ({found['auc']['cost_error']:.4f})",
        f"{one.untuned:.4f}",
        f"{one.plain:.4f}",
        f"{one.slope:.2f}",
        f"{one.mean:.4f} / {split.y.mean():.4f}",
        told,
        ", ".join(f"{seconds:.0f}" for seconds in one.seconds),
    ]


def _known(frame: pl.DataFrame, split: Split, column: str) -> np.ndarray:
    return np.asarray(frame[column].to_numpy(), dtype=np.float64)[split.judged]


def _rivals(split: Split, seconds: float, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the judged rows' probabilities by a tuned LightGBM bag, and by one LightGBM as it comes."""
    import lightgbm

    plan = read_scheme(full_scheme(split.scheme, split.train))
    found = prepared_panel(plan, split.train, split.until)
    (target,) = plan.targets
    rows = ~np.isnan(found.outcomes[target.name])
    count = len(plan.own_features)
    X, y, firm = found.X[rows][:, :count], found.outcomes[target.name][rows], found.data.firm[rows]
    year = None if found.data.year is None else found.data.year[rows]
    asked = features(plan, Panel(split.test, plan.id, plan.year, plan.columns))[split.judged][:, :count]
    folds = inner_folds(y, firm, year, target.years, plan.seed)
    trials = Trials(X, y, firm, ["all"] * count, [0] * count, folds, Journal(None, ""), TRIAL_MEMBERS, plan.seed, 0,
                    time.process_time, BAG_SHARE)  # fmt: skip
    candidate, rounds = walked(trials, 0.7 * seconds)
    numbers = np.unique(firm, return_inverse=True)[1].astype(np.int64)
    weights = member_weights(numbers, members, plan.seed, BAG_SHARE)
    bag = grow(candidate, (X, y, asked), (["all"] * count, [0] * count), weights, (rounds,), plan.seed)
    mean = np.mean([path[-1] for path in bag], axis=0)
    lone = lightgbm.train(PLAIN, lightgbm.Dataset(X, label=y), num_boost_round=100)
    return expit(mean), np.asarray(lone.predict(asked))


def walked(trials: Trials, seconds: float) -> tuple[Candidate, int]:
    """Return the best unrestricted candidate found along ``RIVAL_AXES``, and its rounds."""
    y = trials.y[trials.judged]
    settings = BoostingSettings(learning_rate=0.05, leaves=31, depth=-1, max_bin=255, min_leaf_rows=15, l2=5.0,
                                feature_fraction=0.3)  # fmt: skip
    now = Candidate(settings, "unrestricted", None)
    pace = 0.06 * seconds / 0.7 / max(trials.boosted(now, CHECKPOINTS[0]).seconds / CHECKPOINTS[0], 1e-9)
    most = max(r for r in CHECKPOINTS if r <= max(pace, 150))

    def score(candidate: Candidate) -> tuple[float, int]:
        tried = trials.boosted(candidate, most)
        values = [auc(y, logits) for logits in tried.logits]
        place = int(np.argmax(values))
        return values[place], tried.rounds[place]

    best, moved = score(now), True
    while moved:
        moved = False
        for axis, values in RIVAL_AXES.items():
            place = min(range(len(values)), key=lambda k: abs(values[k] - getattr(now.settings, axis)))
            for k in (place + 1, place - 1):
                if not 0 <= k < len(values) or trials.journal.seconds > seconds:
                    continue
                kind = float if axis in ("feature_fraction", "l2", "learning_rate") else int
                step = dataclasses.replace(now, settings=dataclasses.replace(now.settings, **{axis: kind(values[k])}))
                other = score(step)
                if other[0] > best[0]:
                    now, best, moved = step, other, True
    return now, best[1]


def polish(folder: Path) -> Iterator[Split]:
    """Yield each Polish file judged by models of the other two; one lacks 16 of the 64 ratios."""
    frames = {
        year: pl.read_parquet(folder / f"{name}.parquet").unique(maintain_order=True) for year, name in POLISH.items()
    }
    for year in ("5", "1", "3"):
        whole = pl.concat(
            [frame.with_columns(file=pl.lit(one)) for one, frame in frames.items()], how="diagonal_relaxed"
        ).with_row_index("firm")
        test = whole.filter(pl.col("file") == year)
        train = whole.filter(pl.col("file") != year)
        # Companies stand in several files under no name: rows that say the same are one company, and train or judge.
        same = [c for c in frames["3"].columns if c.startswith("X")]
        train = train.join(test.select(same).unique(), on=same, how="anti", nulls_equal=True)
        scheme = {"id": "firm", "targets": {"failure": "bankrupt"}}
        yield _split(f"Polish file {year}, trained on the others", scheme, train, test, "bankrupt", "firm")


def slovak(folder: Path) -> Iterator[Split]:
    """Yield a third of the Slovak firms, linked over their years, judged by models of the rest."""
    (task,) = tasks(folder, ["slovak"])
    year = pl.read_parquet(folder / "slovak_sme.parquet", columns=["evaluation_year"])["evaluation_year"]
    columns = {f"x{j}": task.X[:, j] for j in range(task.X.shape[1])}
    whole = pl.DataFrame({"firm": task.firm, "year": year, "bankrupt": task.y, **columns})
    whole = whole.with_columns(pl.col(list(columns)).fill_nan(None)).unique(["firm", "year"], maintain_order=True)
    test = whole["firm"].is_in(np.unique(task.firm[task.folds[0].test]))
    scheme = {"id": "firm", "year": "year", "targets": {"failure": "bankrupt"}}
    yield _split("Slovak SMEs, other firms", scheme, whole.filter(~test), whole.filter(test), "bankrupt", "firm")


def investors(folder: Path) -> Iterator[Split]:
    """Yield three folds of R&D investors: seven inputs, 278 events."""
    for task in tasks(folder, ["rd"]):
        columns = {name: task.X[:, j] for j, name in enumerate(task.names)}
        whole = pl.DataFrame({"firm": np.arange(len(task.y)), "grew": task.y, **columns})
        whole = whole.with_columns(pl.col([*columns, "grew"]).fill_nan(None))
        for k, fold in enumerate(task.folds):
            train = whole[np.sort(np.concatenate([fold.train, fold.calibrate]))]
            test = whole[fold.test].filter(pl.col("grew").is_not_null())
            scheme = {"id": "firm", "targets": {"growth": "grew"}}
            yield _split(f"R&D investors, fold {k + 1} of 3", scheme, train, test, "grew", "firm")


def listed(folder: Path) -> Iterator[Split]:
    """Yield failure of listed US firms, FY2011-14; see ``_of_listed``."""
    yield _of_listed(folder, "failure", "failure", None)


def grown(folder: Path) -> Iterator[Split]:
    """Yield growth of listed US firms, judged by the plain compound rate of three years of at least 20 %: once trained
    on the product's scale-adjusted target, once on the plain one."""
    for trained_on in ("sagr-compound-1", "cagr-1"):
        yield _of_listed(folder, "high_growth", f"sales growth, trained on {trained_on}", trained_on)


def _of_listed(folder: Path, target: str, what: str, definition: str | None) -> Split:
    """Return one target of listed US firms, with the inputs, groups and signs of the example scheme and nothing else of
    it: two thirds of the firms to FY2011 train, FY2011-14 of the others are judged."""
    scheme = yaml.safe_load(SCHEME.read_text(encoding="utf-8"))
    scheme = {key: scheme[key] for key in ("name", "id", "year", "groups", "columns", "features", "targets")}
    scheme["groups"] = {name: words for name, words in scheme["groups"].items() if "of" not in words}
    wanted = scheme["targets"][target]
    scheme["targets"] = {target: wanted if definition is None else {**wanted, "definition": definition}}
    for feature in scheme["features"].values():
        if isinstance(feature.get("monotone"), dict):
            feature["monotone"] = {target: feature["monotone"].get(target, 0)}
    judged_by = scheme if definition is None else {**scheme, "targets": {target: {**wanted, "definition": "cagr-1"}}}
    frame = pl.read_parquet(folder / "us_listed_panel.parquet")
    kept = frame["company_id"].hash(seed=18) % 3 == 0
    test, plan = frame.filter(kept), read_scheme(judged_by)
    y = outcome(plan.targets[0], Panel(test, plan.id, plan.year, plan.columns), None)
    year = test["fiscal_year"].to_numpy()
    judged = (year >= 2011) & (year <= 2014) & ~np.isnan(y)
    firm = test["company_id"].to_numpy()[judged]
    return Split(f"US listed, other firms, {what}", scheme, frame.filter(~kept), test, y[judged], firm, judged, 2011)


MAKERS = {"polish": polish, "slovak": slovak, "rd": investors, "us": listed, "growth": grown}


def thinned(split: Split, one_in: int) -> Split:
    """Return the table with only one training firm in so many; with more where too few of them have the event."""
    firm = split.train[split.scheme["id"]].hash(seed=7)
    plan = read_scheme(full_scheme(split.scheme, split.train))
    panel = Panel(plain_panel(split.train), plan.id, plan.year, plan.columns)
    y = outcome(plan.targets[0], panel, split.until)
    while one_in > 1 and min(np.sum(y[(firm % one_in == 0).to_numpy()] == which) for which in (0, 1)) < SAMPLED_EVENTS:
        one_in //= 2
    return dataclasses.replace(split, train=split.train.filter(firm % one_in == 0))


def _split(name: str, scheme: Mapping[str, Any], train: pl.DataFrame, test: pl.DataFrame, y: str, firm: str) -> Split:
    outcomes = test[y].cast(pl.Float64).to_numpy()
    return Split(name, scheme, train, test, outcomes, test[firm].to_numpy(), np.ones(test.height, dtype=bool))
