"""A monthly quota holds over processes that take calls at once, are killed in the midst of it and begin again."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import killed_work
import pytest
from databases import BACK_ENDS, database_url
from killing import LONG_SECONDS, started

from ktop.collect.limits import Limits
from ktop.store.unit_of_work import Store
from ktop.usecases.collect.keeper import MOST_AT_ONCE, StoreKeeper

#: `KTOP_QUOTA=1000 ./test tests/kills/test_quota_processes.py` takes a whole month's calls of KIPRIS Plus.
QUOTA = int(os.environ.get("KTOP_QUOTA", "40"))
WORKERS, NOW = 3 if QUOTA > 100 else 2, datetime(2026, 6, 30, 3, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 6, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_quota_is_never_exceeded_by_processes_that_are_killed(tmp_path: Path, back_end: str) -> None:
    chance, url, made = random.Random(15), database_url(back_end, tmp_path), tmp_path / "calls"
    made.touch()
    kills = max(1, QUOTA // 100)
    running = [started(killed_work.taking_calls, url, made, QUOTA, NOW) for _ in range(WORKERS)]
    deadline, killed = time.monotonic() + LONG_SECONDS, 0
    while any(process.is_alive() for process in running) and time.monotonic() < deadline:
        # a kill each time another part of the quota is taken: the worker begins again
        if killed < kills and made.stat().st_size > QUOTA * (killed + 1) / (kills + 2):
            place = chance.randrange(len(running))
            running[place].kill()
            running[place].join(LONG_SECONDS)
            running[place] = started(killed_work.taking_calls, url, made, QUOTA, NOW)
            killed += 1
        time.sleep(0.005)
    assert not any(process.is_alive() for process in running)
    calls = made.stat().st_size
    assert calls <= QUOTA, "never more than the quota"
    assert calls >= QUOTA - killed * (MOST_AT_ONCE + 1), "only what a killed worker held is lost"
    assert killed, "workers were killed in the midst of it"
    store = Store.open(url)
    keeper = StoreKeeper(lambda: store, {"kipris": "kipris:test"})
    refused = keeper.take("kipris", Limits(month=QUOTA), NOW)
    assert not refused.given and (refused.why, refused.until) == ("quota", NEXT_MONTH)
    assert keeper.take("kipris", Limits(month=QUOTA), NEXT_MONTH).given, "a new month begins by Korean time"
    keeper.close()
    store.engine.dispose()
