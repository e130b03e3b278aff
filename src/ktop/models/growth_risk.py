"""What models of growth and risk share: two grades, each by two tracks with a notch cap, joined into a business grade.

KTRS-FM and the start-up model are of this form; they differ in their items and in whom they may rate.

Directions: the growth score and grade are better when high growth is likelier, the risk score and grade when failure is
less likely (a risk score of 90 means safer than 90 % of the reference companies). The risk score is explained by the
logit of failure, so there a positive logit part costs points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import checklist_items
from ktop.domain.rating.grades import business_matrix, ladder
from ktop.domain.rating.rating import NextStep, Opinion, Warning
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts
from ktop.models.accounts import accounts_of, changed_probabilities, with_accounts
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings, explain
from ktop.models.calibration import expit, logit
from ktop.models.company_model import CompanyModel, PreviousGrades, cell_labels, numeric_columns, warning
from ktop.models.growth_risk_opinions import opinions
from ktop.models.panel_model import Estimate

#: Grade ladder → target whose probability it cuts.
TARGETS: Mapping[str, str] = {"growth": "high_growth", "risk": "failure"}


#: Unanswered questions named in one sentence.
_MOST_NAMED = 5
#: What holds for models released before their own rules named it. Never changed: old ratings are computed by it.
FIRST_HYSTERESIS, FIRST_MATRIX = 0.20, "matrix-1"


class GrowthRiskModel(CompanyModel):
    """Growth grade, risk grade and technology-business grade."""

    explained: ClassVar[tuple[str, ...]] = ("growth", "risk")

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        rules = self.card["rules"]
        self.notch_cap = int(rules["notch_cap"])
        self.disagreement = int(rules["disagreement_notches"])
        #: How far beyond a cut (in logits) a company keeps the grade it had, where its former grades are given.
        self.hysteresis = float(rules.get("hysteresis_logit", FIRST_HYSTERESIS))
        #: Version of the matrix that joins the two grades.
        self.matrix = str(rules.get("matrix", FIRST_MATRIX))
        #: The growth and risk ladders as they were cut when the model was released.
        self.rungs = {name: self.panel.ladder(name) for name in TARGETS}
        self.accounts = accounts_of(self.panel.groups)

    def rate_table(self, table: FactTable, contributions: bool = True) -> BatchRatings:
        """Rate every company of a table; see ``CompanyModel``. Levels are given with ``contributions`` only."""
        return self.rate_again(table, {}, contributions)

    def rate_again(self, table: FactTable, previous: PreviousGrades, contributions: bool = True) -> BatchRatings:
        """Rate every company, each keeping its former growth and risk grade while it is near it.

        A company whose probability lies within ``hysteresis`` logits of the grade it had keeps that grade: without
        this, firms near a cut change grade by chance from year to year. The cap over the statistics track holds all
        the same.
        """
        values = self.panel.values(numeric_columns(table), table.n)
        ok = table.ok & ~np.isnan(values).all(axis=1) & self.eligible(table)
        blank = np.where(ok, 0.0, np.nan)
        cells = self.panel.cells(cell_labels(table), table.n)
        estimates = {name: self.panel.targets[target].estimate(values, cells) for name, target in TARGETS.items()}
        scores, probabilities, explained = {}, {}, {}
        grades: dict[str, Texts] = {}
        positions: dict[str, Integers] = {}
        flags: dict[str, Booleans] = {
            "grade_capped": np.zeros(table.n, dtype=bool),
            "tracks_disagree": np.zeros(table.n, dtype=bool),
        }
        if previous:
            flags["grade_kept"] = np.zeros(table.n, dtype=bool)
        columns: dict[str, npt.NDArray[Any]] = {}
        marks: dict[str, dict[str, Booleans]] = {"capped": {}, "disagree": {}, "kept": {}}
        for name, estimate in estimates.items():
            scores[name] = self._score(name, estimate.logit)
            low, high = estimate.interval()
            probabilities[TARGETS[name]] = (estimate.probability + blank, low + blank, high + blank)
            tracks, joint = self._rungs(name, estimate)
            free = joint
            if previous:
                held = self._held(name, estimate, joint, previous.get(name))
                flags["grade_kept"] |= ok & (held != joint)
                joint = held
            final = self._capped(joint, tracks)
            positions[name] = np.where(ok, final, -1)
            grades[name] = _symbols(name, positions[name])
            marks["capped"][name] = ok & (final > joint)
            marks["disagree"][name] = ok & (np.abs(tracks["ai"] - tracks["statistics"]) >= self.disagreement)
            # A former grade that the cap then lowered was not kept, whatever the flag of hysteresis says.
            marks["kept"][name] = ok & (joint != free) & (final == joint)
            flags["grade_capped"] |= marks["capped"][name]
            flags["tracks_disagree"] |= marks["disagree"][name]
            for track, position in tracks.items():
                columns[f"track_{track}_{name}"] = _symbols(name, np.where(ok, position, -1))
        if contributions:
            explained = {
                name: explain(estimate, scores[name], self._score(name, estimate.base), ok)
                for name, estimate in estimates.items()
            }
        grades = {"business": self._business(positions), **grades}
        details: dict[str, Any] = {"previous": previous, "table": table, "marks": marks}
        if self.accounts.any():
            details["estimates"] = {TARGETS[name]: estimate for name, estimate in estimates.items()}
            without = {name: np.where(ok, self._without_accounts(name, e), -1) for name, e in estimates.items()}
            details["without"] = {"business": self._business(without)}
            details["without"] |= {name: _symbols(name, positions) for name, positions in without.items()}
            details["with"] = dict(grades)  # before any rule beside the model holds them
            columns |= {f"grade_{name}_without_accounts": symbols for name, symbols in details["without"].items()}
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
            scores={name: score + blank for name, score in (scores | self.more_scores(estimates)).items()},
            grades=grades,
            probabilities=probabilities,
            explained=explained,
            flags=flags,
            columns=columns,
            details=details,
        )

    def _rungs(self, name: str, estimate: Estimate) -> tuple[dict[str, Integers], Integers]:
        """Return the positions on a ladder that each track gives by itself, and that of both."""
        tracks = {track: self.rungs[name].indexes(expit(z)) for track, z in estimate.tracks.items()}
        return tracks, self.rungs[name].indexes(estimate.probability)

    def _capped(self, joint: Integers, tracks: Mapping[str, Integers]) -> Integers:
        # The track a person can check by hand holds the AI track back, never the other way round.
        return np.maximum(joint, tracks["statistics"] - self.notch_cap)

    def _without_accounts(self, name: str, estimate: Estimate) -> Integers:
        """Return the positions on a ladder were the accounts those of the average reference firm."""
        tracks, joint = self._rungs(name, estimate.without(self.accounts))
        return self._capped(joint, tracks)

    def _business(self, positions: Mapping[str, Integers]) -> Texts:
        joined = business_matrix(self.matrix).indexes(positions["growth"], positions["risk"])
        return _symbols("business", joined)

    def more_scores(self, estimates: Mapping[str, Estimate]) -> dict[str, Floats]:
        """Return scores beside growth and risk; none unless a model gives some."""
        return {}

    def _score(self, name: str, logits: Floats) -> Floats:
        return self.scales[name](logits if name == "growth" else -logits)

    def _held(self, name: str, estimate: Estimate, joint: Integers, before: Sequence[str | None] | None) -> Integers:
        """Return positions on a ladder with each company's former grade kept while its logit is near it."""
        if before is None:
            return joint
        rungs = self.rungs[name]
        had = np.array([-1 if symbol is None else rungs.index(symbol) for symbol in before], dtype=np.int64)
        sign = -1.0 if rungs.better == "high" else 1.0
        # In this direction worse grades have larger values, and grade k ends at cuts[k].
        cuts = sign * logit(np.asarray(rungs.cuts, dtype=np.float64))
        ends = np.concatenate([[-np.inf], cuts, [np.inf]])
        place = sign * estimate.logit
        near = (place >= ends[had] - self.hysteresis) & (place <= ends[had + 1] + self.hysteresis)
        return np.where((had >= 0) & near, had, joint)

    def warnings(self, batch: BatchRatings, row: int) -> tuple[Warning, ...]:
        """Return what a reader must know; adds unanswered checklist items, capped, kept and disputed grades."""
        warnings = list(super().warnings(batch, row))
        answers = {item.id: item.labels for item in checklist_items()}
        place = {name: k for k, name in enumerate(batch.indicators)}
        aside = batch.details.get("set_aside", ())  # answered, but not counted: told by whoever set them aside
        unanswered = [
            labels
            for name, labels in answers.items()
            if name in place and name not in aside and np.isnan(batch.values[row, place[name]])
        ]
        if unanswered:
            shown = {lang: ", ".join(labels[lang] for labels in unanswered[:_MOST_NAMED]) for lang in LANGS}
            more = len(unanswered) - _MOST_NAMED
            if more > 0:
                shown = {lang: text("growth_risk.and_more", lang, items=shown[lang], more=more) for lang in LANGS}
            warnings.append(warning("growth_risk.warning_unanswered", count=len(unanswered), items=shown))
        marks = {mark: [n for n in TARGETS if rows[n][row]] for mark, rows in batch.details["marks"].items()}
        if marks["capped"]:
            warnings.append(
                warning("growth_risk.warning_grade_capped", ladders=_named(marks["capped"]), notches=self.notch_cap)
            )
        if marks["disagree"]:
            shown = {lang: self._tracks_of(batch, row, marks["disagree"], lang) for lang in LANGS}
            warnings.append(warning("growth_risk.warning_tracks_disagree", shown=shown, notches=self.disagreement))
        if marks["kept"]:
            warnings.append(warning("growth_risk.warning_grade_kept", ladders=_named(marks["kept"])))
        return tuple(warnings)

    def _tracks_of(self, batch: BatchRatings, row: int, names: Sequence[str], lang: Lang) -> str:
        """Return what each track says of the named ladders: growth grade (statistics BB, AI A)."""
        return ", ".join(
            text(
                "growth_risk.tracks_of",
                lang,
                ladder=_named([name])[lang],
                statistics=batch.columns[f"track_statistics_{name}"][row],
                ai=batch.columns[f"track_ai_{name}"][row],
            )
            for name in names
        )

    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis of one company."""
        percentiles = {
            name: self.reference.of(name, float(batch.scores[name][row]), {})["all"]["percentile"] for name in TARGETS
        }
        rates = {target: (mean, self.rates[target]) for target, mean in self.peer_rates(batch, row).items()}
        told = opinions(self.indicators, batch, row, percentiles, rates, taken)
        shown = {name: str(symbols[row]) for name, symbols in batch.grades.items()}
        return with_accounts(told, self._accounts(batch, row), "growth_risk.accounts_changed", shown)

    def _accounts(self, batch: BatchRatings, row: int) -> dict[str, Any] | None:
        """Return what the accounts changed (``accounts.changed_probabilities``), the grades included."""
        if "estimates" not in batch.details:
            return None
        grades = {
            name: {"without": symbols[row], "with": batch.details["with"][name][row]}
            for name, symbols in batch.details["without"].items()
        }
        return changed_probabilities(batch, row) | {"grades": grades}

    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return what each track says by itself, and the rules that held."""
        details: dict[str, Any] = {
            "tracks": {
                name: {track: batch.columns[f"track_{track}_{name}"][row] for track in ("ai", "statistics")}
                for name in TARGETS
            },
            "flags": {name: bool(flag[row]) for name, flag in batch.flags.items()},
            "reference_rates": dict(self.rates),
            "peer_rates": self.peer_rates(batch, row),
            "matrix": self.matrix,
        }
        accounts = self._accounts(batch, row)
        if accounts is not None:
            details["accounts"] = accounts
        if batch.details["previous"]:
            details["hysteresis"] = {
                "previous": {name: symbols[row] for name, symbols in batch.details["previous"].items()},
                "logit": self.hysteresis,
            }
        return details


def _named(names: Sequence[str]) -> dict[Lang, str]:
    """Return the words of ladders in each language, joined."""
    labels = [ladder(name).labels or {} for name in names]
    return {lang: ", ".join(label[lang] for label in labels) for lang in LANGS}


def _symbols(name: str, positions: Integers) -> Texts:
    lookup = np.array([*ladder(name).symbols, None], dtype=object)
    symbols: Texts = lookup[positions]
    return symbols
