"""Administrators invite, end and reset within their own organisation; the operator enters, suspends and merges them."""

from __future__ import annotations

import pytest
from people import HASHES, PASSWORD, Installation
from together import together

from ktop.domain.party.actor import LOCAL_OWNER, VISITOR, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SignInError
from ktop.usecases.accounts.interface import Asker, Browser
from ktop.usecases.members import service
from ktop.usecases.members.interface import Joining

ADMIN = Actor("admin", "bank", frozenset({"institution_administrator"}))
OWNER = Actor("kim", "company", frozenset({"company_owner"}))
OPERATOR = Actor("op", "kotec", frozenset({"operator"}))
HERE = Browser("192.0.2.1", "Firefox")
NEW = Joining("new.person", "새 사람", "tanrekoi vulmi pesado")


def asker(house: Installation, token: str) -> Asker:
    found = house.accounts.asker(VISITOR, token)
    assert found is not None
    return found


def user_of(house: Installation, login: str) -> str:
    with house.store.installation() as work:
        person = work.identity.person_of_login(login)
    assert person is not None
    return person.user


def test_an_invited_person_joins_once_with_the_role_given(house: Installation) -> None:
    link = house.members.invite(ADMIN, "bank_officer")
    told = house.members.read_link(VISITOR, link.token)
    assert (told.purpose, told.role, told.organisation["en"]) == ("join", "bank_officer", "bank")
    who = asker(house, house.members.join(VISITOR, link.token, NEW, HERE).token)
    assert (who.actor.organisation, who.actor.roles) == ("bank", {"bank_officer"}) and who.second_factor == "enrol"
    for again in (
        lambda: house.members.join(VISITOR, link.token, Joining("other", "x", "tanrekoi vulmi"), HERE),
        lambda: house.members.read_link(VISITOR, link.token),
        lambda: house.members.set_password(VISITOR, link.token, "tanrekoi vulmi"),
    ):
        with pytest.raises(NotFoundError, match="no_such_link"):
            again()
    assert "new.person" in {member.login for member in house.members.members(ADMIN)}
    assert "new.person" not in {member.login for member in house.members.members(OWNER)}


def test_an_organisation_gets_its_english_name_later(house: Installation) -> None:
    officer = Actor(user_of(house, "lee"), "bank", frozenset({"bank_officer"}))
    assert house.members.name_in_english(ADMIN, " First   Bank ") == {"ko": "bank 기관", "en": "First Bank"}
    assert house.members.organisation_name(ADMIN)["en"] == "First Bank"
    assert house.members.organisation_name(OWNER)["en"] != "First Bank"
    with pytest.raises(ForbiddenError):
        house.members.name_in_english(officer, "Mine")
    with pytest.raises(InputError):
        house.members.name_in_english(ADMIN, "x" * 201)
    assert house.members.name_in_english(ADMIN, " ")["en"] == "bank 기관", "without one the Korean name stands"


def test_a_link_ends_and_can_be_withdrawn_by_its_organisation_alone(house: Installation) -> None:
    late, gone = house.members.invite(ADMIN, "bank_officer"), house.members.invite(ADMIN, "bank_officer")
    card = house.members.links(ADMIN)[0]
    assert house.members.links(OWNER) == []
    with pytest.raises(NotFoundError):
        house.members.withdraw(OWNER, card.id)
    for each in house.members.links(ADMIN):
        house.members.withdraw(ADMIN, each.id)
    late = house.members.invite(ADMIN, "bank_officer")
    house.clock.pass_by(days=7)
    for link in (late, gone):
        with pytest.raises(NotFoundError):
            house.members.join(VISITOR, link.token, NEW, HERE)


def test_nobody_gives_a_role_of_another_kind_or_above_their_own(house: Installation) -> None:
    house.add_organisation("kotec", "operator")
    staff = Actor("x", "kotec", frozenset({"institution_administrator"}))
    for actor, role in ((ADMIN, "operator"), (ADMIN, "company_owner"), (OWNER, "bank_officer"), (staff, "operator")):
        with pytest.raises(InputError):
            house.members.invite(actor, role)
    assert "operator" in house.members.roles(OPERATOR) and "operator" not in house.members.roles(staff)
    with pytest.raises(ForbiddenError):
        house.members.invite(Actor("lee", "bank", frozenset({"bank_officer"})), "bank_officer")


def test_somebody_signed_in_joins_another_organisation_with_the_same_account(house: Installation) -> None:
    link = house.members.invite(OWNER, "company_staff")
    other = house.add_user("park", ("other", "company_owner"))
    who = asker(house, house.accounts.sign_in(VISITOR, "park", PASSWORD, HERE).token)
    now = asker(house, house.members.join_as(who.actor, link.token).token)
    assert (now.actor.user, now.actor.organisation, now.actor.roles) == (other, "company", {"company_staff"})


def test_a_member_is_ended_but_never_the_last_who_manages(house: Installation) -> None:
    with pytest.raises(ConflictError):
        house.members.end(OWNER, user_of(house, "kim"))
    lee = user_of(house, "lee")
    house.members.end(OWNER, lee)
    with pytest.raises(NotFoundError):
        house.members.end(OWNER, lee)
    with house.store.installation() as work:
        assert [row.id for row, _ in work.identity.memberships_of(lee)] == ["bank"]


def test_the_last_two_who_manage_do_not_end_each_other(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add_user("second", ("company", "company_owner"))
    kim, second = (Actor(user_of(house, one), "company", frozenset({"company_owner"})) for one in ("kim", "second"))
    ends = [lambda: house.members.end(kim, second.user), lambda: house.members.end(second, kim.user)]
    answers = together(monkeypatch, service, "_require_manager", ends)
    assert sorted(str(one and one.key) for one in answers) == ["None", "members.last_manager"]


def test_an_administrator_hands_over_a_new_password_of_own_people_only(house: Installation) -> None:
    staff = house.add_user("staff", ("company", "company_staff"))
    token = house.accounts.sign_in(VISITOR, "staff", PASSWORD, HERE).token
    link = house.members.reset(OWNER, staff)
    assert house.members.read_link(VISITOR, link.token).login == "staff"
    with pytest.raises(InputError):
        house.members.set_password(VISITOR, link.token, "short")
    house.members.set_password(VISITOR, link.token, "a quite new passphrase")
    assert house.accounts.asker(VISITOR, token) is None
    with pytest.raises(SignInError):
        house.accounts.sign_in(VISITOR, "staff", PASSWORD, HERE)
    with pytest.raises(NotFoundError):
        house.members.reset(ADMIN, staff)
    with pytest.raises(ConflictError, match="of_others_too"):  # lee is of the bank as well: a deputy's key to its door
        house.members.reset(OWNER, user_of(house, "lee"))


def test_nobody_resets_or_erases_themselves_past_their_present_password(house: Installation) -> None:
    kim = user_of(house, "kim")
    who = Actor(kim, "company", frozenset({"company_owner"}))
    for act in (house.members.reset, house.erasure.erase_member):
        with pytest.raises(ConflictError, match="own_account"):
            act(who, kim)


def test_who_does_not_run_the_installation_opens_and_closes_no_operator_s_account(house: Installation) -> None:
    house.add_organisation("kotec", "operator")
    operator = house.add_user("op", ("kotec", "operator"))
    house.add_user("staff", ("kotec", "institution_administrator"))
    staff = Actor(user_of(house, "staff"), "kotec", frozenset({"institution_administrator"}))
    for act in (house.members.reset, house.members.end, house.erasure.erase_member):
        with pytest.raises(ConflictError, match="above_own"):
            act(staff, operator)
    assert house.accounts.sign_in(VISITOR, "op", PASSWORD, HERE).token
    house.members.reset(OPERATOR, operator)


@pytest.mark.parametrize("since", ["joined another", "left"])
def test_a_link_to_a_new_password_ends_with_the_membership_it_was_made_of(house: Installation, since: str) -> None:
    staff = house.add_user("staff", ("company", "company_staff"))
    link = house.members.reset(OWNER, staff)
    with house.store.installation() as work:
        if since == "left":
            work.identity.end_memberships(staff, "company", house.clock.now)
        else:
            work.identity.add_membership(staff, "bank", "bank_officer", house.clock.now)
    with pytest.raises(NotFoundError, match="no_such_link"):
        house.members.set_password(VISITOR, link.token, "a quite new passphrase")
    with house.store.installation() as work:
        kept = work.credentials.of(staff, "password")[0]
    assert HASHES.verify(PASSWORD, kept.secret)[0], "the former password still counts"


@pytest.mark.parametrize("way", ["ended", "no manager any more", "erased"])
def test_who_manages_no_more_lets_nobody_in_nor_back(house: Installation, way: str) -> None:
    user = house.add_user("second", ("company", "company_owner"))
    link = house.members.invite(Actor(user, "company", frozenset({"company_owner"})), "company_owner")
    kept = house.members.invite(OWNER, "company_staff")
    if way == "ended":
        house.members.end(OWNER, user)
    elif way == "erased":
        house.erasure.erase_member(OWNER, user)
    else:
        house.members.change_roles(OWNER, user, ["company_staff"])
    with pytest.raises(NotFoundError, match="no_such_link"):
        house.members.join(VISITOR, link.token, NEW, HERE)
    house.members.join(VISITOR, kept.token, NEW, HERE)


def test_the_operator_enters_suspends_and_reopens_an_institution(house: Installation) -> None:
    made = house.institutions.create(OPERATOR, "nh", "bank", "농협은행", "NongHyup Bank")
    assert (made.state, made.kind) == ("active", "bank")
    with pytest.raises(ConflictError):
        house.institutions.create(OPERATOR, "nh", "bank", "농협은행", "NongHyup Bank")
    for given in (("N H", "bank"), ("nh2", "company"), ("nh2", "church")):
        with pytest.raises(InputError):
            house.institutions.create(OPERATOR, *given, "이름", "name")
    token = house.accounts.sign_in(VISITOR, "demo.bank", PASSWORD, HERE).token
    key = house.keys.make(ADMIN, "x", ["own:rating:read"]).key
    house.institutions.suspend(OPERATOR, "bank")
    assert house.accounts.asker(VISITOR, token) is None
    with pytest.raises(ForbiddenError):
        house.accounts.sign_in(VISITOR, "demo.bank", PASSWORD, HERE)
    with pytest.raises(SignInError):
        house.keys.recognise(VISITOR, key)
    house.institutions.reopen(OPERATOR, "bank")
    assert house.keys.recognise(VISITOR, key).organisation == "bank"
    assert {card.id for card in house.institutions.institutions(ADMIN).items} == {"bank", "nh"}


def test_a_merged_institution_s_people_go_on_in_the_other(house: Installation) -> None:
    house.institutions.create(OPERATOR, "nh", "bank", "농협은행", "NongHyup Bank")
    with pytest.raises(InputError):
        house.institutions.merge(OPERATOR, "bank", "company")
    merged = house.institutions.merge(OPERATOR, "bank", "nh")
    assert (merged.state, merged.merged_into) == ("merged", "nh")
    who = asker(house, house.accounts.sign_in(VISITOR, "demo.bank", PASSWORD, HERE).token)
    assert (who.actor.organisation, who.actor.roles) == ("nh", {"bank_officer"})
    with pytest.raises(ConflictError):
        house.institutions.reopen(OPERATOR, "bank")


def test_only_the_operator_changes_institutions(house: Installation) -> None:
    for actor in (ADMIN, OWNER):
        for call in (
            lambda who: house.institutions.suspend(who, "bank"),
            lambda who: house.institutions.merge(who, "bank", "bank"),
            lambda who: house.institutions.create(who, "nh", "bank", "a", "b"),
            lambda who: house.institutions.add_account(who, "bank", "bank_officer", "abc", "x"),
        ):
            with pytest.raises(ForbiddenError):
                call(actor)
    with pytest.raises(SignInError):
        house.institutions.institutions(VISITOR)


def test_the_command_line_makes_the_first_account(house: Installation) -> None:
    password = house.institutions.add_account(LOCAL_OWNER, "bank", "institution_administrator", "first", "첫 관리자")
    who = asker(house, house.accounts.sign_in(VISITOR, "first", password, HERE).token)
    assert who.actor.roles == {"institution_administrator"} and who.second_factor == "enrol"
    with pytest.raises(InputError):
        house.institutions.add_account(LOCAL_OWNER, "bank", "company_owner", "second", "x")


@pytest.mark.parametrize("way", ["ended", "erased"])
def test_keys_of_who_leaves_go_on_and_are_told_of_until_another_knows_them(house: Installation, way: str) -> None:
    house.add_user("stays", ("bank", "institution_administrator"))
    officer = house.add_user("leaves", ("bank", "institution_administrator"))
    leaver = Actor(officer, "bank", frozenset({"institution_administrator"}))
    made = house.keys.make(leaver, "심사 시스템", ["own:rating:read"])
    ended = house.keys.make(leaver, "폐기", ["own:rating:read"])
    house.keys.revoke(ADMIN, ended.card.id)
    other = house.keys.make(ADMIN, "y", ["own:rating:read"])
    assert not any(card.left_behind for card in house.keys.keys(ADMIN))
    if way == "ended":
        house.members.end(ADMIN, officer)
    else:
        house.erasure.erase_member(ADMIN, officer)
    marks = {card.id: card.left_behind for card in house.keys.keys(ADMIN)}
    assert marks == {made.card.id: True, ended.card.id: False, other.card.id: False}
    assert house.keys.key(ADMIN, made.card.id).left_behind
    assert house.keys.recognise(VISITOR, made.key).organisation == "bank", "the organisation's, not the person's"
    with house.store.installation() as work:
        (told,) = work.audit_events.newest(action="key.left_behind")
    assert (told.tenant, told.subject, told.details) == ("bank", officer, {"keys": [made.card.id]})
    house.keys.rotate(ADMIN, made.card.id)
    assert not any(card.left_behind for card in house.keys.keys(ADMIN)), "who has left knows it no more"
