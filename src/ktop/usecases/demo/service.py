"""Fills a new installation with institutions and accounts to try it with."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ktop.catalogue import load
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.organisation import ACTIVE, SUSPENDED
from ktop.domain.party.permission import require
from ktop.domain.values.registration_numbers import BusinessNumber, clean_digits
from ktop.kernel.sealing import make_private_file
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.usecases.demo.contents import Rooms, furnish
from ktop.usecases.demo.interface import DemoAccount

#: Any number that makes a business number which follows the check digit and is nobody's.
_INVENTED = 1


class DemoService:
    """See ``ktop.usecases.demo.interface.Demo``.

    ``kept_in`` is the file of the accounts; ``rooms`` are the use cases that what the accounts find is made by.
    """

    def __init__(
        self, store: Callable[[], Store], hashes: PasswordHashes, kept_in: Path, rooms: Callable[[], Rooms]
    ) -> None:
        self._store, self._hashes, self._file, self._rooms = store, hashes, kept_in, rooms

    def prepare(self, actor: Actor) -> Sequence[DemoAccount]:
        require(actor, "platform:institution:manage")
        with self._store().installation(reading=True) as work:
            empty = not work.identity.organisations(limit=1)
            open_accounts = work.identity.demo_accounts()
        if not empty and not open_accounts:
            return ()
        if not empty and self._file.is_file():
            return [DemoAccount(**one) for one in json.loads(self._file.read_text("utf-8"))]
        accounts = [
            DemoAccount(about["login"], secrets.token_urlsafe(12), role, about["organisation"])
            for role, about in load("institutions")["accounts"].items()
        ]
        hashed = {one.login: self._hashes.hash(one.password) for one in accounts}
        with self._store().installation() as work:
            if not work.identity.organisations(limit=1):
                _add_organisations(work)
            for one in accounts:
                _set_up(work, one, hashed[one.login])
            work.tell(INSTALLATION, "demo.prepared", "demo", {"accounts": len(accounts)})
            written = json.dumps([asdict(one) for one in accounts], ensure_ascii=False, indent=1)
            self._file.unlink(missing_ok=True)
            make_private_file(self._file, written.encode())
        return accounts

    def furnish(self, actor: Actor) -> bool:
        require(actor, "platform:institution:manage")
        about, people = load("institutions"), {}
        with self._store().installation(reading=True) as work:
            if not work.identity.demo_accounts():
                return False
            company = work.identity.organisation(about["company"]["id"])
            for role, one in about["accounts"].items():
                if (person := work.identity.person_of_login(one["login"])) is None or person.state != ACTIVE:
                    return False
                people[role] = Actor(person.user, one["organisation"], frozenset({role}))
        rooms = self._rooms()
        if company.business_number is None or rooms.portfolio.kept_companies(people["company_owner"], limit=1).items:
            return False
        furnish(rooms, people, company.business_number)
        return True

    def accounts_open(self, actor: Actor) -> int:
        require(actor, "platform:institution:manage")
        with self._store().installation(reading=True) as work:
            return work.identity.demo_accounts()

    def close(self, actor: Actor) -> int:
        require(actor, "platform:institution:manage")
        closed = 0
        with self._store().installation() as work:
            for about in load("institutions")["accounts"].values():
                person = work.identity.person_of_login(about["login"])
                if person is not None and person.demo and person.state == ACTIVE:
                    work.identity.set_user_state(person.user, SUSPENDED)
                    work.sessions.end_all(person.user)
                    work.keys.revoke_made_by(person.user, datetime.now(UTC))
                    work.invitations.withdraw_made_by(about["organisation"], person.user)
                    closed += 1
            work.tell(actor, "demo.closed", "demo", {"accounts": closed})
        self._file.unlink(missing_ok=True)
        return closed


def _add_organisations(work: InstallationWork) -> None:
    now = datetime.now(UTC)
    for name, about in load("institutions")["institutions"].items():
        work.identity.add_organisation(
            OrganisationRow(name, about["kind"], about["ko"], about["en"], ACTIVE, now, demo=True)
        )
    company = load("institutions")["company"]
    number = clean_digits(BusinessNumber.invented(_INVENTED).formatted)
    work.identity.add_organisation(
        OrganisationRow(company["id"], "company", company["ko"], company["en"], ACTIVE, now, number, demo=True)
    )


def _set_up(work: InstallationWork, account: DemoAccount, hashed: str) -> None:
    now = datetime.now(UTC)
    person = work.identity.person_of_login(account.login)
    if person is None:
        name = load("institutions")["accounts"][account.role]["name"]["ko"]  # pages show it in both languages
        user = work.identity.add_user(login=account.login, name=name, lang="ko", demo=True, now=now)
        work.identity.add_membership(user, account.organisation, account.role, now)
    else:
        user = person.user
        work.sessions.end_all(user)
    work.credentials.set_password(user, hashed, now)
