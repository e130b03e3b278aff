"""Joins a cluster from this process; Ray is loaded here and nowhere before."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ktop.kernel.errors import UnavailableError
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.cluster.security import ray_variables

if TYPE_CHECKING:
    from ktop.patents.cluster.index import ClusterIndex


def joined(plan: ClusterPlan) -> ModuleType:
    """Join the cluster once in this process, and return what asks it (``ray_shares``).

    Raises ``UnavailableError`` where it does not answer, the token is not its own, or Ray is not installed.
    """
    os.environ |= ray_variables(plan.token)  # read once, when Ray is loaded
    try:
        from ktop.patents.cluster import ray_shares  # Ray is not installed where one machine is enough
    except ImportError as error:
        raise UnavailableError("cluster.not_installed") from error
    ray_shares.connect(plan)
    return ray_shares


def open_on_cluster(directory: Path | str, plan: ClusterPlan) -> ClusterIndex:
    """Return the generation of a corpus in force, held by the cluster (``ray_shares.open_cluster_index``)."""
    found: ClusterIndex = joined(plan).open_cluster_index(directory, plan)
    return found
