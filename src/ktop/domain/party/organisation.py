"""Organisations: their kinds, the states they pass through, and what each kind asks of its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ktop.kernel.errors import ConflictError

#: A company is rated; an agency supports, a bank lends to, an investor invests in companies; the operator runs the
#: installation.
KINDS: Final = ("company", "agency", "bank", "investor", "operator")
#: The kinds that a company lets see its results.
INSTITUTIONS: Final = ("agency", "bank", "investor", "operator")

ACTIVE, SUSPENDED, MERGED = "active", "suspended", "merged"
_NEXT: Mapping[str, frozenset[str]] = {
    ACTIVE: frozenset({SUSPENDED, MERGED}),
    SUSPENDED: frozenset({ACTIVE, MERGED}),
    MERGED: frozenset(),
}


def needs_second_factor(kind: str) -> bool:
    """Whether users of an organisation of this kind must prove who they are by two factors: all but companies."""
    return kind != "company"


def require_move(state: str, to: str) -> None:
    """Raise ``ConflictError`` where an organisation cannot pass from one state to another; a merged one stays so."""
    if to not in _NEXT[state]:
        raise ConflictError("institutions.no_such_move")
