"""Our figures against those of csdid 0.4.3, frozen: ``benchmarks/effect_by_csdid.py`` prints them."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ktop.validation.panel import Panel
from ktop.validation.staggered import event_study

#: Years since support → effect and standard error, as the command printed them.
BY_YEAR = {
    -4: (0.0028529508106381433, 0.0675908637989443),
    -3: (0.05691612882376606, 0.052911236428973184),
    -2: (0.025352945509600308, 0.0388506021875828),
    -1: (-0.025508391466248337, 0.0412081985450679),
    0: (0.0679388764312515, 0.04072328935956181),
    1: (0.2023894684008435, 0.04192676907167793),
    2: (0.28385170219277733, 0.05474064417086873),
    3: (0.41365264170557825, 0.06689635889752957),
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The table of the benchmark, without csdid, which it imports for its own figures only."""
    peer = types.ModuleType("csdid.att_gt")
    peer.ATTgt = None  # type: ignore[attr-defined]  # a stand-in for what is not installed
    monkeypatch.setitem(sys.modules, "csdid", types.ModuleType("csdid"))
    monkeypatch.setitem(sys.modules, "csdid.att_gt", peer)
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    import effect_by_csdid  # only findable now

    return effect_by_csdid.panel()


def test_effects_and_errors_are_those_of_csdid(table: Any) -> None:
    years = np.array(sorted(set(table["year"])))
    shape = (table["firm"].nunique(), len(years))

    def by_firm(name: str) -> Any:
        return table[name].to_numpy().reshape(shape)

    panel = Panel(shape[0], years, by_firm("start")[:, 0], by_firm("outcome"), {"size": by_firm("size")})
    found = event_study(panel)
    supported = int(panel.supported.sum())
    reach = stats.t.ppf(0.975, min(supported, panel.firms - supported) - 1)
    assert {one.year for one in found.by_year} == set(BY_YEAR)
    for one in found.by_year:
        value, error = BY_YEAR[one.year]
        assert one.effect.value == pytest.approx(value, abs=1e-7)
        assert (one.effect.high - one.effect.low) / 2 / reach == pytest.approx(error, abs=1e-7)
