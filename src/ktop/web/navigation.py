"""The menu: the pages that somebody may reach, in groups. A new room adds its line to ``MENU``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request

from ktop.catalogue import text
from ktop.domain.party.actor import LOCAL_OWNER, VISITOR
from ktop.domain.party.permission import Allowed, check
from ktop.web.asking import actor
from ktop.web.language import language
from ktop.web.route_access import may_reach

#: Group → its pages in order: address, and the key of its name.
MENU: Mapping[str, Sequence[tuple[str, str]]] = {
    "rate": (
        ("/companies", "web.nav_companies"),
        ("/collect", "collect.nav"),
        ("/technology", "web.nav_technology"),
        ("/batches", "web.nav_batches"),
        ("/proposals", "desk.nav_proposals"),
        ("/compare", "web.nav_compare"),
    ),
    "kept": (
        ("/my/companies", "wizard.my_title"),
        ("/my/technologies", "wizard.technologies_title"),
        ("/my/results", "kept.title"),
        ("/portfolio", "desk.portfolio_title"),
        ("/reviews", "reviews.title"),
    ),
    "exchange": (
        ("/consents", "consent.nav_consents"),
        ("/inbox", "consent.nav_inbox"),
        ("/ledger", "consent.nav_ledger"),
        ("/lookup", "consent.nav_lookup"),
        ("/watch", "watch.title"),
        ("/discovery", "discovery.nav"),
        ("/finance", "finance.nav"),
        ("/programmes", "programmes_season.nav"),
    ),
    "organisation": (
        ("/organisation/members", "members.title"),
        ("/organisation/keys", "keys.title"),
        ("/organisation/rules", "finance.rule_title"),
        ("/webhooks", "desk.nav_webhooks"),
        ("/jobs", "jobs.page_title"),
        ("/audit", "audit.page_title"),
    ),
    "platform": (
        ("/institutions", "institutions.title"),
        ("/joined-companies", "institutions.joined"),
        ("/models", "web.nav_models"),
        ("/sources", "collect.nav_sources"),
        ("/settings", "desk.settings_title"),
        ("/methods", "web.nav_methods"),
        ("/glossary", "report.glossary"),
        ("/api", "web.nav_api"),
    ),
}
#: What visitors are shown as well, though it leads them to sign in first: what this is for.
_INVITING = frozenset(("/companies", "/technology"))
#: What only organisations have to do with each other: an installation without accounts has one.
_BETWEEN_ORGANISATIONS = frozenset(
    ("/consents", "/ledger", "/lookup", "/watch", "/inbox", "/finance", "/discovery", "/portfolio")
)
#: Pages that anybody may open but that have something only for whoever has one of some permissions.
_FOR: Mapping[str, Sequence[str]] = {"/discovery": ("granted:discovery:read", "own:ledger:read")}
#: A menu of so few pages needs no groups.
_FEW = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu, in the reader's language; ``here`` where the reader is in that part."""

    address: str
    label: str
    here: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together under one word; without a word they stand in the menu itself."""

    label: str
    entries: Sequence[Entry]

    @property
    def here(self) -> bool:
        """Whether the reader is on one of its pages."""
        return any(entry.here for entry in self.entries)


def menu(request: Request) -> Sequence[Group]:
    """Return the menu of whoever asks."""
    who, lang, path = actor(request), language(request), request.url.path
    groups = []
    for name, pages in MENU.items():
        entries = [
            Entry(address, text(key, lang), path == address or path.startswith(f"{address}/"))
            for address, key in pages
            if (may_reach(who, address) or (who == VISITOR and address in _INVITING))
            and not (who == LOCAL_OWNER and address in _BETWEEN_ORGANISATIONS)
            and (address not in _FOR or any(isinstance(check(who, one), Allowed) for one in _FOR[address]))
        ]
        if entries:
            groups.append(Group(text(f"desk.menu_{name}", lang), entries))
    alone = [] if who == VISITOR else [Group("", [Entry("/home", text("desk.home", lang), path == "/home")])]
    if sum(len(group.entries) for group in groups) <= _FEW:
        return [*alone, Group("", [entry for group in groups for entry in group.entries])]
    return [*alone, *groups]
