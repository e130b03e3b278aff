"""Makes and judges models for one installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.kernel.sealing import Sealer
from ktop.models.registry import ModelRegistry
from ktop.store.unit_of_work import Store
from ktop.training.growth_paths import write_growth_paths
from ktop.usecases.models.lifecycle import open_model
from ktop.usecases.training import panels
from ktop.usecases.training.collected import OUTCOMES, collected_appraisals
from ktop.usecases.training.compare import compare
from ktop.usecases.training.drift import (
    MOST_RATINGS,
    drift_of_all,
    drift_of_ratings,
    drift_of_table,
    told_by_version,
)
from ktop.usecases.training.interface import ORIGINALITY_PATENTS, TUNING_MINUTES, Warn, unheard
from ktop.usecases.training.originality_training import train_weights
from ktop.usecases.training.originality_validation import summary_line, validate_originality
from ktop.usecases.training.retrain import retrain
from ktop.usecases.training.validate import validate_panel


class TrainingService:
    """See ``ktop.usecases.training.interface.Training``. ``store`` opens the database when it is needed."""

    def __init__(self, models: ModelRegistry, store: Callable[[], Store], sealer: Sealer) -> None:
        self._registry, self._store, self._sealer = models, store, sealer

    def train_panel(
        self,
        actor: Actor,
        scheme: Path,
        data: Path,
        out: Path,
        *,
        until: int | None = None,
        minutes: float = TUNING_MINUTES,
        lang: Lang = "ko",
        progress: Progress = silent,
        warn: Warn = unheard,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        return panels.train_panel(
            scheme, data, out, until=until, minutes=minutes, lang=lang, progress=progress, warn=warn
        )

    def predict_panel(
        self,
        actor: Actor,
        model: str,
        data: Path,
        out: Path,
        *,
        rates: Mapping[str, float] | None = None,
        warn: Warn = unheard,
    ) -> int:
        require(actor, "platform:model:manage")
        return panels.predict_panel(open_model(model, self._registry), data, out, rates=rates, warn=warn)

    def validate_panel(
        self,
        actor: Actor,
        model: str,
        data: Path,
        out: Path,
        *,
        since: int | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> None:
        require(actor, "platform:model:manage")
        validate_panel(model, data, out, registry=self._registry, since=since, lang=lang, progress=progress)

    def compare_versions(
        self,
        actor: Actor,
        champion: str,
        challenger: str,
        data: Path,
        *,
        only_held_out: bool = False,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        return compare(
            champion,
            challenger,
            data,
            registry=self._registry,
            only_held_out=only_held_out,
            lang=lang,
            progress=progress,
        )

    def retrain(
        self,
        actor: Actor,
        name: str,
        data: Path,
        *,
        version: str,
        trained_on: str,
        why: str,
        by: str | None = None,
        progress: Progress = silent,
        warn: Warn = unheard,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        card = retrain(
            name,
            data,
            version=version,
            trained_on=trained_on,
            by=by or actor.user,
            why=why,
            registry=self._registry,
            progress=progress,
            warn=warn,
        )
        with self._store().unit(actor) as unit:
            unit.tell("model.registered", f"{name}@{version}", {})
        return card

    def collect_appraisals(self, actor: Actor, out: Path) -> Mapping[str, int]:
        require(actor, "platform:model:manage")
        with self._store().reading(actor) as unit:
            frame = collected_appraisals(unit.ratings.records(), self._pseudonym)
        found = {"rows": frame.height, "firms": frame["company_id"].n_unique()}
        found |= {name: frame.height - frame[name].null_count() for name in OUTCOMES}
        with self._store().unit(actor) as unit:
            unit.tell("model.appraisals_collected", "appraisals", found)
        with atomic_path(out) as beside:
            frame.write_parquet(beside)
        return found

    def _pseudonym(self, firm: str) -> str:
        return self._sealer.fingerprint(firm, "appraisals")[:24]

    def measure_drift(
        self, actor: Actor, model: str | None = None, data: Path | None = None
    ) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:model:manage")
        if model is not None and data is not None:
            return [drift_of_table(model, data, registry=self._registry)]
        with self._store().installation(reading=True) as work:  # a model rates for all organisations
            told = told_by_version(work.figures_of_all.recent_ratings(MOST_RATINGS))
        if model is not None:
            return [drift_of_ratings(model, told, registry=self._registry)]
        return drift_of_all(told, registry=self._registry) if told else []

    def release_models(
        self,
        actor: Actor,
        out: Path | None,
        *,
        names: list[str] | None = None,
        firms: int | None = None,
        seed: int | None = None,
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        return panels.release_models(out, names=names, firms=firms, seed=seed, progress=progress)

    def count_growth_paths(
        self, actor: Actor, out: Path | None, *, names: list[str] | None = None, progress: Progress = silent
    ) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:model:manage")
        return write_growth_paths(out, names, progress=progress)

    def build_reference_population(
        self, actor: Actor, *, firms: int, seed: int, out: Path, progress: Progress = silent
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        return panels.build_reference_population(firms=firms, seed=seed, out=out, progress=progress)

    def train_originality(
        self,
        actor: Actor,
        corpus: Path,
        out: Path,
        *,
        patents: int = ORIGINALITY_PATENTS,
        until: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        require(actor, "platform:model:manage")
        return train_weights(corpus, out, patents=patents, until=until, lang=lang, progress=progress)

    def validate_originality(
        self,
        actor: Actor,
        corpus: Path,
        out: Path,
        *,
        patents: int = ORIGINALITY_PATENTS,
        pairs: Path | None = None,
        extra: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> str:
        require(actor, "platform:model:manage")
        report = validate_originality(
            corpus, out, patents=patents, pairs=pairs, extra=extra, lang=lang, progress=progress
        )
        return summary_line(report, lang)
