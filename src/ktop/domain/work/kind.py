"""The kinds of jobs there are: reviewed data of catalogue/jobs.yaml."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from ktop.catalogue import LocalText, load
from ktop.domain.work.job import FOR_A_PERSON, FOR_A_TABLE, UPKEEP

_URGENCIES = {"person": FOR_A_PERSON, "table": FOR_A_TABLE, "upkeep": UPKEEP}


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind.

    Parameters
    ----------
    permission : what giving one needs.
    priority : smaller goes first.
    files : whether its arguments name files of the machine itself.
    needs, takes : arguments that must and that may be given.
    """

    name: LocalText
    permission: str
    priority: int
    files: bool
    needs: tuple[str, ...]
    takes: tuple[str, ...]


@functools.cache
def job_kinds() -> Mapping[str, JobKind]:
    """Return every kind by its name."""
    return {
        name: JobKind(
            name=kind["name"],
            permission=kind["permission"],
            priority=_URGENCIES[kind["urgency"]],
            files=kind.get("files", False),
            needs=tuple(kind.get("needs", ())),
            takes=tuple(kind.get("takes", ())),
        )
        for name, kind in load("jobs").items()
    }
