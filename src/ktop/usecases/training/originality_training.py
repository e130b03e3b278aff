"""Learns the originality model's weights from a corpus: ``ktop originality train``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import Lang, text
from ktop.domain.technology.neighbourhood import day_number
from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.kernel.progress import Progress, silent
from ktop.models.originality.definitions import measures, rules
from ktop.models.originality.weighing import DAYS_PER_YEAR
from ktop.training.originality.learning import RIDGES, Learned, learn, signed_logits
from ktop.training.originality.outcomes import outcomes_of
from ktop.training.originality.wording_noise import WordingNoise
from ktop.usecases.training.originality_data import PATENTS, training_table
from ktop.usecases.training.panels import require_training_parts
from ktop.usecases.training.wording_noise import wording_noise
from ktop.usecases.uploads import require_place


def train_weights(
    corpus: Path,
    out: Path,
    *,
    patents: int = PATENTS,
    until: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Learn weights from a corpus's own later events and write them to ``out`` (JSON).

    A file named ``originality-weights.json`` in the corpus's folder is in force for every rating against that corpus.
    With ``until`` only what was known before that day counts, patents and events alike.

    Returns ``patents`` learned from, ``cited`` of them, and ``kept``: outcomes with too few events, for which the
    released weights stay. Raises ``UnavailableError`` where the training
    parts are not installed, ``InputError`` where ``out`` cannot be made.
    """
    require_training_parts()
    require_place(out)
    table = training_table(corpus, patents, lang=lang, progress=progress)
    noise = wording_noise(corpus, lang=lang, progress=progress)
    progress(0, 1, text("cli.step_learning", lang))
    found = learn_from(table, None if until is None else day_number(until), name=corpus.name, noise=noise)
    found.weights.save(out)
    return {
        "patents": found.weights.about["patents"],
        "cited": found.events["cited"],
        "kept": list(found.kept),
    }


def learn_from(
    table: pl.DataFrame,
    until: int | None = None,
    *,
    name: str,
    rows: Any = None,
    ridges: Sequence[float] | None = None,
    noise: WordingNoise | None = None,
) -> Learned:
    """Return weights learned from a training table.

    Parameters
    ----------
    until : day number; only patents filed and events seen before it count. All where None.
    name : what the corpus is called in the weights file.
    rows : mask of the rows that may be learned from; all where None.
    ridges : strengths of the pull to choose from; those of ``learn`` where None.
    noise : what wordings of one technology differ by; not reckoned with where None.
    """
    used = table if rows is None else table.filter(rows)
    if until is not None:
        used = used.filter(pl.col("day") < until)
    logits, years, drawn = logits_of(used)
    outcomes = outcomes_in(used, years, drawn, until)
    about: dict[str, Any] = {"corpus": name, "until": until}
    if noise is not None:
        about["wording_noise"] = {"pairs": noise.pairs, "digest": noise.digest}
    covariance = None if noise is None else noise.covariance
    return learn(logits, years, outcomes, about, ridges=ridges or RIDGES, noise=covariance)


def logits_of(table: pl.DataFrame) -> tuple[Floats, Integers, Booleans]:
    """Return a table's signed logits within the filing year (n, m), its years and which rows were drawn by chance."""
    values = table.select(measure.name for measure in measures()).to_numpy().astype(np.float64)
    years, drawn = table["year"].to_numpy().astype(np.int64), table["drawn"].to_numpy().astype(np.bool_)
    return signed_logits(values, years, drawn), years, drawn


def outcomes_in(table: pl.DataFrame, groups: Integers, drawn: Booleans, until: int | None = None) -> dict[str, Floats]:
    """Return every outcome of a table's rows (1, 0, NaN unknown), of events before ``until`` alone where given.

    An outcome read from later texts counts only where its whole window lies before ``until``.
    """
    days = pl.element() if until is None else pl.element().filter(pl.element() < until)
    citations = table["citing_days"].list.eval(days).list.len().to_numpy().astype(np.float64)
    if not citations.any():
        citations[:] = np.nan  # a corpus without citations cannot tell who is cited
    figures = {"citations": citations}
    closed = np.ones(table.height, dtype=bool)
    if until is not None:
        closed = table["day"].to_numpy() + round(rules("learning")["years"] * DAYS_PER_YEAR) <= until
    for name in ("reuse", "follow", "spread_fields", "spread_applicants"):
        values = table[name].to_numpy().astype(np.float64)
        figures[name] = np.where(closed, values, np.nan)
    return outcomes_of(figures, groups, drawn)
