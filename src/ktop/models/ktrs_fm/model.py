"""KTRS-FM in use: growth and risk, each by two tracks with a notch cap, joined into the technology-business grade.

Directions: the growth score and grade are better when high growth is likelier, the risk score and grade when failure is
less likely (a risk score of 90 means safer than 90 % of the reference companies). The risk score is explained by the
logit of failure, so there a positive logit part costs points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ktop.domain import guarantee
from ktop.domain.fact_table import FactTable
from ktop.domain.grades import business_matrix, ladder
from ktop.domain.indicators import Indicator, checklist_items, ktrs_fm_items
from ktop.domain.rating import NextStep, Opinion, Warning
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings, explain
from ktop.models.calibration import expit
from ktop.models.company_model import CompanyModel, cell_labels, numeric_columns, warning
from ktop.models.glass_box import Floats
from ktop.models.ktrs_fm.opinions import opinions
from ktop.models.panel_model import Estimate

#: Grade ladder → target whose probability it cuts.
TARGETS: Mapping[str, str] = {"growth": "high_growth", "risk": "failure"}


class KtrsFmModel(CompanyModel):
    """Growth grade, risk grade, technology-business grade and guarantee decision from 39 items."""

    name = "ktrs-fm"
    explained: ClassVar[tuple[str, ...]] = ("growth", "risk")

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        rules = self.card["rules"]
        self.notch_cap = int(rules["notch_cap"])
        self.disagreement = int(rules["disagreement_notches"])
        #: The growth and risk ladders as they were cut when the model was released.
        self.rungs = {name: self.panel.ladder(name) for name in TARGETS}

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The 14 quantitative items, then the 25 checklist items."""
        return (*ktrs_fm_items(), *checklist_items())

    def rate_table(self, table: FactTable, contributions: bool = True) -> BatchRatings:
        """Rate every company of a table; see ``CompanyModel``. Levels are given with ``contributions`` only."""
        values = self.panel.values(numeric_columns(table), table.n)
        ok = table.ok & ~np.isnan(values).all(axis=1)
        blank = np.where(ok, 0.0, np.nan)
        cells = self.panel.cells(cell_labels(table), table.n)
        estimates = {name: self.panel.targets[target].estimate(values, cells) for name, target in TARGETS.items()}
        scores, probabilities, explained = {}, {}, {}
        grades: dict[str, npt.NDArray[np.object_]] = {}
        positions: dict[str, npt.NDArray[np.int64]] = {}
        flags: dict[str, npt.NDArray[np.bool_]] = {
            "grade_capped": np.zeros(table.n, dtype=bool),
            "tracks_disagree": np.zeros(table.n, dtype=bool),
        }
        columns: dict[str, npt.NDArray[Any]] = {}
        for name, estimate in estimates.items():
            scores[name] = self._score(name, estimate.logit)
            low, high = estimate.interval()
            probabilities[TARGETS[name]] = (estimate.probability + blank, low + blank, high + blank)
            final, tracks = self._grade(name, estimate)
            positions[name] = np.where(ok, final, -1)
            grades[name] = _symbols(name, positions[name])
            flags["grade_capped"] |= ok & (final > self.rungs[name].indexes(estimate.probability))
            flags["tracks_disagree"] |= ok & (np.abs(tracks["ai"] - tracks["statistics"]) >= self.disagreement)
            for track, found in tracks.items():
                columns[f"track_{track}_{name}"] = _symbols(name, np.where(ok, found, -1))
        if contributions:
            explained = {
                name: explain(estimate, scores[name], self._score(name, estimate.base), ok)
                for name, estimate in estimates.items()
            }
        matrix = business_matrix()
        business = matrix.indexes(positions["growth"], positions["risk"])
        grades = {"business": _symbols("business", business), **grades}
        decisions = guarantee.decide(table, {name: list(symbols) for name, symbols in grades.items()})
        columns["guarantee"] = _none_where(~ok, decisions.status)
        columns["guarantee_krw"] = decisions.amount_krw
        levels = self.panel.levels(values, cells) if contributions else np.full(values.shape, np.nan)
        return BatchRatings(
            model=self.ref,
            n=table.n,
            ok=ok,
            indicators=self.panel.features,
            groups=self.panel.groups,
            cells=cells,
            values=values,
            levels=levels,
            scores={name: score + blank for name, score in scores.items()},
            grades=grades,
            probabilities=probabilities,
            explained=explained,
            flags=flags,
            columns=columns,
            details={"guarantee": decisions},
        )

    def _score(self, name: str, logit: Floats) -> Floats:
        return self.scales[name](logit if name == "growth" else -logit)

    def _grade(self, name: str, estimate: Estimate) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.int64]]]:
        """Return the final positions on a ladder (0 = best), and each track's own.

        The final grade comes from the joint probability, but stands at most ``notch_cap`` grades above the statistics
        track: the track a person can check by hand holds the AI track back, never the other way round.
        """
        rungs = self.rungs[name]
        tracks = {track: rungs.indexes(expit(logit)) for track, logit in estimate.tracks.items()}
        joint = rungs.indexes(estimate.probability)
        return np.maximum(joint, tracks["statistics"] - self.notch_cap), tracks

    def warnings(self, batch: BatchRatings, row: int) -> tuple[Warning, ...]:
        """Return what a reader must know; adds unanswered checklist items, capped grades and disagreeing tracks."""
        found = list(super().warnings(batch, row))
        unanswered = [
            name
            for k, name in enumerate(batch.indicators)
            if name in self._checklist and np.isnan(batch.values[row, k])
        ]
        if unanswered:
            found.append(warning("ktrs_fm.warning_unanswered", count=len(unanswered), items=", ".join(unanswered)))
        if batch.flags["grade_capped"][row]:
            found.append(warning("ktrs_fm.warning_grade_capped", notches=self.notch_cap))
        if batch.flags["tracks_disagree"][row]:
            found.append(warning("ktrs_fm.warning_tracks_disagree", notches=self.disagreement))
        return tuple(found)

    @property
    def _checklist(self) -> frozenset[str]:
        return frozenset(item.id for item in checklist_items())

    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis of one company."""
        percentiles = {
            name: self.reference.of(name, float(batch.scores[name][row]), {})["all"]["percentile"] for name in TARGETS
        }
        decision = batch.details["guarantee"].decision(row)
        rates = {target: (mean, self.rates[target]) for target, mean in self.peer_rates(batch, row).items()}
        return opinions(self.indicators, batch, row, percentiles, rates, decision, taken)

    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return the guarantee decision with its clauses and what each track says by itself."""
        return {
            "guarantee": batch.details["guarantee"].decision(row).to_json(),
            "tracks": {
                name: {track: batch.columns[f"track_{track}_{name}"][row] for track in ("ai", "statistics")}
                for name in TARGETS
            },
            "flags": {name: bool(flag[row]) for name, flag in batch.flags.items()},
            "reference_rates": dict(self.rates),
            "peer_rates": self.peer_rates(batch, row),
        }


def _none_where(rows: npt.NDArray[np.bool_], values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    found = values.copy()
    found[rows] = None
    return found


def _symbols(name: str, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    lookup = np.array([*ladder(name).symbols, None], dtype=object)
    found: npt.NDArray[np.object_] = lookup[positions]
    return found
