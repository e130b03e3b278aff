"""Requests of one key in a window that slides, counted together by all processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url

from ktop.store.database import open_database
from ktop.store.unit_of_work import Store
from ktop.web.api.rate_limits import RequestCounts


class Clock:
    def __init__(self) -> None:
        self.at = 6000.0

    def __call__(self) -> float:
        return self.at


def test_the_window_slides_over_the_last_minute() -> None:
    clock = Clock()
    counts = RequestCounts(10, clock)
    assert [counts.count("a")[0] for _ in range(11)] == [True] * 10 + [False]
    clock.at += 90  # half of the minute before lies within the last sixty seconds
    assert [counts.count("a")[0] for _ in range(6)] == [True] * 5 + [False]
    assert counts.count("a")[1:] == (0, 30)
    assert counts.count("b") == (True, 9, 30)
    clock.at += 600
    assert counts.count("a")[:2] == (True, 9)
    assert len(counts.own()) == 1, "what is over is forgotten"


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_processes_count_together(tmp_path: Path, back_end: str) -> None:
    engine = open_database(database_url(back_end, tmp_path))
    store, clock = Store(engine), Clock()
    one, other = RequestCounts(10, clock), RequestCounts(10, clock)

    def tell(name: str, counts: RequestCounts) -> None:
        with store.installation() as work:
            counts.take_over(work.request_counts.share(name, counts.own()))

    assert all(one.count("a")[0] for _ in range(4)) and all(other.count("a")[0] for _ in range(3))
    for _ in range(2):
        tell("one", one)
        tell("other", other)
    tell("one", one)
    assert [one.count("a")[0] for _ in range(4)] == [True, True, True, False]
    tell("one", one)
    tell("other", other)
    assert other.count("a") == (False, 0, 60)
    clock.at += 180
    other.count("b")
    tell("other", other)
    assert other.count("a")[:2] == (True, 9)
    engine.dispose()
