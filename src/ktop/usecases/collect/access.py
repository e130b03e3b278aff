"""Reads which sources an installation may ask, where and with which keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ktop.catalogue import load
from ktop.collect.asking import Access
from ktop.kernel.errors import InputError, NotFoundError

#: One key for all services of data.go.kr.
PORTAL, OF_PORTAL = "data_go_kr", ("fsc", "nts", "nps", "certificates")
_MOST_BYTES = 100_000
_FIELDS = frozenset({"key", "secret", "address", "edition", "startup_edition"})


def read_access(path: Path) -> tuple[Mapping[str, Access], Mapping[str, str]]:
    """Return source → access, and the editions named, of a file; see docs/collection.md.

    Raises ``InputError`` for what is no such file, without ever repeating what stands in it.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("collect.sources_unreadable", file=path.name)
        given = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        raise NotFoundError("collect.no_sources_file", file=path.name) from None
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        raise InputError("collect.sources_unreadable", file=path.name) from None
    known: Mapping[str, Any] = load("sources")["sources"]
    if not isinstance(given, Mapping):
        raise InputError("collect.sources_unreadable", file=path.name)
    found: dict[str, Access] = {}
    editions: dict[str, str] = {}
    for name, entry in given.items():
        if name not in known and name != PORTAL:
            raise InputError("collect.unknown_source", source=str(name)[:40], known=", ".join((*known, PORTAL)))
        told = entry if isinstance(entry, Mapping) else {"key": entry}
        if set(told) - _FIELDS or not all(isinstance(value, str | int) for value in told.values()):
            raise InputError("collect.source_fields", source=str(name), known=", ".join(sorted(_FIELDS)))
        for source in OF_PORTAL if name == PORTAL else (name,):
            if name == PORTAL and source in given:
                continue
            address = str(told.get("address") or known[source]["address"])
            _require_address(address, source)
            found[source] = Access(address, str(told.get("key") or ""), str(told.get("secret") or ""))
        for name_of_list, field in (("ventures", "edition"), ("startups", "startup_edition")):
            if field in told:
                editions[name_of_list] = str(told[field])
    return found, editions


def _require_address(address: str, source: str) -> None:
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
        fits = fits and parts.username is None
    except ValueError:
        fits = False
    if not fits:
        raise InputError("collect.source_address", source=source)


def key_id(source: str, access: Access) -> str:
    """Return what calls of one key at one address are counted under; the key cannot be read from it."""
    digest = hashlib.sha256(f"{access.address}\n{access.key}".encode()).hexdigest()
    return f"{source}:{digest[:16]}"
