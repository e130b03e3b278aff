"""Links that let somebody join an organisation or set a new password; found by the hash of their token, good once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update

from ktop.store.sessions import hash_of
from ktop.store.tables import invitations
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One link. ``purpose``: join (with ``role``), reset (of ``user``)."""

    public_id: str
    purpose: str
    tenant: str
    role: str | None
    user: str | None
    created: datetime
    made_by: str
    expires: datetime
    used: datetime | None


_COLUMNS = tuple(invitations.c[name] for name in InvitationRow.__slots__)


class InvitationRepository:
    """Links, within one transaction of the installation: whoever follows one is not known yet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        token: str,
        *,
        purpose: str,
        organisation: str,
        made_by: str,
        now: datetime,
        expires: datetime,
        role: str | None = None,
        user: str | None = None,
    ) -> str:
        """Keep a link under the hash of its token; return what it is listed by."""
        public = new_id()
        values = {"id": hash_of(token), "public_id": public, "purpose": purpose, "tenant": organisation, "role": role}
        by = {"user": user, "made_by": made_by, "created": now, "expires": expires}
        self._connection.execute(insert(invitations).values(**values, **by))
        return public

    def find(self, token: str, now: datetime) -> InvitationRow | None:
        """Return the link of a token while it can be used, None otherwise."""
        open_ = and_(invitations.c.id == hash_of(token), invitations.c.used.is_(None), invitations.c.expires > now)
        found = self._connection.execute(select(*_COLUMNS).where(open_)).first()
        return None if found is None else InvitationRow(**found._mapping)

    def use(self, token: str, now: datetime) -> bool:
        """Use a link up; return False where another has used it first."""
        own = and_(invitations.c.id == hash_of(token), invitations.c.used.is_(None))
        return self._connection.execute(update(invitations).where(own).values(used=now)).rowcount == 1

    def of(self, organisation: str, now: datetime) -> list[InvitationRow]:
        """Return the links of an organisation that can still be used, newest first."""
        own = and_(invitations.c.tenant == organisation, invitations.c.used.is_(None), invitations.c.expires > now)
        rows = self._connection.execute(select(*_COLUMNS).where(own).order_by(invitations.c.created.desc()))
        return [InvitationRow(**row._mapping) for row in rows]

    def withdraw(self, organisation: str, public_id: str) -> bool:
        """Withdraw a link of an organisation; return whether there was one."""
        own = and_(invitations.c.tenant == organisation, invitations.c.public_id == public_id)
        return self._connection.execute(delete(invitations).where(own)).rowcount == 1

    def withdraw_made_by(self, organisation: str, user: str) -> None:
        """Withdraw the links that somebody made for an organisation: who has left lets nobody in, nor back."""
        own = and_(invitations.c.tenant == organisation, invitations.c.made_by == user, invitations.c.used.is_(None))
        self._connection.execute(delete(invitations).where(own))

    def withdraw_resets(self, user: str) -> None:
        """Withdraw the links that would set a user's password."""
        self._connection.execute(delete(invitations).where(invitations.c.user == user))
