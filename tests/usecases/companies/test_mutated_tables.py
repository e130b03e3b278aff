"""Damaged tables and records: every row read is answered or refused with its reason, and nothing fails otherwise.

``KTOP_MUTATIONS`` sets how many inputs are made of each kind (1,000 for a release); the seed is fixed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import damaged_inputs
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.headings import CompanyHeadings
from ktop.usecases.uploads import read_told_table

MUTATIONS = int(os.environ.get("KTOP_MUTATIONS", "100"))
#: Nothing may take longer on a machine that does other work, too.
SECONDS = 10.0
#: Most memory of the process that reads and rates, the program itself included, and of those it reads by.
PEAK_BYTES = 1_000_000_000


@pytest.mark.parametrize("kind", [*damaged_inputs.KINDS, "yaml", "json"])
def test_damaged_inputs_are_answered_or_refused_in_bounded_time_and_memory(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, damaged_inputs.__file__, kind, str(MUTATIONS), str(tmp_path)]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    print(f"{kind}: {told}")
    assert told["read"] >= MUTATIONS // 10, "most damage leaves something to read"
    assert told["slowest"] < SECONDS
    assert told["peak_bytes"] < PEAK_BYTES


def test_an_undamaged_table_of_each_kind_is_rated_whole(tmp_path: Path) -> None:
    for kind, (write, _, _) in damaged_inputs.KINDS.items():
        path = tmp_path / f"whole.{kind}"
        path.write_bytes(write(random.Random(1), tmp_path))
        table, problems = FactTable.from_table(read_told_table(path, headings=CompanyHeadings()), damaged_inputs.DAY)
        assert problems.ok.sum() == damaged_inputs.ROWS, kind
        names = [name for name in table.columns["name"].tolist() if name]
        assert names == [f"회사{n}" for n in range(damaged_inputs.ROWS)], kind
