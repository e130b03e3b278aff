"""All that is judged, in one table: what anybody gets by default, what tuning gives, the rival in the same run.

Rows are the training on tables it was not set up for (``--data``), the released models on fresh synthetic firms, and
the known item among patents (``--patents``, left out without it). Figures are AUC, of the search the share found among
the first ten. ``--sample`` trains on one firm in eight (more where events are few), takes one fold of each table, and
took 3 min 56 s of the processor with the patents: to see that a change costs nothing large anywhere, not to be quoted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import acceptance_training as training
import numpy as np
import polars as pl

from ktop.kernel.arrays import Floats
from ktop.models.company_model import numeric_columns
from ktop.models.registry import ModelRegistry
from ktop.training.fit import known_outcomes
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.validation.comparison import clustered_error
from ktop.validation.discrimination import auc

HEADS = ("subject", "judged / events", "default", "tuned", "rival", "rival's figure", "ours less rival (95 %)", "CPU s")
Z95 = 1.96
#: Of a sample: training firms one in so many, minutes of each training, reference firms, patents and questions.
SAMPLED, SAMPLE_MINUTES, SAMPLE_FIRMS, SAMPLE_PATENTS, SAMPLE_QUESTIONS = 8, 0.05, 8_000, 1_500, 200
FIRMS, FRESH, QUESTIONS, SEED = 80_000, 30_000, 3_000, 4407


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the panels")
    parser.add_argument("--patents", type=Path, help="folder of the patents' data sets")
    parser.add_argument("--work", type=Path, help="where corpora are kept from run to run")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the processor, for each training")
    parser.add_argument("--sample", action="store_true", help="small and quick: about four minutes of the processor")


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| " + " | ".join(HEADS) + " |\n" + "|---" * len(HEADS) + "|"
    for cells in _rows(options):
        yield "| " + " | ".join(cells) + " |"


def _rows(options: argparse.Namespace) -> Iterator[list[str]]:
    for maker in training.MAKERS.values():
        for split in maker(options.data):
            begun = time.process_time()
            given = training.thinned(split, SAMPLED) if options.sample else split
            one = training.measured(given, SAMPLE_MINUTES if options.sample else options.minutes)
            events = f"{len(split.y):,} / {int(split.y.sum()):,}"
            figures = (f"{one.untuned:.4f}", f"{one.tuned:.4f}", "LightGBM bag, tuned", f"{one.bag:.4f}")
            yield [split.name, events, *figures, _interval(one.tuned - one.bag, one.error), _since(begun)]
            if options.sample:
                break
    yield from _released(SAMPLE_FIRMS if options.sample else FIRMS, SAMPLE_FIRMS if options.sample else FRESH)
    if options.patents is not None:
        yield _known_item(options)


def _released(firms: int, fresh: int) -> Iterator[list[str]]:
    """Yield each target of the models in force on fresh firms beside LightGBM as it comes, trained on as many of the
    population and the same indicators; high growth by the plain compound rate as well."""
    import lightgbm

    taught, judged = build_reference(firms, SEED + 10), build_reference(fresh, SEED)
    for name in ("tech-index", "ktrs-fm", "global-expansion"):
        model = ModelRegistry().model(name)
        table, other = reference_table(judged), reference_table(taught)
        values = [model.panel.values(numeric_columns(one), one.n) for one in (other, table)]
        batch = model.rate_table(table, contributions=False)
        outcomes = [known_outcomes(model.panel, one) for one in (taught, judged)]
        for target, (p, _, _) in batch.probabilities.items():
            ways = {target: [one[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy() for one in outcomes]}
            if target == "high_growth":
                ways["high_growth, by plain CAGR"] = [_plain_growth(one) for one in (taught, judged)]
            for way, (y, seen) in ways.items():
                begun = time.process_time()
                known, rows = ~np.isnan(y), ~np.isnan(seen) & ~np.isnan(p)
                data = lightgbm.Dataset(values[0][known], label=y[known])
                rival = np.asarray(lightgbm.train(training.PLAIN, data, num_boost_round=100).predict(values[1][rows]))
                own, error = p[rows], clustered_error(seen[rows], p[rows], rival, np.arange(rows.sum()))
                figures = (auc(seen[rows], own), auc(seen[rows], rival))
                events = f"{rows.sum():,} / {int(seen[rows].sum()):,}"
                cells = [f"{name} {model.version}, {way}", events, f"{figures[0]:.4f}", "", "LightGBM as it comes"]
                yield [*cells, f"{figures[1]:.4f}", _interval(figures[0] - figures[1], error), _since(begun)]


def _plain_growth(firms: pl.DataFrame) -> Floats:
    """Return whether sales grew by 20 % a year over three years, whatever the firm's size; a failed firm did not."""
    first, last = (firms[f"sales_krw_f{k}"].cast(pl.Float64).fill_null(np.nan).to_numpy() for k in (0, 3))
    failed = firms["failure_3y"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    growth = (np.maximum(last, 0.0) / np.where(first > 0, first, np.nan)) ** (1 / 3) - 1
    return np.where(np.isnan(growth) & (failed == 1), 0.0, np.where(np.isnan(growth), np.nan, growth >= 0.2))


def _known_item(options: argparse.Namespace) -> list[str]:
    """Return the known item: descriptions of patents, families held out, that find their own abstract."""
    os.environ["KTOP_SHARED"] = str(options.patents.resolve().parents[1])
    import retrieval_quality as retrieval  # reads the folder when it is loaded

    begun = time.process_time()
    whole = retrieval.full_text()
    rows = whole.sample(SAMPLE_PATENTS, seed=SEED) if options.sample else whole
    with tempfile.TemporaryDirectory() as temporary:
        name = f"us_fulltext_{rows.height}"
        with contextlib.redirect_stdout(sys.stderr):  # what it tells of its progress is no row of the table
            index = retrieval.corpus(options.work or Path(temporary), name, lambda: rows.drop("desc_excerpt"))
        texts = (f"{title or ''}. {abstract or ''}" for title, abstract in rows.select("title", "abstract").iter_rows())
        days = rows["filing_date"].to_list()
        ways = {"ours": retrieval.ours(index)["hybrid"]}
        ways["TF-IDF"] = retrieval.tf_idf(rows["publication_number"].to_list(), texts, days)
        order, held = retrieval.dealt(rows)
        asked = rows[np.sort(order[held[order]][: SAMPLE_QUESTIONS if options.sample else QUESTIONS])]
        found: dict[str, list[bool]] = {way: [] for way in ways}
        for own, text in asked.select("publication_number", "desc_excerpt").iter_rows():
            for way, find in ways.items():
                found[way].append(own in list(find(retrieval.Query(text, frozenset([own]))))[:10])
    ours, theirs = (np.asarray(found[way], dtype=np.float64) for way in ways)
    error = float(np.std(ours - theirs, ddof=1) / np.sqrt(len(ours)))
    subject = f"known item among {rows.height:,} patents, first ten"
    figures = (f"{ours.mean():.3f}", "", "TF-IDF", f"{theirs.mean():.3f}")
    difference = float((ours - theirs).mean())
    return [subject, f"{len(ours):,}", *figures, _interval(difference, error), _since(begun)]


def _interval(difference: float, error: float) -> str:
    low, high = difference - Z95 * error, difference + Z95 * error
    return f"{difference:+.4f} ({low:+.4f} to {high:+.4f})"


def _since(begun: float) -> str:
    return f"{time.process_time() - begun:.0f}"
