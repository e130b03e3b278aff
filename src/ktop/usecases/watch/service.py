"""Keeps institutions' portfolios: what consents show of their firms, and what is told by the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.finance.watch import Limits, Standing, check_limits, concentration, exceeded, migration, signs
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.consent import Consent, models_shown
from ktop.domain.party.permission import require, require_any
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, KtopError, NotFoundError
from ktop.store.access_ledger import Seen
from ktop.store.granted_results import GrantedStanding
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.store.watch import WatchedRow
from ktop.usecases.consent.interface import PartyCard
from ktop.usecases.consent.service import business_number_of, named, party_card
from ktop.usecases.lookup.opening import holding
from ktop.usecases.rate.interface import Ratings
from ktop.usecases.watch.interface import Watched, WatchedFirm

#: How a look at the portfolio stands in the ledger.
WAY = "watch"
#: Firms of one portfolio.
MOST = 5000
#: Firms looked at in one tick of the clock, and how long until each is due again.
_AT_ONCE, _AGAIN = 20, timedelta(days=1)
_PURPOSE = "monitoring"


class WatchService:
    """See ``ktop.usecases.watch.interface.Watch``. ``ratings`` is opened when a firm is rated again."""

    def __init__(self, store: Callable[[], Store], ratings: Callable[[], Ratings]) -> None:
        self._store, self._ratings = store, ratings

    def add(self, actor: Actor, business_number: str) -> PartyCard:
        require(actor, "granted:result:read")
        number = business_number_of(business_number)
        with self._store().unit(actor) as unit:
            company = unit.consents.company_by_number(number)
            if company is None or not holding(unit, unit.consents.covering(company.id, once=False)):
                raise NotFoundError("lookup.nothing")
            _add(unit, [company.id])
        return party_card(company)

    def add_all(self, actor: Actor) -> int:
        require(actor, "granted:result:read")
        with self._store().unit(actor) as unit:
            return _add(unit, [consent.company for consent in _holding(unit)])

    def remove(self, actor: Actor, company: str) -> None:
        require(actor, "granted:result:read")
        with self._store().unit(actor) as unit:
            if not unit.watch.remove(company):
                raise NotFoundError("watch.not_watched")
            unit.tell("watch.removed", company, {})

    def watched(self, actor: Actor, since: date | None = None) -> Watched:
        require(actor, "granted:result:read")
        day = today()
        then = since or day - timedelta(days=load("watch")["limits"]["since_days"])
        if then >= day:
            raise InputError("watch.since_past")
        with self._store().unit(actor) as unit:
            rows = unit.watch.all()
            firms = _firms(unit, rows, day, _end_of(then))
            _note(unit, firms, day)
            limits = _limits(unit)
        seen = [firm for firm in firms if firm.covered]
        industries = concentration(firm.now.industry if firm.now else "" for firm in seen)
        regions = concentration(firm.now.region if firm.now else "" for firm in seen)
        return Watched(
            since=then,
            firms=firms,
            migration=migration((firm.before, firm.now) for firm in seen),
            industries=industries,
            regions=regions,
            limits=limits,
            exceeded=exceeded(limits, industries, regions),
        )

    def limits(self, actor: Actor) -> Limits:
        require_any(actor, "granted:result:read", "own:rule:manage")
        with self._store().reading(actor) as unit:
            return _limits(unit)

    def set_limits(self, actor: Actor, limits: Limits) -> None:
        require(actor, "own:rule:manage")
        check_limits(limits)
        with self._store().unit(actor) as unit:
            made = unit.institution_rules.add("portfolio", asdict(limits))
            unit.tell("watch.limits_set", actor.organisation, {"version": made.version})

    def warned(self, actor: Actor) -> int:
        require(actor, "granted:result:read")
        with self._store().reading(actor) as unit:
            return sum(bool(row.told) for row in unit.watch.all())

    def tend(self, actor: Actor, now: datetime | None = None) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        now = now or datetime.now(UTC)
        with self._store().installation() as work:
            due = work.watch_clock.claim(now, now + _AGAIN, _AT_ONCE)
        for row in due:
            try:
                self._look(row, now)
            except KtopError:
                continue  # the firm or the institution takes part no more: it is looked at again tomorrow
        return len(due)

    def _look(self, row: WatchedRow, now: datetime) -> None:
        """Rate a firm again where that is due, and tell its institution of early warnings that it was not told of."""
        limits = load("watch")["limits"]
        actor = Actor(INSTALLATION.user, row.tenant, frozenset())
        with self._store().unit(actor) as unit:  # not a reading: the consents are held while they are read
            newest = unit.granted_results.standings([row.company]).get(row.company)
            agreed = any(one.terms.purpose == _PURPOSE for one in _holding(unit, row.company))
        if agreed and newest is not None and now - newest.created > timedelta(days=limits["again_days"]):
            self._rate_again(row.company)
        with self._store().unit(actor) as unit:
            before = max(row.added, now - timedelta(days=limits["since_days"]))
            (firm,) = _firms(unit, [row], today(), before)
            told = list(firm.signs)
            if told == list(row.told):
                return
            unit.watch.tell(row.company, told)
            fresh = [sign for sign in told if sign not in row.told]
            if fresh:
                _note(unit, [firm], today())
                unit.tell("watch.warned", row.company, {"signs": fresh})

    def _rate_again(self, company: str) -> None:
        """Rate a firm again by the record that it keeps of itself; without one it is left as it is."""
        owner = Actor(INSTALLATION.user, company, frozenset({"company_owner"}))
        with self._store().unit(owner) as unit:
            number = unit.consents.party(company).business_number
            kept = None if number is None else unit.portfolio.company_known_as(number, None)
            records = {} if kept is None else unit.portfolio.newest_records([kept.id])
        if kept is not None and kept.id in records:
            self._ratings().rate_company(owner, records[kept.id][1], today(), kept.id)


def _limits(unit: UnitOfWork) -> Limits:
    found = unit.institution_rules.newest("portfolio")
    return Limits() if found is None else Limits(**found.rule)


def _add(unit: UnitOfWork, companies: Sequence[str]) -> int:
    if len({*companies, *(row.company for row in unit.watch.all())}) > MOST:
        raise ConflictError("watch.full", most=MOST)
    added = unit.watch.add(companies)
    if added:
        unit.tell("watch.added", unit.actor.organisation, {"firms": added})
    return added


def _holding(unit: UnitOfWork, company: str | None = None) -> list[Consent]:
    """Return the consents of one firm, or of all, for the institution that hold today."""
    day = today()
    given = unit.consents.covering_all() if company is None else unit.consents.covering(company, once=False)
    return [one for one in given if one.terms.valid_from <= day <= one.terms.valid_until]


def _firms(unit: UnitOfWork, rows: Sequence[WatchedRow], day: date, then: datetime) -> list[WatchedFirm]:
    consents: defaultdict[str, list[Consent]] = defaultdict(list)
    for consent in _holding(unit, rows[0].company if len(rows) == 1 else None):
        consents[consent.company].append(consent)
    covered = [row.company for row in rows if row.company in consents]
    now, before = unit.granted_results.standings(covered), unit.granted_results.standings(covered, then)
    parties = unit.consents.names([row.company for row in rows])
    firms = []
    for row in rows:
        company, given = named(parties, row.company), consents.get(row.company, [])
        if not given:
            firms.append(WatchedFirm(company, row.added, covered=False))
            continue
        consent = max(given, key=lambda one: (_shows(one, now.get(row.company), day), one.terms.valid_until))
        standing = _standing(consent, now.get(row.company), day)
        former = _standing(consent, before.get(row.company), day)
        until = max(one.terms.valid_until for one in given)
        firms.append(
            WatchedFirm(
                company,
                row.added,
                covered=True,
                before=former,
                now=standing,
                signs=signs(former, standing, day, until),
                consent=consent.id,
                purpose=consent.terms.purpose,
                until=until,
            )
        )
    return firms


def _shows(consent: Consent, found: GrantedStanding | None, day: date) -> tuple[int, int]:
    """Return how much a consent shows of a firm's newest result: models, then groups of inputs."""
    return len(_models(consent, found, day)) if found else 0, len(consent.terms.inputs)


def _models(consent: Consent, found: GrantedStanding, day: date) -> list[str]:
    return models_shown(consent, [one.model for one in found.answers], found.id, None, day)


def _standing(consent: Consent, found: GrantedStanding | None, day: date) -> Standing | None:
    """Return what a consent shows of a result, None where nothing."""
    if found is None:
        return None
    models = _models(consent, found, day)
    answers = [one for one in found.answers if one.model in models]
    if not answers:
        return None
    inputs = consent.terms.inputs
    graded = next((one.grades for one in answers if one.grades.get("business")), {})
    return Standing(
        rating=found.id,
        as_of=found.as_of,
        **{name: graded.get(name) or "" for name in ("business", "growth", "risk")},
        index_score=next((one.index_score for one in answers if one.index_score is not None), None),
        industry=(found.industry or "") if "derived" in inputs else "",
        region=(found.region or "") if "identity" in inputs else "",
        models=tuple(models),
        closed=found.closed if FACTS["business_suspended"].group in inputs else None,
    )


def _note(unit: UnitOfWork, firms: Sequence[WatchedFirm], day: date) -> None:
    """Note in the firms' ledgers what is shown of them, once a day for each result and reader."""
    noted = unit.ledger.noted(WAY, datetime.combine(day, time()).astimezone())
    now, seen = datetime.now(UTC), []
    for firm in firms:
        for standing in {one.rating: one for one in (firm.before, firm.now) if one is not None}.values():
            if (firm.consent, standing.rating) in noted:
                continue
            told_of = {"derived": standing.industry, "identity": standing.region}
            groups = [name for name, value in told_of.items() if value]
            if standing.closed is not None:
                groups = sorted({*groups, FACTS["business_suspended"].group})
            shown = {"models": list(standing.models), "inputs": groups}
            seen.append(Seen(firm.company.id, now, firm.consent, standing.rating, shown, firm.purpose, WAY))
    unit.ledger.add(*seen)
    if seen:
        unit.tell("watch.seen", unit.actor.organisation, {"results": len(seen)}, sorted({one.company for one in seen}))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time()).astimezone()
