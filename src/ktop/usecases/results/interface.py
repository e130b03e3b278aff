"""What can be done with signed results: issue, show, withdraw and verify them, and publish what verifying needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class IssuedResult:
    """One signed result as its organisation sees it.

    Parameters
    ----------
    rating : identifier of the kept rating it was made of.
    address : of the public page that tells whether it still counts, printed as a QR code on the report.
    inputs : names of the inputs that can be shown or withheld.
    revoked, reason : when and why it was withdrawn; the reason is told to nobody else.
    """

    id: str
    rating: str
    address: str
    created: datetime
    key_id: str
    inputs: Sequence[str] = ()
    revoked: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RatedModel:
    """What one model answered, as it was signed; ``basis`` is "" of results signed before there was one."""

    name: str
    version: str
    scores: Mapping[str, float | None]
    grades: Mapping[str, str]
    probabilities: Mapping[str, Mapping[str, float]]
    trained_on: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A signed result that is authentic and unaltered.

    Parameters
    ----------
    id : its identifier, the address of its page at the issuer.
    issuer, issuer_name : address and name of who signed.
    company, technology : names of what was rated, None where not rated.
    as_of : the day of the rating; ``issued`` is when it was signed.
    inputs : those shown, name → ``{"value", "source", "date"}``; ``withheld`` counts the others.
    revoked : when it was withdrawn, None where it was not.
    status_checked : whether that was looked up (the issuer's own installation, or a status list that was given).
    status_list : address to fetch the status list from.
    """

    id: str
    issuer: str
    issuer_name: str
    company: str | None
    business_number: str | None
    technology: str | None
    models: Sequence[RatedModel]
    as_of: date
    issued: datetime
    key_id: str
    inputs: Mapping[str, Any]
    withheld: int
    missing: int
    revoked: datetime | None
    status_checked: bool
    status_list: str


class Results(Protocol):
    """Signed results. Calls block and are thread-safe.

    ``verify_result``, ``published_result``, ``status_list``, ``public_keys`` and ``show_only`` are open to everybody,
    the others to the organisation whose rating it is. Raises ``NotFoundError`` for an identifier there is none of.
    """

    def issue_result(self, actor: Actor, rating_id: str) -> IssuedResult:
        """Sign a kept rating with the key in force."""
        ...

    def result(self, actor: Actor, result_id: str) -> IssuedResult:
        """Return a signed result of the organisation."""
        ...

    def results_of(self, actor: Actor, rating_id: str) -> Sequence[IssuedResult]:
        """Return the results signed of a kept rating, the newest first; their inputs are not listed."""
        ...

    def result_file(self, actor: Actor, result_id: str, shown: Collection[str] | None = None) -> bytes:
        """Return the signed result as a JSON file that shows the inputs named.

        Where None, it shows all that the models asked for, but not the amount of a guarantee: it bounds sales.
        """
        ...

    def result_report(self, actor: Actor, result_id: str, lang: Lang) -> bytes:
        """Return the signed PDF report, which carries the JSON file with all inputs.

        Raises ``ConflictError`` for a result that was withdrawn.
        """
        ...

    def revoke_result(self, actor: Actor, result_id: str, reason: str) -> IssuedResult:
        """Withdraw a signed result for good.

        Raises ``InputError`` without a reason or with one over 500 characters, ``ConflictError`` where it was withdrawn
        before.
        """
        ...

    def verify_result(
        self, actor: Actor, content: bytes, keys: bytes | None = None, status: bytes | None = None
    ) -> Verification:
        """Return what a signed result, JSON or PDF, says.

        ``keys`` is the issuer's JWK set, this installation's where None; ``status`` the issuer's status list as it was
        fetched. Without it this installation's own results are looked up, others' are not.

        Raises ``NotAuthenticError`` (an ``InputError``) with what does not hold: not authentic, altered, or withdrawn.
        """
        ...

    def show_only(self, actor: Actor, content: bytes, shown: Collection[str]) -> bytes:
        """Return a signed JSON file with only the named ones of its inputs; raises ``InputError`` for other names."""
        ...

    def published_result(self, actor: Actor, result_id: str) -> Verification:
        """Return what the public page of a result tells, withdrawn or not; it shows no input."""
        ...

    def status_list(self, actor: Actor, number: int) -> str:
        """Return a signed status list (``vc+jwt``); ``NotFoundError`` where no result has a place in it."""
        ...

    def public_keys(self, actor: Actor) -> Mapping[str, Any]:
        """Return the JWK set of the installation, the key in force first; empty before anything was signed."""
        ...

    def rotate_key(self, actor: Actor, withdraw: str | None = None) -> Mapping[str, Any]:
        """Put another signing key in force and destroy the private part of the former; return the JWK set.

        ``withdraw`` names a key that is in wrong hands: nothing that it signed verifies any more.
        """
        ...
