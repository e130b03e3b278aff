"""Ranked proposals as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers
from ktop.report.charts import Table

_TRAITS = ("core", "originality", "value", "spillover")


def proposals_table(rows: Sequence[Mapping[str, Any]], lang: Lang) -> Table:
    """Return the table of ranked proposals: rank, proposal, score and grade, traits, ocean, nearest patent, remarks."""
    columns = ("rank", "proposal_id", "score", "grade", *_TRAITS, "ocean", "nearest_patent")
    names = [text(f"originality.rank_{name}", lang) for name in columns] + [text("report.remark", lang)]
    return Table(text("report.proposals", lang), tuple(names), tuple(_row(row, lang) for row in rows))


def _row(row: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    remarks = []
    if row["duplicate_of"] is not None:
        similarity = f"{row['duplicate_similarity']:.2f}"
        remarks.append(text("report.proposal_repeats", lang, proposal=row["duplicate_of"], similarity=similarity))
    if row["repeats_patent"] is not None:
        remarks.append(text("report.proposal_copies", lang, patent_id=row["repeats_patent"]))
    if row["caution"] is not None:
        remarks.append(str(row["caution"]))
    if row["problem"] is not None:
        remarks.append(str(row["problem"]))
    nearest = "" if row["nearest_patent"] is None else f"{row['nearest_patent']} ({row['nearest_similarity']:.2f})"
    return (
        "–" if row["rank"] is None else str(row["rank"]),
        " ".join(str(part) for part in (row["proposal_id"], row["title"]) if part),
        _score(row["score"], lang),
        str(row["grade"] or "–"),
        *(_score(row[name], lang) for name in _TRAITS),
        "–" if row["ocean"] is None else labels.word("ocean", row["ocean"], lang),
        nearest,
        " ".join(remarks),
    )


def _score(value: float | None, lang: Lang) -> str:
    """Return a score; why there is none is said once, by the remark."""
    return "–" if value is None else numbers.score(value, lang)
