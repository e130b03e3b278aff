"""What keeps a cluster to its own machines: a token, private addresses, no dashboard, nothing told to others."""

from __future__ import annotations

import ipaddress
import secrets
from pathlib import Path

from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path

#: Name under which the processes of a cluster find one another.
NAMESPACE = "ktop"


def ray_variables(token: Path) -> dict[str, str]:
    """Return what Ray reads of the environment of a process when it is loaded there.

    Every message between processes carries the token, and nothing is told to Ray's makers.

    Raises ``InputError`` where the token's file is missing or others may read it.
    """
    check_token(token)
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a future version's behaviour is announced on the terminal
        # Else a process that joins, told to end, is aborted with all that it has in hand: a worker gives its jobs back.
        "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
        # Shares answer people: by Ray's own choice (15) they would wait for whatever else the machine does.
        "RAY_worker_niceness": "0",
        # A node that is told to end waits so long for its shares, which never end by themselves.
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "1",
        # A node that is gone is known within some six seconds, one that hangs within thirty.
        "RAY_health_check_initial_delay_ms": "5000",
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_timeout_ms": "5000",
        "RAY_health_check_failure_threshold": "5",
    }


def check_token(token: Path) -> None:
    """Raise ``InputError`` where the token's file is missing, empty, or readable by others than its owner."""
    if not token.is_file() or not token.read_text(encoding="ascii").strip():
        raise InputError("cluster.token_missing", path=str(token))
    if token.stat().st_mode & 0o077:
        raise InputError("cluster.token_open", path=str(token))


def make_token(token: Path) -> None:
    """Write a new token, its owner's alone, where there is none."""
    if token.exists():
        return
    token.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with atomic_path(token) as beside:
        beside.touch(mode=0o600)
        beside.chmod(0o600)
        beside.write_text(secrets.token_hex(32), encoding="ascii")


def check_address(host: str) -> None:
    """Raise ``InputError`` for what is no address of this machine alone or of a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise InputError("cluster.address", address=host[:80]) from error
    if not (address.is_loopback or address.is_private) or address.is_unspecified:
        raise InputError("cluster.address", address=host[:80])
