"""How a corpus is held by a cluster, as a value: what opens it needs Ray, this does not."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """How a corpus is held by a cluster.

    Parameters
    ----------
    address : host and port of the cluster's head.
    token : file with the cluster's token.
    node : address of this machine's own node, where it is not that by which the head is reached.
    shares : parts that the segments are dealt out to, each held by one process.
    replicas : processes that hold each share, on different nodes where there are as many.
    seconds : time within which an answer is complete, or an error.
    at_once : questions of this process on their way at the same time; further ones wait, at most ``seconds``.
    """

    address: str
    token: Path
    node: str | None = None
    shares: int = 4
    replicas: int = 1
    seconds: float = 30.0
    at_once: int = 16

    @property
    def own_node(self) -> str | None:
        """Address of this machine's own node where it is known; the head's where that is of this machine alone."""
        host = self.address.rpartition(":")[0]
        try:
            alone = ipaddress.ip_address(host).is_loopback
        except ValueError:
            alone = False
        return self.node or (host if alone else None)
