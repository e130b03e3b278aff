"""What the demonstration accounts find when they first sign in: made by the use cases, as people would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ktop.catalogue import LANGS, load
from ktop.domain.finance.case import Application
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Terms
from ktop.domain.party.discovery import FINDERS, OptIn, Wanted
from ktop.kernel.clock import today
from ktop.report import labels
from ktop.report.list_file import list_xlsx
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
    company, rating = _rated(rooms, owner, number, about)
    _asked(rooms, people["bank_officer"], number, about["consent_wanted"])
    for sent in about["sent"]:
        said = {"purpose": sent["purpose"], "message": sent["message"]}
        rooms.transmissions.send(owner, rating, sent["institution"], inputs=["derived"], **said)
    _found(rooms, people, rating, about["found"])
    _applied(rooms, owner, people["guarantee_officer"], company, about)
    table = (EXAMPLES / "companies" / about["table"]).read_bytes()
    rooms.batches.give(people["agency_evaluator"], table, about["table"], as_of=about["rated"][-1])
    _called(rooms, people["agency_manager"], about["programme"])


def _rated(rooms: Rooms, owner: Actor, number: str, about: Mapping[str, Any]) -> tuple[str, str]:
    """Keep the company, rate it as of two days and return it and the newer rating."""
    given, named = about["company"], load("institutions")["company"]
    own = {name: given[name] for name in ("company_id", "industry", "region")}
    own |= {"name": named["ko"], "name_en": named["en"], "business_number": number}
    like = {name: value for name, value in example_record(given["like"]).items() if name != "corporate_number"}
    kept = rooms.portfolio.save_company(owner, like | own)
    ratings = [rooms.portfolio.rate_kept_company(owner, kept.id, day) for day in about["rated"]]
    return kept.id, ratings[-1].id


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


def _applied(rooms: Rooms, owner: Actor, officer: Actor, company: str, about: Mapping[str, Any]) -> None:
    """Lead applications to where each side has one to decide, on a rating of today: an old one does not count."""
    rated = rooms.portfolio.rate_kept_company(owner, company, today())
    facts = {one["name"]: one["value"] for rating in rated.ratings for one in rating["inputs"]}
    for one in about["applications"]:
        wish = Application(rated.id, one["purpose"], one["amount_krw"], one["months"], one["words"])
        case = rooms.finance.apply(owner, wish, **about["applied_to"])
        if one["until"] == "company":
            continue
        for kind, document in about["documents"].items():
            content = _written(load("finance")["documents"][kind]["ko"], {n: facts[n] for n in document["facts"]})
            rooms.finance.add_document(owner, case.id, kind, document["name"], content)
        rooms.finance.act(owner, case.id, "submit")
        case = rooms.finance.act(owner, case.id, "hand_in")
        if one["until"] == "bank":
            guaranteed = round(one["amount_krw"] * case.figures["share_percent"] / 100)
            terms = {"guaranteed_krw": str(guaranteed), "fee_percent": f"{case.figures['rule_fee_percent']:g}"}
            rooms.finance.act(officer, case.id, "approve_guarantee", figures=terms)


def _written(title: str, facts: Mapping[str, Any]) -> bytes:
    """Return a document of the company: a sheet of facts in both languages."""
    rows = [
        [*(labels.fact(name, lang) for lang in LANGS), labels.fact_value(name, value, "ko")]
        for name, value in facts.items()
    ]
    return list_xlsx(title, ["항목", "Item", "값 / Value"], rows)


def _called(rooms: Rooms, manager: Actor, programme: str) -> None:
    """Publish an example rule and open a call by it."""
    draft = rooms.seasons.draft(manager, example=programme)
    rule = rooms.seasons.publish(manager, draft.id, draft.version)
    last = today() + _MONTH
    rooms.seasons.open_call(manager, rule.id, opens=today(), closes=last, as_of=last, blind=False)
