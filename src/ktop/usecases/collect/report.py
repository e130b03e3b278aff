"""A collection as JSON, the same on the command line and in the API."""

from __future__ import annotations

import dataclasses
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.usecases.collect.interface import CompanyCollection


def as_json(found: CompanyCollection, lang: Lang) -> dict[str, Any]:
    """Return the collection as JSON: the record, where every value comes from, and what is missing and why."""
    values = [
        {
            "path": path,
            "value": _plain(merged.value),
            "state": merged.state,
            "source": merged.source,
            "date": _plain(merged.on),
            "stated": [
                {
                    "source": one.source,
                    "value": _plain(one.value.value),
                    "date": _plain(one.value.on),
                    "at": one.at.isoformat(),
                    "answer": one.answer,
                }
                for one in merged.stated
            ],
        }
        for path, merged in found.values.items()
    ]
    sources = [
        {
            "source": source,
            "outcome": report.outcome,
            "calls": report.calls,
            "reused": report.reused,
            "failures": [dict(zip(("operation", "outcome", "detail"), f, strict=True)) for f in report.failures],
            "retry_at": report.retry_at.isoformat() if report.retry_at else None,
        }
        for source, report in found.reports.items()
    ]
    return {
        "collection": found.id,
        "business_number": found.business_number,
        "made_up": found.made_up,
        "record": found.record,
        "values": values,
        "sources": sources,
        "missing": [
            {"source": source, "why": report.outcome, "would_give": load("sources")["sources"][source]["feeds"]}
            for source, report in found.reports.items()
            if report.outcome != "found"
        ],
        "coverage": [dataclasses.asdict(one) for one in found.coverage],
        "notices": [{"key": n.key, "text": text(n.key, lang, **n.params)} for n in found.notices],
        "by_name_alone": sorted({".".join(one.value.path.split(".")[:2]) for one in found.questions}),
        "left_out": [
            {"path": path, "why": text(key, lang, **params)}
            for path, (key, params) in (found.gathered.left_out.items() if found.gathered else ())
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
