"""Validates a model on a panel whose outcomes are known: figures as JSON and one page with pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.classification import cell_labels
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact
from ktop.models.company_model import CompanyModel
from ktop.models.panel_model import PanelModel
from ktop.models.registry import KINDS, ModelRegistry, company_model
from ktop.report.fonts import with_fonts
from ktop.report.validation import render
from ktop.training.fit import known_outcomes, panel_of, predict
from ktop.usecases.models.lifecycle import open_model
from ktop.usecases.training.panels import read_panel, require_training_parts
from ktop.usecases.training.retrain import fact_table
from ktop.validation.drift import numbers_drift
from ktop.validation.pack import validation_pack, validation_report
from ktop.validation.stability import csi, psi, verdict

#: Columns that fairness is looked at by, where the panel has them.
GROUPS = ("industry_group", "size", "age_band", "region")
#: Outcomes that are bad for the company: their ladders run from the rarest event to the most frequent.
ADVERSE = frozenset({"failure"})


def validate_panel(
    model: str,
    data: Path,
    out: Path,
    *,
    registry: ModelRegistry,
    since: int | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> None:
    """Write ``out/report.html`` (in ``lang``) and ``out/metrics.json`` for a model on a panel file.

    Every target with an outcome known for at least one row with and one without the event is validated: discrimination
    with intervals clustered by firm, calibration, event rate per grade, stability over the panel's years, differences
    between groups of firms, and each track by itself. With ``since`` only rows of that year and later are judged, while
    earlier ones still serve as their history: years that the model was not trained on. Raises ``InputError`` where no
    target has such outcomes, or where ``since`` is given and the model knows no years.
    """
    require_training_parts()
    artefact = open_model(model, registry)
    trained = PanelModel.from_artefact(artefact)
    panel = read_panel(data)
    company = _company_model(artefact)
    if company is not None:
        panel = panel.filter(pl.Series(company.eligible(fact_table(panel))))
        if not panel.height:
            raise InputError("models.no_rows")
    more = _of_company_model(company, _baseline(registry, model), panel) if company is not None else {}
    predicted, outcomes = predict(trained, panel), known_outcomes(trained, panel)
    judged = _judged(trained, panel, since)
    targets: dict[str, Any] = {}
    for done, target in enumerate(trained.targets):
        progress(done, len(trained.targets), text("cli.step_validating", lang))
        found = _target_pack(trained, target, panel, predicted, outcomes, more, judged)
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
            "data_fingerprint": meta.get("data_fingerprint"),
            "until": meta.get("until"),
            "labels": _labels(meta["scheme"]),
            "data_warnings": list(meta.get("data_warnings") or ()),
        },
        {
            "name": data.name,
            "rows": int(judged.sum()),
            "synthetic": "synthetic" in panel.columns and bool(panel["synthetic"].all()),
            **_years(meta, panel.filter(judged)),
        },
        targets,
    )
    with atomic_path(out / "metrics.json") as beside:
        beside.write_text(json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1), "utf-8")
    with atomic_path(out / "report.html") as beside:
        beside.write_text(with_fonts(render(report, lang)), "utf-8")


def _labels(scheme: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a scheme calls its model, targets and inputs in each language, as far as it says so."""
    found: dict[str, Any] = {}
    for kind, place in (("target", "targets"), ("input", "features")):
        entries: Mapping[str, Any] = scheme.get(place) or {}
        named = {name: _in_both(entry.get("label")) for name, entry in entries.items() if isinstance(entry, Mapping)}
        found[kind] = {name: label for name, label in named.items() if label is not None}
    return found | ({"title": title} if (title := _in_both(scheme.get("title"))) is not None else {})


def _in_both(label: Any) -> dict[str, str] | None:
    if isinstance(label, str):
        return dict.fromkeys(LANGS, label)
    if not isinstance(label, Mapping) or not label:
        return None
    first = next(iter(label.values()))
    return {lang: str(label.get(lang, first)) for lang in LANGS}


def _judged(trained: PanelModel, panel: pl.DataFrame, since: int | None) -> pl.Series:
    """Return which rows are judged: all, or those of the year ``since`` and later."""
    if since is None:
        return pl.repeat(True, panel.height, eager=True)
    year = trained.meta.get("year")
    if year is None:
        raise InputError("models.since_without_year")
    found: pl.Series = panel[year] >= since
    if not found.any():
        raise InputError("models.no_rows_to_judge", year=since)
    return found


def _years(meta: Mapping[str, Any], panel: pl.DataFrame) -> dict[str, Any]:
    """Return first and last year judged, and up to when rows may have been trained on where some may have been."""
    year = meta.get("year")
    if year is None or year not in panel.columns:
        return {}
    first, last = int(np.nanmin(panel[year].to_numpy())), int(np.nanmax(panel[year].to_numpy()))
    trained = [part["years"][1] for part in (meta.get("training") or {}).values() if "years" in part]
    return {"years": [first, last], "trained_to": max(trained) if trained and first <= max(trained) else None}


def _company_model(artefact: Artefact) -> CompanyModel | None:
    """Return the company model an artefact holds, None for a model of any other panel."""
    if artefact.meta["name"] not in KINDS or "scales" not in artefact.meta:
        return None
    return company_model(artefact)


def _of_company_model(model: CompanyModel, base: Mapping[str, Any] | None, panel: pl.DataFrame) -> dict[str, Any]:
    """Return what only a company model has: business grades, and inputs held against its baseline."""
    batch = model.rate_table(fact_table(panel), contributions=False)
    found: dict[str, Any] = {}
    if "business" in batch.grades:
        found["business"] = batch.grades["business"]
    if base is not None:
        found["drift"] = {
            "psi": {
                target: numbers_drift(base["probabilities"][target], p, base["rows"])
                for target, (p, _, _) in batch.probabilities.items()
            },
            "csi": {
                name: numbers_drift(base["features"][name], batch.values[:, k], base["rows"])
                for k, name in enumerate(batch.indicators)
            },
        }
    return found


def _baseline(registry: ModelRegistry, reference: str) -> Mapping[str, Any] | None:
    if Path(reference).exists():
        return None
    name, _, version = reference.partition("@")
    return registry.entry(name, version or None).part("baseline.json")


def _target_pack(
    trained: PanelModel,
    target: str,
    panel: pl.DataFrame,
    predicted: pl.DataFrame,
    outcomes: pl.DataFrame,
    more: Mapping[str, Any],
    judged: pl.Series,
) -> dict[str, Any] | None:
    known = judged & outcomes[f"y_{target}"].is_not_null() & predicted[f"p_{target}"].is_not_null()
    y = outcomes[f"y_{target}"].filter(known).to_numpy().astype(np.float64)
    if not 0 < y.sum() < len(y):
        return None
    rows, given = predicted.filter(known), panel.filter(known)
    ladders = trained.ladders
    ladder = next((name for name, rule in ladders.items() if rule["target"] == target), None)
    prefix, suffix = "track_", f"_{target}"
    tracks = {
        name.removeprefix(prefix).removesuffix(suffix): rows[name].to_numpy()
        for name in rows.columns
        if name.startswith(prefix) and name.endswith(suffix)
    }
    columns = predicted.columns
    periods = rows[columns[1]].to_numpy() if not columns[1].startswith("p_") else None
    drift = None
    if "drift" in more:
        drift = {"against": "baseline", "psi": more["drift"]["psi"][target], "csi": more["drift"]["csi"]}
    elif periods is not None:
        drift = _drift_over_years(trained, panel, known.to_numpy(), rows[f"p_{target}"].to_numpy(), periods)
    return validation_pack(
        y,
        rows[f"p_{target}"].to_numpy(),
        grades=rows[f"grade_{ladder}"].to_numpy() if ladder else None,
        symbols=tuple(ladders[ladder]["symbols"]) if ladder else (),
        groups={name: given[name].to_numpy() for name in GROUPS if name in given.columns},
        firm_ids=rows[columns[0]].to_numpy(),
        periods=periods,
        adverse=target in ADVERSE,
        tracks=tracks if len(tracks) > 1 else None,
        group_order={name: tuple(cell_labels(name)) for name in ("size", "age_band")},
        business_grades=more["business"][known.to_numpy()] if "business" in more and target in ADVERSE else None,
        drift=drift,
    )


def _drift_over_years(
    trained: PanelModel, panel: pl.DataFrame, known: Any, p: Any, periods: Any
) -> dict[str, Any] | None:
    """Return PSI and CSI of the later years of a panel against the earlier ones, None where there is one year only.

    The earlier years are those trained on where the model names them and the panel has later ones, else the first half.

    ``p`` and ``periods`` are of the ``known`` rows; inputs are worked out over all rows, earlier years included.
    """
    if periods.min() == periods.max():
        return None
    until = trained.meta.get("until")
    split = int(until if until is not None and periods.min() <= until < periods.max() else np.median(periods))
    if split == periods.max():
        split -= 1
    first, last = periods <= split, periods > split
    data = panel_of(trained, panel)
    names = sorted({name for expression in trained.expressions.values() for name in expression.names})
    values = trained.values(data.columns(names), data.n)[known]
    before, after = ({name: values[rows, k] for k, name in enumerate(trained.features)} for rows in (first, last))
    index = psi(p[first], p[last])
    return {
        "against": "periods",
        "split": split,
        "psi": {"value": float(index), "verdict": verdict(index)},
        "csi": {name: {"value": float(v), "verdict": verdict(v)} for name, v in csi(before, after).items()},
    }
