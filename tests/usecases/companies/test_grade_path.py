"""The path to the next grade: it leads where rating again says, and nothing of it can be left out."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ktop.catalogue import LANGS, Lang
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.rating.grades import ladders
from ktop.models.registry import ModelRegistry
from ktop.report.present.path import path_view
from ktop.usecases.companies import service
from ktop.usecases.companies.examples import example_records
from ktop.usecases.companies.grade_path import GradePath, grade_path, to_json
from ktop.usecases.companies.rating import company_models, models_for, rate_by, what_if

DAY = date(2026, 6, 30)
MODELS = ModelRegistry()
SYMBOLS = ladders()["business"].symbols


@pytest.fixture(scope="module")
def found() -> list[tuple[RatedSubject, GradePath]]:
    paths = []
    for record in example_records().values():
        for marks in ({}, {"source_status": "confirmed"}):
            subject = RatedSubject.of({**record, **marks}, DAY)
            for model in company_models([name for name in models_for(subject) if name != "tech-index"], MODELS):
                path = grade_path(model, subject, rate_by(model, subject))
                if path is not None:
                    paths.append((subject, path))
    return paths


def test_a_path_leads_where_rating_again_says(found: list[tuple[RatedSubject, GradePath]]) -> None:
    kinds = set()
    for subject, path in found:
        (model,) = company_models([path.model], MODELS)
        now = rate_by(model, subject)
        assert path.grade == now.grades["business"]
        if path.by_proof:
            kinds.add("proof")
            assert not path.changes
            assert path.reached == now.details["evidence"]["held"]["business"]["from"]
        elif path.reached is not None:
            kinds.add("changes")
            changes = {name: after for change in path.changes for name, (_, after) in change.facts.items()}
            after = what_if(model, subject, changes)
            assert after.grades["business"] == path.reached
            assert SYMBOLS.index(path.reached) < SYMBOLS.index(path.grade)
            assert all(subject.facts[name] == before for c in path.changes for name, (before, _) in c.facts.items())
            assert all(FACTS[name].maximum is None or value <= FACTS[name].maximum for name, value in changes.items())
    assert kinds == {"proof", "changes"}


def test_no_change_of_a_path_can_be_left_out(found: list[tuple[RatedSubject, GradePath]]) -> None:
    looked = 0
    for subject, path in found:
        (model,) = company_models([path.model], MODELS)
        for left_out in path.changes if len(path.changes) > 1 else ():
            rest = {n: after for c in path.changes if c is not left_out for n, (_, after) in c.facts.items()}
            reached = what_if(model, subject, rest).grades["business"]
            assert SYMBOLS.index(reached) >= SYMBOLS.index(path.grade)
            looked += 1
    assert looked


@pytest.mark.parametrize("lang", LANGS)
def test_a_path_is_told_by_its_own_values(found: list[tuple[RatedSubject, GradePath]], lang: Lang) -> None:
    for _, path in found:
        shown = path_view(to_json(path), lang)
        assert path.grade in shown.lead
        assert len(shown.steps) == len(path.changes)
        said = " ".join((shown.lead, shown.result, *(f"{s.text} {' '.join(s.changes)}" for s in shown.steps)))
        assert path.reached is None or path.reached in said
        assert not re.search(r"\d\.\d{4}|\bq\d\d\b", said)
        for step, change in zip(shown.steps, path.changes, strict=True):
            assert step.text and len(step.changes) == len(change.facts)


def test_a_path_is_searched_once_for_what_is_known_of_a_company(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    monkeypatch.setattr(service, "grade_path", lambda model, subject, now: searched.append(subject.record.region))
    company, day = dict(next(iter(example_records().values()))), DAY.replace(day=29)
    companies, versions = service.CompanyService(MODELS), {"ktrs-fm": MODELS.model("ktrs-fm").version}
    for record in (company, dict(company), company | {"region": "KR-11"}):
        assert companies.grade_paths(LOCAL_OWNER, record, day, versions) == []
    assert searched == [company["region"], "KR-11"]
