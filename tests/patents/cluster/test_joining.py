"""Who asks a cluster does so by a process beside it, and is not kept busy by one that cannot be started."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from ktop.kernel.errors import UnavailableError
from ktop.patents.cluster import joining
from ktop.patents.cluster.plan import ClusterPlan


def test_this_machine_is_known_by_the_address_that_it_reaches_the_head_from(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as head:
        plan = ClusterPlan(f"127.0.0.1:{head.getsockname()[1]}", tmp_path / "token")
        assert joining._require_head(plan) == "127.0.0.1"
    with pytest.raises(UnavailableError) as refused:
        joining._require_head(plan)
    assert refused.value.key == "cluster.unreachable"


def test_a_process_that_cannot_be_started_is_tried_again_at_a_measured_pace_until_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    tried = []

    def failing(plan: ClusterPlan) -> None:
        tried.append(now[0])
        raise OSError("no more processes")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(joining, "_Beside", failing)
    monkeypatch.setattr(joining, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    with socket.create_server(("127.0.0.1", 0)) as head:
        plan = ClusterPlan(f"127.0.0.1:{head.getsockname()[1]}", tmp_path / "token", seconds=3.0)
        with pytest.raises(UnavailableError) as refused:
            joining._ask(joining._Dealt(tmp_path, 1, ((0,),), plan))
    assert refused.value.key == "cluster.lost"
    assert 3.0 <= tried[-1] <= 4.0  # while there is time, and no longer
    assert 3 <= len(tried) <= 30
