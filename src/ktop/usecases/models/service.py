"""Looks into the model registry and changes what is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.models.registry import ModelRegistry
from ktop.store.unit_of_work import Store
from ktop.usecases.models import lifecycle, originality
from ktop.usecases.models.drift_reports import latest_reports


class ModelService:
    """See ``ktop.usecases.models.interface.Models``. ``store`` opens the database when something is changed."""

    def __init__(self, models: ModelRegistry, store: Callable[[], Store]) -> None:
        self._registry, self._store = models, store

    def model_cards(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:model:read")
        return (*self._registry.cards(), *originality.cards())

    def model_card(self, actor: Actor, name: str, version: str | None = None) -> Mapping[str, Any]:
        require(actor, "platform:model:read")
        if name == originality.NAME:
            return originality.card(version)
        return lifecycle.card(self._registry, name, version)

    def model_history(self, actor: Actor, name: str | None = None) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:model:read")
        return lifecycle.history(self._registry, name)

    def torn_log_line(self, actor: Actor) -> int | None:
        require(actor, "platform:model:read")
        return self._registry.torn()

    def drift_reports(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:model:read")
        return latest_reports(self._registry)

    def promote(
        self,
        actor: Actor,
        name: str,
        version: str,
        *,
        why: str,
        by: str | None = None,
        evidence: bytes | None = None,
        anyway: bool = False,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        said = lifecycle.evidence_for(name, version, evidence, self._registry, anyway=anyway) if evidence else {}
        with self._store().unit(actor) as unit:
            event = asdict(self._registry.promote(name, version, by=by or actor.user, why=why, evidence=said))
            unit.tell("model.promoted", f"{name}@{version}", {"number": event["number"]})
        return event

    def rollback(
        self, actor: Actor, name: str, *, why: str, by: str | None = None, expected: str | None = None
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        with self._store().unit(actor) as unit:
            event = asdict(self._registry.rollback(name, by=by or actor.user, why=why, expected=expected))
            unit.tell("model.rolled_back", f"{name}@{event['version']}", {"number": event["number"]})
        return event

    def register(
        self,
        actor: Actor,
        source: str,
        *,
        version: str,
        why: str,
        by: str | None = None,
        name: str | None = None,
    ) -> str:
        require(actor, "platform:model:manage")
        with self._store().unit(actor) as unit:
            entered = lifecycle.register(
                source, version=version, by=by or actor.user, why=why, registry=self._registry, name=name
            )
            unit.tell("model.registered", entered, {})
        return entered
