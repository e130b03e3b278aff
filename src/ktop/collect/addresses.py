"""The province of an address."""

from __future__ import annotations

from ktop.domain.values.region import FOREIGN, region_code


def region_of(address: str | None) -> str | None:
    """Return the region code of a Korean address by its first word; None where that names no province."""
    words = (address or "").split()
    found = region_code(words[0]) if words else None
    return None if found == FOREIGN else found
