"""Validates a model on a panel whose outcomes are known: figures as JSON and one page with pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.catalogue import Lang, text
from ktop.errors import InputError, UnavailableError
from ktop.files import atomic_path
from ktop.services.progress import Progress, silent
from ktop.services.training import open_model, read_panel

if TYPE_CHECKING:
    import polars as pl

#: Columns that fairness is looked at by, where the panel has them.
GROUPS = ("industry_group", "size", "age_band", "region")
#: Outcomes that are bad for the company: their ladders run from the rarest event to the most frequent.
ADVERSE = frozenset({"failure"})


def validate_panel(model: str, data: Path, out: Path, *, lang: Lang = "ko", progress: Progress = silent) -> None:
    """Write ``out/report.html`` (in ``lang``) and ``out/metrics.json`` for a model on a panel file.

    Every target with an outcome known for at least one row with and one without the event is validated: discrimination
    with intervals clustered by firm, calibration, event rate per grade, stability over the panel's years, differences
    between groups of firms, and each track by itself. Raises ``InputError`` where no target has such outcomes.
    """
    try:
        import scipy  # noqa: F401 - the measures need it; a plain installation does not
    except ImportError as error:
        raise UnavailableError("models.training_parts_missing") from error
    from ktop.models.panel_model import PanelModel
    from ktop.models.training import known_outcomes, predict
    from ktop.validation.html import render
    from ktop.validation.pack import validation_report

    trained = PanelModel.from_artefact(open_model(model))
    panel = read_panel(data)
    predicted, outcomes = predict(trained, panel), known_outcomes(trained, panel)
    targets: dict[str, Any] = {}
    for done, target in enumerate(trained.targets):
        progress(done, len(trained.targets), text("cli.step_validating", lang))
        found = _target_pack(trained.ladders, target, panel, predicted, outcomes)
        if found is not None:
            targets[target] = found
    if not targets:
        raise InputError("records.no_outcomes", path=data.name)
    meta = trained.meta
    report = validation_report(
        {
            "name": meta["name"],
            "version": str(meta.get("version", "–")),
            "trained_on": str(meta.get("trained_on", text("cli.own_panel", lang))),
        },
        {
            "name": data.name,
            "rows": panel.height,
            "synthetic": "synthetic" in panel.columns and bool(panel["synthetic"].all()),
            **_years(meta.get("year"), panel),
        },
        targets,
    )
    with atomic_path(out / "metrics.json") as beside:
        beside.write_text(json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1), "utf-8")
    with atomic_path(out / "report.html") as beside:
        beside.write_text(render(report, lang), "utf-8")


def _years(year: str | None, panel: pl.DataFrame) -> dict[str, Any]:
    if year is None or year not in panel.columns:
        return {}
    return {"years": [int(np.nanmin(panel[year].to_numpy())), int(np.nanmax(panel[year].to_numpy()))]}


def _target_pack(
    ladders: Mapping[str, Any], target: str, panel: pl.DataFrame, predicted: pl.DataFrame, outcomes: pl.DataFrame
) -> dict[str, Any] | None:
    from ktop.validation.pack import validation_pack

    known = outcomes[f"y_{target}"].is_not_null() & predicted[f"p_{target}"].is_not_null()
    y = outcomes[f"y_{target}"].filter(known).to_numpy().astype(np.float64)
    if not 0 < y.sum() < len(y):
        return None
    rows, given = predicted.filter(known), panel.filter(known)
    ladder = next((name for name, rule in ladders.items() if rule["target"] == target), None)
    prefix, suffix = "track_", f"_{target}"
    tracks = {
        name.removeprefix(prefix).removesuffix(suffix): rows[name].to_numpy()
        for name in rows.columns
        if name.startswith(prefix) and name.endswith(suffix)
    }
    columns = predicted.columns
    return validation_pack(
        y,
        rows[f"p_{target}"].to_numpy(),
        grades=rows[f"grade_{ladder}"].to_numpy() if ladder else None,
        symbols=tuple(ladders[ladder]["symbols"]) if ladder else (),
        groups={name: given[name].to_numpy() for name in GROUPS if name in given.columns},
        firm_ids=rows[columns[0]].to_numpy(),
        periods=rows[columns[1]].to_numpy() if not columns[1].startswith("p_") else None,
        adverse=target in ADVERSE,
        tracks=tracks if len(tracks) > 1 else None,
    )
