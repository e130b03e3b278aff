"""Where the index of a corpus is held: in this process, or by the cluster that the settings name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from ktop.kernel.processes import InOrder, answers_in_order
from ktop.kernel.settings import Settings
from ktop.patents.cluster.joining import joined, open_on_cluster
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.engine.index import PatentIndex

#: Opens the generation in force of the corpus in a folder; can be handed to other processes.
OpenIndex = Callable[[Path], PatentIndex]


def cluster_plan(settings: Settings) -> ClusterPlan | None:
    """Return how the cluster that the settings name holds corpora, None where they name none."""
    if settings.cluster is None:
        return None
    return ClusterPlan(
        address=settings.cluster,
        token=settings.cluster_token,
        node=settings.cluster_node,
        shares=settings.cluster_shares,
        replicas=settings.cluster_replicas,
        seconds=settings.cluster_seconds,
    )


def opener(settings: Settings) -> OpenIndex:
    """Return how corpora of this installation are opened for asking."""
    plan = cluster_plan(settings)
    return PatentIndex if plan is None else functools.partial(open_on_cluster, plan=plan)


def analysts(settings: Settings, workers: int) -> tuple[int, InOrder]:
    """Return how many analyse texts for an index, and where: so many processes here, or all cores of the cluster.

    Raises ``UnavailableError`` where the cluster that the settings name does not answer.
    """
    plan = cluster_plan(settings)
    if plan is None:
        return workers, answers_in_order
    cluster = joined(plan)
    return max(2, cluster.cores_offered()), cluster.tasks_in_order
