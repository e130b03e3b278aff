"""Leads the season of a programme; every change is one transaction with its audit event."""

from __future__ import annotations

from ktop.usecases.seasons.appeals import AppealPart
from ktop.usecases.seasons.applications import ApplicationPart
from ktop.usecases.seasons.calls import CallPart
from ktop.usecases.seasons.rules import RulePart


class SeasonService(RulePart, CallPart, ApplicationPart, AppealPart):
    """See ``ktop.usecases.seasons.interface.Seasons``: its four parts over one room."""
