"""Every test of applications runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import add_organisations
from databases import BACK_ENDS, database_url
from financing import Clock, begun, with_documents

from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The platform's store with two companies, two banks and two guarantors."""
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    with store.installation() as work:
        for guarantor, name in (("kotec", "기술보증기금"), ("kodit", "신용보증기금")):
            work.identity.add_organisation(
                OrganisationRow(guarantor, "operator", name, guarantor.upper(), "active", datetime.now(UTC))
            )
    yield store
    store.engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """The clock that steps are taken by."""
    return Clock()


@pytest.fixture
def finance(store: Store, clock: Clock) -> FinanceService:
    """What can be done with applications."""
    return FinanceService(lambda: store, clock)


@pytest.fixture
def handed_in(store: Store, finance: FinanceService) -> CaseCard:
    """A case that the guarantor has to review, of an amount that one person of a side decides on."""
    return with_documents(finance, begun(store, finance))
