"""Who does something: a user or program of one organisation, or the local owner of an installation without accounts."""

from __future__ import annotations

from dataclasses import dataclass

#: Roles of a company, an agency, a bank, a guarantor and an investor, of the operator, of an installation's own owner,
#: and of whoever has not signed in.
ROLES = frozenset(
    (
        *("visitor", "owner", "company_owner", "company_staff", "agency_evaluator", "agency_manager"),
        *("bank_officer", "guarantee_officer", "investor_analyst", "operator", "institution_administrator"),
    )
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, or a program by its key, acting for one organisation at a time.

    Parameters
    ----------
    user : identifier of the user, or ``key:`` and the prefix of a program's key.
    organisation : the tenant: nothing that another organisation keeps is seen or changed.
    roles : what the user is in that organisation.
    scopes : the permissions that a program's key is limited to; None for a person.
    second_factor_missing : whether the organisation demands a second factor that this sign-in lacks.
    known_by : how it is known who this is (``"password+totp"``, ``"passkey"``, ``"key"``), for consents and the audit.

    session : what the signed-in browser's session is listed and ended by; empty for programs and the local owner.

    Raises ``ValueError`` for an empty name and for a role there is none of.
    """

    user: str
    organisation: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    second_factor_missing: bool = False
    known_by: str = "local"
    session: str = ""

    def __post_init__(self) -> None:
        if not self.user or not self.organisation:
            raise ValueError("an actor has a user and an organisation")
        if not self.roles <= ROLES:
            raise ValueError(f"unknown roles: {sorted(self.roles - ROLES)}")


#: The person at an installation without accounts: the command line, and the pages with ``--solo``.
LOCAL_OWNER = Actor("local-owner", "local", frozenset({"owner"}))
#: The installation itself: what it does at its own hours, and what happens before somebody is known.
INSTALLATION = Actor("installation", "installation")
#: Whoever has not said who they are: sees what is public, and may sign in.
VISITOR = Actor("visitor", "visitor", frozenset({"visitor"}), known_by="nothing")
