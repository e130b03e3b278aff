"""Retrains a company model on an institution's own appraisals, one firm in five left out to compare on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, text
from ktop.domain.company.classification import DAYS_PER_YEAR
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.frame_columns import read_dates
from ktop.domain.company.row_problems import RowProblems
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact
from ktop.models.registry import ModelRegistry, company_model
from ktop.training.baseline import baseline
from ktop.training.panel import Panel
from ktop.training.release import RELEASES, model_card
from ktop.usecases.training.interface import Warn, unheard
from ktop.usecases.training.panels import read_panel

#: One firm in this many is left out of retraining, to compare on later; which ones follows from the id alone.
HELD_OUT_OF = 5
#: Columns of outcomes a company model may be retrained on, in the form of the reference population.
OUTCOMES = ("high_growth", "sustainable_growth", "failure_3y")


def held_out(ids: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which firms retraining leaves out: one in five, by the SHA-256 of the id, so always the same ones."""
    return np.array([hashlib.sha256(str(firm).encode()).digest()[0] % HELD_OUT_OF == 0 for firm in ids], dtype=bool)


def retrain(
    name: str,
    data: Path,
    *,
    version: str,
    trained_on: str,
    by: str,
    why: str,
    registry: ModelRegistry,
    seed: int = 20241103,
    progress: Progress = silent,
    warn: Warn = unheard,
) -> dict[str, Any]:
    """Train a company model on an institution's own appraisals and enter it as a challenger.

    ``data`` is a table of facts as for ``ktop rate batch``, with ``company_id``, ``age_years`` or ``founded``, and the
    outcome columns of ``OUTCOMES`` that the model needs (0, 1, empty where not known). One firm in five is left out;
    the card's figures are from those. ``warn`` is told, in each language, of rows left out and of what is odd about
    the data. Returns the card.
    """
    if name not in RELEASES:
        raise NotFoundError("models.no_such_model", name=name)
    frame = appraisals(data, warn)
    progress(0, 3, text("lifecycle.step_training", "en"))
    out = held_out(frame["company_id"].to_list())
    own, fresh = frame.filter(~_series(out)), frame.filter(_series(out))
    trained = RELEASES[name].train(own, seed, silent)
    progress(1, 3, text("lifecycle.step_measuring", "en"))
    synthetic = "synthetic" in frame.columns and bool(frame["synthetic"].all())
    meta = {
        **trained.meta,
        "version": version,
        "trained_on": "synthetic" if synthetic else trained_on,
        "training_population": {
            "source": trained_on,
            "file_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
            "firms": own["company_id"].n_unique(),
            "seed": seed,
        },
    }
    artefact = Artefact(meta, trained.arrays)
    written = model_card(artefact, fresh, {"firms": fresh["company_id"].n_unique(), "held_out": f"1/{HELD_OUT_OF}"})
    model = company_model(artefact)
    registry.add(artefact, written, baseline(model, fact_table(own)), by=by, why=why)
    progress(3, 3, text("lifecycle.step_measuring", "en"))
    for warning in meta.get("data_warnings", []):
        warn(warning)
    return written


def _series(mask: Any) -> pl.Series:
    return pl.Series(mask)


def appraisals(data: Path, warn: Warn = unheard) -> pl.DataFrame:
    """Return a table of appraised companies with clean facts, peer labels and outcomes.

    Rows that cannot be rated are left out, and ``warn`` is told how many and why the first of them. Raises
    ``InputError`` for empty ids, outcomes that are not 0, 1 or empty, and a table of which no row can be rated.
    """
    frame = read_panel(data)
    if "company_id" not in frame.columns:
        raise InputError("models.no_column", column="company_id")
    names = frame["company_id"].cast(pl.String).str.strip_chars()
    if count := int((names.is_null() | (names == "")).sum()):
        raise InputError("models.empty_cells", column="company_id", rows=count)
    outcomes = {name: outcome_column(frame, name) for name in OUTCOMES if name in frame.columns}
    if not outcomes:
        raise InputError("records.no_outcome_columns", path=data.name, columns=", ".join(OUTCOMES))
    table, problems = _read_facts(frame)
    if problems.refused:
        row = int(np.flatnonzero(~problems.ok)[0])
        told = {
            lang: {
                "rows": problems.refused,
                "all": frame.height,
                "row": row + 1,
                "reason": problems.reasons(row, lang)[0],
            }
            for lang in LANGS
        }
        if not problems.ok.any():
            reason = {lang: words["reason"] for lang, words in told.items()}
            raise InputError("records.all_rows_refused", path=data.name, row=row + 1, reason=reason)
        warn({"code": "rows_left_out", **{lang: text("records.rows_left_out", lang, **told[lang]) for lang in LANGS}})
    columns: dict[str, Any] = {
        name: pl.Series(values).fill_nan(None) if spec.numeric else pl.Series(values.tolist(), dtype=pl.String)
        for name, spec in FACTS.items()
        if spec.kind != "date"
        for values in (table.columns[name],)
    }
    columns |= {name: pl.Series(values).fill_nan(None) for name, values in outcomes.items()}
    columns["as_of"] = pl.Series([table.as_of] * frame.height)
    if "synthetic" in frame.columns:
        columns["synthetic"] = frame["synthetic"]
    return pl.DataFrame(columns).filter(pl.Series(table.ok))


def outcome_column(frame: pl.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return an outcome column as 0, 1 and NaN; raises ``InputError`` for anything else in it."""
    values = Panel(frame.select(name).with_row_index("row"), "row", None).column(name)
    if bool((~np.isnan(values) & (values != 0) & (values != 1)).any()):
        raise InputError("models.not_zero_one", column=name)
    return values


def fact_table(frame: pl.DataFrame) -> FactTable:
    """Return a frame's facts, bad rows not ``ok``; ages as stated, where none are, worked out from the founding day.

    The day is that of ``as_of`` in the same row, today where the frame has none.
    """
    return _read_facts(frame)[0]


def _read_facts(frame: pl.DataFrame) -> tuple[FactTable, RowProblems]:
    day = today()
    if "as_of" in frame.columns and frame.height:
        days = read_dates(FACTS["founded"], frame["as_of"], RowProblems.none_yet(frame.height))
        if not np.isnat(days).all():
            day = days[~np.isnat(days)].max().item()
        if "founded" in frame.columns and "age_years" not in frame.columns and len(np.unique(days)) > 1:
            founded = read_dates(FACTS["founded"], frame["founded"], RowProblems.none_yet(frame.height))
            age = (days - founded) / np.timedelta64(1, "D") / DAYS_PER_YEAR
            frame = frame.with_columns(age_years=pl.Series(np.where(age >= 0, age, np.nan)).fill_nan(None))
    facts = [
        name for name in frame.columns if name in FACTS and (name != "founded" or "age_years" not in frame.columns)
    ]
    others = [name for name in frame.columns if name not in facts]
    return FactTable.from_frame(frame.select(facts), day, others)
