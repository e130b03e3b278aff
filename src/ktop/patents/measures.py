"""Citation and class measures of every patent: originality, generality, forward citations, scope, lags.

Definitions
-----------
Originality and generality are one minus the Herfindahl index of class shares, 1 - sum of s_j^2 (Trajtenberg, Henderson
and Jaffe 1997): over the classes of the patents that a patent cites (originality) or that cite it (generality).
Hall (2005) multiplies by N / (N - 1), N the number of citations, to take out the bias of small N. Classes are
four-character IPC subclasses, CPC where a patent has no IPC. A citation counts once: where a patent has m subclasses
each gets 1/m of it, so that with one class per patent the measures are exactly those of the NBER patent data (Hall,
Jaffe and Trajtenberg 2001).

Scope (distinct subclasses), claims, family size and backward citations follow Squicciarini, Dernis and Criscuolo
(2013).

A measure that the corpus cannot tell is null, never zero.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.files import atomic_path
from ktop.patents.citing import resolved_citations
from ktop.patents.corpus import Corpus

#: Windows of forward citations, in years from the publication of the cited patent.
WINDOWS = (3, 5)
DAYS_PER_YEAR = 365.25
FILE = Path("measures/patents.parquet")
ABOUT = Path("measures/patents.json")

#: Name → (type, meaning). All but the first three are null where the corpus cannot tell.
MEASURES: dict[str, tuple[pl.DataType, str]] = {
    "id": (pl.String(), "patent id"),
    "year": (pl.Int32(), "year of filing, else of publication, else of grant"),
    "field": (pl.String(), "first subclass, the patent's field in percentiles"),
    "originality": (pl.Float64(), "1 - sum of squared class shares of cited patents, 0 to 1"),
    "originality_corrected": (pl.Float64(), "originality x N / (N - 1), null for N < 2"),
    "generality": (pl.Float64(), "1 - sum of squared class shares of citing patents, 0 to 1"),
    "generality_corrected": (pl.Float64(), "generality x N / (N - 1), null for N < 2"),
    "forward_citations": (pl.Int32(), "citations received"),
    "forward_citations_3y": (pl.Int32(), "citations received within three years of publication"),
    "forward_citations_5y": (pl.Int32(), "citations received within five years of publication"),
    "citations_field_year_percentile": (pl.Float64(), "share of the field and year cited less, ties half, 0 to 100"),
    "citations_year_percentile": (pl.Float64(), "share of the year cited less, ties half, 0 to 100"),
    "scope": (pl.Int32(), "distinct subclasses"),
    "claims": (pl.Int32(), "claims"),
    "family_size": (pl.Int32(), "patents of the family in the corpus"),
    "backward_citations": (pl.Int32(), "patents cited"),
    "literature_citations": (pl.Int32(), "other documents cited"),
    "backward_lag_years": (pl.Float64(), "mean years from the cited patents to this one"),
    "forward_lag_years": (pl.Float64(), "mean years from this patent to those that cite it"),
}

Progress = Callable[[int, int | None, str], None]


def concentration(weights: Sequence[float] | npt.NDArray[np.float64]) -> float:
    """Return the Herfindahl index of the shares, sum of s_j^2 in (0, 1]; NaN where there is no weight."""
    values = np.asarray(weights, dtype=np.float64)
    total = float(values.sum())
    return float(np.square(values / total).sum()) if total > 0 else float("nan")


def originality(class_counts: Sequence[float] | npt.NDArray[np.float64], *, corrected: bool = False) -> float:
    """Return backward originality from the number of citations per class.

    1 - sum of s_j^2 (Trajtenberg, Henderson and Jaffe 1997); with ``corrected`` times N / (N - 1) (Hall 2005). 0 where
    all citations go to one class. NaN where there are no citations or, corrected, fewer than two.

    >>> originality([3, 2])
    0.48
    """
    total = float(np.sum(np.asarray(class_counts, dtype=np.float64)))
    spread = 1.0 - concentration(class_counts)
    if not corrected:
        return spread
    return spread * total / (total - 1.0) if total > 1.0 else float("nan")


def generality(class_counts: Sequence[float] | npt.NDArray[np.float64], *, corrected: bool = False) -> float:
    """Return forward generality from the number of citing patents per class: the formula of ``originality``."""
    return originality(class_counts, corrected=corrected)


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """What was computed.

    Parameters
    ----------
    patents : patents measured.
    citations : citations known, ``resolved`` of them between two patents of the corpus.
    defined : measure → patents for which the corpus can tell it.
    file : where the measures lie.
    seconds : time taken.
    """

    patents: int
    citations: int
    resolved: int
    defined: Mapping[str, int]
    file: Path
    seconds: float


def compute_measures(corpus: Corpus, progress: Progress | None = None) -> MeasureReport:
    """Measure every patent of the corpus and write ``measures/patents.parquet`` in its folder.

    Columns are those of ``MEASURES``, in the corpus's order. ``measures/patents.json`` names the corpus version.
    """
    started = time.perf_counter()
    tell = progress or (lambda done, total, what: None)
    tell(0, 3, "citations")
    edges = resolved_citations(corpus)
    tell(1, 3, "measures")
    found = measure(patent_facts(corpus), edges)
    tell(2, 3, "writing")
    target = corpus.directory / FILE
    with atomic_path(target) as temporary:
        found.write_parquet(temporary, compression="zstd")
    about = {"corpus_version": corpus.version, "patents": found.height, "citations": edges.height}
    with atomic_path(corpus.directory / ABOUT) as temporary:
        temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    tell(3, 3, "writing")
    return MeasureReport(
        patents=found.height,
        citations=edges.height,
        resolved=edges.drop_nulls(["citing_id", "cited_id"]).height,
        defined={name: found.height - found[name].null_count() for name in list(MEASURES)[3:]},
        file=target,
        seconds=time.perf_counter() - started,
    )


def patent_facts(corpus: Corpus) -> pl.DataFrame:
    """Return what ``measure`` needs of each patent, in the corpus's order."""
    return (
        corpus.patents()
        .select(
            "id",
            "known_from",
            "publication_date",
            "family",
            claims=pl.col("claims_count").cast(pl.Int32),
            literature=pl.col("cited_literature").list.len().cast(pl.Int32),
            classes=pl.when(pl.col("ipc").list.len() > 0)
            .then("ipc")
            .otherwise("cpc")
            .list.eval(pl.element().str.slice(0, 4))
            .list.unique(maintain_order=True),
        )
        .collect()
    )


def measure(patents: pl.DataFrame, citations: pl.DataFrame, as_of: date | None = None) -> pl.DataFrame:
    """Return the measures of each patent, in the order given; columns and types as in ``MEASURES``.

    Parameters
    ----------
    patents : columns of ``patent_facts``.
    citations : columns of ``resolved_citations``.
    as_of : count only citations by patents that are known from before this day; None counts all.
    """
    edges = _dated(patents, citations)
    if as_of is not None:
        edges = edges.filter(pl.col("citing_known") < as_of)
    classes = _classes(patents)
    found = patents.select(
        "id",
        "known_from",
        "publication_date",
        "family",
        "claims",
        year=pl.col("known_from").dt.year().cast(pl.Int32),
        field=pl.col("classes").list.first(),
        scope=_unless_zero(pl.col("classes").list.len()),
        literature_citations=_unless_zero(pl.col("literature")),
    )
    backward = _diversity(edges, classes, of="citing_id", through="cited_id", name="originality")
    forward = _diversity(edges, classes, of="cited_id", through="citing_id", name="generality")
    cited = (
        edges.drop_nulls("citing_id")
        .group_by("citing_id", maintain_order=True)
        .agg(backward_citations=pl.len().cast(pl.Int32), backward_lag_years=pl.col("lag_years").mean())
    )
    families = patents.drop_nulls("family").group_by("family").agg(family_size=pl.len().cast(pl.Int32))
    found = (
        found.join(backward, left_on="id", right_on="citing_id", how="left", maintain_order="left")
        .join(forward, left_on="id", right_on="cited_id", how="left", maintain_order="left")
        .join(cited, left_on="id", right_on="citing_id", how="left", maintain_order="left")
        .join(families, on="family", how="left", maintain_order="left")
    )
    found = _with_forward_citations(found, edges, as_of)
    found = found.with_columns(
        citations_field_year_percentile=_percentile("forward_citations", ["field", "year"]),
        citations_year_percentile=_percentile("forward_citations", ["year"]),
    )
    return found.select(pl.col(name).cast(kind) for name, (kind, _) in MEASURES.items())


def _unless_zero(count: pl.Expr) -> pl.Expr:
    """An empty list means that the source does not say."""
    return pl.when(count > 0).then(count.cast(pl.Int32))


def _dated(patents: pl.DataFrame, citations: pl.DataFrame) -> pl.DataFrame:
    """Add days and lag to the citations.

    Both days are of publication where both patents have one, else both are ``known_from``: a lag never mixes the two.
    """
    days = patents.select("id", "known_from", "publication_date")
    edges = citations.select("citing_id", "cited_id")
    for side in ("citing", "cited"):
        names = {"id": f"{side}_id", "known_from": f"{side}_known", "publication_date": f"{side}_published"}
        edges = edges.join(days.rename(names), on=f"{side}_id", how="left", maintain_order="left")
    published = pl.col("citing_published").is_not_null() & pl.col("cited_published").is_not_null()
    return edges.with_columns(
        citing_day=pl.when(published).then("citing_published").otherwise("citing_known"),
        cited_day=pl.when(published).then("cited_published").otherwise("cited_known"),
    ).with_columns(lag_years=(pl.col("citing_day") - pl.col("cited_day")).dt.total_days() / DAYS_PER_YEAR)


def _classes(patents: pl.DataFrame) -> pl.DataFrame:
    """Return ``id``, ``subclass`` and ``weight``: a patent's weight of 1 spread over its subclasses."""
    return (
        patents.select("id", subclass="classes", weight=1.0 / pl.col("classes").list.len())
        .filter(pl.col("subclass").list.len() > 0)
        .explode("subclass")
    )


def _diversity(edges: pl.DataFrame, classes: pl.DataFrame, *, of: str, through: str, name: str) -> pl.DataFrame:
    """Return 1 - sum of s_j^2 over the classes of the patents at the other end (``through``) of citations ``of``."""
    per_class = (
        edges.drop_nulls([of, through])
        .select(of, through)
        .join(classes, left_on=through, right_on="id", maintain_order="left_right")
        .group_by(of, "subclass", maintain_order=True)  # sums of fractions depend on their order
        .agg(pl.col("weight").sum())
    )
    total = pl.col("weight").sum()
    return (
        per_class.group_by(of, maintain_order=True)
        .agg((1.0 - (pl.col("weight") / total).pow(2).sum()).clip(0.0, 1.0).alias(name), n=total.round(6))
        .with_columns(
            pl.when(pl.col("n") > 1).then(pl.col(name) * pl.col("n") / (pl.col("n") - 1)).alias(f"{name}_corrected")
        )
        .drop("n")
    )


def _with_forward_citations(found: pl.DataFrame, edges: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """Add the number of citations received, in all and within the windows.

    A patent that nobody cites has 0 only where the corpus could know: a patent whose citations are listed is later than
    it (for a window: later than the window's end). Else it is null.
    """
    received = edges.drop_nulls("cited_id")
    counts = received.group_by("cited_id", maintain_order=True).agg(
        pl.len().cast(pl.Int32).alias("forward_citations"),
        pl.col("lag_years").mean().alias("forward_lag_years"),
        *[
            (pl.col("citing_day") <= pl.col("cited_day").dt.offset_by(f"{years}y"))
            .sum()
            .cast(pl.Int32)
            .alias(f"forward_citations_{years}y")
            for years in WINDOWS
        ],
    )
    last_known, last_published = edges["citing_known"].max(), edges["citing_published"].max()
    if as_of is not None:  # the corpus has been watched up to that day
        last_known = last_published = as_of
    by_publication = pl.col("publication_date").is_not_null() & pl.lit(last_published is not None)
    start = pl.when(by_publication).then("publication_date").otherwise("known_from")
    end = pl.when(by_publication).then(pl.lit(last_published, pl.Date)).otherwise(pl.lit(last_known, pl.Date))
    found = found.join(counts, left_on="id", right_on="cited_id", how="left", maintain_order="left")
    return found.with_columns(
        pl.coalesce("forward_citations", pl.when(pl.col("known_from") < pl.lit(last_known, pl.Date)).then(0)),
        *[
            pl.when(start.dt.offset_by(f"{years}y") <= end)
            .then(pl.col(f"forward_citations_{years}y").fill_null(0))
            .alias(f"forward_citations_{years}y")
            for years in WINDOWS
        ],
    )


def _percentile(column: str, cohort: list[str]) -> pl.Expr:
    """Return the share (0 to 100) of the other-than-null cohort with less, ties counted half; null outside a cohort."""
    value = pl.col(column)
    below = (value.rank("average") - 0.5) / value.count() * 100.0
    inside = value.is_not_null()
    for name in cohort:
        inside = inside & pl.col(name).is_not_null()
    return pl.when(inside).then(below.over(cohort))
