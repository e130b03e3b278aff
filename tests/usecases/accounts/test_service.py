"""People sign in, act for one organisation at a time, and end their sessions; guessers are slowed, nobody shut out."""

from __future__ import annotations

import pytest
from people import HASHES, PASSWORD, Installation
from sqlalchemy import text

from ktop.domain.party.actor import VISITOR, Actor
from ktop.domain.party.permission import Allowed, Denied, check
from ktop.kernel.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    SignInError,
    TooManyRequestsError,
)
from ktop.usecases.accounts.interface import Asker, Browser, SignUp
from ktop.usecases.accounts.password_hashes import PasswordHashes

HERE, THERE = Browser("192.0.2.1", "Firefox"), Browser("198.51.100.7", "curl")


def signed_in(house: Installation, login: str, browser: Browser = HERE) -> tuple[str, Asker]:
    token = house.accounts.sign_in(VISITOR, login, PASSWORD, browser).token
    found = house.accounts.asker(VISITOR, token)
    assert found is not None
    return token, found


def test_who_signs_in_acts_with_the_roles_of_the_organisation(house: Installation) -> None:
    _, who = signed_in(house, " KIM ")
    assert (who.actor.organisation, who.actor.roles, who.name) == ("company", {"company_owner"}, "Kim")
    assert check(who.actor, "own:consent:give") == Allowed("company_owner")
    assert house.accounts.asker(VISITOR, "x" * 43) is None


def test_a_token_is_nowhere_in_the_database(house: Installation) -> None:
    token, _ = signed_in(house, "kim")
    with house.store.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM sessions")).all())
    assert token not in kept


@pytest.mark.parametrize(("login", "password"), [("nobody", PASSWORD), ("kim", "wrong"), ("suspended", PASSWORD)])
def test_every_failure_is_told_alike(house: Installation, login: str, password: str) -> None:
    suspended = house.add_user("suspended", ("company", "company_staff"))
    with house.store.installation() as work:
        work.identity.set_user_state(suspended, "suspended")
    with pytest.raises(SignInError) as caught:
        house.accounts.sign_in(VISITOR, login, password, HERE)
    assert caught.value.key == "accounts.wrong_sign_in" and not caught.value.params


def test_guessing_is_slowed_from_where_it_comes_and_nowhere_else(house: Installation) -> None:
    for _ in range(6):
        with pytest.raises(SignInError):
            house.accounts.sign_in(VISITOR, "kim", "wrong", THERE)
    with pytest.raises(TooManyRequestsError) as caught:
        house.accounts.sign_in(VISITOR, "kim", PASSWORD, THERE)
    assert caught.value.retry_after_seconds == 15
    signed_in(house, "kim", HERE)
    house.clock.pass_by(seconds=16)
    signed_in(house, "kim", THERE)


def test_an_unknown_login_is_slowed_like_a_known_one(house: Installation) -> None:
    for login in ("kim", "nobody"):
        for _ in range(6):
            with pytest.raises(SignInError):
                house.accounts.sign_in(VISITOR, login, "wrong", THERE)
        with pytest.raises(TooManyRequestsError):
            house.accounts.sign_in(VISITOR, login, "wrong", THERE)


def test_one_address_cannot_try_many_logins(house: Installation) -> None:
    for number in range(31):
        with pytest.raises(SignInError):
            house.accounts.sign_in(VISITOR, f"login{number}", "wrong", Browser(f"2001:db8:1:2::{number}"))
    with pytest.raises(TooManyRequestsError):
        house.accounts.sign_in(VISITOR, "kim", PASSWORD, Browser("2001:db8:1:2:ffff::1"))
    signed_in(house, "kim", Browser("2001:db8:1:3::1"))


def test_a_session_ends_when_unused_and_after_its_longest_time(house: Installation) -> None:
    token, _ = signed_in(house, "kim")
    house.clock.pass_by(minutes=31)
    assert house.accounts.asker(VISITOR, token) is None
    token, _ = signed_in(house, "kim")
    for _ in range(35):
        house.clock.pass_by(minutes=20)
        assert house.accounts.asker(VISITOR, token) is not None
    house.clock.pass_by(minutes=20)
    assert house.accounts.asker(VISITOR, token) is None


def test_switching_makes_another_session_and_ends_the_former_one(house: Installation) -> None:
    token, who = signed_in(house, "lee")
    assert who.actor.organisation == "bank" and who.second_factor == "enrol"
    assert check(who.actor, "granted:result:read") == Denied("access.second_factor")
    with pytest.raises(ForbiddenError):  # the organisation is left only by somebody who is who they say
        house.accounts.switch(who.actor, "company")
    house.add_user("park", ("company", "company_staff"), ("other", "company_owner"))
    token, who = signed_in(house, "park")
    began = house.accounts.switch(who.actor, "other")
    now = house.accounts.asker(VISITOR, began.token)
    assert house.accounts.asker(VISITOR, token) is None and now is not None and began.token != token
    assert (now.actor.organisation, now.actor.roles) == ("other", {"company_owner"})
    with pytest.raises(ForbiddenError):
        house.accounts.switch(now.actor, "bank")


def test_a_demonstration_account_is_excused_from_the_second_factor(house: Installation) -> None:
    _, who = signed_in(house, "demo.bank")
    assert who.demo and check(who.actor, "granted:result:read") == Allowed("bank_officer")


def test_what_ends_a_membership_or_a_user_ends_what_they_may(house: Installation) -> None:
    token, who = signed_in(house, "kim")
    with house.store.installation() as work:
        work.identity.end_memberships(who.actor.user, "company", house.clock.now)
    now = house.accounts.asker(VISITOR, token)
    assert now is not None and not now.actor.roles
    with pytest.raises(ForbiddenError):
        house.accounts.sign_in(VISITOR, "kim", PASSWORD, HERE)
    with house.store.installation() as work:
        work.identity.set_user_state(who.actor.user, "suspended")
    assert house.accounts.asker(VISITOR, token) is None


def test_one_s_own_sessions_are_listed_and_ended_and_no_other_s(house: Installation) -> None:
    token, who = signed_in(house, "kim")
    other, there = signed_in(house, "kim", THERE)
    cards = house.accounts.account(who.actor).sessions
    assert sorted((card.agent, card.here) for card in cards) == [("Firefox", True), ("curl", False)]
    _, stranger = signed_in(house, "demo.bank")
    with pytest.raises(NotFoundError):
        house.accounts.end_session(stranger.actor, there.actor.session)
    house.accounts.end_session(who.actor, there.actor.session)
    assert house.accounts.asker(VISITOR, other) is None
    house.accounts.sign_out(who.actor)
    assert house.accounts.asker(VISITOR, token) is None


def test_a_new_password_ends_the_other_sessions(house: Installation) -> None:
    token, who = signed_in(house, "kim")
    other, _ = signed_in(house, "kim", THERE)
    with pytest.raises(InputError, match="password_wrong"):
        house.accounts.change_password(who.actor, "wrong", "a quite new passphrase")
    with pytest.raises(InputError, match="password_short"):
        house.accounts.change_password(who.actor, PASSWORD, "short")
    house.accounts.change_password(who.actor, PASSWORD, "a quite new passphrase")
    assert house.accounts.asker(VISITOR, token) and house.accounts.asker(VISITOR, other) is None
    with pytest.raises(SignInError):
        house.accounts.sign_in(VISITOR, "kim", PASSWORD, HERE)


NEW = SignUp("new.owner@example.com", "새 대표", "three unrelated words", "새회사", "", "124-81-00998")


def test_a_company_signs_up_with_its_owner(house: Installation) -> None:
    began = house.accounts.sign_up(VISITOR, NEW, HERE)
    who = house.accounts.asker(VISITOR, began.token)
    assert who is not None and who.actor.roles == {"company_owner"} and who.organisation["ko"] == "새회사"
    with pytest.raises(ConflictError, match="login_taken"):
        house.accounts.sign_up(VISITOR, NEW, HERE)
    again = SignUp("another", "다른 이", "three unrelated words", "새회사", "", "1248100998")
    with pytest.raises(ConflictError, match="company_known"):
        house.accounts.sign_up(VISITOR, again, HERE)


@pytest.mark.parametrize("changed", [{"login": "a b"}, {"name": " "}, {"business_number": "1"}, {"password": "x" * 20}])
def test_what_cannot_be_used_is_refused_before_anything_is_kept(house: Installation, changed: dict[str, str]) -> None:
    given = {name: getattr(NEW, name) for name in SignUp.__slots__} | changed
    with pytest.raises(InputError):
        house.accounts.sign_up(VISITOR, SignUp(**given), HERE)  # type: ignore[arg-type]
    with house.store.installation() as work:
        assert work.identity.person_of_login(NEW.login) is None


def test_programs_and_the_local_owner_have_no_account(house: Installation) -> None:
    for actor in (VISITOR, Actor("key:abc", "bank", frozenset({"bank_officer"}))):
        with pytest.raises(ForbiddenError):
            house.accounts.account(actor)


def test_signing_in_leaves_events_without_anything_personal(house: Installation) -> None:
    signed_in(house, "kim")
    with pytest.raises(SignInError):
        house.accounts.sign_in(VISITOR, "kim", "hunter2", HERE)
    with house.store.installation() as work:
        events = work.audit_events.newest()
    assert [event.action for event in events] == ["account.sign_in_failed", "account.signed_in"]
    assert "hunter2" not in str(events) and "192.0.2.1" not in str(events)


@pytest.mark.parametrize(("login", "password"), [("kim", PASSWORD), ("kim", "wrong"), ("nobody", PASSWORD)])
def test_every_attempt_costs_one_hash(
    house: Installation, monkeypatch: pytest.MonkeyPatch, login: str, password: str
) -> None:
    HASHES.verify("x", None)  # the hash of nobody is made once
    done: list[str] = []
    real = HASHES._hasher.verify_and_update
    monkeypatch.setattr(HASHES._hasher, "verify_and_update", lambda *given: done.append("verified") or real(*given))
    monkeypatch.setattr(HASHES._hasher, "hash", lambda given: done.append("hashed"))
    try:
        house.accounts.sign_in(VISITOR, login, password, HERE)
    except SignInError:
        pass
    assert done == ["verified"], "how long an answer takes does not tell whether there is such a login"


def test_a_flood_of_sign_ins_is_turned_away_rather_than_queued() -> None:
    hashes = PasswordHashes(1, 8, 1)
    held = [hashes._places.acquire(blocking=False) for _ in range(10)]
    assert all(held)
    with pytest.raises(BusyError):
        hashes.verify("x", None)
