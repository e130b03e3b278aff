"""Permissions are one list; every answer of a check has its reason."""

from __future__ import annotations

import pytest

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import LOCAL_OWNER, ROLES, Actor
from ktop.domain.party.permission import (
    Allowed,
    Denied,
    check,
    permissions,
    require,
    role_names,
    role_permissions,
    roles_of_kind,
)
from ktop.kernel.errors import ForbiddenError

OFFICER = Actor("kim", "ibk", frozenset({"bank_officer"}))


def test_every_permission_has_its_three_parts_and_words_and_belongs_to_somebody() -> None:
    given = set().union(*(found for role, found in role_permissions().items() if role != "owner"))
    for name, words in permissions().items():
        scope, _resource, _action = name.split(":")
        assert scope in {"own", "granted", "platform"} and all(words[lang] for lang in LANGS)
    assert given == set(permissions())


def test_roles_of_code_and_catalogue_are_the_same() -> None:
    assert set(role_permissions()) == set(role_names()) == ROLES
    assert roles_of_kind("bank") == ["bank_officer", "institution_administrator"]


def test_the_local_owner_may_do_everything() -> None:
    assert all(check(LOCAL_OWNER, name) == Allowed("owner") for name in permissions())


def test_nobody_without_a_role_may_do_anything() -> None:
    assert all(check(Actor("x", "y"), name) == Denied("access.role_lacks") for name in permissions())


@pytest.mark.parametrize(
    ("actor", "permission", "answer"),
    [
        (OFFICER, "granted:result:read", Allowed("bank_officer")),
        (OFFICER, "own:consent:give", Denied("access.role_lacks")),
        (OFFICER, "platform:institution:manage", Denied("access.role_lacks")),
        (
            Actor("key:a", "ibk", frozenset({"bank_officer"}), frozenset({"own:rating:read"})),
            "granted:result:read",
            Denied("access.key_lacks"),
        ),
        (
            Actor("key:a", "ibk", frozenset({"bank_officer"}), frozenset({"platform:model:manage"})),
            "platform:model:manage",  # a scope gives nothing that the roles do not
            Denied("access.role_lacks"),
        ),
        (
            Actor("kim", "ibk", frozenset({"bank_officer"}), second_factor_missing=True),
            "granted:result:read",
            Denied("access.second_factor"),
        ),
    ],
)
def test_a_check_says_why(actor: Actor, permission: str, answer: Allowed | Denied) -> None:
    assert check(actor, permission) == answer


def test_a_permission_there_is_none_of_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no such permission"):
        check(LOCAL_OWNER, "own:everything:do")


def test_a_refusal_says_in_both_languages_what_one_may_not() -> None:
    with pytest.raises(ForbiddenError) as caught:
        require(OFFICER, "own:consent:give")
    assert "동의" in message(caught.value, "ko") and "revoke consents" in message(caught.value, "en")


def test_the_permissions_of_separated_duties_are_never_in_one_role() -> None:
    for role, found in role_permissions().items():
        if role != "owner":
            assert not {"own:consent:give", "granted:result:read"} <= found, "nobody consents and reads by consent"
            assert not {"platform:institution:manage", "granted:result:read"} <= found, "the operator reads no results"
