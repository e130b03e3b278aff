"""What guarantor and bank see of a case's rating: by the company's consent, for as long as it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from ktop.catalogue import LANGS, load, text
from ktop.domain.finance.case import Case
from ktop.domain.finance.process import Side, process
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import ONE_RATING, Consent, Sight, Terms, may_see
from ktop.domain.party.permission import Allowed
from ktop.kernel.clock import today
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.consent.service import give_in, revoke_in

_PURPOSES: Mapping[Side, str] = {"guarantor": "guarantee_review", "bank": "loan_review"}
#: Applications of one company that are looked over for one that still needs a consent.
_MOST = 1000
_RULE = "rule:case-ended-1"


def let_see(unit: UnitOfWork, case: Case) -> None:
    """Let guarantor and bank see the rating that the application stands on, unless they may already."""
    day = today()
    for purpose, organisation in ((_PURPOSES["guarantor"], case.guarantor), (_PURPOSES["bank"], case.bank)):
        result = ONE_RATING + case.application.rating
        held = [one for one in unit.consents.active_with(organisation) if result in one.terms.results]
        if any(one.terms.purpose == purpose and day <= one.terms.valid_until for one in held):
            continue
        until = day + timedelta(days=load("consent")["default_days"])
        terms = Terms(purpose, frozenset({result}), frozenset(case.application.inputs), frozenset(), day, until)
        give_in(unit, organisation, terms, "")


def sides_seeing(unit: UnitOfWork, case: Case, side: Side) -> frozenset[Side]:
    """Return the side itself where the company lets it see the rating now; nobody ends that before this unit ends."""
    if side not in _PURPOSES:
        return frozenset()
    return frozenset((side,) if covered(unit.consents.covering(case.company, once=False), case) else ())


def covered(given: Sequence[Consent], case: Case) -> bool:
    """Whether one of some consents shows the rating that a case stands on today."""
    rating, day = case.application.rating, today()
    return any(
        ONE_RATING + rating in one.terms.results and isinstance(may_see(one, Sight("", rating), day), Allowed)
        for one in given
    )


def end_sight(unit: UnitOfWork, case: Case) -> None:
    """End the consents that a case gave, which ended without a contract, unless another case still needs one.

    A consent that came with a result that was sent stays: it is for that.
    """
    result = frozenset({ONE_RATING + case.application.rating})
    going_on = [name for name, state in process().states.items() if state.waits_for and name != "draft"]
    why = " / ".join(text("finance.consent_served", lang) for lang in LANGS)
    with unit.for_company(case.company) as company:
        own = replace(company, actor=Actor(_RULE, case.company))
        others = [
            one
            for one in own.cases.newest(states=going_on, limit=_MOST)
            if one.id != case.id and one.application.rating == case.application.rating
        ]
        partners: Mapping[Side, str] = {"guarantor": case.guarantor, "bank": case.bank}
        for side, partner in partners.items():
            if any(one.side_of(partner) == side for one in others):
                continue
            for given in own.consents.active_with(partner):
                of_case = given.terms.purpose == _PURPOSES[side] and given.terms.results == result
                if of_case and not own.transmissions.needs(given.id):
                    revoke_in(own, given.id, why)
