"""Stored ratings: kept as given, found by an identifier nobody can guess, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, insert, literal, not_, or_, select, update
from sqlalchemy.engine import Row

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import InputError, NotFoundError
from ktop.store.audit import tell
from ktop.store.replica import content_of, replica_of
from ktop.store.tables import companies, organisations, ratings
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One stored answer. ``inputs`` suffices to compute ``results`` again with the model versions they name.

    ``of_itself``: whether it is on the organisation's own firm, None where that was not asked.
    """

    id: str
    created: datetime
    as_of: date
    kind: str
    subject: str
    inputs: Mapping[str, Any]
    results: Sequence[Mapping[str, Any]]
    subject_key: str | None = None
    made_by: str | None = None
    company: str | None = None
    technology: str | None = None
    title: str = ""
    note: str = ""
    archived: bool = False
    of_itself: bool | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RatedRecord:
    """The record that one rating of a company was given on."""

    as_of: date
    firm: str
    record: dict[str, Any]


#: Inputs of a company's answers that are counted for the public or watched.
_BRIEF_INPUTS = ("business_suspended", "default_record_3y", "sales_krw_t0")
#: Rows that are read at a time where all are gone through.
_ROWS_AT_ONCE = 200


def in_brief(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what lists and counts read of models' answers, in the same form.

    That is the model, its scores and grades, industry, region and English name of whom it is, and a few inputs. An
    answer that names no model is left out.
    """
    return [_answer_in_brief(result) for result in results if "model" in result]


def _answer_in_brief(result: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {
        part: {name: result[part][name] for name in names if name in result.get(part, {})}
        for part, names in (("model", ("name", "version")), ("subject", ("industry_group", "region", "name_en")))
    }
    inputs = [
        {"name": entry["name"], "value": entry.get("value")}
        for entry in result.get("inputs", ())
        if entry["name"] in _BRIEF_INPUTS
    ]
    figures = {part: dict(result.get(part, {})) for part in ("scores", "grades")}
    return {**chosen, **figures, "inputs": inputs}


@dataclass(frozen=True, slots=True)
class ListedRating:
    """A stored answer as a list needs it; ``results`` in brief, see ``in_brief``."""

    id: str
    created: datetime
    as_of: date
    kind: str
    subject: str
    title: str
    note: str
    archived: bool
    results: Sequence[Mapping[str, Any]]


#: What never changes of a stored answer, and is long; and the rest.
_CONTENT = (ratings.c.inputs, ratings.c.results)
_KEPT = [field.name for field in fields(RatingRow) if field.name != "of_itself"]
_KNOWN = [ratings.c[name] for name in _KEPT if name not in ("inputs", "results")]
_LISTED = [field.name for field in fields(ListedRating) if field.name != "results"]


class RatingRepository:
    """The stored ratings of an actor's organisation, within one transaction; see ``ktop.store.unit_of_work``."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(
        self,
        *,
        kind: str,
        subject: str,
        as_of: date,
        inputs: Mapping[str, Any],
        results: Sequence[Mapping[str, Any]],
        subject_key: str | None = None,
        company: str | None = None,
        technology: str | None = None,
    ) -> RatingRow:
        """Store one answer and return it with its new identifier (128 random bits, hexadecimal).

        ``subject_key`` finds all ratings of one company again: ``business_number:…``, else ``company_id:…``, None for
        what has neither. ``company`` and ``technology`` are what the organisation keeps and this is a rating of.
        """
        row = RatingRow(
            id=new_id(),
            created=datetime.now(UTC),
            as_of=as_of,
            kind=kind,
            subject=subject[:200],
            inputs=dict(inputs),
            results=[dict(result) for result in results],
            subject_key=subject_key,
            made_by=self._actor.user,
            company=company,
            technology=technology,
        )
        values = {name: getattr(row, name) for name in _KEPT}
        values |= {"tenant": self._actor.organisation, "brief": in_brief(row.results)}
        self._connection.execute(insert(ratings), values)
        models = [dict(result["model"]) for result in row.results if "model" in result]
        tell(self._connection, self._actor, row.created, "rating.made", row.id, {"kind": kind, "models": models})
        return row

    def get(self, rating_id: str, *, of_itself: bool = False) -> RatingRow:
        """Return one stored answer; raises ``NotFoundError`` where there is none of that identifier.

        ``of_itself`` asks for one of the organisation's own firm; raises ``InputError`` where it is another's.
        """
        query = self._own().where(ratings.c.id == rating_id)
        apart = replica_of(self._connection) is not None
        asked = (query.with_only_columns(*_KNOWN) if apart else query).add_columns(self._own_firm().label("of_itself"))
        found = self._connection.execute(asked).one_or_none()
        if found is None:
            raise NotFoundError("store.rating_not_found")
        if of_itself and not found.of_itself:
            raise InputError("store.rating_of_another")
        if not apart:
            return replace(_row(found), of_itself=found.of_itself)
        tenant = self._actor.organisation
        content = content_of(self._connection, self._actor, tenant, rating_id, *_CONTENT)
        if content is None:
            raise NotFoundError("store.rating_not_found")
        inputs, results = content
        return RatingRow(**found._mapping, inputs=inputs, results=results)

    def recent(self, limit: int = 20) -> list[RatingRow]:
        """Return the newest answers first, ``limit`` at most."""
        query = self._own().order_by(ratings.c.created.desc(), ratings.c.id).limit(limit)
        return [_row(found) for found in self._connection.execute(query)]

    def records(self) -> Iterator[RatedRecord]:
        """Give the record of every rating of a company that has a business number, firm by firm and oldest first."""
        query = (
            self._own()
            .where(ratings.c.subject_key.startswith("business_number:"))
            .order_by(ratings.c.subject_key, ratings.c.created, ratings.c.id)
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        for found in self._connection.execute(query):
            if isinstance(found.inputs.get("record"), dict):
                yield RatedRecord(found.as_of, found.subject_key, found.inputs["record"])

    def found(
        self,
        *,
        search: str = "",
        kind: str | None = None,
        archived: bool | None = False,
        of_itself: bool = False,
        company: str | None = None,
        subject_key: str | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[ListedRating]:
        """Return answers, newest first, whose subject (its English name as well), title or note holds ``search``.

        ``before`` is where a page ends.
        ``archived`` chooses between those that were put away and the others (None: both). ``of_itself`` asks for those
        of the organisation's own firm, ``company`` for those of one kept company, found by its ``subject_key`` as well.
        """
        query = self._own_listed() if archived is None else self._own_listed().where(ratings.c.archived == archived)
        if of_itself:
            query = query.where(self._own_firm())
        if company is not None:
            same = ratings.c.company == company
            query = query.where(same if subject_key is None else or_(same, ratings.c.subject_key == subject_key))
        if search:
            name_en = ratings.c.brief[(0, "subject", "name_en")].as_string()
            of = (ratings.c.subject, ratings.c.title, ratings.c.note, name_en)
            query = query.where(or_(*(column.icontains(search, autoescape=True) for column in of)))
        if kind:
            query = query.where(ratings.c.kind == kind)
        if before:
            created, rating_id = before
            earlier = and_(ratings.c.created == created, ratings.c.id < rating_id)
            query = query.where(or_(ratings.c.created < created, earlier))
        query = query.order_by(ratings.c.created.desc(), ratings.c.id.desc()).limit(limit)
        return [_listed(row) for row in self._connection.execute(query)]

    def earlier(self, rating_id: str, until: date | None = None) -> RatingRow | None:
        """Return the last answer on the same company or technology made before this one, None where there is none.

        ``until`` asks for the last one as of that day or before. Raises ``NotFoundError`` as ``get`` does.
        """
        row = self.get(rating_id)
        of_technology = row.kind == "technology"
        known = ("technology",) if of_technology else ("company", "subject_key")
        same = [ratings.c[name] == getattr(row, name) for name in known if getattr(row, name) is not None]
        if not same:
            return None
        before = or_(ratings.c.created < row.created, and_(ratings.c.created == row.created, ratings.c.id < row.id))
        kinds = ("technology",) if of_technology else ("company", "both")
        query = self._own().where(or_(*same), before, ratings.c.kind.in_(kinds))
        if until is not None:
            query = query.where(ratings.c.as_of <= until)
        query = query.order_by(ratings.c.created.desc(), ratings.c.id.desc()).limit(1)
        found = self._connection.execute(query).one_or_none()
        return None if found is None else _row(found)

    def newest_of(self, keys: Mapping[str, str | None]) -> dict[str, ListedRating]:
        """Return the newest answer of each kept company that has any; ``keys`` is company → its subject key."""
        if not keys:
            return {}
        known = {key: company for company, key in keys.items() if key is not None}
        query = select(ratings.c.id, ratings.c.company, ratings.c.subject_key).where(
            ratings.c.tenant == self._actor.organisation,
            or_(ratings.c.company.in_(keys), ratings.c.subject_key.in_(known)),
        )
        newest: dict[str, str] = {}
        for row in self._connection.execute(query.order_by(ratings.c.created.desc(), ratings.c.id.desc())):
            company = row.company if row.company in keys else known.get(row.subject_key)
            if company is not None:
                newest.setdefault(company, row.id)
        found = self._connection.execute(self._own_listed().where(ratings.c.id.in_(newest.values())))
        rows = {row.id: _listed(row) for row in found}
        return {company: rows[rating_id] for company, rating_id in newest.items()}

    def describe(self, rating_id: str, *, title: str, note: str, archived: bool) -> RatingRow:
        """Say what an organisation calls an answer, what it notes on it and whether it is put away.

        Raises ``NotFoundError`` where there is none of that identifier.
        """
        row = self.get(rating_id)
        own = and_(ratings.c.tenant == self._actor.organisation, ratings.c.id == rating_id)
        self._connection.execute(update(ratings).where(own).values(title=title, note=note, archived=archived))
        tell(self._connection, self._actor, datetime.now(UTC), "rating.described", rating_id, {"archived": archived})
        return replace(row, title=title, note=note, archived=archived)

    def _own(self) -> Select[Any]:
        """Return the query that every other one is made of: the actor's organisation and no other."""
        return select(ratings).where(ratings.c.tenant == self._actor.organisation)

    def _own_listed(self) -> Select[Any]:
        """Return the same as lists show it: not what is long."""
        columns = [ratings.c[name] for name in _LISTED]
        return select(*columns, ratings.c.brief).where(ratings.c.tenant == self._actor.organisation)

    def _own_firm(self) -> ColumnElement[bool]:
        """Return the condition for ratings of the actor's own firm; while nobody gave its business number, those that
        name no firm by one.
        """
        it = literal(self._actor.organisation)
        numbered = exists().where(organisations.c.id == it, organisations.c.business_number.is_not(None))
        return or_(is_of_itself(it), and_(not_(numbered.correlate(ratings)), _unnumbered()))


def is_of_itself(company: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition for ratings of a company itself: what it tried with others' records concerns nobody.

    A rating is of the company by the business number in its record, by the company it keeps under that number where the
    record names none, or because it is of a technology alone.
    """
    named = select(organisations.c.business_number).where(organisations.c.id == company)
    number = named.correlate(ratings).scalar_subquery()
    own = select(companies.c.id).where(companies.c.tenant == company, companies.c.business_number == number)
    own = own.correlate(ratings)
    return or_(
        ratings.c.kind == "technology",
        ratings.c.subject_key == "business_number:" + number,
        and_(_unnumbered(), ratings.c.company.in_(own)),
    )


def _unnumbered() -> ColumnElement[bool]:
    return or_(ratings.c.subject_key.is_(None), not_(ratings.c.subject_key.startswith("business_number:")))


def _row(found: Row[Any]) -> RatingRow:
    return RatingRow(**{name: getattr(found, name) for name in _KEPT})


def _listed(found: Row[Any]) -> ListedRating:
    return ListedRating(**{name: getattr(found, name) for name in _LISTED}, results=found.brief)
