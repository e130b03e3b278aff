"""Who does something: a user of one organisation, or the local owner of an installation without accounts."""

from __future__ import annotations

from dataclasses import dataclass

#: Roles of a company, an agency, a bank and an investor, of the operator, and of an installation's own owner.
ROLES = frozenset(
    (
        *("owner", "company_owner", "company_staff", "agency_evaluator", "agency_manager"),
        *("bank_officer", "investor_analyst", "operator", "institution_administrator"),
    )
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A user acting for one organisation at a time.

    ``organisation`` is the tenant: nothing that another organisation keeps is seen or changed. Raises ``ValueError``
    for an empty name and for a role there is none of.
    """

    user: str
    organisation: str
    roles: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.user or not self.organisation:
            raise ValueError("an actor has a user and an organisation")
        if not self.roles <= ROLES:
            raise ValueError(f"unknown roles: {sorted(self.roles - ROLES)}")


#: The person at an installation without accounts: the command line, and the pages with ``--solo``.
LOCAL_OWNER = Actor("local-owner", "local", frozenset({"owner"}))
