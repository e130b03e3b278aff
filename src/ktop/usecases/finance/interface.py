"""What can be done with guarantee and loan cases: apply, hand in, decide, follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from ktop.domain.finance.case import Application, CaseDocument, Step
from ktop.domain.finance.loan_rule import LoanRule
from ktop.domain.finance.process import Side
from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page
from ktop.usecases.consent.interface import PartyCard


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A case as one of its sides sees it; all sides see the same state.

    Parameters
    ----------
    you : the side that looks.
    figures : what was decided so far; to the bank only once the case has come to it.
    steps, documents : empty in lists; documents also to the bank before the case has come to it.
    actions : the steps that the actor may take now: not one that only another person of that side may.
    sees_result : whether the actor's side may see the result that the application stands on now; not known in lists.
    """

    id: str
    company: PartyCard
    guarantor: PartyCard
    bank: PartyCard
    you: Side
    application: Application
    state: str
    guarantee: str
    loan: str
    figures: Mapping[str, float]
    since: datetime
    due: date | None
    version: int
    created: datetime
    steps: Sequence[Step] = ()
    documents: Sequence[CaseDocument] = ()
    actions: Sequence[str] = ()
    sees_result: bool = False


@dataclass(frozen=True, slots=True)
class LoanRuleCard:
    """A bank's loan rule in force: its version, counted from 1, and when and by whom it was made."""

    version: int
    rule: LoanRule
    made: datetime
    made_by: str


class Finance(Protocol):
    """Guarantee and loan cases. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for cases of others.
    """

    def partners(self, actor: Actor) -> Mapping[str, Sequence[PartyCard]]:
        """Return who can be asked: ``guarantors`` and ``banks``, by name."""
        ...

    def apply(self, actor: Actor, application: Application, *, guarantor: str, bank: str) -> CaseCard:
        """Begin a case as a draft of the actor's company.

        Raises ``InputError`` for an application that cannot be or a rating of another firm, ``NotFoundError`` for a
        rating that the company does not keep or an institution that takes no part.
        """
        ...

    def revise(self, actor: Actor, case_id: str, application: Application, *, guarantor: str, bank: str) -> CaseCard:
        """Change a draft, or what was returned for correction (then with the same guarantor and bank).

        Raises ``ConflictError`` in any other state.
        """
        ...

    def act(
        self,
        actor: Actor,
        case_id: str,
        action: str,
        *,
        reason: str = "",
        figures: Mapping[str, object] | None = None,
        key: str | None = None,
        version: int | None = None,
    ) -> CaseCard:
        """Take a step; what rules do next is done at once.

        Submitting lets guarantor and bank see the rating for a year, as a consent each that can be revoked.

        Parameters
        ----------
        figures : what the step needs said, as typed (money in won, rates in per cent).
        key : the caller's own name of this step: sent again it answers with the case and does nothing.
        version : of the case that the caller saw.

        Raises ``InputError`` for what is missing, ``ConflictError`` where the case stands elsewhere, was changed
        meanwhile, or lacks the company's consent.
        """
        ...

    def cases(
        self,
        actor: Actor,
        *,
        states: Collection[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[CaseCard]:
        """Return the cases of the actor's organisation, newest first; drafts only to the company itself."""
        ...

    def case(self, actor: Actor, case_id: str) -> CaseCard:
        """Return a case with its steps, its documents and what can be done."""
        ...

    def add_document(self, actor: Actor, case_id: str, kind: str, name: str, content: bytes) -> CaseCard:
        """Keep a file of the company's with its case: PDF, PNG, JPEG or .xlsx.

        Raises ``InputError`` for any other content, ``TooLargeError``, ``ConflictError`` once the case is reviewed.
        """
        ...

    def document(self, actor: Actor, case_id: str, document_id: str) -> tuple[CaseDocument, bytes]:
        """Return a file of a case; to the bank once the case has come to it."""
        ...

    def loan_rule(self, actor: Actor) -> LoanRuleCard | None:
        """Return the loan rule of the actor's bank in force, None where it has set none.

        Raises ``ForbiddenError`` where the organisation is no bank.
        """
        ...

    def set_loan_rule(self, actor: Actor, rule: LoanRule) -> LoanRuleCard:
        """Put a new version in force; cases keep by which version their terms were given.

        Raises ``ForbiddenError`` for whoever is no administrator of a bank.
        """
        ...

    def tend(self, actor: Actor) -> int:
        """Take the steps that rules owe, and remind of deadlines; return how many. Only for the installation itself."""
        ...
