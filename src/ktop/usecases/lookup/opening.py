"""Opens a company's result by consent: the check, the ledger entry and the event are one transaction with the read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ktop.domain.party.consent import ONE_RATING, Consent, Sight, changed, may_see, over
from ktop.domain.party.disclosure import disclosed, groups_of
from ktop.domain.party.permission import Allowed
from ktop.kernel.clock import today
from ktop.store.access_ledger import Seen
from ktop.store.granted_results import GrantedRating
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.consent.service import expire, party_card
from ktop.usecases.lookup.interface import OpenedResult, Way


def open_result(unit: UnitOfWork, rating_id: str, way: Way, consent_id: str | None = None) -> OpenedResult | None:
    """Return what the actor's institution may see of one result, None where nothing; see ``Lookups.open``."""
    for once in (False, True):
        consents = holding(unit, unit.consents.covering_rating(rating_id, once=once))
        asked = [consent for consent in consents if consent_id in (None, consent.id)]
        rating = _read(unit, rating_id, asked)
        if rating is None:
            continue
        best = max(asked, key=lambda consent: _shown(consent, rating), default=None)
        if best is not None and _shown(best, rating)[0]:
            return _open(unit, rating, best, way)
    return None


def _read(unit: UnitOfWork, rating_id: str, consents: Sequence[Consent]) -> GrantedRating | None:
    """Return the rating, of the company itself unless it sent that very one; None where no consent could cover it."""
    if not consents:
        return None
    sent = any(ONE_RATING + rating_id in consent.terms.results for consent in consents)
    return unit.granted_results.get(consents[0].company, rating_id, of_itself=not sent)


def holding(unit: UnitOfWork, consents: Sequence[Consent]) -> list[Consent]:
    """Return the consents whose last day is not over; that it is over is noted for the others."""
    holding = []
    for consent in consents:
        if over(consent, today()):
            expire(unit, consent)
        else:
            holding.append(consent)
    return holding


def covered(consent: Consent, rating: GrantedRating) -> list[dict[str, Any]]:
    """Return the models' answers of a rating that a consent covers today."""
    day = today()
    return [
        dict(result)
        for result in rating.results
        if isinstance(may_see(consent, Sight(result["model"]["name"], rating.id, rating.technology), day), Allowed)
    ]


def _shown(consent: Consent, rating: GrantedRating) -> tuple[int, int]:
    """Return how much a consent shows of a rating: models, then groups of inputs."""
    results = covered(consent, rating)
    return len(results), len(consent.terms.inputs) if results else 0


def _open(unit: UnitOfWork, rating: GrantedRating, consent: Consent, way: Way) -> OpenedResult:
    company = consent.company
    results = covered(consent, rating)
    models = [result["model"]["name"] for result in results]
    groups = frozenset().union(*(groups_of(result) for result in results))
    inputs = sorted(groups & consent.terms.inputs)
    now = datetime.now(UTC)
    unit.ledger.add(
        Seen(
            company=company,
            at=now,
            consent=consent.id,
            rating=rating.id,
            seen={"models": models, "inputs": inputs},
            purpose=consent.terms.purpose,
            way=way,
        )
    )
    unit.tell("result.seen", rating.id, {"company": company, "consent": consent.id, "models": models}, [company])
    if consent.terms.once:
        used = changed(consent, "expired", at=now, by=unit.actor.user)
        unit.consents.follow(used, "")
        unit.tell("consent.expired", consent.id, {"company": company, "grantee": consent.grantee}, [company])
    return OpenedResult(
        id=rating.id,
        company=party_card(rating.company),
        created=rating.created,
        as_of=rating.as_of,
        kind=rating.kind,
        ratings=[disclosed(result, consent.terms.inputs) for result in results],
        withheld=[result["model"]["name"] for result in rating.results if result["model"]["name"] not in models],
        inputs=inputs,
        consent=consent.id,
        purpose=consent.terms.purpose,
        used_up=consent.terms.once,
        limits=consent.terms,
    )
