"""What programs may do by their keys: never what must be a person's own act, never more than one role joins."""

from __future__ import annotations

from collections.abc import Sequence

from ktop.domain.party.permission import permissions, role_permissions, roles_of_kind
from ktop.kernel.errors import InputError

#: Only a person gives consent, lets others in, and makes keys.
NOT_FOR_PROGRAMS = frozenset(
    (
        *("own:consent:give", "own:member:manage", "own:key:manage"),
        *("platform:institution:manage", "platform:company:verify", "platform:person:erase"),
    )
)


def possible_scopes(kind: str, roles: Sequence[str] | None = None) -> list[str]:
    """Return the permissions that a key of an organisation of a kind can have, in the order of the catalogue.

    ``roles``: only those of these roles; None for all of the kind.
    """
    given = frozenset[str]().union(*(role_permissions()[role] for role in roles or roles_of_kind(kind)))
    return [name for name in permissions() if name in given - NOT_FOR_PROGRAMS]


def role_of_program(kind: str, scopes: Sequence[str]) -> str:
    """Return the role that a key with some scopes acts in: the first of its organisation's kind that has them all.

    Duties that are kept apart between people stay apart between programs. Raises ``InputError`` where no role has them
    all, for no scope, and for one that programs cannot have.
    """
    wanted = frozenset(scopes)
    if not wanted:
        raise InputError("keys.no_scope")
    unknown = wanted - frozenset(possible_scopes(kind))
    if unknown:
        raise InputError("keys.scope_not_possible", scope=min(unknown)[:60])
    for role in roles_of_kind(kind):
        if wanted <= role_permissions()[role]:
            return role
    raise InputError("keys.scopes_of_no_role")
