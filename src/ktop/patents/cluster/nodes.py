"""One node of a cluster as a process: started on one address, with all that Ray would open besides left out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ktop.kernel.errors import UnavailableError
from ktop.patents.cluster.security import check_address, ray_variables

#: Bytes of shared memory that a node keeps messages in; answers are some hundred kilobytes.
MESSAGE_BYTES = 128 * 2**20
_READY = b"Ray runtime started"


@dataclass(frozen=True, slots=True)
class Node:
    """What one node is started with.

    Parameters
    ----------
    host : its own address, of this machine alone or of a private network.
    token : file with the cluster's token.
    port : port of the head, of this node where it is the head.
    head : host and port of the head to join; None for the head itself.
    cores : cores that it offers.
    folder : where Ray keeps sockets and logs; a short path, because those of sockets may have 107 characters. The
        head's counts for all nodes of one machine; None for Ray's own choice.
    """

    host: str
    token: Path
    port: int = 6379
    head: str | None = None
    cores: int = 1
    folder: Path | None = None


def start_node(node: Node) -> subprocess.Popen[bytes]:
    """Start a node, and return its process once it is ready; all processes of the node are of its process group.

    Raises ``InputError`` for an address that is not private or a token that others may read, ``UnavailableError``
    where the node does not start: its port is taken, no head answers, or the token is not the head's.
    """
    check_address(node.host)
    told = ["--node-ip-address", node.host, "--num-cpus", str(node.cores), "--block", "--disable-usage-stats"]
    told += ["--object-store-memory", str(MESSAGE_BYTES), "--include-log-monitor", "false"]
    if node.head is None:
        told += ["--head", "--port", str(node.port), "--include-dashboard", "false", "--no-monitor"]
        if node.folder is not None:
            told += ["--temp-dir", str(node.folder)]
    else:
        check_address(node.head.rpartition(":")[0])
        told += ["--address", node.head]
    command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", *told]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, and addresses that were checked
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | ray_variables(node.token),
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if _READY in line:
            return process
    process.wait()
    end_node(process, 0.0)
    raise UnavailableError("cluster.node_failed", address=node.host)


def end_node(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """End a node: what still runs of it after the grace period is killed. Its shares are opened elsewhere."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
