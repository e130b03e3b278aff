"""What each kind of job does, by the use cases that do it when somebody waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ktop.domain.work.kind import job_kinds
from ktop.usecases.corpora.interface import Corpora
from ktop.usecases.jobs.running import Running
from ktop.usecases.statistics.interface import Statistics
from ktop.usecases.training.interface import Training

Doing = Callable[[Running], None]


def upkeep(
    corpora: Callable[[], Corpora], training: Callable[[], Training], statistics: Callable[[], Statistics]
) -> dict[str, Doing]:
    """Return what the kinds of upkeep do. Each may be done again from its beginning: it writes beside and renames."""

    def prepare(running: Running) -> None:
        corpora().prepare(running.actor, running.progress)
        _end(running, {})

    def import_patents(running: Running) -> None:
        asked = running.job.arguments
        report = corpora().import_patents(
            running.actor,
            [Path(asked["path"])],
            _corpus(running, corpora()),
            format_name=asked.get("format"),
            progress=running.progress,
        )
        _end(running, {"imported": str(report)[:500]})

    def index(running: Running) -> None:
        corpus = _corpus(running, corpora())

        def ask_others(plan: str, segments: int) -> None:
            urgency = job_kinds()["patents.segment"].priority
            with running.store.unit(running.actor) as unit:
                for segment in range(segments):  # given once, however often this job is begun again
                    asked = {"corpus": str(corpus), "plan": plan, "segment": str(segment)}
                    key = f"{running.job.id} {plan} {segment}"
                    unit.jobs.add("patents.segment", asked, priority=urgency, key=key)

        report = corpora().index_patents(
            running.actor, corpus, workers=1, progress=running.progress, ask_others=ask_others
        )
        _end(running, _plain(report))

    def segment(running: Running) -> None:
        asked = running.job.arguments
        written = corpora().write_segment(
            running.actor, Path(asked["corpus"]), asked["plan"], int(asked["segment"]), progress=running.progress
        )
        _end(running, {"written": written})

    def retrain(running: Running) -> None:
        asked = running.job.arguments
        card = training().retrain(
            running.actor,
            asked["name"],
            Path(asked["data"]),
            version=asked["version"],
            trained_on=asked["trained_on"],
            why=asked["why"],
            progress=running.progress,
        )
        _end(running, {"name": card["name"], "version": card["version"]})

    def drift(running: Running) -> None:
        reports = training().measure_drift(running.actor, running.job.arguments.get("name"))
        models = [report["model"] for report in reports]
        _end(running, {"models": [f"{model['name']}@{model['version']}" for model in models]})

    def publish(running: Running) -> None:
        statistics().publish(running.actor)
        _end(running, {})

    return {
        "statistics.publish": publish,
        "corpus.prepare": prepare,
        "patents.import": import_patents,
        "patents.index": index,
        "patents.segment": segment,
        "models.retrain": retrain,
        "models.drift": drift,
    }


def _corpus(running: Running, corpora: Corpora) -> Path:
    named = running.job.arguments.get("corpus")
    return Path(named) if named else corpora.folder(running.actor)


def _plain(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if isinstance(value, str | int | float | bool)}


def _end(running: Running, result: Mapping[str, Any]) -> None:
    with running.end(result):
        pass  # the effect lies in files, written beside and renamed
