"""Programs act by keys: hashed, scoped, of one organisation and one role, ended at once."""

from __future__ import annotations

from typing import Any

import pytest
from people import Installation
from sqlalchemy import text

from ktop.domain.party.actor import VISITOR, Actor
from ktop.domain.party.permission import Allowed, Denied, check, permissions
from ktop.domain.party.program import NOT_FOR_PROGRAMS, possible_scopes
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SignInError

ADMIN = Actor("admin", "bank", frozenset({"institution_administrator"}))
OWNER = Actor("kim", "company", frozenset({"company_owner"}))
READS = ["granted:result:read", "own:rating:read"]


def refused(house: Installation, presented: str) -> bool:
    with pytest.raises(SignInError) as caught:
        house.keys.recognise(VISITOR, presented)
    return caught.value.key == "access.key_wrong"


def test_a_key_acts_for_its_organisation_within_its_scopes(house: Installation) -> None:
    made = house.keys.make(ADMIN, "심사 시스템", READS)
    program = house.keys.recognise(VISITOR, made.key)
    assert (program.user, program.organisation, program.known_by) == (f"key:{made.card.id}", "bank", "key")
    assert check(program, "granted:result:read") == Allowed("bank_officer")
    assert check(program, "own:rating:make") == Denied("access.key_lacks")
    assert check(program, "own:member:manage") == Denied("access.role_lacks")


def test_what_is_secret_of_a_key_is_nowhere_in_the_database(house: Installation) -> None:
    made = house.keys.make(ADMIN, "x", READS)
    token = house.keys.token(VISITOR, made.card.id, made.key).token
    with house.store.engine.connect() as connection:
        kept = "".join(
            str(connection.execute(text(f"SELECT * FROM {name}")).all())
            for name in ("api_keys", "access_tokens", "audit_events", "outbox")
        )
    assert made.card.id in kept and made.key.split("_", 2)[2] not in kept and token not in kept


@pytest.mark.parametrize("change", ["unknown", "secret", "prefix", "half", "expired", "revoked", "suspended"])
def test_every_key_that_does_not_hold_is_refused_alike(house: Installation, change: str) -> None:
    made, other = house.keys.make(ADMIN, "x", READS, days=1), house.keys.make(OWNER, "y", ["own:rating:read"])
    key = made.key
    if change == "unknown":
        key = f"ktop_{'0' * 12}_{'A' * 43}"
    elif change == "secret":
        key = key[:-1] + ("A" if key[-1] != "A" else "B")
    elif change == "prefix":
        key = f"ktop_{made.card.id}_{other.key.split('_', 2)[2]}"
    elif change == "half":
        key = key[:40]
    elif change == "expired":
        house.clock.pass_by(days=1)
    elif change == "revoked":
        house.keys.revoke(ADMIN, made.card.id)
    else:
        with house.store.installation() as work:
            bank = work.identity.organisation("bank")
            work.identity.change_organisation("bank", bank.version, state="suspended")
    assert refused(house, key)


@pytest.mark.parametrize("end", ["rotate", "revoke"])
def test_a_secret_that_ends_while_a_token_is_asked_for_gives_none(
    house: Installation, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    made = house.keys.make(ADMIN, "x", READS)
    judged = house.keys._actor

    def ended_meanwhile(*given: Any) -> Actor:
        who: Actor = judged(*given)
        getattr(house.keys, end)(ADMIN, made.card.id)
        return who

    monkeypatch.setattr(house.keys, "_actor", ended_meanwhile)
    with pytest.raises(SignInError, match="key_wrong"):
        house.keys.token(VISITOR, made.card.id, made.key)


def test_rotation_ends_the_former_secret_and_its_tokens(house: Installation) -> None:
    made = house.keys.make(ADMIN, "x", READS)
    token = house.keys.token(VISITOR, made.card.id, made.key).token
    again = house.keys.rotate(ADMIN, made.card.id)
    assert again.card.id == made.card.id and again.key != made.key
    assert refused(house, made.key) and refused(house, token)
    assert house.keys.recognise(VISITOR, again.key).organisation == "bank"
    house.keys.revoke(ADMIN, made.card.id)
    with pytest.raises(ConflictError):
        house.keys.rotate(ADMIN, made.card.id)


def test_a_token_has_the_scopes_asked_for_and_ends_after_an_hour(house: Installation) -> None:
    made = house.keys.make(ADMIN, "x", READS)
    given = house.keys.token(VISITOR, made.card.id, made.key, ["own:rating:read"])
    program = house.keys.recognise(VISITOR, given.token)
    assert given.seconds == 3600 and program.scopes == {"own:rating:read"}
    assert check(program, "granted:result:read") == Denied("access.key_lacks")
    with pytest.raises(InputError, match="scope_not_of_key"):
        house.keys.token(VISITOR, made.card.id, made.key, ["own:audit:read"])
    with pytest.raises(SignInError):  # a token is no key
        house.keys.token(VISITOR, made.card.id, given.token)
    house.clock.pass_by(hours=1)
    assert refused(house, given.token)


@pytest.mark.parametrize(
    ("scopes", "reason"),
    [
        ([], "no_scope"),
        (["own:everything:do"], "scope_not_possible"),
        (["own:key:manage"], "scope_not_possible"),
        (["own:consent:give"], "scope_not_possible"),
        (["platform:model:manage"], "scope_not_possible"),
        (["granted:result:read", "own:organisation:edit"], "scopes_of_no_role"),
    ],
)
def test_a_key_is_never_more_than_one_person_of_the_organisation(
    house: Installation, scopes: list[str], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        house.keys.make(ADMIN, "x", scopes)


def test_only_who_manages_keys_does_and_only_their_own(house: Installation) -> None:
    made = house.keys.make(OWNER, "x", ["own:rating:read"])
    for call in (house.keys.rotate, house.keys.revoke):
        with pytest.raises(NotFoundError):
            call(ADMIN, made.card.id)
    assert house.keys.keys(ADMIN) == [] and len(house.keys.keys(OWNER)) == 1
    program = house.keys.recognise(VISITOR, made.key)
    officer = Actor("lee", "bank", frozenset({"bank_officer"}))
    for actor in (program, officer, VISITOR):
        with pytest.raises((ForbiddenError, SignInError)):
            house.keys.make(actor, "x", ["own:rating:read"])


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_key_ends_within_a_year(house: Installation, days: int) -> None:
    with pytest.raises(InputError, match="days"):
        house.keys.make(ADMIN, "x", READS, days)


def test_programs_never_have_what_is_a_person_s_own_act() -> None:
    assert set(permissions()) >= NOT_FOR_PROGRAMS
    for kind in ("company", "agency", "bank", "investor", "operator"):
        assert possible_scopes(kind) and not NOT_FOR_PROGRAMS & set(possible_scopes(kind))


def test_no_key_has_an_operator_s_permissions_but_one_an_operator_made(house: Installation) -> None:
    house.add_organisation("kotec", "operator")
    runs, staff = (Actor(role, "kotec", frozenset({role})) for role in ("operator", "institution_administrator"))
    with pytest.raises(InputError, match="above_own"):
        house.keys.make(staff, "x", ["platform:audit:read"])
    assert "platform:audit:read" not in house.keys.possible_scopes(staff)
    made = house.keys.make(runs, "x", ["platform:audit:read"])
    with pytest.raises(InputError, match="above_own"):
        house.keys.rotate(staff, made.card.id)
    assert house.keys.make(staff, "y", ["own:rating:read"]) and house.keys.rotate(runs, made.card.id)
    house.keys.revoke(staff, made.card.id)  # to end a key that leaked is anybody's who manages keys
