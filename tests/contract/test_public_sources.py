"""The real sources answer as their adapters expect; asked once each, where somebody names keys of their own."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from ktop.collect.asking import Asker
from ktop.collect.limits import Leave, Limits
from ktop.usecases.collect.access import read_access
from ktop.usecases.collect.trying import PROBES


class Unlimited:
    """Nine calls are within every quota."""

    def take(self, key: str, limits: Limits, now: datetime) -> Leave:
        return Leave(True)

    def note(self, key: str, outcome: str, detail: str, now: datetime) -> None:
        """Nothing is remembered."""


@pytest.mark.parametrize("source", PROBES)
def test_a_real_source_answers(source: str) -> None:
    named = os.environ.get("KTOP_REAL_SOURCES")
    if not named:
        pytest.skip("set KTOP_REAL_SOURCES to a file of keys to ask the real public sources (docs/collection.md)")
    accesses, _ = read_access(Path(named))
    if source not in accesses:
        pytest.skip(f"the file of keys has none for {source}")
    asker = Asker(accesses, Unlimited())
    answer = asker.ask(*PROBES[source])
    asker.close()
    assert answer.outcome in ("found", "no_data"), (answer.outcome, answer.detail)
