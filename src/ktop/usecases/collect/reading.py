"""Reads kept answers anew and shows a collection as it stands; also reads what a person writes instead of a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from ktop.collect.answer import Answer
from ktop.collect.collecting import SourceReport
from ktop.collect.merging import Choice, gather
from ktop.collect.parsing import Kept, identify, states
from ktop.collect.value import Plain
from ktop.domain.values.count import Count
from ktop.domain.values.day import DAY
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import RefusedValueError, ValueKind
from ktop.domain.values.money import Money
from ktop.domain.values.region import REGION
from ktop.domain.values.text import TEXT
from ktop.domain.values.yes_no import YES_NO
from ktop.kernel.clock import today
from ktop.store.collection import AnswerRow, ChoiceRow, CollectionRow
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.collect.coverage import coverage_of
from ktop.usecases.collect.interface import CollectedAnswer, CompanyCollection, Validated

#: Values that a person may give where no source states one.
CORRECTABLE = frozenset({"name", "name_en", "industry", "region", "founded", "credit.business_suspended"})
_AMOUNT: ValueKind[Any] = Money(-1e15, 1e15, worded=True)
_COUNT: ValueKind[Any] = Count(0, 10_000_000)
_KINDS: Mapping[str, ValueKind[Any]] = {
    "industry": INDUSTRY,
    "region": REGION,
    "founded": DAY,
    "credit.business_suspended": YES_NO,
}
#: Last part of a path → kind of the value; amounts of statements are all the rest of those.
_LAST: Mapping[str, ValueKind[Any]] = {
    **dict.fromkeys(("year_end", "filed", "registered", "ended", "start", "end", "issued", "expires"), DAY),
    **dict.fromkeys(("total", "claims", "cited_by", "cites"), _COUNT),
}


def answers_of(unit: UnitOfWork, collection_id: str) -> list[Kept]:
    """Return the answers of a collection with their contents."""
    return [kept_of(unit, row) for row in unit.collections.answers(collection_id)]


def kept_of(unit: UnitOfWork, row: AnswerRow) -> Kept:
    """Return one answer with its content."""
    content = unit.documents.content(row.document)
    answer = Answer(
        row.source,
        row.operation,
        row.asked,
        row.at,
        row.outcome,  # type: ignore[arg-type]
        row.detail,
        content,
        retry_at=row.retry_at,
    )
    return Kept(row.id, answer)


def answer_of(row: AnswerRow) -> CollectedAnswer:
    """Return one answer without its content."""
    return CollectedAnswer(row.id, row.source, row.operation, row.outcome, row.detail, row.at, row.sha256)


def outline(row: CollectionRow) -> CompanyCollection:
    """Return a collection without its values."""
    reports = {source: _report(source, told) for source, told in row.report.items()}
    return CompanyCollection(
        row.id,
        row.business_number,
        bool(row.hints.get("made_up")),
        row.state,
        row.created,
        row.ended,
        row.job,
        row.company,
        reports,
    )


def view(row: CollectionRow, kept: Sequence[Kept], choices: Sequence[ChoiceRow]) -> CompanyCollection:
    """Return a collection with what is made of its answers and of what people said."""
    found = outline(row)
    if row.state != "done":
        return found
    identity, notices = identify(
        row.business_number, kept, tuple(row.hints.get("names", ())), row.hints.get("corporate_number")
    )
    stated, told = states(kept, identity)
    said = [_choice(choice) for choice in choices]
    accepted = bool(row.hints.get("accept_names"))
    gathered = gather(row.business_number, stated, said, accept_names=accepted)
    listed = tuple(
        CollectedAnswer(
            one.id,
            one.answer.source,
            one.answer.operation,
            one.answer.outcome,
            one.answer.detail,
            one.answer.at,
            one.answer.sha256,
        )
        for one in kept
    )
    return CompanyCollection(
        found.id,
        found.business_number,
        found.made_up,
        found.state,
        found.created,
        found.ended,
        found.job,
        found.company,
        found.reports,
        gathered,
        (*notices, *told),
        listed,
        coverage_of(gathered.record, today()),
    )


def proved(row: CollectionRow, kept: Sequence[Kept]) -> Mapping[str, Any]:
    """Return the record that answers give of a business number alone.

    Nothing that people said counts: a firm could give another's corporate number, or take its projects for its own.
    """
    identity, _ = identify(row.business_number, kept)
    stated, _ = states(kept, identity)
    return gather(row.business_number, stated).record


def validated(row: CollectionRow) -> Validated | None:
    """Return what the tax service said of the registration, None where it was not asked."""
    told = row.hints.get("validated")
    return None if told is None else Validated(**{**told, "at": datetime.fromisoformat(told["at"])})


def entry_of(path: str) -> str:
    """Return the path of the list entry that a value belongs to."""
    return ".".join(path.split(".")[:2])


def read_value(path: str, given: str) -> Plain | None:
    """Return what a person wrote as a value of its kind, None for one that is not known; raises ``InputError``."""
    last = path.split(".")[-1]
    kind = _KINDS.get(path) or _LAST.get(last) or (_AMOUNT if path.startswith("statements.") else TEXT)
    try:
        found: Plain | None = kind.parse(given)
    except RefusedValueError as refusal:
        raise refusal.at(path) from None
    return found


def plain_report(report: SourceReport) -> dict[str, Any]:
    """Return a report as it is stored."""
    told = asdict(report)
    told["retry_at"] = None if report.retry_at is None else report.retry_at.isoformat()
    told["failures"] = [list(failure) for failure in report.failures]
    return told


def _report(source: str, told: Mapping[str, Any]) -> SourceReport:
    later = told.get("retry_at")
    return SourceReport(
        source,
        told["outcome"],
        told["calls"],
        told["reused"],
        tuple((operation, outcome, detail) for operation, outcome, detail in told["failures"]),
        datetime.fromisoformat(later) if later else None,
    )


def _choice(row: ChoiceRow) -> Choice:
    return Choice(
        row.path,
        _typed(row.path, row.value),
        _typed(row.path, row.against),
        row.corrected,
        row.reason,
        row.made_by,
        row.at,
    )


def _typed(path: str, value: Any) -> Any:
    """Return a stored value in the type that parsers give."""
    days = _KINDS.get(path) is DAY or _LAST.get(path.split(".")[-1]) is DAY
    return date.fromisoformat(value) if days and isinstance(value, str) else value
