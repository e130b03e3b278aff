"""The data sets of rating_peers.py: inputs, outcome, firms and splits, none of which sees a test outcome."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from ktop.training.panel import Panel, features, outcome
from ktop.training.scheme import read_scheme

SCHEME = Path(__file__).resolve().parents[1] / "examples" / "schemes" / "us_listed.yaml"
#: Polish ratios by group: whole ratio, and whether more of it means a safer firm (1), a riskier one (-1) or either (0).
POLISH = {
    "profitability": {1: 1, 6: 1, 7: 1, 11: 1, 12: 1, 13: 1, 14: 1, 18: 1, 19: 1, 22: 1, 23: 1, 24: 1, 31: 1, 35: 1,
                      39: 1, 42: 1, 48: 1, 49: 1, 56: 1, 58: -1},
    "solvency": {2: -1, 8: 1, 10: 1, 15: 0, 16: 1, 17: 1, 25: 1, 26: 1, 27: 1, 30: -1, 34: 0, 38: 1, 41: 0, 51: -1,
                 59: 0, 53: 0, 54: 0},
    "liquidity": {3: 1, 4: 1, 5: 1, 28: 0, 33: 0, 37: 0, 40: 1, 46: 1, 50: 1, 57: 0, 55: 0, 63: 0, 12: 1},
    "activity": {9: 0, 20: 0, 21: 0, 29: 0, 32: 0, 36: 0, 43: 0, 44: 0, 45: 0, 47: 0, 52: -1, 60: 0, 61: 0, 62: -1,
                 64: 0},
}  # fmt: skip
#: Slovak ratios with a known reading: safer (1) or riskier (-1) when higher.
SLOVAK = {"ROA": 1, "ROE": 0, "ROS": 1, "L1": 1, "L2": 1, "L3": 1, "CZ": -1}
SLOVAK_GROUPS = {"ROA": "profitability", "ROE": "profitability", "ROS": "profitability", "MT": "profitability",
                 "MPH": "profitability", "L1": "liquidity", "L2": "liquidity", "L3": "liquidity", "DOA": "activity",
                 "DOKP": "activity", "DOKZ": "activity", "DOZ": "activity"}  # fmt: skip


@dataclass(frozen=True)
class Fold:
    """Rows to train on, to calibrate on, and to test on."""

    train: np.ndarray
    calibrate: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Task:
    """One data set and outcome. ``few``: the inputs of the scorecard; empty for all."""

    name: str
    note: str
    X: np.ndarray
    y: np.ndarray
    firm: np.ndarray
    names: Sequence[str]
    groups: Sequence[str]
    signs: Sequence[int]
    folds: Sequence[Fold]
    few: list[int] = field(default_factory=list)


def tasks(folder: Path, only: Sequence[str]) -> Iterator[Task]:
    """Yield the chosen data sets (all without a choice); those whose file is absent are left out, and said so."""
    makers = {"us": _us, "us-disjoint": _us_disjoint, "polish1": _polish, "polish3": _polish, "polish5": _polish,
              "slovak": _slovak, "rd": _rd}  # fmt: skip
    for name, make in makers.items():
        if not only or name in only:
            try:
                yield from make(folder, name)
            except FileNotFoundError as error:
                print(f"left out: {name} ({error})", file=sys.stderr)


def _us(folder: Path, name: str) -> Iterator[Task]:
    scheme = yaml.safe_load(SCHEME.read_text(encoding="utf-8"))
    plan = read_scheme(scheme)
    data = Panel(pl.read_parquet(folder / "us_listed_panel.parquet"), plan.id, plan.year, plan.columns)
    # The interplay's copies are our model's own affair: every model gets each input once.
    plan = dataclasses.replace(plan, features=plan.own_features)
    X, year = features(plan, data), data.year
    assert year is not None
    names = [feature.name for feature in plan.features]
    few = [names.index(one) for track in plan.tracks for one in track.inputs]
    tested = np.random.default_rng(5).random(int(data.firm.max()) + 1)[data.firm] < 1 / 3
    for target in plan.targets:
        y = outcome(target, data, None)
        known = ~np.isnan(y)
        train, calibrate, test = (
            known & (year >= first) & (year <= last) for first, last in ((0, 2008), (2009, 2010), (2011, 2014))
        )
        note = "train to FY2008, calibration FY2009-10, test FY2011-14"
        if name == "us-disjoint":
            train, calibrate, test = train & ~tested, calibrate & ~tested, test & tested
            note += ", a third of the firms kept for the test alone"
        fold = Fold(*(np.flatnonzero(rows) for rows in (train, calibrate, test)))
        yield Task(f"{name} {target.name}", note, X, y, data.firm, names, [f.group for f in plan.features],
                   plan.signs(target.name), [fold], few)  # fmt: skip


def _us_disjoint(folder: Path, name: str) -> Iterator[Task]:
    yield from _us(folder, name)


def _folds(firm: np.ndarray, y: np.ndarray, count: int = 3, seed: int = 7) -> list[Fold]:
    """Split by firm into folds; of each fold's training firms a fifth calibrates."""
    numbers = np.unique(firm, return_inverse=True)[1]
    place = np.random.default_rng(seed).permutation(int(numbers.max()) + 1)
    fold, kept = place[numbers] % count, (place[numbers] // count) % 5 == 0
    return [
        Fold(np.flatnonzero((fold != k) & ~kept), np.flatnonzero((fold != k) & kept), np.flatnonzero(fold == k))
        for k in range(count)
    ]


def _polish(folder: Path, name: str) -> Iterator[Task]:
    file = {"polish1": "polish_1year", "polish3": "polish_3year_48cols", "polish5": "polish_5year"}[name]
    frame = pl.read_parquet(folder / f"{file}.parquet")
    known = [(f"X{k}", group, -sign) for group, ratios in POLISH.items() for k, sign in ratios.items()
             if f"X{k}" in frame.columns and not (group == "liquidity" and k == 12)]  # fmt: skip
    X = frame.select(column for column, _, _ in known).to_numpy().astype(float)
    y = frame["bankrupt"].to_numpy().astype(float)
    # Equal rows are one firm, so that no copy lies on both sides.
    firm = frame.select(pl.struct([column for column, _, _ in known]).rank("dense")).to_series().to_numpy()
    yield Task(name, "three folds, copies kept together", X, y, firm, [k[0] for k in known], [k[1] for k in known],
               [k[2] for k in known], _folds(firm, y))  # fmt: skip


def _slovak(folder: Path, name: str) -> Iterator[Task]:
    frame = pl.read_parquet(folder / "slovak_sme.parquet")
    columns = [c for c in frame.columns if c[-2:] in ("_0", "_1", "_2") and not c.startswith("V18")]
    X = frame.select(columns).to_numpy().astype(float)
    y = frame["bankrupt"].to_numpy().astype(float)
    bases = [column.rsplit("_", 1)[0] for column in columns]
    yield Task(name, "three folds by linked firm", X, y, _linked(frame, sorted(set(bases))), columns,
               [SLOVAK_GROUPS.get(base, "structure") for base in bases], [-SLOVAK.get(base, 0) for base in bases],
               _folds(_linked(frame, sorted(set(bases))), y))  # fmt: skip


def _linked(frame: pl.DataFrame, bases: Sequence[str]) -> np.ndarray:
    """Return a firm number per row: this year's middle block is next year's oldest block where it is the same firm."""
    blocks = [frame.select("industry", *(pl.col(f"{b}_{k}").round(6) for b in bases)).rows() for k in (0, 1)]
    year = frame["evaluation_year"].to_numpy()
    parent = np.arange(frame.height)
    seen: dict[tuple[object, ...], int] = {}
    for row in np.argsort(year, kind="stable"):
        before = seen.get((int(year[row]) - 1, *blocks[0][row]))
        if before is not None:
            parent[row] = parent[before]
        seen[(int(year[row]), *blocks[1][row])] = int(row)
    return parent


def _rd(folder: Path, name: str) -> Iterator[Task]:
    frame = pl.read_parquet(folder / "rd_investors_panel.parquet")
    wide = frame.filter(pl.col("year") == 2015)
    for year in (2016, 2017, 2018):
        later = frame.filter(pl.col("year") == year).select("company_id", pl.col("ns").alias(f"ns{year}"))
        wide = wide.join(later, on="company_id", how="left")
    sales = wide.select("ns", "ns2016", "ns2017", "ns2018").to_numpy().astype(float)
    usable = (sales > 0).all(axis=1) & (sales.max(axis=1) < 20 * sales.min(axis=1))
    scheme = read_scheme({
        "name": "rd", "id": "company_id", "groups": {"input": {}, "activity": {}, "output": {}},
        "features": {
            "rd_intensity": {"expression": "min(rd / ns, 5)", "group": "input", "monotone": 1},
            "rd_per_head": {"expression": "rd / emp", "group": "input"},
            "investment": {"expression": "capex / ns", "group": "activity"},
            "margin": {"expression": "max(op / ns, -5)", "group": "output"},
            "sales_per_head": {"expression": "ns / emp", "group": "output"},
            "size": {"expression": "log(ns)", "group": "output", "monotone": -1},
            "heads": {"expression": "log(emp)", "group": "activity"},
        },
        "targets": {"growth": {"outcome": "sagr", "sales": ["ns", "ns2016", "ns2017", "ns2018"]}},
    })  # fmt: skip
    data = Panel(wide.filter(pl.Series(usable)), "company_id", None)
    y = outcome(scheme.targets[0], data, None)
    X = features(scheme, data)
    yield Task(name, "growth 2015-18, three folds", X, y, data.firm, [f.name for f in scheme.features],
               [f.group for f in scheme.features], scheme.signs("growth"), _folds(data.firm, y))  # fmt: skip
