"""Erasing a person: all that is known of them goes, what they did stays, and the trail of it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from people import PASSWORD, Installation
from sqlalchemy import select

from ktop.domain.party.actor import VISITOR, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SignInError
from ktop.store.tables import audit_events, metadata, ratings
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser

OPERATOR = Actor("the-operator", "kotec", frozenset({"operator"}))


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url(request.param, tmp_path))
    made = Installation(store, tmp_path)
    for name, kind in (("firm", "company"), ("bank", "bank"), ("kotec", "operator")):
        made.add_organisation(name, kind)
    yield made
    store.engine.dispose()


def signed_in(house: Installation, login: str) -> Actor:
    session = house.accounts.sign_in(VISITOR, login, PASSWORD, Browser("192.0.2.7", f"Firefox of {login}"))
    asker = house.accounts.asker(VISITOR, session.token)
    assert asker is not None
    return asker.actor


def everything(house: Installation) -> str:
    """All rows of all tables, as text."""
    with house.store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT set_config('ktop.scope', 'installation', true)")
        rows = [dict(row._mapping) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_nothing_of_the_person_is_left_and_all_of_the_record_is(house: Installation) -> None:
    user = house.add_user("kim.gildong", ("firm", "company_owner"))
    house.add_user("other", ("firm", "company_owner"))
    kim = signed_in(house, "kim.gildong")
    house.accounts.change_email(kim, "kim.gildong@firm.example", PASSWORD)
    with house.store.installation() as work:
        work.credentials.add(user, "oidc", name="https://id.example kim-subject", secret="", now=house.clock.now)
    with house.store.unit(kim) as unit:
        unit.ratings.add(kind="company", subject="firm", as_of=house.clock.now.date(), inputs={}, results=[])
        unit.tell("rating.made", "x", {})
    house.members.reset(signed_in(house, "other"), user)  # writes a letter
    house.clock.pass_by(minutes=1)
    with pytest.raises(InputError):
        house.erasure.erase_me(kim, "kim.gildong", "another password")
    with pytest.raises(InputError):
        house.erasure.erase_me(kim, "other", PASSWORD)
    before = everything(house)
    assert all(known in before for known in ("kim.gildong", "kim-subject", "Firefox of kim", "firm.example"))
    house.erasure.erase_me(kim, "KIM.gildong ", PASSWORD)
    left = everything(house)
    for known in ("gildong", "kim-subject", "Firefox of kim", "firm.example"):
        assert known not in left, known
    with house.store.installation(reading=True) as work:
        assert work.identity.person(user) is None and work.identity.memberships_of(user) == []
        events = [
            row.action for row in work.connection.execute(select(audit_events).where(audit_events.c.actor == user))
        ]
    assert {"account.signed_in", "rating.made", "account.erased"} <= set(events)
    with house.store.reading(Actor("other", "firm", frozenset({"company_owner"}))) as unit:
        assert unit.connection.execute(select(ratings.c.made_by)).scalars().all() == [user]
    with pytest.raises(SignInError):
        signed_in(house, "kim.gildong")
    assert house.add_user("kim.gildong", ("firm", "company_staff")) != user, "the login is free again"


def test_an_administrator_erases_members_of_this_organisation_alone(house: Installation) -> None:
    admin = Actor(
        house.add_user("admin", ("bank", "institution_administrator")), "bank", frozenset({"institution_administrator"})
    )
    lee = house.add_user("lee", ("bank", "bank_officer"))
    both = house.add_user("both", ("bank", "bank_officer"), ("firm", "company_staff"))
    stranger = house.add_user("stranger", ("firm", "company_owner"))
    with pytest.raises(ForbiddenError):
        house.erasure.erase_member(Actor(lee, "bank", frozenset({"bank_officer"})), admin.user)
    with pytest.raises(NotFoundError):
        house.erasure.erase_member(admin, stranger)
    with pytest.raises(ConflictError):
        house.erasure.erase_member(admin, both)
    house.erasure.erase_member(admin, lee)
    assert {one.login for one in house.members.members(admin)} == {"admin", "both"}
    with pytest.raises(ConflictError) as told:
        house.erasure.erase_me(replace(admin, session="here"), "admin", PASSWORD)
    assert told.value.key == "erasure.last_manager", "both would be left with nobody"


def test_whoever_is_alone_may_go_but_not_the_last_operator(house: Installation) -> None:
    house.add_user("alone", ("firm", "company_owner"))
    house.erasure.erase_me(signed_in(house, "alone"), "alone", PASSWORD)
    house.add_user("last", ("kotec", "operator"), demo=True)
    with pytest.raises(ConflictError) as told:
        house.erasure.erase_anybody(OPERATOR, "last")
    assert told.value.key == "erasure.last_operator"


def test_the_operator_erases_anybody_and_nobody_else_does(house: Installation) -> None:
    kim = house.add_user("kim", ("firm", "company_owner"))
    house.add_user("staff", ("firm", "company_staff"))
    refused: list[Callable[[], object]] = [
        lambda: house.erasure.erase_anybody(Actor("x", "firm", frozenset({"company_owner"})), "kim"),
        lambda: house.erasure.erase_anybody(Actor("x", "bank", frozenset({"institution_administrator"})), "kim"),
    ]
    for act in refused:
        with pytest.raises(ForbiddenError):
            act()
    with pytest.raises(NotFoundError):
        house.erasure.erase_anybody(OPERATOR, "nobody")
    assert house.erasure.erase_anybody(OPERATOR, " KIM") == kim
