"""Accounts on both back ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from people import Installation

from ktop.store.unit_of_work import Store


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation with a bank, a company, and people of both."""
    store = Store.open(database_url(request.param, tmp_path))
    made = Installation(store, tmp_path)
    for name, kind in (("bank", "bank"), ("company", "company"), ("other", "company")):
        made.add_organisation(name, kind)
    made.add_user("kim", ("company", "company_owner"))
    made.add_user("lee", ("bank", "bank_officer"), ("company", "company_staff"))
    made.add_user("demo.bank", ("bank", "bank_officer"), demo=True)
    yield made
    store.engine.dispose()
