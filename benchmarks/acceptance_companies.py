"""The company half of ``acceptance.py``, by a former version of the models and by those in force.

Firms that analysts looked at (``--cases``); a fresh reference population by tenth of every ratio of the accounts, what
is foretold against what comes; and what improving each fact of a record by itself costs (``--improved`` firms).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from ktop.domain.company.indicators import accounts_ratios, evaluate
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.models.registry import KINDS, ModelRegistry
from ktop.training.fit import known_outcomes
from ktop.training.record_monotonicity import losses
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.usecases.companies.decide import with_decision, with_decisions
from ktop.usecases.companies.evidence import rate_table_on_evidence
from ktop.usecases.companies.rating import rate_by
from ktop.validation.calibration import reliability_table
from ktop.validation.discrimination import auc

#: The rule for small guarantees that was in force with the former models.
FORMER_RULE = "small-guarantee-2"
#: Level of the Jeffreys interval of what came in a tenth of a ratio.
LEVEL = 0.99


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("--cases", type=Path, help="folder of company records (YAML), one a firm")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 4, 1))
    parser.add_argument("--before", default="1.3.0", help="the former version of the models")
    parser.add_argument("--firms", type=int, default=30_000, help="fresh reference firms judged by tenth of each ratio")
    parser.add_argument("--improved", type=int, default=2_000, help="reference firms whose record is improved")
    parser.add_argument("--timed", type=int, default=16_183, help="firms whose rating is timed, contributions included")
    parser.add_argument("--seed", type=int, default=4407)


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of all tables of this section."""
    if options.cases is not None:
        yield from _cases(options)
    yield from _population(options)
    yield from _improved(options)
    yield from _timed(options)


def _population(options: argparse.Namespace) -> Iterator[str]:
    firms = build_reference(options.firms, options.seed)
    table = reference_table(firms)
    values = evaluate(accounts_ratios(), table)
    some = {
        "equity used up": (firms["equity_krw_t0"] < 0).fill_null(False).to_numpy(),
        "loss": (firms["net_income_krw_t0"] < 0).fill_null(False).to_numpy(),
    }
    heads = ("model", "target", "version", "AUC", *(f"{name}: came / foretold" for name in some))
    heads += (f"tenths of {len(accounts_ratios())} ratios outside {100 * LEVEL:.0f} %", "furthest: came / foretold")
    yield "\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    for name in ("tech-index", "ktrs-fm"):
        for version in (options.before, None):
            model = ModelRegistry().model(name, version)
            batch, known = model.rate_table(table, contributions=False), known_outcomes(model.panel, firms)
            for target, (p, _, _) in batch.probabilities.items():
                y = known[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
                rows = ~np.isnan(y)
                cells = [f"{y[rows & r].mean():.3f} / {p[rows & r].mean():.3f}" for r in some.values()]
                tenths = [
                    (tenth, ratio.id)
                    for k, ratio in enumerate(accounts_ratios())
                    for tenth in reliability_table(y, p, 10, by=values[:, k], level=LEVEL)
                ]
                outside = [(t, ratio) for t, ratio in tenths if not t.low <= t.predicted <= t.high]
                furthest, ratio = max(tenths, key=lambda one: abs(one[0].predicted - one[0].rate))
                worst = f"{furthest.rate:.3f} / {furthest.predicted:.3f} by {ratio}"
                line = [name, target, model.version, f"{auc(y[rows], p[rows]):.4f}", *cells]
                yield "| " + " | ".join([*line, f"{len(outside)} of {len(tenths)}", worst]) + " |"


def _improved(options: argparse.Namespace) -> Iterator[str]:
    firms = reference_table(build_reference(options.improved, options.seed + 1))
    heads = ("model", "version", "facts improved", "fact that may lower", "firms", "of them lowered, %", "most lost")
    yield "\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    for name in KINDS:
        for version in (options.before, None):
            model = ModelRegistry().model(name, version)
            found = losses(model, firms.take(np.flatnonzero(model.eligible(firms))))
            lowering = [one for one in found if one.share > 0]
            for one in lowering:
                most = max(one.worst, key=lambda answer: one.worst[answer])
                cells = [one.fact, f"{one.companies:,}", f"{100 * one.share:.1f}", f"{one.worst[most]:.1f} of {most}"]
                yield f"| {name} | {model.version} | {len(found)} | " + " | ".join(cells) + " |"
            if not lowering:
                yield f"| {name} | {model.version} | {len(found)} | none | | 0 | |"


def _timed(options: argparse.Namespace) -> Iterator[str]:
    firms = reference_table(build_reference(options.timed, options.seed + 2))
    heads = ("model", "version", "firms", "CPU s, contributions included", "CPU s, two results and decisions as well")
    yield "\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    total = [0.0, 0.0]
    for name in ("tech-index", "ktrs-fm"):
        for version in (options.before, None):
            model = ModelRegistry().model(name, version)
            model.rate_table(firms.take(np.arange(100)))
            begun = time.process_time()
            model.rate_table(firms)
            alone = time.process_time()
            cells = [f"{alone - begun:.2f}", ""]
            if version is None:
                with_decisions(rate_table_on_evidence(model, firms), firms)
                cells[1] = f"{time.process_time() - alone:.2f}"
                total = [total[0] + alone - begun, total[1] + time.process_time() - alone]
            yield f"| {name} | {model.version} | {firms.n:,} | " + " | ".join(cells) + " |"
    yield f"| both | in force | {firms.n:,} | {total[0]:.2f} | {total[1]:.2f} |"


def _cases(options: argparse.Namespace) -> Iterator[str]:
    heads = ("firm", "version", "business", "growth", "risk", "shown", "P(failure), %", "P(high growth), %")
    heads += ("P(SGR), %", "Tech-Index", "perspective", "guarantee")
    yield "| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    for path in sorted(options.cases.glob("*.yaml")):
        company = Company.from_mapping(yaml.safe_load(path.read_text("utf-8")))
        for version in (options.before, None):
            yield f"| {path.stem} | " + " | ".join(_rated(company, options.as_of, version)) + " |"


def _rated(company: Company, as_of: date, version: str | None) -> list[str]:
    """Return the cells of one firm by one version of the models, None for the versions in force.

    Grades are the model's own; those shown besides are held by the rule on evidence, which former versions had not.
    """
    registry = ModelRegistry()
    subject = RatedSubject.of(company, as_of)
    index, model = registry.model("tech-index", version).rate(subject), registry.model("ktrs-fm", version)
    declared = model.rate(subject)
    shown = rate_by(model, subject) if version is None else with_decision(declared, subject.table, FORMER_RULE)
    guarantee: dict[str, Any] = shown.details["guarantee"]
    amount = guarantee.get("amount_krw")
    return [
        declared.model.version,
        *(declared.grades[name] for name in ("business", "growth", "risk")),
        " / ".join(shown.grades[name] for name in ("business", "growth", "risk")),
        f"{100 * declared.probabilities['failure'].value:.2f}",
        *(f"{100 * index.probabilities[name].value:.1f}" for name in ("high_growth", "sustainable_growth")),
        f"{index.scores['index']:.1f}",
        str(index.details["growth_perspective"]["label"]["en"]),
        str(guarantee["status"]) + (f" {amount / 1e6:.0f} m" if amount else ""),
    ]
