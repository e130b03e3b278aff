"""The company half of ``acceptance.py``: firms that analysts looked at, rated by a former version and by today's."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.decide import with_decision

#: The rule for small guarantees that was in force with the former models.
FORMER_RULE = "small-guarantee-2"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("--cases", type=Path, help="folder of company records (YAML), one a firm")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 4, 1))
    parser.add_argument("--before", default="1.3.0", help="the former version of the models")


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of all tables of this section."""
    if options.cases is not None:
        yield from _cases(options)


def _cases(options: argparse.Namespace) -> Iterator[str]:
    heads = ("firm", "version", "business", "growth", "risk", "P(failure), %", "P(high growth), %", "P(SGR), %")
    heads += ("Tech-Index", "perspective", "guarantee")
    yield "| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|"
    for path in sorted(options.cases.glob("*.yaml")):
        company = Company.from_mapping(yaml.safe_load(path.read_text("utf-8")))
        for version in (options.before, None):
            yield f"| {path.stem} | " + " | ".join(_rated(company, options.as_of, version)) + " |"


def _rated(company: Company, as_of: date, version: str | None) -> list[str]:
    """Return the cells of one firm by one version of the models, None for the versions in force."""
    registry = ModelRegistry()
    subject = RatedSubject.of(company, as_of)
    index = registry.model("tech-index", version).rate(subject)
    rule = None if version is None else FORMER_RULE
    credit = with_decision(registry.model("ktrs-fm", version).rate(subject), subject.table, rule)
    guarantee: dict[str, Any] = credit.details["guarantee"]
    amount = guarantee.get("amount_krw")
    return [
        credit.model.version,
        *(credit.grades[name] for name in ("business", "growth", "risk")),
        f"{100 * credit.probabilities['failure'].value:.2f}",
        *(f"{100 * index.probabilities[name].value:.1f}" for name in ("high_growth", "sustainable_growth")),
        f"{index.scores['index']:.1f}",
        str(index.details["growth_perspective"]["label"]["en"]),
        str(guarantee["status"]) + (f" {amount / 1e6:.0f} m" if amount else ""),
    ]
