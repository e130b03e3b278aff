"""Brings supported projects and their outcomes in, and finds those that need a look."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ktop.catalogue import Lang, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require, require_any
from ktop.domain.season.call import Call
from ktop.domain.season.project import MEASURES, Outcomes, Project, met_targets, warnings_of
from ktop.domain.values.region import region_code
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError, TooLargeError
from ktop.report.pdf import sections_pdf
from ktop.report.programmes import overview_sections
from ktop.report.section_sheets import sections_xlsx
from ktop.report.validation import sections_page
from ktop.store.programmes import ApplicationRow, ResultRow
from ktop.store.unit_of_work import Store
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.batches.service import plain_name
from ktop.usecases.followup.interface import Download, Followed, Overview, ProgrammeFigures
from ktop.usecases.followup.overview import Ranked, flow_of, selection_by_group
from ktop.usecases.programmes.applicants import table_of
from ktop.usecases.uploads import read_table

_KEY = ("programme", "year", "firm")
_LONGEST = {"programme": 40, "firm": 100, "name": 200, "region": 16, "industry": 40, "size": 16}
_MOST_SHOWN, _MOST_CALLS = 100, 20


class FollowUpService:
    """See ``ktop.usecases.followup.interface.FollowUp``. ``limit_mb`` bounds a table."""

    def __init__(self, store: Callable[[], Store], limit_mb: int) -> None:
        self._store, self._limit_mb = store, limit_mb

    def add_projects(self, actor: Actor, content: bytes, name: str) -> int:
        require(actor, "own:programme:manage")
        rows = self._rows(content, name, _KEY)
        projects: dict[str, Project] = {}
        for number, row in enumerate(rows, start=1):
            known = _key(row, number)
            identity = _id(actor, *known)
            if identity in projects:
                raise InputError("programmes_follow.twice", row=number)
            texts = {field: _text(row, field, number) for field in ("name", "region", "industry", "size")}
            budget = _number(row, "budget_krw", number)
            projects[identity] = Project(
                identity,
                *known,
                name=texts["name"] or known[2],
                region=texts["region"],
                industry=texts["industry"],
                size=texts["size"],
                budget_krw=None if budget is None else int(budget),
                targets=_measured(row, number, "target_"),
            )
        with self._store().unit(actor) as unit:
            unit.projects.keep(list(projects.values()))
            digest = hashlib.sha256(content).hexdigest()
            unit.tell("programme.projects_added", digest[:32], {"rows": len(projects), "sha256": digest})
        return len(projects)

    def add_selected(self, actor: Actor, call_id: str) -> int:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            call = unit.seasons.call(call_id)
            if call.agency != actor.organisation:
                raise NotFoundError("programmes_season.no_call")
            if call.state != "announced":
                raise ConflictError("programmes_season.not_announced")
            results = unit.seasons.results(call_id, call.round)
            chosen = [one for one in unit.seasons.applications(call_id) if results[one.id].decision == "selected"]
            facts = table_of([_facts_now(one) for one in chosen], [True] * len(chosen), call.as_of)
            projects = []
            for row, one in enumerate(chosen):
                firm = one.business_number or f"no-{one.number}"
                projects.append(
                    Project(
                        _id(actor, call.programme, call.year, firm),
                        call.programme,
                        call.year,
                        firm,
                        one.name,
                        region=_fact(facts, "region", row),
                        industry=_fact(facts, "industry_group", row),
                        size=_fact(facts, "size", row),
                    )
                )
            unit.projects.keep(projects)
            unit.tell("programme.projects_followed", call_id, {"rows": len(projects)})
        return len(projects)

    def add_outcomes(self, actor: Actor, content: bytes, name: str) -> int:
        require(actor, "own:programme:manage")
        rows = self._rows(content, name, (*_KEY, "observed"))
        with self._store().unit(actor) as unit:
            there = {one.id for one in unit.projects.all()}
            seen: dict[tuple[str, int], dict[str, float]] = {}
            for number, row in enumerate(rows, start=1):
                programme, year, firm = _key(row, number)
                identity = _id(actor, programme, year, firm)
                if identity not in there:
                    raise InputError(
                        "programmes_follow.no_project", row=number, programme=programme, year=year, firm=firm
                    )
                at = (identity, _year(row, "observed", number))
                if at in seen:
                    raise InputError("programmes_follow.twice", row=number)
                seen[at] = _measured(row, number)
            unit.projects.observe([(project, year, outcomes) for (project, year), outcomes in seen.items()])
            digest = hashlib.sha256(content).hexdigest()
            unit.tell("programme.outcomes_added", digest[:32], {"rows": len(seen), "sha256": digest})
        return len(seen)

    def followed(self, actor: Actor, year: int | None = None) -> Followed:
        require_any(actor, "own:programme:manage", "own:programme:review")
        with self._store().reading(actor) as unit:
            projects, outcomes = unit.projects.all(), unit.projects.outcomes()
        at = today().year - 1 if year is None else year
        warned = [(one, warnings_of(one, outcomes.get(one.id, {}), at)) for one in projects]
        found = [(one, signs) for one, signs in warned if signs]
        firms = Counter(one.firm for one in projects)
        names = sorted({one.programme for one in projects})
        return Followed(
            programmes=[_figures(name, projects, outcomes, {one.id for one, _ in found}) for name in names],
            firms=len(firms),
            several=sum(count > 1 for count in firms.values()),
            most=max(firms.values(), default=0),
            warned=sorted(found, key=lambda one: (one[1][0].sign != "closed", -len(one[1]), one[0].id))[:_MOST_SHOWN],
        )

    def overview(self, actor: Actor) -> Overview:
        followed = self.followed(actor)
        with self._store().reading(actor) as unit:
            projects, outcomes = unit.projects.all(), unit.projects.outcomes()
            calls = [
                _ranked(actor, call, unit.seasons.applications(call.id), unit.seasons.results(call.id, call.round))
                for call in unit.seasons.calls(limit=_MOST_CALLS)
                if call.round
            ]
        return Overview(
            followed=followed,
            calls=len(calls),
            flow=flow_of(calls, projects, outcomes),
            regions=dict(Counter(code for one in projects if (code := region_code(one.region or "")) is not None)),
            fairness=selection_by_group(calls),
        )

    def report(self, actor: Actor, ending: Literal["pdf", "xlsx", "html"], lang: Lang) -> Download:
        sections = overview_sections(asdict(self.overview(actor)), lang)
        title, name = text("programmes_report.title", lang), f"programmes.{ending}"
        if ending == "pdf":
            return Download(sections_pdf(title, sections, lang, today()), name, "application/pdf")
        if ending == "xlsx":
            return Download(sections_xlsx(title, sections), name, MEDIA_TYPES["xlsx"])
        return Download(sections_page(title, sections, lang).encode(), name, "text/html; charset=utf-8")

    def _rows(self, content: bytes, name: str, needed: Sequence[str]) -> list[dict[str, Any]]:
        shown = plain_name(name)
        if Path(shown).suffix.lower()[1:] not in MEDIA_TYPES:
            raise InputError("batches.unknown_table", file=shown)
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        if not content:
            raise InputError("batches.empty", file=shown)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"table{Path(shown).suffix.lower()}"
            path.write_bytes(content)
            frame: pl.DataFrame = read_table(path)
        for column in needed:
            if column not in frame.columns:
                raise InputError("programmes_follow.no_column", name=column, needed=", ".join(needed))
        return frame.to_dicts()


def _ranked(
    actor: Actor, call: Call, applications: Sequence[ApplicationRow], results: Mapping[str, ResultRow]
) -> Ranked:
    """Return the applicants of a call as the overview looks at them."""
    told = [one for one in applications if one.id in results]
    firms = [one.business_number or f"no-{one.number}" for one in told]
    return Ranked(
        facts=table_of([_facts_now(one) for one in told], [one.problems is None for one in told], call.as_of),
        decisions=[results[one.id].decision for one in told],
        projects=[_id(actor, call.programme, call.year, firm) for firm in firms],
    )


def _facts_now(application: ApplicationRow) -> Mapping[str, Any]:
    """Return what an applicant lets its agency see of itself now: nothing once its consent has ended."""
    return application.facts if application.consent_state in (None, "active") else {}


def _figures(
    name: str, projects: Sequence[Project], outcomes: Mapping[str, Outcomes], warned: set[str]
) -> ProgrammeFigures:
    own = [one for one in projects if one.programme == name]
    met = {one.id: met_targets(one, outcomes.get(one.id, {})) for one in own}
    decided = [one for one in own if met[one.id] is not None]
    successes = sum(bool(met[one.id]) for one in decided)
    budgets = [one.budget_krw for one in own]
    spent = [one.budget_krw for one in decided]
    cost = sum(one for one in spent if one is not None) / successes if successes and None not in spent else None
    return ProgrammeFigures(
        programme=name,
        projects=len(own),
        firms=len({one.firm for one in own}),
        budget_krw=None if None in budgets else sum(one for one in budgets if one is not None),
        decided=len(decided),
        met=successes,
        cost_krw=cost,
        warned=sum(one.id in warned for one in own),
    )


def _id(actor: Actor, programme: str, year: int, firm: str) -> str:
    """Return a project's identifier: the same project of the same agency is the same row whoever brings it."""
    return hashlib.sha256("\n".join((actor.organisation, programme, str(year), firm)).encode()).hexdigest()[:32]


def _key(row: Mapping[str, Any], number: int) -> tuple[str, int, str]:
    programme, firm = _text(row, "programme", number), _text(row, "firm", number)
    for name, value in (("programme", programme), ("firm", firm)):
        if value is None:
            raise InputError("programmes_follow.no_key", row=number, name=name)
    return str(programme), _year(row, "year", number), str(firm)


def _year(row: Mapping[str, Any], name: str, number: int) -> int:
    value = _number(row, name, number)
    if value is None or value != int(value) or not 1980 <= value <= 2100:
        raise InputError("programmes_follow.no_number", row=number, name=name)
    return int(value)


def _text(row: Mapping[str, Any], name: str, number: int) -> str | None:
    value = row.get(name)
    said = "" if value is None else str(value).strip()
    if len(said) > _LONGEST[name]:
        raise InputError("programmes_follow.no_key", row=number, name=name)
    return said or None


def _number(row: Mapping[str, Any], name: str, number: int) -> float | None:
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        read = float(str(value).replace(",", ""))
    except ValueError as error:
        raise InputError("programmes_follow.no_number", row=number, name=name) from error
    if read != read:
        return None
    if abs(read) > 1e17:
        raise InputError("programmes_follow.no_number", row=number, name=name)
    return read


def _measured(row: Mapping[str, Any], number: int, prefix: str = "") -> dict[str, float]:
    read = {name: _number(row, f"{prefix}{name}", number) for name in MEASURES}
    return {name: value for name, value in read.items() if value is not None}


def _fact(facts: FactTable, name: str, row: int) -> str | None:
    value = facts.columns[name][row]
    return None if value is None else str(value)
