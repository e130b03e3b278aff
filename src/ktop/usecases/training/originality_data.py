"""Patents of a corpus with what was known of them on their filing day and what followed: to learn and to judge by."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.catalogue import Lang, text
from ktop.domain.patent.document import Patent
from ktop.domain.technology.neighbourhood import day_number, day_of
from ktop.domain.technology.summary import Technology
from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import DAMAGE
from ktop.models.originality.definitions import measures, rules, version
from ktop.models.originality.measures import measure_values
from ktop.models.originality.reference import FEWEST_EARLIER, choose_sample
from ktop.models.originality.weighing import fields_of
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.forward_outcomes import forward_outcomes
from ktop.training.originality.outcomes import forward_figures
from ktop.usecases.corpora.neighbourhood import patent_technology, whole_text_neighbourhood

FILE = "originality-training.parquet"
SEED = 20241103
#: Patents drawn by chance unless asked otherwise, and how many cited ones are added to them at most.
PATENTS = 5_000
MOST_CITED = 1_000
#: Fewest patents, after the first ones that have too few earlier patents to be measured against.
FEWEST_PATENTS = 100
#: Columns that are no measures. ``citing_days``: filing days of later citing patents of other families, ascending.
FACTS = (
    "id",
    "day",
    "year",
    "family",
    "applicant",
    "language",
    "field",
    "chars",
    "neighbours",
    "drawn",
    "weight",
    "citing_days",
    "reuse",
    "follow",
    "spread_fields",
    "spread_applicants",
)


def training_table(
    folder: Path, patents: int = PATENTS, *, lang: Lang = "ko", progress: Progress = silent
) -> pl.DataFrame:
    """Return patents with measures as of their own filing day and what followed; made once per corpus version.

    ``patents`` of them are drawn evenly over time; patents that later ones of other families cite are added (all, or as
    many, at most ``MOST_CITED``, drawn by chance), because they may be few. ``weight`` is what a row stands for in the
    corpus. The table lies beside the index and is made anew for another version of corpus or model, or another number.

    Raises ``InputError("originality.too_few_patents")`` for a corpus too small to learn from.
    """
    index = PatentIndex(folder)
    stamp = f"{version()} {index.version} {patents}"
    path = folder / FILE
    if path.is_file():
        with contextlib.suppress(*DAMAGE):  # a damaged one is made anew, too
            kept = pl.read_parquet(path, glob=False)
            if "stamp" in kept.columns and kept.height and kept["stamp"][0] == stamp:
                return kept.drop("stamp")
    found = _rows(index, folder, patents, lang, progress)
    names = [measure.name for measure in measures()]
    schema: dict[str, Any] = {
        **dict.fromkeys(FACTS, pl.Float64),
        "id": pl.String,
        "family": pl.String,
        "applicant": pl.String,
        "language": pl.String,
        "field": pl.String,
        **dict.fromkeys(("day", "year", "chars", "neighbours"), pl.Int64),
        "drawn": pl.Boolean,
        "citing_days": pl.List(pl.Int64),
        **dict.fromkeys(names, pl.Float64),
    }
    frame = pl.DataFrame(found, schema=schema, orient="row")
    with atomic_path(path) as beside:
        frame.with_columns(stamp=pl.lit(stamp)).write_parquet(beside, compression="zstd")
    return frame


def _rows(index: PatentIndex, folder: Path, patents: int, lang: Lang, progress: Progress) -> list[dict[str, Any]]:
    corpus = Corpus.open(folder)
    days = np.asarray(index.tables.day)
    citing = later_citations(corpus)
    chosen, drawn, weight = _sample(index, days, citing, patents)
    ids = [index.patent_id(int(doc)) for doc in chosen]
    records = corpus.get(ids)
    label = text("cli.step_originality_data", lang)
    rows = []
    for number, patent_id in enumerate(ids):
        progress(number, len(ids), label)
        patent = records[patent_id]
        technology = patent_technology(patent)
        if technology is None:
            continue
        row = _row(index, patent, technology)
        if row is not None:
            row |= {"drawn": bool(drawn[number]), "weight": float(weight[number])}
            rows.append(row | {"citing_days": citing.get(patent_id, [])})
    return rows


def _row(index: PatentIndex, patent: Patent, technology: Technology) -> dict[str, Any] | None:
    found = whole_text_neighbourhood(index, technology, (patent.id,))
    if not found.size:
        return None
    learning = rules("learning")
    later = forward_outcomes(index, technology, learning["years"], (patent.id,), learning["neighbours"])
    fields = fields_of(found)
    weights = fields.weights(found.similarity)
    own = patent.subclasses[0] if patent.subclasses else None
    nearest = fields.names[int(np.argmax(weights))] if len(weights) else None
    return {
        "id": patent.id,
        "day": day_number(technology.as_of),
        "year": technology.as_of.year,
        "family": patent.family or patent.id,
        "applicant": applicant_key(patent.applicants),
        "language": technology.language,
        "field": own or nearest,
        "chars": len(technology.text),
        "neighbours": found.size,
        **_nothing_for_nan(forward_figures(later)),
        **_nothing_for_nan(measure_values(found)),
    }


def _nothing_for_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in values.items()}


#: Legal forms that make one applicant look like two.
_LEGAL_FORMS = frozenset(
    ("inc", "llc", "corp", "corporation", "ltd", "limited", "co", "company", "lp", "plc", "gmbh", "ag", "sa", "kk")
) | {"주식회사", "유한회사"}


def applicant_key(applicants: Sequence[str]) -> str | None:
    """Return the first applicant in a form that spellings share: lower case, no punctuation, no legal form."""
    for name in applicants:
        plain = "".join(c if c.isalnum() or c.isspace() else " " for c in name.casefold().replace("(주)", " "))
        words = [word for word in plain.split() if word not in _LEGAL_FORMS]
        if words:
            return " ".join(words)
    return None


def later_citations(corpus: Corpus) -> dict[str, list[int]]:
    """Return for each cited patent the filing days of later patents of other families that cite it, ascending."""
    with corpus.reading():
        facts = corpus.patents().select("id", "family", day=pl.col("known_from")).drop_nulls("day").collect()
    links = (
        resolved_citations(corpus)
        .drop_nulls(["citing_id", "cited_id"])
        .select("citing_id", "cited_id")
        .join(facts.rename({"id": "citing_id", "family": "citing_family", "day": "citing_day"}), on="citing_id")
        .join(facts.rename({"id": "cited_id"}), on="cited_id")
        .filter(
            (pl.col("citing_day") > pl.col("day"))
            # two patents of no known family are two families
            & (pl.col("family").is_null() | pl.col("citing_family").ne_missing(pl.col("family")))
        )
    )
    days = links.with_columns(number=(pl.col("citing_day") - pl.date(1970, 1, 1)).dt.total_days())
    grouped = days.sort("number").group_by("cited_id", maintain_order=True).agg("number")
    return dict(grouped.iter_rows())


def _sample(
    index: PatentIndex, days: npt.NDArray[Any], citing: Mapping[str, Sequence[int]], patents: int
) -> tuple[Integers, Booleans, Floats]:
    """Return documents in the order of their days, which of them were drawn by chance, and what each stands for."""
    docs = index.tables.dated_docs()
    population = docs[np.argsort(days[docs], kind="stable")][FEWEST_EARLIER:]
    if len(population) < FEWEST_PATENTS:
        raise InputError("originality.too_few_patents", fewest=FEWEST_EARLIER + FEWEST_PATENTS)
    random = docs[choose_sample(days[docs], patents, SEED)]
    cited = np.intersect1d(index.docs_of(sorted(citing)), population)
    added = cited
    most = min(MOST_CITED, patents)
    if len(cited) > most:
        added = np.sort(np.random.default_rng(SEED).choice(cited, most, replace=False))
    chosen = np.union1d(random, added)
    chosen = chosen[np.argsort(days[chosen], kind="stable")]
    year = np.array([day_of(int(day)).year for day in days[chosen]])
    years_of_all = np.array([day_of(int(day)).year for day in days[population]])
    events, events_of_all = np.isin(chosen, cited), np.isin(population, cited)
    weight = np.ones(len(chosen))
    for one in np.unique(year):
        for event in (False, True):
            mine = (year == one) & (events == event)
            whole = np.count_nonzero((years_of_all == one) & (events_of_all == event))
            if mine.any():
                weight[mine] = whole / np.count_nonzero(mine)
    return chosen, np.isin(chosen, random), weight
