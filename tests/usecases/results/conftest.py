"""Signed results over both databases, with a rating of a company and its technology kept in each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

import invented
from databases import BACK_ENDS, database_url
from signed import BUSINESS_NUMBER, COMPANY, ISSUER

from ktop.signing.keys import SigningKeys
from ktop.store.database import open_database
from ktop.store.unit_of_work import Store
from ktop.usecases.results.service import ResultService

RATINGS = [invented.tech_index(), invented.ktrs_fm(), invented.originality()]


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    engine = open_database(database_url(request.param, tmp_path))
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "keys" / "signing", ISSUER.name)


@pytest.fixture
def results(store: Store, keys: SigningKeys) -> ResultService:
    return ResultService(lambda: store, keys, ISSUER)


@pytest.fixture
def rating(store: Store) -> str:
    """Identifier of a rating that the company keeps."""
    with store.unit(COMPANY) as unit:
        given = {
            "record": {"name": "가온정밀", "business_number": BUSINESS_NUMBER},
            "text": "본 기술은 필름에 관한 것이다.",
        }
        row = unit.ratings.add(kind="both", subject="가온정밀", as_of=date(2026, 3, 31), inputs=given, results=RATINGS)
    return str(row.id)
