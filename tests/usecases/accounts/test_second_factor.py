"""A second factor is asked of institution staff, each code counts once, and recovery codes open the door once each."""

from __future__ import annotations

import pyotp
import pytest
from people import PASSWORD, Installation
from sqlalchemy import text
from together import together

from ktop.domain.party.actor import VISITOR, Actor
from ktop.domain.party.permission import Allowed, Denied, check
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, TooManyRequestsError
from ktop.store.sessions import FailureRepository
from ktop.usecases.accounts.interface import Asker, Browser
from ktop.usecases.second_factor import service as second_factor


def signed_in(house: Installation, login: str) -> Asker:
    return asker(house, house.accounts.sign_in(VISITOR, login, PASSWORD, Browser("192.0.2.1")).token)


def asker(house: Installation, token: str) -> Asker:
    found = house.accounts.asker(VISITOR, token)
    assert found is not None
    return found


def code(house: Installation, seed: str) -> str:
    return pyotp.TOTP(seed).at(house.clock.now)


def enrolled(house: Installation, login: str) -> tuple[str, tuple[str, ...], Asker]:
    """Return the seed, the recovery codes and the session of somebody who has just set an app up."""
    who = signed_in(house, login).actor
    offer = house.second_factors.offer_app(who)
    made = house.second_factors.confirm_app(who, code(house, offer.seed))
    return offer.seed, tuple(made.recovery_codes), asker(house, made.session.token)


def test_an_officer_can_do_nothing_before_and_everything_after(house: Installation) -> None:
    before = signed_in(house, "lee")
    assert check(before.actor, "granted:result:read") == Denied("access.second_factor")
    assert before.second_factor == "enrol"
    with pytest.raises(ForbiddenError):
        house.accounts.account(before.actor)
    seed, codes, after = enrolled(house, "lee")
    assert after.second_factor == "" and after.actor.known_by == "password+totp" and len(set(codes)) == 10
    assert check(after.actor, "granted:result:read") == Allowed("bank_officer")
    assert len(seed) == 32, "160 random bits (RFC 4226)"


def test_the_next_sign_in_asks_for_a_code_and_each_counts_once(house: Installation) -> None:
    seed, _, _ = enrolled(house, "lee")
    who = signed_in(house, "lee")
    assert who.second_factor == "prove"
    with pytest.raises(InputError):  # the code that set it up, again
        house.second_factors.prove(who.actor, code(house, seed))
    house.clock.pass_by(seconds=60)
    now = code(house, seed)
    proven = asker(house, house.second_factors.prove(who.actor, f" {now[:3]} {now[3:]} ").token)
    assert proven.second_factor == "" and proven.actor.session != who.actor.session
    again = signed_in(house, "lee")
    with pytest.raises(InputError):  # somebody who looked over the shoulder
        house.second_factors.prove(again.actor, now)


@pytest.mark.parametrize("login", ["kim", "lee"])
def test_a_password_alone_neither_sets_up_nor_removes_nor_changes(house: Installation, login: str) -> None:
    seed, codes, _ = enrolled(house, login)
    thief = signed_in(house, login).actor
    assert thief.second_factor_missing, "who has a second factor is asked for it, in a company, too"
    for call in (
        lambda: house.second_factors.offer_app(thief),
        lambda: house.second_factors.confirm_app(thief, code(house, seed)),
        lambda: house.second_factors.factors(thief),
        lambda: house.second_factors.remove_app(thief, codes[0]),
        lambda: house.accounts.change_password(thief, PASSWORD, "a quite new passphrase"),
        lambda: house.accounts.end_other_sessions(thief),
    ):
        with pytest.raises(ForbiddenError):
            call()


def test_a_recovery_code_counts_once(house: Installation) -> None:
    _, codes, _ = enrolled(house, "lee")
    who = signed_in(house, "lee").actor
    proven = asker(house, house.second_factors.prove(who, codes[3].upper()).token)
    assert (
        proven.actor.known_by == "password+recovery" and house.second_factors.factors(proven.actor).recovery_codes == 9
    )
    with pytest.raises(InputError):
        house.second_factors.prove(signed_in(house, "lee").actor, codes[3])


def test_guessing_codes_is_slowed_whatever_the_session(house: Installation) -> None:
    seed, _, _ = enrolled(house, "lee")
    house.clock.pass_by(seconds=60)
    wrong = f"{(int(code(house, seed)) + 1) % 1_000_000:06}"
    for _ in range(6):
        with pytest.raises(InputError):
            house.second_factors.prove(signed_in(house, "lee").actor, wrong)
    with pytest.raises(TooManyRequestsError):
        house.second_factors.prove(signed_in(house, "lee").actor, code(house, seed))


def test_guesses_at_one_time_are_counted_before_they_are_judged(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, _, _ = enrolled(house, "lee")
    house.clock.pass_by(seconds=60)
    wrong = f"{(int(code(house, seed)) + 1) % 1_000_000:06}"
    who = signed_in(house, "lee").actor
    guesses = [lambda: house.second_factors.prove(who, wrong)] * 9
    answers = [type(one) for one in together(monkeypatch, FailureRepository, "note", guesses)]
    assert (answers.count(InputError), answers.count(TooManyRequestsError)) == (6, 3)


def test_an_app_confirmed_twice_at_one_time_is_kept_once(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    who = signed_in(house, "lee").actor
    offer = house.second_factors.offer_app(who)
    twice = [lambda: house.second_factors.confirm_app(who, code(house, offer.seed))] * 2
    answers = together(monkeypatch, second_factor, "renew_session", twice)
    assert answers.count(None) == 1
    with house.store.installation() as work:
        assert [len(work.credentials.of(who.user, kind)) for kind in ("totp", "recovery")] == [1, 10]


def test_right_codes_use_up_no_attempts(house: Installation) -> None:
    seed, _, _ = enrolled(house, "lee")
    who = signed_in(house, "lee").actor
    for _ in range(35):
        house.clock.pass_by(seconds=30)
        who = asker(house, house.second_factors.prove(who, code(house, seed)).token).actor


def test_the_app_is_removed_by_a_code_where_nobody_demands_it(house: Installation) -> None:
    _, codes, who = enrolled(house, "kim")
    with pytest.raises(ConflictError):
        house.second_factors.offer_app(who.actor)
    house.second_factors.remove_app(who.actor, codes[0])
    assert house.second_factors.factors(who.actor).app_since is None
    _, codes, officer = enrolled(house, "lee")
    with pytest.raises(ConflictError, match="demanded"):
        house.second_factors.remove_app(officer.actor, codes[0])


def test_seeds_and_codes_are_nowhere_in_the_database(house: Installation) -> None:
    seed, codes, _ = enrolled(house, "lee")
    with house.store.engine.connect() as connection:
        kept = "".join(
            str(connection.execute(text(f"SELECT * FROM {name}")).all())
            for name in ("credentials", "sessions", "audit_events", "outbox")
        )
    assert seed not in kept and not any(each in kept or each.replace("-", "") in kept for each in codes)


def test_programs_have_no_second_factor(house: Installation) -> None:
    with pytest.raises(ForbiddenError):
        house.second_factors.offer_app(Actor("key:x", "bank", frozenset({"bank_officer"})))
