"""The menu: the pages that somebody may reach, in order. A new room adds its line to ``MENU``."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from ktop.catalogue import text
from ktop.domain.party.actor import LOCAL_OWNER, VISITOR
from ktop.web.asking import actor
from ktop.web.language import language
from ktop.web.route_access import may_reach

#: Address of the page, and the key of its name.
MENU: tuple[tuple[str, str], ...] = (
    ("/companies", "web.nav_companies"),
    ("/collect", "collect.nav"),
    ("/technology", "web.nav_technology"),
    ("/batches", "web.nav_batches"),
    ("/my/companies", "wizard.my_title"),
    ("/my/results", "kept.title"),
    ("/reviews", "reviews.title"),
    ("/compare", "web.nav_compare"),
    ("/programmes", "programmes_season.nav"),
    ("/consents", "consent.nav_consents"),
    ("/ledger", "consent.nav_ledger"),
    ("/lookup", "consent.nav_lookup"),
    ("/inbox", "consent.nav_inbox"),
    ("/discovery", "discovery.nav"),
    ("/finance", "finance.nav"),
    ("/methods", "web.nav_methods"),
    ("/institutions", "institutions.title"),
    ("/joined-companies", "institutions.joined"),
    ("/organisation/members", "members.title"),
    ("/organisation/keys", "keys.title"),
    ("/sources", "collect.nav_sources"),
    ("/api", "web.nav_api"),
)
#: What visitors are shown as well, though it leads them to sign in first: what this is for.
_INVITING = frozenset(("/companies", "/technology"))
#: What only organisations have to do with each other: an installation without accounts has one.
_BETWEEN_ORGANISATIONS = frozenset(("/consents", "/ledger", "/lookup", "/inbox", "/finance", "/discovery"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu, in the reader's language; ``here`` where the reader is in that part."""

    address: str
    label: str
    here: bool


def menu(request: Request) -> tuple[Entry, ...]:
    """Return the menu of whoever asks."""
    who, lang, path = actor(request), language(request), request.url.path
    return tuple(
        Entry(address, text(key, lang), path == address or path.startswith(f"{address}/"))
        for address, key in MENU
        if (may_reach(who, address) or (who == VISITOR and address in _INVITING))
        and not (who == LOCAL_OWNER and address in _BETWEEN_ORGANISATIONS)
    )
