"""What an actor may do: one list of permissions, and an answer that says why.

The list and the roles stand in catalogue/permissions.yaml. A check gives ``Allowed`` or ``Denied`` with its reason, so
that a refusal can be told, logged and tested.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from ktop.catalogue import LocalText, load
from ktop.domain.party.actor import VISITOR, Actor
from ktop.kernel.errors import ForbiddenError, SignInError


@dataclass(frozen=True, slots=True)
class Allowed:
    """The actor may; ``by`` names the role that gives the permission."""

    by: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The actor may not; ``reason`` is the key of the sentence that says why."""

    reason: str


@functools.cache
def permissions() -> Mapping[str, LocalText]:
    """Return every permission, ``scope:resource:action`` → what it allows, in words."""
    found: Mapping[str, LocalText] = load("permissions")["permissions"]
    return found


@functools.cache
def role_permissions() -> Mapping[str, frozenset[str]]:
    """Return role → the permissions it has: its own and those of a visitor."""
    roles = load("permissions")["roles"]
    everybody = roles["visitor"]["permissions"]
    own = {name: permissions() if role["permissions"] == ["*"] else role["permissions"] for name, role in roles.items()}
    return {name: frozenset((*found, *everybody)) for name, found in own.items()}


def role_names() -> Mapping[str, LocalText]:
    """Return role → its name, in words."""
    return {name: role["name"] for name, role in load("permissions")["roles"].items()}


def roles_of_kind(kind: str) -> list[str]:
    """Return the roles that a user may have in an organisation of a kind (``company``, ``bank`` …)."""
    return [name for name, role in load("permissions")["roles"].items() if kind in role["organisations"]]


def givable_roles(actor: Actor, kind: str) -> list[str]:
    """Return the roles of an organisation of a kind that an actor can give, and whose holders and keys it manages: who
    runs the installation is named, let go and given a new password by such alone."""
    runs = "platform:institution:manage"
    own = any(runs in role_permissions()[role] for role in actor.roles)
    return [role for role in roles_of_kind(kind) if own or runs not in role_permissions()[role]]


def check(actor: Actor, permission: str) -> Allowed | Denied:
    """Return whether an actor may do something, and why.

    A program's key may do what it is scoped to and its organisation's roles allow, never more. Institution staff need
    a second factor for all that they do. Raises ``ValueError`` for a permission there is none of.
    """
    if permission not in permissions():
        raise ValueError(f"no such permission: {permission}")
    giving = sorted(role for role in actor.roles if permission in role_permissions()[role])
    if not giving:
        return Denied("access.sign_in" if actor == VISITOR else "access.role_lacks")
    if actor.scopes is not None and permission not in actor.scopes:
        return Denied("access.key_lacks")
    if actor.second_factor_missing:
        return Denied("access.second_factor")
    return Allowed(giving[0])


def require_any(actor: Actor, *wanted: str) -> None:
    """Raise as ``require`` where an actor has none of some permissions; the first is named."""
    if not any(isinstance(check(actor, permission), Allowed) for permission in wanted):
        require(actor, wanted[0])


def require(actor: Actor, permission: str) -> None:
    """Raise ``ForbiddenError``, with the reason, where an actor may not do something.

    Raises ``SignInError`` where nobody has signed in.
    """
    answer = check(actor, permission)
    if isinstance(answer, Denied):
        if actor == VISITOR:
            raise SignInError(answer.reason)
        raise ForbiddenError(answer.reason, permission=permission, what=permissions()[permission])
