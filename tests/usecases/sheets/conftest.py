"""Every test of what is kept runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from databases import BACK_ENDS, database_url

from ktop.bootstrap import House
from ktop.kernel.settings import Settings


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A platform with a database of its own."""
    house = House(Settings(data=tmp_path, database_url=database_url(request.param, tmp_path)))
    yield house
    house._store().engine.dispose()
