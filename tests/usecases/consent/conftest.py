"""Every test of consents runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import add_organisations
from databases import BACK_ENDS, database_url

from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.lookup.service import LookupService


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The platform's store with two companies and two banks."""
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    yield store
    store.engine.dispose()


@pytest.fixture
def consents(store: Store) -> ConsentService:
    """What can be done with consents."""
    return ConsentService(lambda: store)


@pytest.fixture
def lookups(store: Store) -> LookupService:
    """What can be looked up."""
    return LookupService(lambda: store)
