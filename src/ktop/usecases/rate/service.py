"""Keeps what the models answered, and looks at it again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.rating.rating import Rating
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, clean_digits
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.models.compare import compare
from ktop.models.growth_paths import growth_path
from ktop.models.originality import compare as compare_technologies
from ktop.models.registry import ModelRegistry
from ktop.store.portfolio import CompanyRow
from ktop.store.ratings import ListedRating, RatingRow
from ktop.store.unit_of_work import Store
from ktop.usecases.companies.interface import Companies
from ktop.usecases.rate.interface import KeptResult, Kind, StoredRating
from ktop.usecases.rate.recompute import RatingJson, recompute_file, recompute_ratings
from ktop.usecases.technologies.interface import RatedAgain, Technologies

_LONGEST_TITLE, _LONGEST_NOTE = 200, 2000
#: What JSON types are neither lists nor objects.
_LEAVES = (str, int, float, type(None))
#: Where each model's headline stands.
_HEADLINES = {
    "tech-index": ("scores", "index"),
    "ktrs-fm": ("grades", "business"),
    "start-up": ("grades", "business"),
    "global-expansion": ("scores", "expansion"),
    "originality": ("grades", "originality"),
}


class RatingService:
    """See ``ktop.usecases.rate.interface.Ratings``.

    The database and what rates technologies are opened when they are first needed: ``store`` and ``technologies``.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        models: ModelRegistry,
        companies: Companies,
        technologies: Callable[[], Technologies],
    ) -> None:
        self._store, self._registry, self._companies, self._technologies = store, models, companies, technologies

    def rate_company(
        self, actor: Actor, record: Mapping[str, Any], as_of: date | None, company: str | None = None
    ) -> StoredRating:
        require(actor, "own:rating:make")
        day = as_of or today()
        found = self._companies.rate_by_fitting_models(actor, record, day)
        return self._keep(actor, "company", day, found.ratings, found.failures, record=record, company=company)

    def rate_technology(
        self, actor: Actor, text: str, as_of: date | None, technology: str | None = None
    ) -> StoredRating:
        require(actor, "own:rating:make")
        day = as_of or today()
        rated = [self._technologies().rate_summary(actor, text, day)]
        return self._keep(actor, "technology", day, rated, text=text, technology=technology)

    def rate_both(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        text: str,
        as_of: date | None,
        company: str | None = None,
        technology: str | None = None,
    ) -> StoredRating:
        require(actor, "own:rating:make")
        day = as_of or today()
        found = self._companies.rate_by_fitting_models(actor, record, day)
        ratings = [*found.ratings, self._technologies().rate_summary(actor, text, day)]
        return self._keep(actor, "both", day, ratings, found.failures, record, text, company, technology)

    def keep(
        self,
        actor: Actor,
        ratings: Sequence[Rating],
        *,
        record: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> StoredRating:
        require(actor, "own:rating:make")
        kind: Kind = "both" if record is not None and text is not None else "company" if text is None else "technology"
        return self._keep(actor, kind, ratings[0].as_of, ratings, record=record, text=text)

    def rating(self, actor: Actor, rating_id: str, *, of_itself: bool = False) -> StoredRating:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            return _stored(unit.ratings.get(rating_id, of_itself=of_itself))

    def results(
        self,
        actor: Actor,
        *,
        search: str = "",
        kind: Kind | None = None,
        archived: bool | None = False,
        of_itself: bool = False,
        company: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptResult]:
        require(actor, "own:rating:read")
        rows = rows_asked(limit)
        behind: Any = read_cursor(after, datetime, str) if after else None
        with self._store().reading(actor) as unit:
            found = unit.ratings.found(
                search=search.strip(),
                kind=kind,
                archived=archived,
                of_itself=of_itself,
                company=company,
                subject_key=None if company is None else _key_of(unit.portfolio.company(company)),
                before=behind,
                limit=rows + 1,
            )
        return page_of([_as_listed(row) for row in found], rows, lambda result: (result.created, result.id))

    def result(self, actor: Actor, rating_id: str) -> KeptResult:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            return _as_listed(unit.ratings.get(rating_id))

    def newest_results(self, actor: Actor, companies: Collection[str]) -> Mapping[str, KeptResult]:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            keys = {one.id: _key_of(one) for one in unit.portfolio.companies(companies)}
            return {one: _as_listed(row) for one, row in unit.ratings.newest_of(keys).items()}

    def earlier(self, actor: Actor, rating_id: str, until: date | None = None) -> StoredRating | None:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            row = unit.ratings.earlier(rating_id, until)
        return None if row is None else _stored(row)

    def describe(self, actor: Actor, rating_id: str, *, title: str, note: str, archived: bool) -> KeptResult:
        require(actor, "own:rating:edit")
        if len(title) > _LONGEST_TITLE or len(note) > _LONGEST_NOTE:
            raise InputError("kept.too_long", title=_LONGEST_TITLE, note=_LONGEST_NOTE)
        with self._store().unit(actor) as unit:
            return _as_listed(
                unit.ratings.describe(rating_id, title=title.strip(), note=note.strip(), archived=archived)
            )

    def what_if(self, actor: Actor, rating_id: str, changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:make")
        kept = self.rating(actor, rating_id)
        if kept.record is None:
            raise InputError("platform.no_company_to_change")
        names = [r["model"]["name"] for r in kept.ratings if r["model"]["name"] != "originality"]
        changed = self._companies.rate_changed(actor, kept.record, kept.as_of, changes, names)
        return [rating.to_json() for rating in changed]

    def paths(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:read")
        kept = self.rating(actor, rating_id)
        if kept.record is None:
            return ()
        graded = {one["model"]["name"]: one["model"]["version"] for one in kept.ratings if "business" in one["grades"]}
        return self._companies.grade_paths(actor, kept.record, kept.as_of, graded)

    def growth_paths(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:read")
        found = [growth_path(one, self._registry) for one in self.rating(actor, rating_id).ratings]
        return [path for path in found if path is not None]

    def suggestions(self, actor: Actor, rating_id: str) -> Mapping[str, Any]:
        require(actor, "own:rating:read")
        kept = self.rating(actor, rating_id)
        if kept.text is None:
            raise InputError("platform.no_technology_to_suggest_for")
        return self._technologies().suggest_terms(actor, kept.text, kept.as_of)

    def compare(self, actor: Actor, a_id: str, b_id: str) -> Mapping[str, Any]:
        require(actor, "own:rating:read")
        a, b = self.rating(actor, a_id), self.rating(actor, b_id)
        first = {rating["model"]["name"]: rating for rating in a.ratings}
        second = {rating["model"]["name"]: rating for rating in b.ratings}
        if not first.keys() & second.keys():
            raise InputError("platform.nothing_to_compare")
        gaps: dict[str, Any] = {}
        technologies: Mapping[str, Any] | None = None
        for name in first:
            if name in second:
                if name == "originality":
                    technologies = compare_technologies(first[name], second[name])
                for score, parts in compare(first[name], second[name])["gaps"].items():
                    gaps[f"{name}:{score}" if score in gaps else score] = parts
        return {"a": a, "b": b, "gaps": gaps, "technologies": technologies}

    def recompute(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:read")
        return recompute_ratings(self.rating(actor, rating_id).ratings, self._registry, self._technology_again(actor))

    def recompute_file(self, actor: Actor, path: Path, *, corpus: Path | None = None) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:rating:read")
        return recompute_file(path, self._registry, self._technology_again(actor, corpus))

    def _technology_again(self, actor: Actor, corpus: Path | None = None) -> Callable[[RatingJson], RatedAgain]:
        return lambda stored: self._technologies().rate_again(actor, stored, corpus=corpus)

    def _keep(
        self,
        actor: Actor,
        kind: Kind,
        day: date,
        ratings: Sequence[Rating],
        failures: Mapping[str, Mapping[str, str]] | None = None,
        record: Mapping[str, Any] | None = None,
        text: str | None = None,
        company: str | None = None,
        technology: str | None = None,
    ) -> StoredRating:
        results = [rating.to_json() for rating in ratings]
        name = (record or {}).get("name") or results[0]["subject"].get("title") or results[0]["subject"].get("name")
        with self._store().unit(actor) as unit:
            made = unit.repeats.made_before("rating.made")  # by a process that died before it answered
            if made is not None:
                return _stored(unit.ratings.get(made))
            row = unit.ratings.add(
                kind=kind,
                subject=str(name or ""),
                as_of=day,
                inputs={"record": plain_record(record), "text": text, "failures": dict(failures or {})},
                results=results,
                subject_key=_subject_key(record or {}),
                company=company,
                technology=technology,
            )
        return _stored(row)


def _subject_key(record: Mapping[str, Any]) -> str | None:
    """Return what all ratings of one company are found by: its business number, else the id it is known by here."""
    number = BUSINESS_NUMBER.parse(record.get("business_number"))  # zeros only fill the place: strangers share them
    if number is not None:
        return f"business_number:{clean_digits(number)}"
    known_as = str(record.get("company_id") or "").strip()
    return f"company_id:{known_as[:100]}" if known_as else None


def _key_of(company: CompanyRow) -> str | None:
    """Return what the ratings of a kept company are found by besides its identifier, see ``_subject_key``."""
    return _subject_key({"business_number": company.business_number, "company_id": company.company_id})


def plain_record(value: Any) -> Any:
    """Return a value in JSON types: YAML reads dates as dates."""
    if isinstance(value, _LEAVES):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_record(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_record(entry) for entry in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _as_listed(row: RatingRow | ListedRating) -> KeptResult:
    kind: Any = row.kind
    figures, name_en = {}, None
    for result in row.results:
        name_en = name_en or (result.get("subject") or {}).get("name_en")
        name = result["model"]["name"]
        if name in _HEADLINES:
            part, headline = _HEADLINES[name]
            figures[name] = result.get(part, {}).get(headline)
    about = (row.created, row.as_of, row.subject, row.title, row.note, row.archived)
    return KeptResult(row.id, kind, *about, figures, name_en)


def _stored(row: RatingRow) -> StoredRating:
    kind: Any = row.kind
    return StoredRating(
        id=row.id,
        kind=kind,
        created=row.created,
        as_of=row.as_of,
        ratings=row.results,
        record=row.inputs.get("record"),
        text=row.inputs.get("text"),
        failures=row.inputs.get("failures") or {},
        company=row.company,
        technology=row.technology,
        of_itself=row.of_itself,
    )
