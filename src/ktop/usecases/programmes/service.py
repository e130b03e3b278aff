"""Reads the rules of support programmes and screens applicants by them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop import catalogue
from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.programme import GRADES, SCORES, ProgrammeRule, read_rule
from ktop.domain.decision.rule_file import LONGEST_RULE_BYTES, plain, read_rule_file
from ktop.domain.decision.screening import Columns, Screening, screen
from ktop.domain.decision.verdict import Success
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import Table
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.batch import TableRating
from ktop.usecases.companies.rating import company_models, models_for, rate_by
from ktop.usecases.programmes.applicants import MODELS, figures_of, identities, sme_limit
from ktop.usecases.programmes.effect import Asked, effect_of_panel, require_packages
from ktop.usecases.programmes.interface import RuleCheck, ScreeningReport
from ktop.usecases.programmes.preview import clause_counts
from ktop.usecases.uploads import (
    existing,
    read_table,
    read_told_table,
    require_place,
    require_table_ending,
    write_table,
)

_DIGEST_COLUMN = "screening"


class ProgrammeService:
    """See ``ktop.usecases.programmes.interface.Programmes``."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    def programmes(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:institution:read")
        shown = ("programme", "name", "kind", "agency", "year", "version", "uses", "note", "capacity")
        return [{name: entry.get(name) for name in shown} for entry, _ in _shipped()]

    def programme(self, actor: Actor, programme: str, year: int | None = None) -> Mapping[str, Any]:
        require(actor, "platform:institution:read")
        return _found(programme, year)[0]

    def check(
        self,
        actor: Actor,
        rules: Path,
        applicants: Path | None = None,
        against: Path | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> RuleCheck:
        require(actor, "own:programme:manage")
        rule = _read(rules)
        if applicants is None:
            return RuleCheck(rule.id, len(rule.clauses), len(rule.points), 0, {}, (), {}, ())
        table, _ = _told(applicants)
        rated, columns, facts, remarks = self._rated(table, as_of or today(), lang, progress)
        found = screen(rule, columns, facts.ok, identities(facts))
        changed: Counter[tuple[str, str]] = Counter()
        if against is not None:
            before = screen(_read(against), columns, facts.ok, identities(facts)).decisions
            changed.update((old, new) for old, new in zip(before, found.decisions, strict=True) if old != new)
        return RuleCheck(
            rule=rule.id,
            clause_count=len(rule.clauses),
            criterion_count=len(rule.points),
            rows=rated.height,
            decisions=dict(Counter(found.decisions)),
            clauses=clause_counts(found, facts.ok.tolist()),
            changed=dict(changed),
            remarks=remarks,
        )

    def screen(
        self,
        actor: Actor,
        applicants: Path,
        out: Path,
        *,
        programme: str,
        year: int | None = None,
        rules: Path | None = None,
        as_of: date | None = None,
        resume: bool = False,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> ScreeningReport:
        require(actor, "own:programme:manage")
        require_table_ending(out)
        require_place(out)
        rule = _read(rules) if rules else _found(programme, year)[1]
        if rule.programme != programme or (year is not None and rule.year != year):
            raise NotFoundError("programmes.not_found", programme=programme, year=year or rule.year)
        day = as_of or today()
        table, digest = _told(applicants)
        mark = self._mark(digest, rules, rule, day)
        if resume and (counts := _done_before(out, mark)) is not None:
            return ScreeningReport(rule.id, table.frame.height, counts, (), done_before=True)
        rated, columns, facts, remarks = self._rated(table, day, lang, progress)
        progress(1, 2, text("programmes.step_screen", lang))
        found = screen(rule, columns, facts.ok, identities(facts))
        answer = _answer(found, rated, lang, mark)
        write_table(answer, out)
        progress(2, 2, text("programmes.step_screen", lang))
        return ScreeningReport(rule.id, rated.height, dict(Counter(found.decisions)), remarks)

    def screen_record(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:make")
        subject = RatedSubject.of(record, as_of or today())
        columns = dict(subject.table.columns) | sme_limit(subject.table)
        columns |= {name: np.array([np.nan]) for name in SCORES}
        columns |= {name: np.array([None], dtype=object) for name in GRADES}
        fitting = [name for name in models_for(subject) if name in MODELS]
        for model in company_models(fitting, self._registry):
            rating = rate_by(model, subject).to_json()
            prefix = model.name.replace("-", "_")
            for name, value in figures_of(prefix, rating).items():
                if name in columns:
                    columns[name] = np.array([value], dtype=object if name in GRADES else np.float64)
        return [_standing(rule, columns) for _, rule in _shipped() if rule.clauses]

    def effect(
        self,
        actor: Actor,
        panel: Path,
        outcome: str,
        covariates: Sequence[str],
        out: Path,
        lang: Lang = "ko",
        *,
        by: Sequence[str] = (),
        score: str | None = None,
    ) -> Mapping[str, Any]:
        require(actor, "own:programme:manage")
        require_packages()
        return effect_of_panel(panel, Asked(outcome, tuple(covariates), tuple(by), score), out, lang)

    def _rated(
        self, table: Table, day: date, lang: Lang, progress: Progress
    ) -> tuple[pl.DataFrame, Columns, FactTable, Sequence[str]]:
        """Rate all rows, and return the ratings and the columns that rules look at."""
        progress(0, 2, text("programmes.step_rate", lang))
        rating = TableRating(table, company_models(MODELS, self._registry), as_of=day, lang=lang)
        rated, facts = rating.rows(0, rating.height), rating.facts
        columns: dict[str, Any] = dict(facts.columns) | sme_limit(facts)
        for name in SCORES:
            columns[name] = rated[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in GRADES:
            columns[name] = np.array(rated[name].to_list(), dtype=object)
        return rated, columns, facts, rating.report(int(rated["rated"].sum())).remarks

    def _mark(self, applicants: str, rules: Path | None, rule: ProgrammeRule, day: date) -> str:
        """Return what a result is the result of: applicants, rules, day and model versions."""
        versions = [self._registry.champion(name) for name in MODELS]
        source = hashlib.sha256(rules.read_bytes()).hexdigest() if rules else rule.id
        whole = json.dumps([applicants, source, day.isoformat(), versions])
        return f"{rule.id} {hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def _told(applicants: Path) -> tuple[Table, str]:
    table = read_told_table(applicants, headings=CompanyHeadings())
    return table, hashlib.sha256(applicants.read_bytes()).hexdigest()


@functools.cache
def _shipped() -> tuple[tuple[dict[str, Any], ProgrammeRule], ...]:
    """Return the rules of the catalogue, in the order of their files."""
    folder = resources.files(catalogue).joinpath("programmes")
    sources = [entry.read_bytes() for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)]
    return tuple((plain(read_rule_file(source)), read_rule(source)) for source in sources)


def shipped_rules() -> tuple[ProgrammeRule, ...]:
    """Return the example rules of the catalogue."""
    return tuple(rule for _, rule in _shipped())


def _found(programme: str, year: int | None) -> tuple[dict[str, Any], ProgrammeRule]:
    """Return the newest version of a programme's rule, of a year or of the newest."""
    fitting = [(entry, rule) for entry, rule in _shipped() if rule.programme == programme and year in (None, rule.year)]
    if not fitting:
        raise NotFoundError("programmes.not_found", programme=programme, year=year or "–")
    return max(fitting, key=lambda found: (found[1].year, found[1].version))


def _read(rules: Path) -> ProgrammeRule:
    with existing(rules).open("rb") as file:
        return read_rule(file.read(LONGEST_RULE_BYTES + 1))


def _standing(rule: ProgrammeRule, columns: Columns) -> dict[str, Any]:
    found = screen(rule, columns, np.ones(1, dtype=bool), [None])
    verdicts = found.verdicts(0)
    decision = found.decisions[0]
    return {
        "programme": rule.programme,
        "name": dict(rule.name),
        "rule": rule.id,
        "decision": decision if decision in ("refused", "ask") else "eligible",
        "points": float(found.criteria[0].sum()) if rule.points else None,
        "most": sum(criterion.most for criterion in rule.points) if rule.points else None,
        "clauses": [
            {
                "id": clause.id,
                "label": dict(clause.label),
                "outcome": verdicts[clause.id].outcome,
                "reason": None
                if isinstance(verdict := verdicts[clause.id], Success)
                else {lang: verdict.reason[lang] for lang in LANGS},
            }
            for clause in rule.clauses
        ],
    }


def _answer(found: Screening, rated: pl.DataFrame, lang: Lang, mark: str) -> pl.DataFrame:
    """Return the result as a table: identity, decision, points, rank, reasons, then the ratings and what was given."""
    n = rated.height
    problems = rated["problems"].to_list()
    told = [found.reasons(row) for row in range(n)]
    reasons: dict[Lang, list[str]] = {each: [one[each] for one in told] for each in LANGS}
    for row in np.flatnonzero(found.decisions == "unread"):
        for each in LANGS:
            reasons[each][row] = problems[row] or ""
    identity = [name for name in ("company_id", "name", "name_en", "business_number") if name in rated.columns]
    columns: dict[str, Any] = {name: rated[name] for name in identity}
    columns["decision"] = pl.Series(found.decisions.tolist(), dtype=pl.String)
    columns["decision_text"] = pl.Series([text(f"programmes.decision_{d}", lang) for d in found.decisions])
    columns["points"] = pl.Series(found.points).fill_nan(None)
    columns["rank"] = pl.Series([int(rank) or None for rank in found.rank], dtype=pl.Int64)
    columns["reasons_ko"] = pl.Series(reasons["ko"])
    columns["reasons_en"] = pl.Series(reasons["en"])
    for k, criterion in enumerate(found.rule.points):
        columns[f"points_{criterion.id}"] = pl.Series(np.where(np.isnan(found.points), np.nan, found.criteria[:, k]))
    columns["rule"] = pl.Series([found.rule.id] * n, dtype=pl.String)
    columns[_DIGEST_COLUMN] = pl.Series([mark] * n, dtype=pl.String)
    for series in rated:
        name = series.name
        if name not in identity:
            while name in columns:
                name = f"given_{name}"
            columns[name] = series
    return pl.DataFrame(columns)


def _done_before(out: Path, mark: str) -> dict[str, int] | None:
    """Return the decisions of a result that is there already, None where it is the result of something else."""
    if not out.is_file():
        return None
    try:
        frame = read_table(out)
    except InputError:
        return None
    if _DIGEST_COLUMN not in frame.columns or set(frame[_DIGEST_COLUMN].to_list()) != {mark}:
        return None
    return dict(Counter(frame["decision"].to_list()))
