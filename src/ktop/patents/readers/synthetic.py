"""Reads records that say they are made up, as those of the demo corpus do."""

from __future__ import annotations

from datetime import date
from typing import Any

from ktop.domain.patent.document import Patent, PatentCitation

SOURCE = "synthetic-demo"
STATUS = "가상 데이터 (synthetic)"


def as_patent(record: dict[str, Any]) -> Patent:
    """Return one record as the house's patent; its source and status say that it is made up."""
    published = date.fromisoformat(record["published"])
    return Patent(
        id=record["id"],
        title=record["title"],
        abstract=record["abstract"],
        kind=record["id"][-2:],
        application=record["application"],
        family=record["family"],
        filing_date=date.fromisoformat(record["filed"]),
        publication_date=published,
        grant_date=published if record["granted"] else None,
        claims_count=record["claims"],
        ipc=tuple(record["ipc"]),
        applicants=tuple(record["applicants"]),
        cited_patents=tuple(PatentCitation(number, "examiner") for number in record["cites"]),
        status=STATUS,
        language=record["language"],
        source=SOURCE,
    )
