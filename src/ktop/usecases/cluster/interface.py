"""What can be done with a search cluster: make its token, start nodes, look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ktop.domain.party.actor import Actor
from ktop.patents.cluster.sizing import Sizing


@dataclass(frozen=True, slots=True)
class ShareSeen:
    """A process that holds a share of a corpus: its name, its node's address, its number there."""

    name: str
    node: str
    pid: int


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    """Addresses of the nodes that are alive, and the processes that hold shares."""

    nodes: Sequence[str]
    shares: Sequence[ShareSeen]


class Cluster(Protocol):
    """Several machines that hold patent corpora together. Raises ``ForbiddenError`` where the actor may not."""

    def token(self, actor: Actor) -> Path:
        """Return the file with the cluster's token, made where there is none; every node has a copy of it."""
        ...

    def run_node(
        self, actor: Actor, host: str, *, port: int, join: str | None, cores: int, ready: Callable[[], None]
    ) -> None:
        """Run a node on this machine until SIGTERM or SIGINT; call ``ready`` once others can reach it.

        ``join`` is host and port of the first node; None makes this one the first, on ``port``.

        Raises ``InputError`` for an address that is not private or a token that others may read, ``UnavailableError``
        where the node does not start or ends by itself.
        """
        ...

    def size(self, actor: Actor, patents: int, ratings_per_second: float, *, memory_gb: float, cores: int) -> Sizing:
        """Return what so many patents and ratings need, of machines with so much memory and so many cores.

        Raises ``InputError`` for numbers that no corpus has.
        """
        ...

    def measured(self, actor: Actor) -> Mapping[str, Any]:
        """Return the measured points that ``size`` follows from, as ``catalogue/cluster_sizes.yaml`` has them."""
        ...

    def seen(self, actor: Actor) -> ClusterSeen:
        """Return what the cluster that the settings name consists of.

        Raises ``NotFoundError`` where they name none, ``UnavailableError`` where it does not answer.
        """
        ...
