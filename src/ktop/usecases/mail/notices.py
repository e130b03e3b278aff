"""Writes letters of what concerns an organisation: a consent asked for or changed, a result that has arrived,
keys known to somebody who has left.

A letter names the other organisation and where to look, and nothing else: what it is about is behind the sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ktop.domain.party.permission import role_permissions
from ktop.store.unit_of_work import InstallationWork
from ktop.store.webhooks import Told
from ktop.usecases.mail.post import PostOffice

#: Topic → kind of letter, who gets it (whose role has one of the permissions), and the page that shows it.
_LETTERS = {
    "consent.requested": ("consent_requested", {"own:consent:give"}, "/consents"),
    "consent.granted": ("consent_granted", {"granted:result:read"}, "/consents"),
    "consent.rejected": ("consent_rejected", {"granted:result:read"}, "/consents"),
    "consent.narrowed": ("consent_narrowed", {"granted:result:read"}, "/consents"),
    "consent.revoked": ("consent_revoked", {"granted:result:read"}, "/consents"),
    "consent.expired": ("consent_expired", {"own:consent:give", "granted:result:read"}, "/consents"),
    "discovery.new_found": ("firms_found", {"granted:discovery:read"}, "/discovery"),
    "discovery.contact_asked": ("contact_asked", {"own:consent:give"}, "/discovery"),
    # A refusal is told by no letter: it would name a firm that was found without its name.
    "discovery.contact_accepted": ("contact_accepted", {"granted:discovery:read"}, "/discovery"),
    "key.left_behind": ("keys_left_behind", {"own:key:manage"}, "/organisation/keys"),
    "transmission.sent": ("result_received", {"own:inbox:read"}, "/inbox"),
}


class Notices:
    """Letters to members of the organisations that a message names as its others.

    Parameters
    ----------
    post : where letters are handed in.
    address : address that people reach the platform by.
    """

    def __init__(self, post: PostOffice, address: str) -> None:
        self._post, self._address = post, address.rstrip("/")

    def write(self, work: InstallationWork, messages: Sequence[Told], now: datetime) -> int:
        """Write the letters of some messages; return how many. People who want none get none."""
        written = 0
        for message in messages if self._post.sends else ():
            if message.topic not in _LETTERS:
                continue
            kind, permissions, page = _LETTERS[message.topic]
            roles = [role for role, given in role_permissions().items() if permissions & set(given)]
            for organisation in message.others:
                # who is told of what it took part in itself reads the other side's name
                others = [other for other in message.others if other != organisation]
                side = others[0] if organisation == message.tenant and others else message.tenant
                about = work.identity.organisation(side)
                for person in work.identity.people_to_notify(organisation, roles):
                    name = about.name_en if person.lang == "en" else about.name_ko
                    address = f"{self._address}{page}"
                    told = {"sender": message.tenant, "organisation": name, "address": address}
                    written += self._post.notify(work, kind, person.user, now, **told)
        return written
