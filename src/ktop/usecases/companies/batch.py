"""Rates a table of companies: every row answered, by figures or by the reasons why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ktop.catalogue import Lang, message, text
from ktop.domain.company.fact_table import FactTable
from ktop.kernel.progress import Progress, silent
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.decide import with_decisions
from ktop.usecases.companies.interface import BatchReport
from ktop.usecases.companies.rating import company_models

#: Columns carried over from the file, so that a row is recognised.
IDENTITY = ("company_id", "name", "name_en", "business_number", "industry", "region")


def rate_frame(
    frame: pl.DataFrame,
    *,
    registry: ModelRegistry,
    models: Sequence[str] | None = None,
    as_of: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> tuple[pl.DataFrame, BatchReport]:
    """Rate every row.

    The answer has one row per row given, in the same order: the identity columns, ``as_of``, ``rated`` (true or false),
    ``problems`` (why not, in ``lang``; empty where rated) and, per model, its columns led by the model's name with
    underscores (``tech_index_index``, ``ktrs_fm_grade_business`` ...), ``<model>_version`` and ``<model>_trained_on``.
    """
    day = as_of or date.today()  # noqa: DTZ011 - the user's own calendar day
    table, problems = FactTable.from_frame(frame, day)
    columns: dict[str, pl.Series] = {name: frame.get_column(name) for name in IDENTITY if name in frame.columns}
    columns["as_of"] = pl.Series([day] * frame.height, dtype=pl.Date)
    reasons = problems.reason_column(lang)
    rated = table.ok.copy()
    answers: dict[str, pl.Series] = {}
    chosen = company_models(models, registry)
    for done, model in enumerate(chosen):
        progress(done, len(chosen), text("cli.step_rating", lang))
        ratings = with_decisions(model.rate_table(table, contributions=False), table)
        prefix = model.name.replace("-", "_")
        for name, column in ratings.to_frame().to_dict().items():
            # What a refused row has in flags and counts is meaningless; an empty cell says so.
            answers[f"{prefix}_{name}"] = pl.select(pl.when(pl.Series(ratings.ok)).then(column)).to_series()
        answers[f"{prefix}_version"] = pl.Series([model.version] * frame.height, dtype=pl.String)
        answers[f"{prefix}_trained_on"] = pl.Series([model.trained_on] * frame.height, dtype=pl.String)
        unknown = table.ok & ~ratings.ok
        for row in np.flatnonzero(unknown):
            sentence = message(model.refusal(table, int(row)), lang)
            reasons[row] = f"{reasons[row] or ''} {sentence}".strip()
        rated &= ratings.ok
    progress(len(chosen), len(chosen), text("cli.step_rating", lang))
    columns["rated"] = pl.Series(rated)
    columns["problems"] = pl.Series(reasons, dtype=pl.String)
    answer = pl.DataFrame({**columns, **answers})
    count = int(rated.sum())
    return answer, BatchReport(
        rows=frame.height,
        rated=count,
        refused=frame.height - count,
        remarks=tuple(remark.text[lang] for remark in problems.warnings),
    )
