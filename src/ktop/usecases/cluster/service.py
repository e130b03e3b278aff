"""Runs the nodes of a search cluster on this machine, and looks at the whole of it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.kernel.errors import InputError, NotFoundError, UnavailableError
from ktop.kernel.settings import Settings
from ktop.patents.cluster.joining import joined
from ktop.patents.cluster.nodes import Node, end_node, start_node
from ktop.patents.cluster.security import make_token
from ktop.patents.cluster.sizing import (
    MOST_CORES,
    MOST_MEMORY_GB,
    MOST_PATENTS,
    MOST_RATINGS,
    Machine,
    Sizing,
    measured,
    size_of,
)
from ktop.usecases.cluster.interface import ClusterSeen, ShareSeen
from ktop.usecases.corpora.opening import cluster_plan


class ClusterService:
    """See ``ktop.usecases.cluster.interface.Cluster``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def token(self, actor: Actor) -> Path:
        require(actor, "platform:corpus:manage")
        make_token(self._settings.cluster_token)
        return self._settings.cluster_token

    def run_node(
        self, actor: Actor, host: str, *, port: int, join: str | None, cores: int, ready: Callable[[], None]
    ) -> None:
        require(actor, "platform:corpus:manage")
        process = start_node(Node(host, self._settings.cluster_token, port, join, cores))
        told: list[int] = []

        def end(number: int, _frame: FrameType | None) -> None:
            told.append(number)
            process.terminate()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        ready()
        try:
            assert process.stdout is not None
            for _ in process.stdout:  # what Ray says is for those who know Ray, and stands in its logs
                pass
            process.wait()
        finally:
            end_node(process, self._settings.grace_seconds)
        if not told:
            raise UnavailableError("cluster.node_ended", address=host)

    def size(self, actor: Actor, patents: int, ratings_per_second: float, *, memory_gb: float, cores: int) -> Sizing:
        require(actor, "platform:corpus:read")
        within = 1 <= patents <= MOST_PATENTS and 0 < ratings_per_second <= MOST_RATINGS
        if not within or not (1 <= memory_gb <= MOST_MEMORY_GB and 1 <= cores <= MOST_CORES):
            raise InputError("cluster.size_range", patents=MOST_PATENTS, ratings=MOST_RATINGS)
        return size_of(patents, ratings_per_second, Machine(memory_gb, cores))

    def measured(self, actor: Actor) -> Mapping[str, Any]:
        require(actor, "platform:corpus:read")
        return measured()

    def seen(self, actor: Actor) -> ClusterSeen:
        require(actor, "platform:corpus:read")
        plan = cluster_plan(self._settings)
        if plan is None:
            raise NotFoundError("cluster.none")
        cluster = joined(plan)
        shares = [ShareSeen(share.name, share.node, share.pid) for share in cluster.shares_held()]
        return ClusterSeen(cluster.nodes_alive(), shares)
