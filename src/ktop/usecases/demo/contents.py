"""What the demonstration accounts find when they first sign in: made by the use cases, as people would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ktop.catalogue import load
from ktop.domain.finance.case import Application
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Terms
from ktop.domain.party.discovery import FINDERS, OptIn, Wanted
from ktop.kernel.clock import today
from ktop.usecases.batches.interface import Batches
from ktop.usecases.companies.examples import EXAMPLES, example_record
from ktop.usecases.consent.interface import Consents
from ktop.usecases.discovery.interface import Discovery
from ktop.usecases.finance.interface import Finance
from ktop.usecases.portfolio.interface import Portfolio
from ktop.usecases.seasons.interface import Seasons
from ktop.usecases.transmissions.interface import Transmissions

#: How long what is asked for or opened here goes on.
_YEAR, _MONTH = timedelta(days=365), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Rooms:
    """The use cases that the contents are made by."""

    portfolio: Portfolio
    consents: Consents
    transmissions: Transmissions
    discovery: Discovery
    finance: Finance
    batches: Batches
    seasons: Seasons


def furnish(rooms: Rooms, people: Mapping[str, Actor], number: str) -> None:
    """Give each role something to look at and something to do.

    Parameters
    ----------
    people : role → who has it.
    number : the demonstration company's business number.
    """
    about = load("demo_contents")
    owner = people["company_owner"]
    rating = _rated(rooms, owner, number, about)
    _asked(rooms, people["bank_officer"], number, about["consent_wanted"])
    for sent in about["sent"]:
        said = {"purpose": sent["purpose"], "message": sent["message"]}
        rooms.transmissions.send(owner, rating, sent["institution"], inputs=["derived"], **said)
    _found(rooms, people, rating, about["found"])
    _applied(rooms, owner, rating, about["application"])
    table = (EXAMPLES / "companies" / about["table"]).read_bytes()
    rooms.batches.give(people["agency_evaluator"], table, about["table"], as_of=about["rated"][-1])
    _called(rooms, people["agency_manager"], about["programme"])


def _rated(rooms: Rooms, owner: Actor, number: str, about: Mapping[str, Any]) -> str:
    """Keep the company, rate it as of two days and return the newer rating."""
    given, named = about["company"], load("institutions")["company"]
    own = {name: given[name] for name in ("company_id", "industry", "region")}
    own |= {"name": named["ko"], "name_en": named["en"], "business_number": number}
    like = {name: value for name, value in example_record(given["like"]).items() if name != "corporate_number"}
    kept = rooms.portfolio.save_company(owner, like | own)
    ratings = [rooms.portfolio.rate_kept_company(owner, kept.id, day) for day in about["rated"]]
    return ratings[-1].id


def _asked(rooms: Rooms, bank: Actor, number: str, wanted: Mapping[str, Any]) -> None:
    terms = Terms(
        purpose=wanted["purpose"],
        results=frozenset(wanted["results"]),
        inputs=frozenset(wanted["inputs"]),
        technologies=frozenset(),
        valid_from=today(),
        valid_until=today() + _YEAR,
    )
    rooms.consents.request(bank, number, terms, wanted["reason"])


def _found(rooms: Rooms, people: Mapping[str, Actor], rating: str, about: Mapping[str, str]) -> None:
    until = today() + _YEAR
    rooms.discovery.opt_in(
        people["company_owner"], OptIn(rating, frozenset(FINDERS), anonymous=False, words=about["words"], until=until)
    )
    for firm in rooms.discovery.search(people["investor_analyst"], Wanted(), limit=1).items:
        rooms.discovery.ask_contact(people["investor_analyst"], firm.id, about["contact"])


def _applied(rooms: Rooms, owner: Actor, rating: str, about: Mapping[str, Any]) -> None:
    wish = Application(rating, about["purpose"], about["amount_krw"], about["months"], about["words"])
    rooms.finance.apply(owner, wish, guarantor=about["guarantor"], bank=about["bank"])


def _called(rooms: Rooms, manager: Actor, programme: str) -> None:
    """Publish an example rule and open a call by it."""
    draft = rooms.seasons.draft(manager, example=programme)
    rule = rooms.seasons.publish(manager, draft.id, draft.version)
    last = today() + _MONTH
    rooms.seasons.open_call(manager, rule.id, opens=today(), closes=last, as_of=last, blind=False)
