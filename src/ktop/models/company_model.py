"""What every company model shares: rating one company or a table, what-if, and the parts of a full rating.

A model is a ``PanelModel`` (probabilities and exact contributions) plus reference distributions for the displayed
scores. A company model says which scores and grades it gives (``rate_table``) and how it words its opinions.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, text
from ktop.domain.company.fact_column import plain
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Indicator, indicators_of
from ktop.domain.rating.rating import Input, ModelRef, NextStep, Opinion, Rating, Warning
from ktop.kernel.arrays import Booleans, Floats, Texts
from ktop.kernel.errors import InputError
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings
from ktop.models.calibration import PercentileScale
from ktop.models.facts import changed_table
from ktop.models.next_steps import StepEffects, offered_steps, offers_of, steps_taken, with_steps
from ktop.models.panel_model import PanelModel
from ktop.models.position import PositionReference

if TYPE_CHECKING:
    from ktop.domain.company.rated_subject import RatedSubject

#: Ladder → the grade each company of a table had at its last rating, None where it had none.
PreviousGrades = Mapping[str, Sequence[str | None]]

#: A rating that knows fewer than this share of its indicators carries a warning.
FEW_INDICATORS = 0.6


class CompanyModel(ABC):
    """A released company model. Instances are read-only and can be shared between threads."""

    name: ClassVar[str]
    #: The scores that are explained by contributions, the main one first.
    explained: ClassVar[tuple[str, ...]]

    def __init__(self, artefact: Artefact) -> None:
        self.panel = PanelModel.from_artefact(artefact)
        self.version = str(artefact.meta["version"])
        self.trained_on = str(artefact.meta["trained_on"])
        self.card: Mapping[str, Any] = artefact.meta
        self.scales = {name: _scale(artefact.section(f"scale/{name}")) for name in artefact.meta["scales"]}
        #: Mean probability of each target among the reference companies.
        self.rates: Mapping[str, float] = artefact.meta["rates"]
        self._peer_rates = artefact.section("peer_rates")
        position = artefact.meta["position"]
        self.reference = PositionReference.from_arrays(
            position["groups"], position["scores"], artefact.section("position")
        )

    @property
    def ref(self) -> ModelRef:
        """Name, version and training data, as every rating states them."""
        return ModelRef(name=self.name, version=self.version, trained_on=self.trained_on)

    @property
    @abstractmethod
    def known_indicators(self) -> tuple[Indicator, ...]:
        """The indicators that versions of this model are made of, as today's catalogue has them."""

    @functools.cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """This version's indicators with their words, in the order of its features.

        Raises ``KeyError`` for a feature that the catalogue does not have.
        """
        formulas = {name: expression.source for name, expression in self.panel.expressions.items()}
        return indicators_of(self.known_indicators, formulas)

    @functools.cached_property
    def facts_read(self) -> frozenset[str]:
        """The facts this version's formulas name."""
        return frozenset(name for expression in self.panel.expressions.values() for name in expression.names)

    @functools.cached_property
    def facts_weighed(self) -> frozenset[str]:
        """The facts that the indicators' own formulas name; ``facts_read`` may be more."""
        return frozenset(name for indicator in self.indicators for name in indicator.expression.names)

    @abstractmethod
    def rate_table(self, table: FactTable, contributions: bool = True) -> BatchRatings:
        """Rate every company of a table. Rows that cannot be rated come back with ``ok`` False and NaN."""

    def rate_again(self, table: FactTable, previous: PreviousGrades, contributions: bool = True) -> BatchRatings:
        """Rate companies whose former grades are known; a model without grades of its own has nothing to keep."""
        return self.rate_table(table, contributions)

    def eligible(self, table: FactTable) -> Booleans:
        """Return which companies this model may rate, shape ``(n,)``: all, unless a model says otherwise."""
        return np.ones(table.n, dtype=bool)

    def refusal(self, table: FactTable, row: int) -> InputError:
        """Return why a company that came back not ``ok`` from ``rate_table`` cannot be rated."""
        named = {lang: text(f"report.model_{self.name.replace('-', '_')}", lang) for lang in LANGS}
        short = self._nearest_indicator(table, row)
        if short is None:
            return InputError("models.nothing_to_rate", model=named)
        indicator, missing = short
        wanted = {lang: ", ".join(FACTS[name].label[lang] for name in missing) for lang in LANGS}
        return InputError("models.nothing_to_rate_yet", model=named, indicator=indicator.labels, missing=wanted)

    def _nearest_indicator(self, table: FactTable, row: int) -> tuple[Indicator, list[str]] | None:
        """Return the indicator of which something is known and least is missing, and what; None where none is."""
        stated = table.row(row)
        begun = []
        for indicator in self.indicators:
            missing = [name for name in sorted(indicator.expression.names) if stated[name] is None]
            if 0 < len(missing) < len(indicator.expression.names):
                begun.append((indicator, missing))
        return min(begun, key=lambda found: len(found[1]), default=None)

    @abstractmethod
    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis of one company, from its exact contributions and its computed next steps."""

    @abstractmethod
    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return what only this model has, JSON-ready."""

    def peer_rates(self, batch: BatchRatings, row: int) -> dict[str, float]:
        """Return the mean probability of each target among the reference companies comparable to one company."""
        return {target: float(self._peer_rates[target][batch.cells[row]]) for target in batch.targets_of(row)}

    def rate(self, subject: RatedSubject, previous: Mapping[str, str] | None = None) -> Rating:
        """Rate one company. Raises ``InputError`` where nothing at all is known to rate it by.

        ``previous`` are the grades of its last rating by ladder: near a cut, the company keeps them.
        """
        return self.rate_row(subject.table, subject.inputs, previous)

    def rate_row(
        self,
        table: FactTable,
        inputs: Sequence[Input] | None = None,
        previous: Mapping[str, str] | None = None,
        hold: Callable[[BatchRatings], BatchRatings] | None = None,
        effects: StepEffects | None = None,
    ) -> Rating:
        """Rate the one company of a table, with opinions, position and next steps.

        ``inputs`` are the facts with their sources; where not given, the facts are stated without a source.
        ``previous`` as in ``rate``. ``hold`` is what a rule beside the model makes of the grades before they are put
        into words. ``effects`` is filled, in the same pass.
        """
        if table.n != 1:
            raise ValueError(f"one company expected, the table has {table.n}")
        # One pass over the company as it is (row 0) and as each step it can take would make it.
        offered = offered_steps(self.indicators, table)
        own = {step.id for step, _ in offered}
        asked = () if effects is None else effects.steps
        further = offers_of([name for name in asked if name not in own], table)
        rows = with_steps(table, [*offered, *further])
        known = {name: [symbol, *[None] * (rows.n - 1)] for name, symbol in (previous or {}).items()}
        batch = self.rate_again(rows, known) if known else self.rate_table(rows)
        if not batch.ok[0]:
            raise self.refusal(table, 0)
        if effects is not None:
            effects.take_over([*offered, *further], self.explained, batch)
        if hold is not None:
            batch = hold(batch)
        facts = table.row(0)
        labels = {name: facts[name] for name in ("industry_group", "size", "age_band", "region")}
        main = self.explained[0]
        shown = {name: batch.score(name, 0) for name in batch.scores}
        positions = {
            name: self.reference.of(name, value, labels)
            for name, value in shown.items()
            if value is not None and name in self.reference.scores
        }
        details = self.details(batch, 0)
        details["positions"] = {name: other for name, other in positions.items() if name != main}
        taken = steps_taken(self.indicators, self.explained, offered, batch, table)
        rating = Rating(
            model=self.ref,
            subject={
                name: facts[name]
                for name in (
                    "company_id",
                    "name",
                    "name_en",
                    "industry",
                    "industry_group",
                    "size",
                    "age_band",
                    "region",
                )
            },
            as_of=table.as_of,
            scores=shown,
            grades={name: str(symbols[0]) for name, symbols in batch.grades.items()},
            probabilities={target: batch.probability(target, 0) for target in batch.targets_of(0)},
            logits={name: float(parts.logit[0]) for name, parts in batch.explained.items()},
            base={name: parts.base(0) for name, parts in batch.explained.items()},
            contributions=batch.contributions(0),
            position=positions.get(main, {}),
            opinions=self.opinions(batch, 0, taken),
            next_steps=taken,
            warnings=self.warnings(batch, 0),
            inputs=tuple(
                entry
                for entry in (inputs if inputs is not None else _bare_inputs(facts))
                if entry.name not in FACTS or not FACTS[entry.name].optional or entry.name in self.facts_read
            ),
            details=details,
        )
        rating.check_sums()
        return rating

    def what_if(self, table: FactTable, changes: Mapping[str, Any], inputs: Sequence[Input] | None = None) -> Rating:
        """Rate the company of a one-row table with some facts changed; see ``with_changes``."""
        return self.rate_row(*with_changes(table, changes, inputs))

    def warnings(self, batch: BatchRatings, row: int) -> tuple[Warning, ...]:
        """Return what a reader must know before relying on the rating."""
        warnings = []
        if self.trained_on == "synthetic":
            warnings.append(warning("models.warning_synthetic"))
        missing, expected = int(batch.missing[row]), int(batch.required.sum())
        if missing:
            few = expected - missing < FEW_INDICATORS * expected
            key = "models.warning_few_indicators" if few else "models.warning_missing"
            warnings.append(warning(key, missing=missing, all=expected))
        if batch.accounts_known is not None and batch.accounts_known[row] == 0:
            warnings.append(warning("models.warning_no_accounts"))
        return tuple(warnings)


def with_changes(
    table: FactTable, changes: Mapping[str, Any], inputs: Sequence[Input] | None = None
) -> tuple[FactTable, list[Input]]:
    """Return a one-row table with some facts changed, and its inputs.

    ``changes`` maps names of facts to new values, None to make one missing. Raises ``InputError`` for an unknown
    fact or a value beyond its limits. The facts changed state "what-if" as their source.
    """
    changed = changed_table(table, changes)
    stated = [entry for entry in inputs or _bare_inputs(table.row(0)) if entry.name not in changes]
    facts = changed.row(0)
    return changed, [*stated, *(Input(name, _json(facts[name]), "what-if", None) for name in changes)]


def numeric_columns(table: FactTable) -> dict[str, Floats]:
    """Return the columns of a table that formulas may use."""
    return table.numbers()


def cell_labels(table: FactTable) -> dict[str, Texts]:
    """Return the label columns that comparisons use."""
    return {name: table.columns[name] for name in ("industry_group", "size", "age_band", "region")}


def warning(key: str, **params: Any) -> Warning:
    """Return a warning with its sentence in both languages; its code is the last part of the key.

    A value that is a mapping of languages is told in the sentence's own.
    """
    sentences = {
        lang: text(key, lang, **{k: v[lang] if isinstance(v, Mapping) else v for k, v in params.items()})
        for lang in LANGS
    }
    return Warning(code=key.split(".", 1)[1].removeprefix("warning_"), text=sentences)


def _scale(arrays: Mapping[str, npt.NDArray[np.generic]]) -> PercentileScale:
    return PercentileScale(arrays["knots"].astype(np.float64), arrays["scores"].astype(np.float64))


def _bare_inputs(facts: Mapping[str, Any]) -> tuple[Input, ...]:
    return tuple(
        Input(name, _json(value), None, None)
        for name, value in facts.items()
        if value is not None or not FACTS[name].optional
    )


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


__all__ = ["CompanyModel", "PreviousGrades", "cell_labels", "numeric_columns", "plain", "warning", "with_changes"]
