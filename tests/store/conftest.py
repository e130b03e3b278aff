"""Every test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from sqlalchemy import Engine

from ktop.store.database import open_database
from ktop.store.unit_of_work import Store


@pytest.fixture(params=BACK_ENDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database in the present form, as its owner sees it."""
    engine = open_database(database_url(request.param, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    """The store over ``engine``."""
    return Store(engine)
