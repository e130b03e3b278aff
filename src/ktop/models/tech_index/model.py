"""Tech-Index in use: two growth probabilities, four capability scores and the index, every point accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Indicator, accounts_ratios, tech_index_indicators
from ktop.domain.rating.rating import NextStep, Opinion
from ktop.models.accounts import accounts_of, changed_probabilities, with_accounts
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings, explain
from ktop.models.company_model import CompanyModel, cell_labels, numeric_columns
from ktop.models.panel_model import weighted_estimate
from ktop.models.tech_index.opinions import opinions


class TechIndexModel(CompanyModel):
    """The index is the reference percentile of the weighted mean of the two targets' logits.

    A capability score is the reference percentile of its group's part of that same logit, so capabilities,
    contributions and index cannot disagree. The accounts are in the probabilities and the growth perspective, not in
    the index, which tells of capability.
    """

    name = "tech-index"
    explained: ClassVar[tuple[str, ...]] = ("index",)

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        self.weights: Mapping[str, float] = self.card["rules"]["index_weights"]
        self.accounts = accounts_of(self.panel.groups)

    @property
    def known_indicators(self) -> tuple[Indicator, ...]:
        """The 14 indicators, and the ratios of the accounts (versions from 1.4.0 on)."""
        return (*tech_index_indicators(), *accounts_ratios())

    def rate_table(self, table: FactTable, contributions: bool = True) -> BatchRatings:
        """Rate every company of a table; see ``CompanyModel``."""
        values = self.panel.values(numeric_columns(table), table.n)
        cells = self.panel.cells(cell_labels(table), table.n)
        levels = self.panel.levels(values, cells)
        ok = table.ok & ~np.isnan(values).all(axis=1)
        blank = np.where(ok, 0.0, np.nan)
        entering = self.panel.entering(values, levels)
        estimates = {target: self.panel.targets[target].estimate(entering, cells) for target in self.weights}
        index = weighted_estimate([(w, self.panel.targets[name], estimates[name]) for name, w in self.weights.items()])
        reads_accounts = bool(self.accounts.any())
        if reads_accounts:
            index = index.without(self.accounts)
        shown = self.scales["index"](index.logit)
        scores = {"index": shown + blank}
        for group, logit in self.panel.group_logits(index.contributions).items():
            if group in self.scales:
                scores[group] = self.scales[group](logit) + blank
        probabilities = {}
        for target, estimate in estimates.items():
            low, high = estimate.interval()
            probabilities[target] = (estimate.probability + blank, low + blank, high + blank)
        explained = {}
        if contributions:
            counted = ~self.accounts if reads_accounts else None
            explained["index"] = explain(index, shown, self.scales["index"](index.base), ok, counted)
        return BatchRatings(
            model=self.ref,
            n=table.n,
            ok=ok,
            indicators=self.panel.features,
            groups=self.panel.groups,
            cells=cells,
            values=values,
            levels=levels,
            scores=scores,
            grades={},
            probabilities=probabilities,
            explained=explained,
            details={"estimates": estimates} if reads_accounts else {},
        )

    def perspective(self, batch: BatchRatings, row: int) -> Mapping[str, Any]:
        """Return the growth perspective (성장전망): level 1 to 5 and its words."""
        ratios = [float(batch.probabilities[target][0][row]) / self.rates[target] for target in self.weights]
        return _line(self.card["rules"]["growth_perspective"], ratios)

    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis of one company."""
        percentile = self.reference.of("index", float(batch.scores["index"][row]), {})["all"]["percentile"]
        perspective = self.perspective(batch, row)["label"]
        rates = {target: (mean, self.rates[target]) for target, mean in self.peer_rates(batch, row).items()}
        told = opinions(self.indicators, batch, row, percentile, perspective, rates, taken)
        return with_accounts(told, self._accounts(batch, row), "tech_index.accounts_changed")

    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return the growth perspective and each capability's part of the index logit."""
        line = self.perspective(batch, row)
        logits = batch.explained["index"].logits[row]
        parts: dict[str, float] = {}
        for group, logit in zip(batch.groups, logits, strict=True):
            if group in self.scales:
                parts[group] = parts.get(group, 0.0) + float(logit)
        accounts = self._accounts(batch, row)
        return {
            "growth_perspective": {"level": line["level"], "label": dict(line["label"])},
            "group_logits": parts,
            "reference_rates": dict(self.rates),
            "peer_rates": self.peer_rates(batch, row),
            **({} if accounts is None else {"accounts": accounts}),
        }

    def _accounts(self, batch: BatchRatings, row: int) -> dict[str, Any] | None:
        """Return what the accounts changed (``accounts.changed_probabilities``), the growth perspective included."""
        if "estimates" not in batch.details:
            return None
        changed = changed_probabilities(batch, row)
        ratios = {
            key: [changed["probabilities"][target][key] / self.rates[target] for target in self.weights]
            for key in ("without", "with")
        }
        perspectives = {key: _line(self.card["rules"]["growth_perspective"], found) for key, found in ratios.items()}
        return changed | {
            "growth_perspective": {
                key: {"level": line["level"], "label": dict(line["label"])} for key, line in perspectives.items()
            }
        }


def _line(lines: Sequence[Mapping[str, Any]], ratios: Sequence[float]) -> Mapping[str, Any]:
    """Return the first line of the growth perspective whose least values both hold for the ratios to the reference."""
    return next((line for line in lines if min(ratios) >= line["worst"] and max(ratios) >= line["best"]), lines[-1])
