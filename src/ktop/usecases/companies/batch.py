"""Rates a table of companies: every row answered, by figures or by the reasons why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, Lang, message, text
from ktop.domain.company.amount_warnings import amount_warnings
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.frame_columns import PLAIN_TEXT, as_text
from ktop.domain.company.headings import heading_of
from ktop.domain.values.kind import as_seen
from ktop.kernel.clock import today
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import Table
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.decide import with_decisions
from ktop.usecases.companies.interface import BatchReport
from ktop.usecases.companies.rating import company_models
from ktop.usecases.uploads import sentences

#: What tells whose a row is, first in every answer; those of ``ALWAYS`` also where the file has none.
IDENTITY = ("company_id", "name", "name_en", "business_number", "corporate_number", "industry", "region")
ALWAYS = ("company_id", "name", "business_number")


def rate_frame(
    frame: pl.DataFrame,
    *,
    registry: ModelRegistry,
    models: Sequence[str] | None = None,
    as_of: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> tuple[pl.DataFrame, BatchReport]:
    """Rate every row of a frame; see ``rate_table``."""
    return rate_table(Table(frame), registry=registry, models=models, as_of=as_of, lang=lang, progress=progress)


def rate_table(
    table: Table,
    *,
    registry: ModelRegistry,
    models: Sequence[str] | None = None,
    as_of: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> tuple[pl.DataFrame, BatchReport]:
    """Rate every row.

    The answer has one row per row given, in the same order: the identity columns, ``as_of``, ``rated`` (true or false),
    ``problems`` (why not, in ``lang``; empty where rated), ``warnings`` (amounts that look as if in another unit and
    the like) and, per model, its columns led by the model's name with underscores (``tech_index_index``,
    ``ktrs_fm_grade_business`` ...), ``<model>_version`` and ``<model>_trained_on``;
    then every other column given, under its own name (led by ``given_`` where the answer has one of that name).
    """
    frame = table.frame
    day = as_of or today()
    facts, problems = FactTable.from_table(table, day)
    columns = _identity(frame, facts)
    columns["as_of"] = pl.Series([day] * frame.height, dtype=pl.Date)
    reasons = problems.reason_column(lang)
    rated = facts.ok.copy()
    answers: dict[str, pl.Series] = {}
    chosen = company_models(models, registry)
    for done, model in enumerate(chosen):
        progress(done, len(chosen), text("cli.step_rating", lang))
        ratings = with_decisions(model.rate_table(facts, contributions=False), facts)
        prefix = model.name.replace("-", "_")
        for name, column in ratings.to_frame().to_dict().items():
            # What a refused row has in flags and counts is meaningless; an empty cell says so.
            answers[f"{prefix}_{name}"] = pl.select(pl.when(pl.Series(ratings.ok)).then(column)).to_series()
        answers[f"{prefix}_version"] = pl.Series([model.version] * frame.height, dtype=pl.String)
        answers[f"{prefix}_trained_on"] = pl.Series([model.trained_on] * frame.height, dtype=pl.String)
        unknown = facts.ok & ~ratings.ok
        for row in np.flatnonzero(unknown):
            sentence = message(model.refusal(facts, int(row)), lang)
            reasons[row] = f"{reasons[row] or ''} {sentence}".strip()
        rated &= ratings.ok
    progress(len(chosen), len(chosen), text("cli.step_rating", lang))
    columns["rated"] = pl.Series(rated)
    columns["problems"] = pl.Series(reasons, dtype=pl.String)
    doubts = amount_warnings(facts)
    columns["warnings"] = pl.Series(
        [
            " ".join(warning.text[lang] for warning in (*problems.notes.get(row, ()), *doubts.get(row, ()))) or None
            for row in range(frame.height)
        ],
        dtype=pl.String,
    )
    if doubts:
        params = {"count": len(doubts), "row": min(doubts) + 1}
        problems.warn("amounts_doubtful", {each: text("facts.amounts_doubtful", each, **params) for each in LANGS})
    answered = {**columns, **answers}
    for series in frame:
        name = " ".join(series.name.split())
        if name not in IDENTITY:
            while name in answered:
                name = f"given_{name}"
            answered[name] = series
    count = int(rated.sum())
    return pl.DataFrame(answered), BatchReport(
        rows=frame.height,
        rated=count,
        refused=frame.height - count,
        remarks=(
            *sentences(table, lang),
            *(warning.text[lang] for warning in problems.warnings),
        ),
    )


def _identity(frame: pl.DataFrame, facts: FactTable) -> dict[str, pl.Series]:
    """Return what tells whose each row is, under the facts' own names whatever the headings were.

    A name or number that could not be read stands as it was written.
    """
    given = {heading.fact: frame[name] for name in frame.columns if (heading := heading_of(name)) is not None}
    columns: dict[str, pl.Series] = {}
    for name in IDENTITY:
        if name in given:
            written = _as_seen(as_text(given[name]))
            read = pl.Series(facts.columns[name].tolist(), dtype=pl.String, strict=False)
            if name in ("industry", "region"):
                columns[name] = written
            else:
                columns[name] = pl.select(
                    pl.when(pl.Series(facts.ok)).then(read).otherwise(read.fill_null(written)).alias(name)
                ).to_series()
        elif name == "company_id":
            columns[name] = pl.Series(facts.columns[name].tolist(), dtype=pl.String)
        elif name in ALWAYS:
            columns[name] = pl.Series([None] * frame.height, dtype=pl.String)
    return columns


def _as_seen(written: pl.Series) -> pl.Series:
    """Return texts as people see them: Hangul put together, nothing without width."""
    if written.str.contains(PLAIN_TEXT).all():
        return written
    return pl.Series([None if text is None else as_seen(text) for text in written.to_list()], dtype=pl.String)
