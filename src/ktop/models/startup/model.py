"""The start-up model in use: team, technology, intellectual property and checklist; who may be rated by it, and why.

Firms up to three years old have few statements or none, so nothing financial enters. Firms up to seven years old may be
rated for a small guarantee only; older ones are refused, because the model has seen none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Indicator, checklist_items, indicator_groups, startup_items
from ktop.domain.rating.rating import NextStep, Opinion, Warning
from ktop.kernel.arrays import Booleans, Floats
from ktop.kernel.errors import InputError
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings
from ktop.models.growth_risk import GrowthRiskModel
from ktop.models.opinion import sentence
from ktop.models.opinion_figures import seed_of, variant, within_sentence
from ktop.models.panel_model import Estimate


class StartUpModel(GrowthRiskModel):
    """Growth, risk and business grade of a young firm from 40 items, and a score for each group of items."""

    name = "start-up"

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        rules = self.card["rules"]
        self.own_age = float(rules["own_age_years"])
        self.oldest = float(rules["small_guarantee_age_years"])
        self.group_weights: Mapping[str, float] = rules["group_weights"]

    @property
    def known_indicators(self) -> tuple[Indicator, ...]:
        """The 15 items on team, technology and IP, then the 25 checklist items."""
        return (*startup_items(), *checklist_items())

    def eligible(self, table: FactTable) -> Booleans:
        """Return which firms are not too old; a firm of unknown age is rated and warned."""
        age: Floats = table.columns["age_years"]
        return np.isnan(age) | (age <= self.oldest)

    def refusal(self, table: FactTable, row: int) -> InputError:
        """Return why a firm is not rated: too old, or nothing known."""
        age = float(table.columns["age_years"][row])
        if age > self.oldest:
            return InputError("startup.too_old", age=f"{age:.1f}", limit=f"{self.oldest:g}")
        return super().refusal(table, row)

    def more_scores(self, estimates: Mapping[str, Estimate]) -> dict[str, Floats]:
        """Return the score of each group of items, the reference percentile of its part in growth less risk."""
        return {name: self.scales[name](z) for name, z in self._group_logits(estimates).items()}

    def _group_logits(self, estimates: Mapping[str, Estimate]) -> dict[str, Floats]:
        by_target = {"high_growth": estimates["growth"], "failure": estimates["risk"]}
        joined = sum(weight * by_target[target].contributions for target, weight in self.group_weights.items())
        return self.panel.group_logits(np.asarray(joined))

    def eligibility(self, batch: BatchRatings, row: int) -> tuple[str, Mapping[Lang, str]]:
        """Return a firm's role ("own", "small_guarantee" or "unknown") and the sentence that tells it."""
        age = float(batch.details["table"].columns["age_years"][row])
        role = "unknown" if np.isnan(age) else "own" if age <= self.own_age else "small_guarantee"
        params = {"age": f"{age:.1f}", "own": f"{self.own_age:g}", "limit": f"{self.oldest:g}"}
        return role, {lang: text(f"startup.eligible_{role}", lang, **params) for lang in LANGS}

    def warnings(self, batch: BatchRatings, row: int) -> tuple[Warning, ...]:
        """Return what a reader must know; adds that an older firm's result serves small guarantees only."""
        role, words = self.eligibility(batch, row)
        first = () if role == "own" else (Warning(f"eligible_{role}", words),)
        return (*first, *super().warnings(batch, row))

    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis; after the grades it says who may use them and which group leads."""
        opinions = super().opinions(batch, row, taken)
        words = {**indicator_groups("startup"), **indicator_groups("checklist")}
        scores = {name: float(batch.scores[name][row]) for name in words}
        best, worst = max(scores, key=lambda g: scores[g]), min(scores, key=lambda g: scores[g])
        params: dict[Lang, dict[str, Any]] = {
            lang: {
                "best": words[best][lang],
                "worst": within_sentence(words[worst][lang]),
                "best_score": f"{scores[best]:.1f}",
                "worst_score": f"{scores[worst]:.1f}",
            }
            for lang in LANGS
        }
        _, role = self.eligibility(batch, row)
        basis = ("details.eligibility.status",)
        added = [Opinion(lang, role[lang], basis, "summary") for lang in LANGS]
        key = variant("startup.groups", seed_of(batch.values[row]))
        added += sentence(key, "summary", [f"scores.{name}" for name in (best, worst)], params)
        return (*opinions[: len(LANGS)], *added, *opinions[len(LANGS) :])

    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return what growth and risk models tell, and in which role the firm was rated."""
        role, words = self.eligibility(batch, row)
        age = batch.details["table"].columns["age_years"][row]
        return {
            **super().details(batch, row),
            "eligibility": {
                "status": role,
                "age_years": None if np.isnan(age) else float(age),
                "own_age_years": self.own_age,
                "small_guarantee_age_years": self.oldest,
                "text": dict(words),
            },
        }
