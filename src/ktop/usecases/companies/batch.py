"""Rates a table of companies: every row answered, by figures or by the reasons why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from ktop.catalogue import Lang, message, text
from ktop.domain.company.amount_warnings import amount_warnings
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.frame_columns import PLAIN_TEXT, as_text
from ktop.domain.company.headings import heading_of
from ktop.domain.company.plausibility import implausible_warnings
from ktop.domain.company.warnings import credit_warnings_of
from ktop.domain.values.kind import as_seen
from ktop.kernel.clock import today
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import Table
from ktop.models.company_model import CompanyModel
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.decide import with_decisions
from ktop.usecases.companies.evidence import contradictions_said, rate_table_on_evidence
from ktop.usecases.companies.interface import BatchReport
from ktop.usecases.companies.rating import company_models
from ktop.usecases.uploads import flat, require_table_ending, sentences, write_table

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
    ``problems`` (why not, in ``lang``; empty where rated), ``warnings`` (amounts that look as if in another unit,
    what no score counts, and the like), ``contradictions_said`` (answers that other values contradict, in words)
    and, per model, its columns led by the model's name with underscores (``tech_index_index``,
    ``ktrs_fm_grade_business`` ...), ``<model>_version`` and ``<model>_trained_on``;
    then every other column given, under its own name (led by ``given_`` where the answer has one of that name).
    """
    rating = TableRating(table, company_models(models, registry), as_of=as_of, lang=lang)
    answer = rating.rows(0, rating.height, progress)
    return answer, rating.report(int(answer["rated"].sum()))


class TableRating:
    """A table of companies about to be rated: read as a whole, rated in parts that together are the whole answer.

    What a column means (its unit, the order of its days) is for all its rows to tell, so that only the rating itself is
    done in parts. See ``rate_table`` for what an answer holds.
    """

    def __init__(
        self, table: Table, models: Sequence[CompanyModel], *, as_of: date | None = None, lang: Lang = "ko"
    ) -> None:
        self._table, self._models, self._lang = table, models, lang
        self._day = as_of or today()
        self._facts, self._problems = FactTable.from_table(table, self._day)
        self._identity = _identity(table.frame, self._facts)
        self._reasons = self._problems.reason_column(lang)
        self._credit = credit_warnings_of(self._facts)
        self._doubts, self._odd = amount_warnings(self._facts), implausible_warnings(self._facts)

    @property
    def facts(self) -> FactTable:
        """What was read of all rows."""
        return self._facts

    @property
    def height(self) -> int:
        """Number of rows."""
        return self._table.frame.height

    def rows(self, start: int, stop: int, progress: Progress = silent) -> pl.DataFrame:
        """Rate the rows from ``start`` (from 0) to before ``stop``."""
        lang, count = self._lang, stop - start
        facts = self._facts if count == self.height else self._facts.take(np.arange(start, stop))
        columns = {name: column.slice(start, count) for name, column in self._identity.items()}
        columns["as_of"] = pl.Series([self._day] * count, dtype=pl.Date)
        reasons = self._reasons[start:stop]
        rated = facts.ok.copy()
        answers: dict[str, pl.Series] = {}
        for done, model in enumerate(self._models):
            progress(done, len(self._models), text("cli.step_rating", lang))
            ratings = with_decisions(rate_table_on_evidence(model, facts), facts)
            prefix = model.name.replace("-", "_")
            for name, column in ratings.to_frame().to_dict().items():
                # What a refused row has in flags and counts is meaningless; an empty cell says so.
                answers[f"{prefix}_{name}"] = pl.select(pl.when(pl.Series(ratings.ok)).then(column)).to_series()
            answers[f"{prefix}_version"] = pl.Series([model.version] * count, dtype=pl.String)
            answers[f"{prefix}_trained_on"] = pl.Series([model.trained_on] * count, dtype=pl.String)
            unknown = facts.ok & ~ratings.ok
            for row in np.flatnonzero(unknown):
                sentence = message(model.refusal(facts, int(row)), lang)
                reasons[row] = f"{reasons[row] or ''} {sentence}".strip()
            rated &= ratings.ok
        progress(len(self._models), len(self._models), text("cli.step_rating", lang))
        columns["rated"] = pl.Series(rated)
        columns["problems"] = pl.Series(reasons, dtype=pl.String)
        told = (self._problems.notes, self._credit, self._doubts, self._odd)
        warnings = ([warning.text[lang] for notes in told for warning in notes.get(r, ())] for r in range(start, stop))
        columns["warnings"] = pl.Series([" ".join(row) or None for row in warnings], dtype=pl.String)
        said = contradictions_said(self._models, facts, lang)
        columns["contradictions_said"] = pl.Series(said, dtype=pl.String)
        answered = {**columns, **answers}
        for series in self._table.frame:
            name = " ".join(series.name.split())
            if name not in IDENTITY:
                while name in answered:
                    name = f"given_{name}"
                answered[name] = series.slice(start, count)
        return pl.DataFrame(answered)

    def report(self, rated: int) -> BatchReport:
        """Return what the reader must know, where ``rated`` rows were rated in all parts together."""
        remarks = [*sentences(self._table, self._lang)]
        remarks += [warning.text[self._lang] for warning in self._problems.warnings]
        if self._doubts:
            params = {"count": len(self._doubts), "row": min(self._doubts) + 1}
            remarks.append(text("facts.amounts_doubtful", self._lang, **params))
        return BatchReport(rows=self.height, rated=rated, refused=self.height - rated, remarks=tuple(remarks))


def write_answer(frame: pl.DataFrame, path: Path, lang: Lang) -> None:
    """Write an answer: a workbook for people where the name ends in .xlsx, else a table for programs."""
    if path.suffix.lower() != ".xlsx":
        write_table(frame, path)
        return
    from ktop.report.batch_sheet import write_batch_xlsx  # loads the catalogue of every model

    require_table_ending(path)
    with atomic_path(path) as beside:
        write_batch_xlsx(flat(frame), beside, lang)


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
