"""Keeps companies and technologies, and rates them so that the ratings point to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import plain_text
from ktop.domain.party.permission import require
from ktop.domain.technology.summary import titled
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.errors import InputError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.portfolio import CompanyRow, RecordRow, TechnologyRow
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.companies.interface import Companies
from ktop.usecases.portfolio.interface import KeptCompany, KeptRecord, KeptTechnology
from ktop.usecases.rate.interface import Ratings, StoredRating
from ktop.usecases.rate.service import plain_record

_LONGEST_TITLE, _LONGEST_NOTE, _LONGEST_TEXT = 200, 2_000, 20_000


class PortfolioService:
    """See ``ktop.usecases.portfolio.interface.Portfolio``."""

    def __init__(self, store: Callable[[], Store], companies: Companies, ratings: Callable[[], Ratings]) -> None:
        self._store, self._companies, self._ratings = store, companies, ratings

    def kept_companies(
        self,
        actor: Actor,
        *,
        search: str = "",
        archived: bool = False,
        only_drafts: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptCompany]:
        require(actor, "own:company:read")
        rows, before, asked = rows_asked(limit), _before(after), search.strip()[:_LONGEST_TITLE]
        with self._store().reading(actor) as unit:
            found = unit.portfolio.find_companies(asked, archived, before, rows + 1, only_drafts=only_drafts)
        return page_of([_company(row) for row in found], rows, lambda one: (one.changed, one.id))

    def drafts_among(self, actor: Actor, kept_ids: Collection[str]) -> Collection[str]:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            return unit.portfolio.drafts_among(kept_ids)

    def kept_company(self, actor: Actor, kept_id: str) -> KeptCompany:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            return _company(unit.portfolio.company(kept_id))

    def records_of(self, actor: Actor, kept_id: str) -> Sequence[KeptRecord]:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            unit.portfolio.company(kept_id)
            return [_record(row) for row in unit.portfolio.records(kept_id)]

    def save_company(self, actor: Actor, record: Mapping[str, Any], kept_id: str | None = None) -> KeptCompany:
        require(actor, "own:company:edit")
        self._companies.facts_of_record(actor, record, None)  # refuses what is wrong
        return self._save(actor, record, kept_id, draft=False)

    def save_draft(self, actor: Actor, record: Mapping[str, Any], kept_id: str | None = None) -> KeptCompany:
        require(actor, "own:company:edit")
        return self._save(actor, record, kept_id, draft=True)

    def drop_draft(self, actor: Actor, kept_id: str) -> None:
        require(actor, "own:company:edit")
        with self._store().unit(actor) as unit:
            kept = unit.portfolio.company(kept_id, to_change=True)
            unit.portfolio.drop_draft(kept.id)
            unit.tell("company.draft_dropped", kept.id, {})

    def edit_company(
        self,
        actor: Actor,
        kept_id: str,
        version: int,
        *,
        name: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> KeptCompany:
        require(actor, "own:company:edit")
        said = _edits(title=name, note=note, archived=archived)
        if "title" in said:
            said["name"] = said.pop("title")
        with self._store().unit(actor) as unit:
            found = replace(unit.portfolio.company(kept_id, to_change=True), version=version)
            if said.get("name", found.name) != found.name:  # the record's English name is of its former one
                said["name_en"] = None
            kept = unit.portfolio.change_company(replace(found, **said))
            unit.tell("company.edited", kept.id, {"archived": kept.archived})
            return _company(kept)

    def rate_kept_company(
        self, actor: Actor, kept_id: str, as_of: date | None, technology: str | None = None
    ) -> StoredRating:
        require(actor, "own:rating:make")
        text = None if technology is None else self.kept_technology(actor, technology).text
        versions = [record for record in self.records_of(actor, kept_id) if not record.draft]
        if not versions:
            raise InputError("portfolio.only_a_draft")
        if text is not None:
            return self._ratings().rate_both(actor, versions[0].record, text, as_of, kept_id, technology)
        return self._ratings().rate_company(actor, versions[0].record, as_of, kept_id)

    def kept_technologies(
        self,
        actor: Actor,
        *,
        search: str = "",
        archived: bool = False,
        company: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptTechnology]:
        require(actor, "own:technology:read")
        rows, before = rows_asked(limit), _before(after)
        with self._store().reading(actor) as unit:
            asked = search.strip()[:_LONGEST_TITLE]
            found = unit.portfolio.find_technologies(asked, archived, company, before, rows + 1)
        return page_of([_technology(row) for row in found], rows, lambda one: (one.changed, one.id))

    def kept_technology(self, actor: Actor, kept_id: str) -> KeptTechnology:
        require(actor, "own:technology:read")
        with self._store().reading(actor) as unit:
            return _technology(unit.portfolio.technology(kept_id))

    def save_technology(self, actor: Actor, title: str, text: str, company: str | None = None) -> KeptTechnology:
        require(actor, "own:technology:edit")
        said = _edits(title=title, text=text)
        with self._store().unit(actor) as unit:
            if company is not None:
                unit.portfolio.company(company)
            kept = unit.portfolio.add_technology(said["title"], said["text"], company)
            unit.tell("technology.saved", kept.id, {})
            return _technology(kept)

    def edit_technology(
        self,
        actor: Actor,
        kept_id: str,
        version: int,
        *,
        title: str | None = None,
        text: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> KeptTechnology:
        require(actor, "own:technology:edit")
        said = _edits(title=title, text=text, note=note, archived=archived)
        with self._store().unit(actor) as unit:
            found = replace(unit.portfolio.technology(kept_id, to_change=True), version=version)
            kept = unit.portfolio.change_technology(replace(found, **said))
            unit.tell("technology.edited", kept.id, {"archived": kept.archived})
            return _technology(kept)

    def rate_kept_technology(self, actor: Actor, kept_id: str, as_of: date | None) -> StoredRating:
        require(actor, "own:rating:make")
        kept = self.kept_technology(actor, kept_id)
        return self._ratings().rate_technology(actor, titled(kept.title, kept.text), as_of, kept_id)

    def _save(self, actor: Actor, record: Mapping[str, Any], kept_id: str | None, *, draft: bool) -> KeptCompany:
        name = plain_text(str(record.get("name") or ""))[:_LONGEST_TITLE]
        name_en = plain_text(str(record.get("name_en") or ""))[:_LONGEST_TITLE] or None
        number, known_as = _number(record), plain_text(str(record.get("company_id") or ""))[:100] or None
        with self._store().unit(actor) as unit:
            kept = _kept(unit, kept_id, number, known_as)
            if kept is None:
                kept = unit.portfolio.add_company(name or "–", number, known_as, name_en)
            elif not draft:
                kept = unit.portfolio.change_company(
                    replace(
                        kept,
                        name=name or kept.name,
                        name_en=name_en,
                        business_number=number or kept.business_number,
                        company_id=known_as or kept.company_id,
                    )
                )
            row = unit.portfolio.add_record(kept.id, plain_record(record), draft=draft)
            unit.tell("company.drafted" if draft else "company.saved", kept.id, {"number": row.number})
            return _company(kept)


def _kept(unit: UnitOfWork, kept_id: str | None, number: str | None, known_as: str | None) -> CompanyRow | None:
    """Return the company that a record is of; raises ``InputError`` where it is another's by its business number."""
    same = unit.portfolio.company_known_as(number, known_as)
    if kept_id is None:
        return same
    kept = unit.portfolio.company(kept_id, to_change=True)
    if number and kept.business_number and number != kept.business_number:
        raise InputError("portfolio.other_company")
    if number and same is not None and same.id != kept.id:
        raise InputError("portfolio.other_company")
    return kept


def _number(record: Mapping[str, Any]) -> str | None:
    try:
        return BusinessNumber.parse(str(record.get("business_number") or "")).digits
    except RefusedValueError:
        return None


def _edits(
    title: str | None = None, text: str | None = None, note: str | None = None, archived: bool | None = None
) -> dict[str, Any]:
    """Return what is to be changed, checked; what is None stays."""
    said: dict[str, Any] = {}
    for name, given, longest in (
        ("title", title, _LONGEST_TITLE),
        ("text", text, _LONGEST_TEXT),
        ("note", note, _LONGEST_NOTE),
    ):
        if given is not None:
            said[name] = plain_text(given)
            if len(said[name]) > longest:
                raise InputError("portfolio.too_long", most=longest)
            if not said[name] and name != "note":
                raise InputError("portfolio.empty")
    return said if archived is None else {**said, "archived": archived}


def _before(after: str | None) -> tuple[Any, ...] | None:
    return read_cursor(after, datetime, str) if after else None


def _company(row: CompanyRow) -> KeptCompany:
    return KeptCompany(**{field.name: getattr(row, field.name) for field in fields(row)})


def _record(row: RecordRow) -> KeptRecord:
    return KeptRecord(**{field.name: getattr(row, field.name) for field in fields(row)})


def _technology(row: TechnologyRow) -> KeptTechnology:
    return KeptTechnology(**{field.name: getattr(row, field.name) for field in fields(row)})
