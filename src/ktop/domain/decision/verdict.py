"""What a check of one clause answers: it holds, it does not for a reason, or it cannot be known yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ktop.catalogue import LocalText


@dataclass(frozen=True, slots=True)
class Success:
    """The clause holds."""

    outcome = "passed"


@dataclass(frozen=True, slots=True)
class Failure:
    """The clause does not hold, for ``reason``."""

    reason: LocalText
    outcome = "failed"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The clause cannot be checked: ``missing`` names what is to be confirmed, ``reason`` says so."""

    reason: LocalText
    missing: tuple[str, ...]
    outcome = "unknown"


Verdict: TypeAlias = Success | Failure | Unknown
