"""Requests leave nothing behind in the server's memory (benchmarks/memory.py asks 50,000)."""

from __future__ import annotations

import gc
import itertools
from pathlib import Path

from consenting import BANK, COMPANY, GAON, add_organisations, add_rating, terms
from databases import database_url
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

WARM, ASKED = 30, 120


def test_look_ups_leave_nothing_behind(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=database_url("sqlite", tmp_path))
    house = House(settings)
    add_organisations(house._store())
    rating = add_rating(house._store(), COMPANY, GAON, "ktrs-fm-1.3.0-hanbit-motion")
    house.consents.give(COMPANY, "ibk", terms(), "")
    maker = Actor("admin", BANK.organisation, frozenset({"institution_administrator", "bank_officer"}))
    key = house.keys.make(maker, "program", ["granted:result:read"]).key
    application = create_app(settings, house)
    application.state.fonts.warm = lambda: None
    with TestClient(application, base_url="http://localhost") as client:

        def objects_after(requests: int) -> int:
            for _ in range(requests):
                answer = client.get(f"/api/v1/lookups/{rating}", headers={"authorization": f"Bearer {key}"})
                assert answer.status_code == 200
            gc.collect()
            return len(gc.get_objects())

        # Threads of other tests come and go meanwhile: what every request left would show each time.
        counts = [objects_after(WARM), *(objects_after(ASKED) for _ in range(3))]
        assert min(later - former for former, later in itertools.pairwise(counts)) < ASKED / 2
