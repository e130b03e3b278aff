"""Reads companies' records and rates them by the company models in force."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ktop.catalogue import LANGS, Lang, message, text
from ktop.domain.company.doubts import doubts
from ktop.domain.company.entry import CompanyEntry, record_of_entry
from ktop.domain.company.fact_frame import batch_columns
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS
from ktop.domain.company.facts import company_facts
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company, company_schema
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.rating.rating import Input, Rating, Warning
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, KtopError
from ktop.kernel.progress import Progress, silent
from ktop.models.company_model import CompanyModel
from ktop.models.next_steps import StepEffects
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies import examples
from ktop.usecases.companies.batch import rate_table, write_answer
from ktop.usecases.companies.evidence import Backed, accepted_subject
from ktop.usecases.companies.grade_path import grade_path, to_json
from ktop.usecases.companies.interface import BatchReport, CompanyCard, CompanyRatings
from ktop.usecases.companies.rating import company_models, former_grades, models_for, rate_by, what_if
from ktop.usecases.companies.steps_elsewhere import with_steps_elsewhere
from ktop.usecases.uploads import parse_record, read_record, read_told_table

#: Fields of a company record that a flat fact fills directly; the other facts go to the record's totals.
_RECORD_FIELDS = ("company_id", "name", "name_en", "business_number", "corporate_number", "industry", "founded")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A company as a path is searched for it: where the same is known of it, the path is the same."""

    inputs: tuple[Input, ...]
    as_of: date
    subject: RatedSubject = field(compare=False)


@functools.lru_cache(maxsize=64)  # a result is opened many times, and the search costs more than the rest of its page
def _path(model: CompanyModel, asked: _Asked) -> Mapping[str, Any] | None:
    found = grade_path(model, asked.subject, rate_by(model, asked.subject))
    return None if found is None else to_json(found)


class CompanyService:
    """See ``ktop.usecases.companies.interface.Companies``. ``backed`` tells what public sources stand behind."""

    def __init__(self, models: ModelRegistry, backed: Backed = lambda actor, record: ()) -> None:
        self._registry, self._backed = models, backed

    def example_companies(self, actor: Actor) -> Sequence[CompanyCard]:
        require(actor, "platform:example:read")
        return examples.company_cards()

    def example_record(self, actor: Actor, company_id: str) -> Mapping[str, Any]:
        require(actor, "platform:example:read")
        return examples.example_record(company_id)

    def parse_record(self, actor: Actor, source: bytes | Path) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        return read_record(source) if isinstance(source, Path) else parse_record(source)

    def record_of_facts(
        self, actor: Actor, facts: Mapping[str, Any], statuses: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        given = {name: value for name, value in facts.items() if value is not None}
        record: dict[str, Any] = {name: given.pop(name) for name in _RECORD_FIELDS if name in given}
        if "region" in given:
            record["region"] = given.pop("region")
        answers = {name: given.pop(name) for name in list(given) if name in FACTS and FACTS[name].group in CHECKLISTS}
        if answers:
            record["checklist"] = answers
            record["sources"] = [
                {"path": f"checklist.{name}", "source": "form", "status": status}
                for name, status in (statuses or {}).items()
                if name in answers
            ]
        totals = {name: value for name, value in given.items() if name not in FACTS or not FACTS[name].derived}
        if totals:
            record["facts"] = totals
        record |= {"source": "self-reported", "source_date": today().isoformat()}
        return record

    def entered_record(
        self, actor: Actor, entry: CompanyEntry, base: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        record = record_of_entry(entry, base, today())
        Company.from_mapping(record)
        return record

    def doubts(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Sequence[Warning]:
        require(actor, "own:rating:make")
        subject = RatedSubject.of(record, as_of or today())
        found = doubts(subject.record, subject.as_of, subject.table)
        return [doubt for doubt in found if doubt.code != "sales_zero"]  # a firm before its first product may have none

    def facts_of_record(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        return company_facts(Company.from_mapping(record), as_of or today())

    def company_schema(self, actor: Actor) -> Mapping[str, Any]:
        require(actor, "platform:example:read")
        return company_schema()

    def batch_columns(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:example:read")
        return batch_columns()

    def rate_record(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date | None = None,
        models: Sequence[str] | None = None,
        previous: Path | None = None,
    ) -> Sequence[Rating]:
        require(actor, "own:rating:make")
        former = former_grades(previous) if previous is not None else {}
        subject = accepted_subject(actor, record, as_of or today(), self._backed)
        return [rate_by(model, subject, former.get(model.name)) for model in company_models(models, self._registry)]

    def rate_possible(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date | None = None,
        models: Sequence[str] | None = None,
        previous: Path | None = None,
    ) -> CompanyRatings:
        require(actor, "own:rating:make")
        former = former_grades(previous) if previous is not None else {}
        subject = accepted_subject(actor, record, as_of or today(), self._backed)
        return self._rate_possible(subject, models, former)

    def rate_by_fitting_models(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> CompanyRatings:
        require(actor, "own:rating:make")
        subject = accepted_subject(actor, record, as_of or today(), self._backed)
        return self._rate_possible(subject, models_for(subject), {})

    def _rate_possible(
        self, subject: RatedSubject, models: Sequence[str] | None, former: Mapping[str, Mapping[str, str]]
    ) -> CompanyRatings:
        """Rate by every model that can; the error of the last one where none can."""
        ratings: list[Rating] = []
        failures: dict[str, dict[str, str]] = {}
        last: KtopError | None = None
        chosen = company_models(models, self._registry)
        feasible = tuple(dict.fromkeys(name for model in chosen for one in model.indicators for name in one.feasible))
        effects = {model.name: StepEffects(feasible) for model in chosen}
        for model in chosen:
            try:
                ratings.append(rate_by(model, subject, former.get(model.name), effects[model.name]))
            except InputError as error:
                if not error.key.startswith(("models.", "startup.")):
                    raise
                last = error
                failures[model.name] = {lang: message(error, lang) for lang in LANGS}
        if not ratings and last is not None:
            raise last
        return CompanyRatings(with_steps_elsewhere(ratings, chosen, subject.table, effects), failures)

    def grade_paths(
        self, actor: Actor, record: Mapping[str, Any], as_of: date, versions: Mapping[str, str]
    ) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:read")
        subject = accepted_subject(actor, record, as_of, self._backed)
        models = [one for one in company_models(list(versions), self._registry) if one.version == versions[one.name]]
        asked = _Asked(subject.inputs, as_of, subject)
        return [path for path in (_path(model, asked) for model in models) if path is not None]

    def rate_changed(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date,
        changes: Mapping[str, Any],
        models: Sequence[str],
    ) -> Sequence[Rating]:
        require(actor, "own:rating:make")
        subject = accepted_subject(actor, record, as_of, self._backed)
        chosen = company_models(models, self._registry)
        return [what_if(model, subject, changes) for model in chosen]

    def rate_table(
        self,
        actor: Actor,
        source: Path,
        out: Path,
        *,
        models: Sequence[str] | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> BatchReport:
        require(actor, "own:batch:run")
        progress(0, None, text("cli.step_reading", lang))
        table = read_told_table(source, headings=CompanyHeadings())
        rated, report = rate_table(
            table, registry=self._registry, models=models, as_of=as_of, lang=lang, progress=progress
        )
        progress(0, None, text("cli.step_writing", lang))
        write_answer(rated, out, lang)
        return report
