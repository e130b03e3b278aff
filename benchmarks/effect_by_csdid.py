"""The same invented panel by csdid, an independent program for Callaway and Sant'Anna's estimator, and by ours.

    python -m venv peer && peer/bin/pip install csdid pandas && peer/bin/python benchmarks/effect_by_csdid.py

Prints the figures that tests/validation/test_effect_by_csdid.py holds frozen: csdid and what it needs are 536 MB, too
much for every run of the tests. Needs nothing of this project.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt

YEARS = np.arange(2015, 2022)


def panel(seed: int = 11, firms: int = 300) -> pd.DataFrame:
    """Return firms by year with a covariate, support that begins in three different years, and an effect that grows.

    The numbers come from a congruential generator written out here, so that no version of a package changes them.
    """
    state = seed

    def draw() -> float:
        nonlocal state
        state = (1_103_515_245 * state + 12_345) % 2**31
        return state / 2**31

    rows = []
    for firm in range(firms):
        size = sum(draw() for _ in range(6)) - 3
        start = (2018, 2019, 2020)[int(3 * draw())] if draw() < 0.35 + 0.1 * size else 0
        base = sum(draw() for _ in range(6)) - 3
        for year in YEARS:
            after = year - start + 1 if start and year >= start else 0
            noise = 0.4 * (sum(draw() for _ in range(6)) - 3)
            rows.append(
                (firm, int(year), start, size, base + (0.1 + 0.05 * size) * (year - 2015) + 0.1 * after + noise)
            )
    return pd.DataFrame(rows, columns=["firm", "year", "start", "size", "outcome"])


def main() -> None:
    """Print csdid's figures."""
    fitted = ATTgt(
        yname="outcome", tname="year", idname="firm", gname="start", xformla="outcome ~ size", data=panel()
    ).fit(est_method="dr", bstrap=False)
    for kind in ("simple", "dynamic"):
        found = fitted.aggte(typec=kind, bstrap=False, cband=False).atte
        sys.stdout.write(f"{kind}: {found['overall_att']!r} {found['overall_se']!r}\n")
        if kind == "dynamic":
            for time, value, error in zip(found["egt"], found["att_egt"], np.ravel(found["se_egt"]), strict=True):
                sys.stdout.write(f"  {int(time):+d}: {float(value)!r} {float(error)!r}\n")


if __name__ == "__main__":
    main()
