"""The small-guarantee rule (소액보증): each clause succeeds, fails with a reason or is not known; then the amount.

The rule is versioned data (catalogue/guarantee.yaml). A missing fact never passes a clause: it makes the decision
conditional, and the decision says on what.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from ktop.catalogue import LANGS, Lang, LocalText, load, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision.verdict import Failure, Success, Unknown, Verdict
from ktop.domain.expression import Expression, compile_expression
from ktop.domain.rating.grades import Ladder, former_rule, ladder
from ktop.domain.values.industry import industry_digits
from ktop.domain.values.region import FOREIGN
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts

Status: TypeAlias = Literal["possible", "conditional", "refused"]

#: The grades that the rule looks at: a rating that has them all can be decided on.
LADDERS = ("business", "growth", "risk")
_MILLION = 1_000_000
_MAN, _EOK = 10_000, 100_000_000


def money(krw: int, lang: Lang) -> str:
    """Return an amount as people write it: 1억 4,000만 원, KRW 140 million; to the won."""
    sign, krw = "-" if krw < 0 else "", abs(krw)
    if lang == "en":
        return f"KRW {sign}{krw / _MILLION:,.10g} million"
    eok, rest = divmod(krw, _EOK)
    man, won = divmod(rest, _MAN)
    parts = [f"{count:,}{unit}" for count, unit in ((eok, "억"), (man, "만"), (won, "")) if count]
    return sign + " ".join(parts or ["0"]) + " 원"


#: Clauses of which a firm can mend what fails, the most pressing first.
MENDED_FIRST = (
    "in_business",
    "tax_arrears",
    "default_record",
    "capital_left",
    "capital_half_left",
    "losses",
    "interest_covered",
)


def comes_first(failed: Collection[str], lang: Lang) -> tuple[str, ...]:
    """Return a sentence for each failed clause that a firm can mend; half of a capital used up is not told apart."""
    told = [name for name in MENDED_FIRST if name in failed]
    if "capital_left" in told and "capital_half_left" in told:
        told.remove("capital_half_left")
    return tuple(text(f"guarantee.{name}_first", lang) for name in told)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of the rule; ``settings`` are its entries in the catalogue, ``formula`` only of kind "holds"."""

    id: str
    labels: LocalText
    kind: str
    settings: Mapping[str, Any]
    formula: Expression | None

    @property
    def where_known(self) -> bool:
        """Whether a missing fact leaves the clause out instead of making the decision conditional."""
        return bool(self.settings.get("where_known", False))


@dataclass(frozen=True, slots=True)
class GuaranteeDecision:
    """The decision for one firm.

    Parameters
    ----------
    version : of the rule.
    status : "possible", "conditional" (a clause is not known) or "refused".
    amount_krw : the limit in KRW, 0 where refused; for a conditional decision what today's data give.
    verdicts : clause → its verdict, in the rule's order.
    """

    version: str
    status: Status
    amount_krw: int
    verdicts: Mapping[str, Verdict]

    @property
    def possible(self) -> bool:
        """True only where every clause is known to hold."""
        return self.status == "possible"

    def summary(self, lang: Lang) -> str:
        """Return the decision in one or two sentences."""
        clauses = guarantee_rule(self.version).clauses
        labels = {clause.id: clause.labels[lang] for clause in clauses if not clause.where_known}
        reasons = [v.reason[lang] for v in self.verdicts.values() if isinstance(v, Failure)]
        still_open = [labels[name] for name, v in self.verdicts.items() if isinstance(v, Unknown) and name in labels]
        return text(
            f"guarantee.{self.status}",
            lang,
            amount=money(self.amount_krw, lang),
            open=", ".join(still_open),
            reasons=" ".join(reasons),
        )

    def comes_first(self, lang: Lang) -> tuple[str, ...]:
        """Return what the firm is to do before any step that raises a score; mostly nothing."""
        return comes_first([name for name, verdict in self.verdicts.items() if isinstance(verdict, Failure)], lang)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, texts in both languages, for a rating's ``details``."""
        clauses = {clause.id: clause for clause in guarantee_rule(self.version).clauses}
        return {
            "rule": self.version,
            "status": self.status,
            "possible": self.possible,
            "amount_krw": self.amount_krw,
            "text": {lang: self.summary(lang) for lang in LANGS},
            "note": {lang: text("guarantee.reconstruction", lang, version=self.version) for lang in LANGS},
            "clauses": [
                {
                    "id": name,
                    "label": dict(clauses[name].labels),
                    "outcome": "left_out"
                    if isinstance(verdict, Unknown) and clauses[name].where_known
                    else verdict.outcome,
                    "reason": None if isinstance(verdict, Success) else dict(verdict.reason),
                    "missing": list(verdict.missing) if isinstance(verdict, Unknown) else [],
                    **({"source": dict(source)} if (source := clauses[name].settings.get("source")) else {}),
                }
                for name, verdict in self.verdicts.items()
            ],
        }


@dataclass(frozen=True, slots=True)
class GuaranteeDecisions:
    """Decisions for many firms, columnar.

    Parameters
    ----------
    states : shape ``(n, clauses)``: 1 passed, 0 failed, NaN not known.
    amount_krw : shape ``(n,)``, as in ``GuaranteeDecision``.
    grades : ladder name → position of each firm's grade (0 = best, -1 missing).
    """

    rule: GuaranteeRule
    table: FactTable
    states: Floats
    amount_krw: Integers
    grades: Mapping[str, Integers]

    @property
    def status(self) -> Texts:
        """Shape ``(n,)``: "possible", "conditional" or "refused"."""
        needed = [not clause.where_known for clause in self.rule.clauses]
        failed, unknown = np.any(self.states == 0, axis=1), np.any(np.isnan(self.states[:, needed]), axis=1)
        return np.where(failed, "refused", np.where(unknown, "conditional", "possible")).astype(object)

    def decision(self, row: int) -> GuaranteeDecision:
        """Return one firm's decision with its reasons."""
        verdicts = {clause.id: self._verdict(row, k, clause) for k, clause in enumerate(self.rule.clauses)}
        status: Status = self.status[row]
        return GuaranteeDecision(self.rule.version, status, int(self.amount_krw[row]), verdicts)

    def _verdict(self, row: int, k: int, clause: Clause) -> Verdict:
        state = self.states[row, k]
        if state == 1:
            return Success()
        if state == 0:
            return Failure(self._reason(row, clause, "failed"))
        missing = tuple(name for name in self.rule.facts_of(clause) if self._is_missing(row, name))
        return Unknown(self._reason(row, clause, "unknown"), missing)

    def _is_missing(self, row: int, name: str) -> bool:
        value = self.table.columns[name][row]
        return bool(np.isnan(value)) if FACTS[name].numeric else value is None

    def _reason(self, row: int, clause: Clause, outcome: str) -> LocalText:
        shown = {name: self._symbol(row, ladder(name)) for name in LADDERS}
        params = {
            **shown,
            "grade": shown["business"],
            "minimum": clause.settings.get("grade", ""),
        }
        figures = [name for name in self.rule.facts_of(clause) if name in FACTS and FACTS[name].unit == "krw"]
        known = {name: self.table.columns[name][row] for name in figures if not self._is_missing(row, name)}
        return {
            lang: text(
                f"guarantee.{clause.id}_{outcome}",
                lang,
                **params,
                **{name: money(int(value), lang) for name, value in known.items()},
                rounding=money(self.rule.rounding_krw, lang),
            )
            for lang in LANGS
        }

    def _symbol(self, row: int, of: Ladder) -> str:
        position = int(self.grades[of.name][row])
        return of.symbols[position] if position >= 0 else "-"


@dataclass(frozen=True, slots=True)
class GuaranteeRule:
    """One version of the rule."""

    version: str
    clauses: tuple[Clause, ...]
    sme_sales_limit_krw: Mapping[str, float]
    grade_cap_krw: Mapping[str, float]
    sales_share: float
    startup_sales_share: float
    startup_floor_krw: float
    rounding_krw: int

    def decide(self, table: FactTable, grades: Mapping[str, Sequence[str | None]]) -> GuaranteeDecisions:
        """Decide for every firm of a table.

        Parameters
        ----------
        grades : "business", "growth" and "risk" → each firm's grade symbol, None where it has none.
        """
        positions = {}
        for name in LADDERS:
            places = {symbol: -1 if symbol is None else ladder(name).index(symbol) for symbol in set(grades[name])}
            positions[name] = np.array([places[symbol] for symbol in grades[name]], dtype=np.int64)
        groups = table.columns["industry_group"]
        limits = np.array([self.sme_sales_limit_krw.get(group, np.nan) for group in groups], dtype=np.float64)
        columns = {**table.columns, "sme_sales_limit_krw": limits}
        amount, open_amount = self._amounts(table, positions["business"])
        states = np.empty((table.n, len(self.clauses)))
        for k, clause in enumerate(self.clauses):
            match clause.kind:
                case "grade_at_least":
                    of = clause.settings["ladder"]
                    held = positions[of] <= ladder(of).index(clause.settings["grade"])
                    states[:, k] = np.where(positions[of] < 0, np.nan, held)
                case "not_both":
                    growth, risk = positions["growth"], positions["risk"]
                    fast = growth <= ladder("growth").index(clause.settings["growth"])
                    risky = risk >= ladder("risk").index(clause.settings["risk"])
                    states[:, k] = np.where((growth < 0) | (risk < 0), np.nan, ~(fast & risky))
                case "in_korea":
                    region = table.columns["region"]
                    unknown = np.array([code is None for code in region], dtype=bool)
                    states[:, k] = np.where(unknown, np.nan, region != FOREIGN)
                case "other_industry":
                    excluded = clause.settings["industries"]
                    codes = {code: _is_other(code, excluded) for code in set(table.columns["industry"])}
                    abroad = table.columns["region"] == FOREIGN  # where codes are numbered otherwise
                    told = np.array([codes[code] for code in table.columns["industry"]], dtype=np.float64)
                    states[:, k] = np.where(abroad, np.nan, told)
                case "room_left":
                    # While something is open the amount bounds what is left, so too little is surely too little.
                    states[:, k] = np.where(amount < self.rounding_krw, 0.0, np.where(open_amount, np.nan, 1.0))
                case _:
                    assert clause.formula is not None
                    states[:, k] = clause.formula.evaluate(columns)
        refused = np.any(states == 0, axis=1)
        return GuaranteeDecisions(
            rule=self,
            table=table,
            states=states,
            amount_krw=np.where(refused, 0, amount).astype(np.int64),
            grades=positions,
        )

    def _amounts(self, table: FactTable, business: Integers) -> tuple[Floats, Booleans]:
        """Return the limit by what is known, in KRW, and whether a missing fact could still lower it.

        A grade without a cap is refused by its own clause; the lowest cap stands in here, so that the reason is told
        once. A start-up without sales figures gets the floor, which no figure could lower; an older firm without them
        gets what its grade leaves, until they are known.
        """
        lowest = min(self.grade_cap_krw.values())
        symbols = ladder("business").symbols
        caps = np.array([self.grade_cap_krw.get(symbol, lowest) for symbol in symbols] + [lowest])[business]
        balance, sales = table.columns["guarantee_balance_krw"], table.columns["sales_krw_t0"]
        startup = table.columns["age_band"] == "startup"
        part = np.where(
            startup, np.fmax(self.startup_sales_share * sales, self.startup_floor_krw), self.sales_share * sales
        )
        open_amount = np.isnan(balance) | (np.isnan(sales) & ~startup)
        amount = np.fmin(caps - np.where(np.isnan(balance), 0.0, balance), part)
        return np.floor(amount / self.rounding_krw) * self.rounding_krw, open_amount

    def facts_of(self, clause: Clause) -> tuple[str, ...]:
        """Return the facts a clause looks at."""
        if clause.kind == "in_korea":
            return ("region",)
        if clause.kind == "other_industry":
            return ("industry",)
        if clause.kind == "room_left":
            return ("sales_krw_t0", "guarantee_balance_krw")
        names = clause.formula.names if clause.formula else frozenset()
        facts = {"industry_group" if name == "sme_sales_limit_krw" else name for name in names}
        return tuple(name for name in FACTS if name in facts)


def _is_other(code: str | None, excluded: Sequence[str]) -> float:
    """Return 1 where an industry code is none of those excluded, 0 where it is one, NaN where that cannot be told."""
    digits = None if code is None else industry_digits(code)
    if digits is None:
        return np.nan
    if digits.startswith(tuple(excluded)):
        return 0.0
    return np.nan if any(one.startswith(digits) for one in excluded) else 1.0


@functools.cache
def guarantee_rule(version: str | None = None) -> GuaranteeRule:
    """Return the rule in force, or a former version of it; raises ``KeyError`` for a version that never was."""
    entry = load("guarantee")
    if version is not None and version != entry["version"]:
        entry = former_rule(version)
    limit = entry["limit"]
    clauses = tuple(
        Clause(
            id=clause["id"],
            labels=clause["label"],
            kind=clause["kind"],
            settings=clause,
            formula=compile_expression(clause["formula"]) if "formula" in clause else None,
        )
        for clause in entry["clauses"]
    )
    return GuaranteeRule(
        version=entry["version"],
        clauses=clauses,
        sme_sales_limit_krw=entry["sme_sales_limit_krw"],
        grade_cap_krw=limit["grade_cap_krw"],
        sales_share=limit["sales_share"],
        startup_sales_share=limit["startup_sales_share"],
        startup_floor_krw=limit["startup_floor_krw"],
        rounding_krw=limit["rounding_krw"],
    )


def decide(
    table: FactTable, grades: Mapping[str, Sequence[str | None]], version: str | None = None
) -> GuaranteeDecisions:
    """Decide by the rule in force, or by a former version of it; see ``GuaranteeRule.decide``."""
    return guarantee_rule(version).decide(table, grades)
