"""A new installation is filled once, with an account for each role; a real one is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from people import HASHES, Installation

from ktop.domain.party.actor import LOCAL_OWNER, ROLES, VISITOR, Actor
from ktop.kernel.errors import ForbiddenError, NotFoundError, SignInError
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser
from ktop.usecases.demo.service import DemoService


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url(request.param, tmp_path))
    yield Installation(store, tmp_path)
    store.engine.dispose()


def demo(house: Installation, folder: Path) -> DemoService:
    return DemoService(lambda: house.store, HASHES, folder / "demo-accounts.json", lambda: pytest.fail("not furnished"))


def test_a_new_installation_gets_17_institutions_and_an_account_for_each_role(
    house: Installation, tmp_path: Path
) -> None:
    made = demo(house, tmp_path).prepare(LOCAL_OWNER)
    kept = tmp_path / "demo-accounts.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text("utf-8")) == [
        {"login": a.login, "password": a.password, "role": a.role, "organisation": a.organisation} for a in made
    ]
    assert {account.role for account in made} == ROLES - {"owner", "visitor"}
    with house.store.installation() as work:
        found = work.identity.organisations(("agency", "bank", "investor", "operator"))
    assert len(found) == 17 and all(row.demo and row.state == "active" for row in found)
    for account in made:
        token = house.accounts.sign_in(VISITOR, account.login, account.password, Browser("127.0.0.1")).token
        who = house.accounts.asker(VISITOR, token)
        assert who is not None and who.demo and who.actor.roles == {account.role}
        assert who.actor.organisation == account.organisation and not who.actor.second_factor_missing
    assert demo(house, tmp_path).prepare(LOCAL_OWNER) == made


def test_lost_accounts_get_new_passwords(house: Installation, tmp_path: Path) -> None:
    first = demo(house, tmp_path).prepare(LOCAL_OWNER)
    (tmp_path / "demo-accounts.json").unlink()
    again = demo(house, tmp_path).prepare(LOCAL_OWNER)
    assert [a.login for a in again] == [a.login for a in first] and again[0].password != first[0].password
    with pytest.raises(SignInError):
        house.accounts.sign_in(VISITOR, first[0].login, first[0].password, Browser("127.0.0.1"))


def test_closing_ends_them_for_good(house: Installation, tmp_path: Path) -> None:
    service = demo(house, tmp_path)
    made = service.prepare(LOCAL_OWNER)
    with house.store.installation() as work:
        person = work.identity.person_of_login(next(a.login for a in made if a.role == "institution_administrator"))
        assert person is not None
        ((bank, roles),) = work.identity.memberships_of(person.user)
    who = Actor(person.user, bank.id, roles)
    key, link = house.keys.make(who, "x", ["own:job:read"]).key, house.members.invite(who, house.members.roles(who)[0])
    assert service.accounts_open(LOCAL_OWNER) == service.close(LOCAL_OWNER) == len(made)
    assert service.accounts_open(LOCAL_OWNER) == 0 and service.prepare(LOCAL_OWNER) == ()
    assert not (tmp_path / "demo-accounts.json").exists()
    with pytest.raises(SignInError):
        house.keys.recognise(VISITOR, key)
    with pytest.raises(NotFoundError):
        house.members.read_link(VISITOR, link.token)


def test_a_real_installation_is_left_alone(house: Installation, tmp_path: Path) -> None:
    house.add_organisation("bank", "bank")
    assert demo(house, tmp_path).prepare(LOCAL_OWNER) == ()
    assert not demo(house, tmp_path).furnish(LOCAL_OWNER)


def test_nobody_else_prepares_it(house: Installation, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenError):
        demo(house, tmp_path).prepare(Actor("kim", "bank", frozenset({"bank_officer"})))
    with pytest.raises(ForbiddenError):
        demo(house, tmp_path).furnish(Actor("kim", "bank", frozenset({"bank_officer"})))
