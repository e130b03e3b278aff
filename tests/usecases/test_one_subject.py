"""A company is read once, its facts are worked out once, and every model gets the same subject."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ktop.bootstrap import House
from ktop.domain.company import facts as facts_module
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.facts import company_facts, facts_and_inputs
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.domain.party.actor import LOCAL_OWNER as OWNER
from ktop.kernel.settings import Settings
from ktop.models.growth_risk import GrowthRiskModel
from ktop.models.model_log import LOG
from ktop.models.registry import ModelRegistry
from ktop.models.tech_index import TechIndexModel
from ktop.usecases.companies import examples

DAY = date(2026, 6, 30)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    found: Counter[str] = Counter()

    def counted(owner: Any, name: str, label: str) -> None:
        own = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            found[label] += 1
            return own(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    counted(Company, "model_validate", "parses")
    counted(facts_module, "_identity", "facts")
    counted(FactTable, "from_columns", "tables")
    counted(GrowthRiskModel, "rate_again", "KTRS-FM")
    counted(TechIndexModel, "rate_table", "Tech-Index")
    return found


def test_a_rating_reads_its_company_once(tmp_path: Path, counts: Counter[str]) -> None:
    """KTRS-FM is asked twice, for the results as declared and on evidence; next steps go in the same passes."""
    house = House(Settings(data=tmp_path, database_url=None))
    house.ratings.rate_company(OWNER, examples.example_record("hanbit-motion"), DAY)
    assert counts == {"parses": 1, "facts": 1, "tables": 1, "KTRS-FM": 2, "Tech-Index": 1}


def test_a_web_form_reads_its_company_once(tmp_path: Path, counts: Counter[str]) -> None:
    house = House(Settings(data=tmp_path, database_url=None))
    facts = house.companies.facts_of_record(OWNER, examples.example_record("hanbit-motion"), DAY)
    given = {name: value for name, value in facts.items() if not FACTS[name].derived}
    counts.clear()
    house.ratings.rate_company(OWNER, house.companies.record_of_facts(OWNER, given), DAY)
    assert counts == {"parses": 1, "facts": 1, "tables": 1, "KTRS-FM": 2, "Tech-Index": 1}


def test_a_subject_says_what_its_record_says() -> None:
    for name, record in examples.example_records().items():
        company = Company.from_mapping(record)
        subject = RatedSubject.of(record, DAY)
        assert subject.facts == company_facts(company, DAY), name
        assert subject.inputs == facts_and_inputs(company, DAY)[1]
        assert subject.table.row(0) == subject.facts


def test_the_log_of_models_is_read_again_only_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = ModelRegistry(tmp_path / "none").entry("tech-index")
    registry = ModelRegistry(tmp_path)
    artefact = ModelRegistry(tmp_path / "none").artefact("tech-index")
    own = type(artefact)({**artefact.meta, "version": "9.0.0"}, artefact.arrays)
    registry.add(own, {"name": "tech-index", "version": "9.0.0"}, None, by="kim", why="a copy")
    reads: list[Path] = []
    read = Path.read_text

    def counted(path: Path, *args: Any, **kwargs: Any) -> str:
        if path.name == LOG:
            reads.append(path)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", counted)
    for _ in range(3):
        assert ModelRegistry(tmp_path).champion("tech-index") == released.version
    assert len(reads) <= 1
    registry.promote("tech-index", "9.0.0", by="kim", why="it is the same")
    assert ModelRegistry(tmp_path).champion("tech-index") == "9.0.0"
