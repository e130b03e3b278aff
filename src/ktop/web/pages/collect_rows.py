"""What the pages of collected companies and of sources show, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.collect.collecting import SourceReport
from ktop.collect.merging import Merged
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.values.region import regions
from ktop.report import labels, numbers
from ktop.usecases.collect.interface import CompanyChange, CompanyCollection, SourceState

_TONES = {
    "found": "good",
    "partly": "warn",
    "no_data": "",
    "not_asked": "",
    "not_permitted": "warn",
    "quota": "warn",
    "broken": "bad",
}
_STATE_TONES = {"differs": "warn", "unit": "bad", "changed": "bad", "confirmed": "good", "corrected": "good"}
_SHOWN_ORGANISATIONS = 10
#: Notices of changes on one page, entries of one notice, and how often a company may be collected again.
SHOWN_CHANGES, _SHOWN_CHANGED, EVERY_DAYS = 10, 8, (7, 30, 90)
#: Lists that the page shows an entry a row, each with these fields.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "ip": ("number", "title", "status", "filed", "registered", "ended", "claims", "cited_by", "cites"),
    "rnd_projects": ("title", "start", "end", "funding"),
    "certifications": ("kind", "issued", "expires"),
}


def change_row(change: CompanyChange, lang: Lang) -> dict[str, Any]:
    """Return a change as pages show it, an entry a row."""
    rows = [
        {
            "label": label_of(one["path"], lang) if not _is_entry(one) else label_of(one["path"].split(".")[0], lang),
            "before": _changed(one["path"], one["before"], lang),
            "now": _changed(one["path"], one["now"], lang),
            "source": _source_name(one["source"], lang),
        }
        for one in change.changes[:_SHOWN_CHANGED]
    ]
    title = text(
        "collect.change_title",
        lang,
        number=written_number(change.business_number),
        found=numbers.moment(change.found, lang),
    )
    return {
        "id": change.id,
        "title": title,
        "collection": change.collection,
        "rows": rows,
        "more": max(0, len(change.changes) - len(rows)),
    }


def _is_entry(one: Mapping[str, Any]) -> bool:
    return isinstance(one["before"] or one["now"], Mapping)


def _changed(path: str, value: Any, lang: Lang) -> str:
    """Return a value before or after a change; a new entry of a list by its title, else what of it has changed."""
    if value is None:
        return "–"
    if not isinstance(value, Mapping):
        return _value(path, value, lang)
    if value.get("title"):
        return f"{value['title']} ({value['number']})" if value.get("number") else str(value["title"])
    at = {f"{path}.{name}": one for name, one in value.items()}
    return ", ".join(f"{label_of(name, lang)} {_value(name, one, lang)}" for name, one in at.items())


def validated_line(found: CompanyCollection, lang: Lang) -> tuple[str, str] | None:
    """Return what the tax service said in words, and its tone."""
    told = found.validated
    if told is None:
        return None
    at = numbers.moment(told.at, lang)
    if told.right is None:
        return text(
            "collect.validation_unknown", lang, outcome=text(f"collect.outcome_{told.outcome}", lang), at=at
        ), "warn"
    return text(
        f"collect.validation_{'right' if told.right else 'wrong'}", lang, at=at
    ), "good" if told.right else "bad"


def left_out_of(found: CompanyCollection) -> Mapping[str, Any]:
    return {} if found.gathered is None else found.gathered.left_out


def names_of(found: CompanyCollection, lang: Lang) -> list[str]:
    """Return the company's names, the one of the page's language first; its number where none is known."""
    known = {name: str(found.record.get(name) or "") for name in ("name", "name_en")}
    ordered = (known["name_en"], known["name"]) if lang == "en" else (known["name"], known["name_en"])
    number = written_number(found.business_number)
    return [name for name in ordered if name and name != found.business_number] or [number]


def written_number(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _source_name(source: str, lang: Lang) -> str:
    if source == "user":
        return text("collect.by_user", lang)
    return str(load("sources")["sources"][source]["name"][lang])


def _outcome(report: SourceReport) -> str:
    """Return how asking a source went: ``partly`` where it answered and something did not come."""
    return "partly" if report.outcome == "found" and report.failures else report.outcome


def report_row(found: CompanyCollection, source: str, lang: Lang) -> dict[str, Any]:
    report = found.reports[source]
    codes = sorted({f"{operation} {detail}".strip() for operation, _, detail in report.failures if operation or detail})
    feeds = load("sources")["sources"][source]["feeds"]
    share = report.outcome == "quota" and any(detail == "share" for _, _, detail in report.failures)
    return {
        "name": _source_name(source, lang),
        "outcome": text(f"collect.outcome_{'share' if share else _outcome(report)}", lang),
        "tone": _TONES[_outcome(report)],
        "calls": f"{report.calls + report.reused:,}",
        "missing": "" if report.outcome == "found" else ", ".join(label_of(path, lang) for path in feeds),
        "codes": ", ".join(codes)[:200],
        "retry": numbers.moment(report.retry_at, lang) if report.retry_at else "",
    }


def label_of(path: str, lang: Lang) -> str:
    """Return a path in words, with the year or day in it."""
    fields = load("company")["fields"]
    steps = path.split(".")
    if path in fields:
        return str(fields[path]["label"][lang])
    if len(steps) == 3 and f"{steps[0]}.{steps[2]}" in fields:
        label = fields[f"{steps[0]}.{steps[2]}"]["label"][lang]
        return f"{label} ({steps[1]})" if steps[0] in ("statements", "staff") else str(label)
    return path


def _value(path: str, value: Any, lang: Lang) -> str:
    """Return a value as people read it."""
    last = path.split(".")[-1]
    if value is None:
        return numbers.missing(lang)
    if isinstance(value, bool):
        return text("collect.yes" if value else "collect.no", lang)
    if isinstance(value, date):
        return numbers.day(value, lang)
    if path.startswith("statements."):
        return f"{value:,.0f}"
    if path == "region" and value in regions():
        return regions()[value][lang]
    choice = {"status": "ip_status", "kind": "certification" if path.startswith("cert") else "ip_kind"}.get(last, last)
    words = load("company")["values"].get(choice, {}).get(value) if isinstance(value, str) else None
    return str(words[lang]) if words else str(value)


def _row(path: str, merged: Merged, lang: Lang) -> dict[str, Any]:
    choice = merged.choice
    return {
        "path": path,
        "label": label_of(path, lang),
        "value": _value(path, merged.value, lang),
        "amount": path.startswith("statements.") and not path.endswith("year_end"),
        "source": _source_name(merged.source, lang),
        "on": numbers.day(merged.on, lang) if merged.on else "",
        "state": merged.state,
        "state_words": text(f"collect.value_{merged.state}", lang),
        "tone": _STATE_TONES.get(merged.state, ""),
        "answer": merged.stated[0].answer if merged.stated else "",
        "reason": choice.reason if choice is not None else "",
        "stated": [
            {
                "source": _source_name(one.source, lang),
                "value": _value(path, one.value.value, lang),
                "on": numbers.day(one.value.on, lang) if one.value.on else "",
                "answer": one.answer,
            }
            for one in merged.stated
        ],
        "shown_beside": merged.state not in ("agreed", "confirmed")
        or len({str(o.value.value) for o in merged.stated}) > 1,
        "to_decide": merged.state in ("differs", "unit", "changed"),
    }


def record_sections(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    """Return the values that stand a row each: the company itself, its statements and its people."""
    made = []
    for name in ("company", "statements", "staff"):
        own = [
            _row(path, merged, lang)
            for path, merged in sorted(found.values.items(), key=_place)
            if path != "business_number"
            and (path.split(".")[0] if "." in path and not path.startswith("credit.") else "company") == name
        ]
        if own:
            made.append({"title": text(f"collect.section_{name}", lang), "name": name, "rows": own})
    return made


def _place(value: tuple[str, Merged]) -> tuple[str, int, int]:
    """Return where a value stands on the page: the newest year or day first, in it as a company's form has them."""
    steps, fields = value[0].split("."), list(load("company")["fields"])
    listed = len(steps) == 3
    field = f"{steps[0]}.{steps[2]}" if listed else value[0]
    newest = int("".join(sign for sign in steps[1] if sign.isdigit()) or 0) if listed else 0
    return steps[0] if listed else "", -newest, fields.index(field) if field in fields else len(fields)


def entry_tables(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    """Return the lists of the record, an entry a row."""
    made = []
    for name, columns in _LISTS.items():
        entries: dict[str, dict[str, Merged]] = {}
        for path, merged in found.values.items():
            steps = path.split(".")
            if steps[0] == name and len(steps) == 3:
                entries.setdefault(steps[1], {})[steps[2]] = merged
        if not entries:
            continue
        rows = [_entry(f"{name}.{key}", fields, columns, lang) for key, fields in sorted(entries.items(), reverse=True)]
        made.append(
            {
                "title": f"{label_of(name, lang)} ({len(rows):,})",
                "columns": [label_of(f"{name}.{column}", lang) for column in columns],
                "rows": rows,
                "entries": [(row["path"], row["title"]) for row in rows],
                "fields": [(column, label_of(f"{name}.{column}", lang)) for column in columns],
            }
        )
    return made


def _entry(path: str, fields: Mapping[str, Merged], columns: tuple[str, ...], lang: Lang) -> dict[str, Any]:
    """Return an entry of a list; a cell that another answer states than the rest leads to that one."""
    answers = [merged.stated[0].answer for merged in fields.values() if merged.stated]
    first = max(answers, key=answers.count, default="")
    cells = []
    for column in columns:
        merged = fields.get(column)
        stated = merged.stated[0].answer if merged is not None and merged.stated else ""
        value = _value(f"{path}.{column}", merged.value if merged is not None else None, lang)
        cells.append({"value": value, "answer": stated if stated != first else ""})
    shown = [str(fields[name].value) for name in ("number", "title", "issued", "start") if name in fields]
    title = " · ".join(shown[:2]) or path.split(".")[1]
    reason = next((one.choice.reason for one in fields.values() if one.choice and one.choice.reason), "")
    return {
        "path": path,
        "title": title,
        "reason": reason,
        "cells": cells,
        "source": _source_name(next(iter(fields.values())).source, lang),
        "answer": first,
    }


def question_rows(found: CompanyCollection, lang: Lang) -> list[dict[str, str]]:
    """Return what was found by name alone, an entry each."""
    entries: dict[str, dict[str, Any]] = {}
    for one in found.questions:
        steps = one.value.path.split(".")
        entry = entries.setdefault(".".join(steps[:2]), {"source": one.source, "answer": one.answer, "list": steps[0]})
        entry[steps[2]] = one.value.value
    return [
        {
            "path": path,
            "kind": _kind(entry, lang),
            "title": str(entry.get("title") or entry.get("number") or path),
            "when": _value("", entry.get("start") or entry.get("filed") or entry.get("issued"), lang),
            "source": _source_name(entry["source"], lang),
            "answer": entry["answer"],
        }
        for path, entry in entries.items()
    ]


def _kind(entry: Mapping[str, Any], lang: Lang) -> str:
    """Return what an entry is: a patent, a design, a certificate of its kind, or an entry of its list."""
    kind = f"{entry['list']}.kind"
    return _value(kind, entry["kind"], lang) if "kind" in entry else label_of(entry["list"], lang)


def coverage_rows(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    return [
        {
            "model": labels.word("model", model, lang),
            "known": sum(not one.missing for one in found.coverage if one.model == model),
            "of": sum(one.model == model for one in found.coverage),
            "lacking": [
                (one.label[lang], ", ".join(FACTS[name].label[lang] for name in one.missing))
                for one in found.coverage
                if one.model == model and one.missing
            ],
        }
        for model in dict.fromkeys(one.model for one in found.coverage)
    ]


def source_row(state: SourceState, lang: Lang) -> dict[str, Any]:
    if not state.has_key:
        words, tone = text("collect.source_no_key", lang), ""
    elif state.rests_until is not None:
        until = numbers.moment(state.rests_until, lang)
        words, tone = text(f"collect.source_{state.why}", lang, until=until), "bad"
    else:
        words, tone = text("collect.source_ready", lang), "good"
    return {
        "source": state.source,
        "name": _source_name(state.source, lang),
        "address": state.address,
        "words": words,
        "tone": tone,
        "has_key": state.has_key,
        "used": [
            text(f"collect.quota_of_{period.split(' ')[0]}", lang, used=f"{used:,}", most=f"{most:,}")
            for period, (used, most) in state.used.items()
        ],
        "organisations": [
            f"{one.name[lang]} {one.calls:,}"
            for one in state.organisations[:_SHOWN_ORGANISATIONS]
            if one.organisation != LOCAL_OWNER.organisation  # without accounts there is nobody to tell apart
        ],
        "outcomes": [
            {
                "words": text(f"collect.outcome_{outcome}", lang),
                "count": f"{count:,}",
                "last": numbers.moment(last, lang),
                "detail": detail,
            }
            for outcome, (count, last, detail) in state.outcomes.items()
        ],
    }


def room_words(lang: Lang) -> Any:
    def say(key: str, **params: object) -> str:
        return text(f"collect.{key}", lang, **params)

    return say
