"""Whether an effect is told right: planted effects found, placebo programmes not, plain before and after beside it.

    python benchmarks/programme_effect.py                    100 seeds and 100 placebo programmes, one table
    python benchmarks/programme_effect.py --seeds 20
    python benchmarks/programme_effect.py --projects         24,000 projects of 16,183 firms: import, rating, effects

The firms are invented: their growth and their chance of support both hang on a quality x (confounding), everybody grows
(so that plain before and after pretends), and support begins in one of three years (staggered). A placebo programme
gives the same firms support by lot, without effect.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.usecases.companies.batch import rate_table
from ktop.usecases.programmes.service import ProgrammeService
from ktop.usecases.uploads import read_told_table
from ktop.validation.effect import Panel, estimate_effect

YEARS = np.arange(2015, 2022)
STARTS = (2018, 2019, 2020)
EFFECT = 0.2
PROGRAMMES = ("leap", "market-response", "innovation-voucher", "smart-factory")


def drawn(seed: int, firms: int, effect: float, *, by_lot: bool = False, x: np.ndarray | None = None) -> Panel:
    """Return an invented panel; ``by_lot``: support falls on anybody, and does nothing where ``effect`` is 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=firms) if x is None else x
    chance = np.full(firms, 0.35) if by_lot else 1 / (1 + np.exp(-(x - 0.5)))
    start = np.where(rng.random(firms) < chance, rng.choice(STARTS, firms), 0)
    t = YEARS[None, :] - YEARS[0]
    after = (start[:, None] > 0) & (YEARS[None, :] >= start[:, None])
    outcome = rng.normal(size=firms)[:, None] + 0.1 * t * (1 + 0.5 * x[:, None]) + effect * after
    outcome = outcome + rng.normal(0, 0.3, (firms, len(YEARS)))
    return Panel(firms, YEARS, start, outcome, {"x": np.repeat(x[:, None], len(YEARS), axis=1)})


def by_seeds(seeds: int, firms: int) -> None:
    """Print how often the planted effect lies inside, and how often a placebo seems to work."""
    rows = []
    for name, effect, by_lot in (("planted effect, confounded", EFFECT, False), ("placebo by lot", 0.0, True)):
        found = [estimate_effect(drawn(seed + 1000 * by_lot, firms, effect, by_lot=by_lot)) for seed in range(seeds)]
        told = [one for one in found if one.att is not None]
        inside = sum(one.att.low <= effect <= one.att.high for one in told if one.att)
        rejects = sum(one.att.low > 0 or one.att.high < 0 for one in told if one.att)
        naive = sum(one.naive.low <= effect <= one.naive.high for one in found if one.naive)
        mean = float(np.mean([one.att.value for one in told if one.att]))
        plain = float(np.mean([one.naive.value for one in found if one.naive]))
        rows.append((name, seeds, len(told), inside, rejects, f"{mean:+.3f}", naive, f"{plain:+.3f}"))
    heads = ("case", "seeds", "told", "truth inside", "rejects 0", "mean", "naive inside", "naive mean")
    sys.stdout.write(" | ".join(heads) + "\n")
    for row in rows:
        sys.stdout.write(" | ".join(str(cell) for cell in row) + "\n")


def projects(firms: int = 16_183, count: int = 24_000) -> None:
    """Print how long it takes to take in, rate before and after, and tell the effects of many projects."""
    rng = np.random.default_rng(7)
    base = build_reference(firms, 7)
    facts = base.select(name for name in base.columns if name in FACTS and not FACTS[name].derived)
    who = np.concatenate([np.arange(firms), rng.choice(firms, count - firms)])
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        rows = facts[who]
        rows.write_parquet(before)
        grown = [name for name in rows.columns if name.startswith(("sales_krw_t0", "rnd_expense_krw_t0"))]
        rows.with_columns((pl.col(name) * 1.2).round() for name in grown).write_parquet(after)
        panels = []
        size = rng.normal(size=firms)
        for k, name in enumerate(PROGRAMMES):
            panel = drawn(50 + k, firms, EFFECT, x=size)
            path = Path(folder) / f"{name}.parquet"
            n = len(YEARS)
            starts = np.repeat(panel.treated_from.astype(float), n)
            columns = {
                "firm_id": np.repeat(np.arange(firms), n).astype(str),
                "year": np.tile(YEARS, firms),
                "treated_from": np.where(starts > 0, starts, np.nan),
                "growth": panel.outcome.ravel(),
                "x": panel.covariates["x"].ravel(),
            }
            pl.DataFrame(columns).with_columns(pl.col("treated_from").fill_nan(None)).write_parquet(path)
            panels.append((name, path))
        begun = time.perf_counter()
        tables = [read_told_table(path) for path in (before, after)]
        read = time.perf_counter()
        registry = ModelRegistry(Path(folder) / "models")
        scores = [rate_table(table, registry=registry, models=["tech-index", "ktrs-fm"])[0] for table in tables]
        rated = time.perf_counter()
        change = (scores[1]["tech_index_index"] - scores[0]["tech_index_index"]).mean()
        service = ProgrammeService(registry)
        told = [
            (name, service.effect(LOCAL_OWNER, path, "growth", ["x"], Path(folder) / name)) for name, path in panels
        ]
        done = time.perf_counter()
    sys.stdout.write(f"projects {count:,} of {firms:,} firms: import {read - begun:.1f} s, ")
    sys.stdout.write(f"rating before and after {rated - read:.1f} s, effects with reports {done - rated:.1f} s, ")
    sys.stdout.write(f"together {done - begun:.1f} s; mean change of the Tech-Index {change:+.2f}\n")
    for name, found in told:
        att = found["att"]
        said = f"{att['value']:+.3f} ({att['low']:+.3f} to {att['high']:+.3f})" if att else str(found["refused"]["en"])
        sys.stdout.write(f"  {name}: {said}; plain before and after {found['naive']['value']:+.3f}\n")


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--firms", type=int, default=400)
    asked.add_argument("--projects", action="store_true")
    said = asked.parse_args()
    if said.projects:
        projects()
    else:
        by_seeds(said.seeds, said.firms)


if __name__ == "__main__":
    main()
