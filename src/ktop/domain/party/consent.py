"""Consent of a company that an institution sees its results: its states, what follows which, and what it covers.

After the consent states of open banking: a consent is never changed but for its state, and narrowing makes a successor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from ktop.catalogue import LocalText, load, messages
from ktop.domain.party.permission import Allowed, Denied
from ktop.kernel.errors import ConflictError, InputError

State = Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"]
#: Which states may follow one. A request that is granted in part is narrowed: its successor says what was given.
FOLLOWING: Mapping[State, frozenset[State]] = {
    "requested": frozenset({"active", "rejected", "narrowed", "expired"}),
    "active": frozenset({"narrowed", "expired", "revoked"}),
    "rejected": frozenset(),
    "narrowed": frozenset(),
    "expired": frozenset(),
    "revoked": frozenset(),
}
#: Every technology of the company, present and future.
ALL_TECHNOLOGIES = "*"
#: Before the identifier of a rating: that one rating, whichever models answered (a result that was sent).
ONE_RATING = "rating:"
_MOST_TECHNOLOGIES = 100
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Terms:
    """What a company consents to.

    Parameters
    ----------
    purpose, legal_basis : keys of catalogue/consent.yaml.
    results : names of models, or ``rating:`` and an identifier for one rating alone.
    inputs : groups of inputs shown besides; without any, nothing that tells an input is shown.
    technologies : identifiers of kept technologies whose originality is shown, or ``*``.
    valid_from, valid_until : the first and the last day.
    once : whether one look-up uses it up.
    """

    purpose: str
    results: frozenset[str]
    inputs: frozenset[str]
    technologies: frozenset[str]
    valid_from: date
    valid_until: date
    once: bool = False
    legal_basis: str = "consent"

    def within(self, other: Terms) -> bool:
        """Whether these allow nothing that ``other`` does not."""
        return (
            (self.purpose, self.legal_basis) == (other.purpose, other.legal_basis)
            and self.results <= other.results
            and self.inputs <= other.inputs
            and (ALL_TECHNOLOGIES in other.technologies or self.technologies <= other.technologies)
            and other.valid_from <= self.valid_from
            and self.valid_until <= other.valid_until
            and (self.once or not other.once)
        )


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent. ``number`` counts it and its predecessors from 1; ``version`` counts changes of its state.

    ``asked_by`` is the user who asked (None where it was given unasked), ``granted_by`` who gave it and
    ``authenticated_by`` how that person was known.
    """

    id: str
    company: str
    grantee: str
    terms: Terms
    notice_version: str
    notice_hash: str
    state: State
    state_at: datetime
    state_by: str
    created: datetime
    number: int = 1
    predecessor: str | None = None
    asked_by: str | None = None
    asked_reason: str = ""
    granted_by: str | None = None
    authenticated_by: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody wants to see: one model's answer of one rating."""

    model: str
    rating: str
    technology: str | None = None


def may_see(consent: Consent, what: Sight, day: date) -> Allowed | Denied:
    """Return whether a consent covers something on a day; ``Allowed.by`` is the consent's identifier."""
    terms = consent.terms
    if consent.state != "active":
        return Denied(f"consent.is_{consent.state}")
    if day < terms.valid_from:
        return Denied("consent.is_early")
    if day > terms.valid_until:
        return Denied("consent.is_expired")
    if ONE_RATING + what.rating in terms.results:
        return Allowed(consent.id)
    if what.model not in terms.results:
        return Denied("consent.other_result")
    if what.model == "originality" and not {ALL_TECHNOLOGIES, what.technology} & terms.technologies:
        return Denied("consent.other_technology")
    return Allowed(consent.id)


def models_shown(consent: Consent, models: Iterable[str], rating: str, technology: str | None, day: date) -> list[str]:
    """Return which models' answers of a rating a consent covers on a day."""
    return [model for model in models if isinstance(may_see(consent, Sight(model, rating, technology), day), Allowed)]


def changed(consent: Consent, state: State, *, at: datetime, by: str) -> Consent:
    """Return a consent in its next state; raises ``ConflictError`` where that cannot follow the present one."""
    if state not in FOLLOWING[consent.state]:
        raise cannot_follow(consent)
    return replace(consent, state=state, state_at=at, state_by=by, version=consent.version + 1)


def cannot_follow(consent: Consent) -> ConflictError:
    """Return the error of a change that the present state does not allow."""
    return ConflictError("consent.cannot_follow", state=dict(state_name(consent.state)))


def granted(consent: Consent, *, at: datetime, day: date, by: str, known_by: str) -> Consent:
    """Return a requested consent as given on a day; raises ``ConflictError`` where its last day is over."""
    if over(consent, day):
        raise cannot_follow(replace(consent, state="expired"))
    return replace(changed(consent, "active", at=at, by=by), granted_by=by, authenticated_by=known_by)


def narrowed(
    consent: Consent, terms: Terms, *, successor: str, at: datetime, by: str, known_by: str
) -> tuple[Consent, Consent]:
    """Return a consent that ends here and its successor of narrower terms, which is active.

    Raises ``InputError`` for terms that allow anything more or nothing less, ``ConflictError`` for a consent that is
    neither active nor requested.
    """
    ended = changed(consent, "narrowed", at=at, by=by)
    if not terms.within(consent.terms) or terms == consent.terms:
        raise InputError("consent.not_narrower")
    follower = replace(
        consent,
        id=successor,
        terms=terms,
        state="active",
        state_at=at,
        state_by=by,
        created=at,
        number=consent.number + 1,
        predecessor=consent.id,
        granted_by=by,
        authenticated_by=known_by,
        version=1,
    )
    return ended, follower


def over(consent: Consent, day: date) -> bool:
    """Whether a consent that still waits or holds has seen its last day."""
    return "expired" in FOLLOWING[consent.state] and day > consent.terms.valid_until


def check_terms(terms: Terms, today: date) -> None:
    """Raise ``InputError`` for terms that nobody can give: nothing shown, unknown words, a period that cannot be."""
    words = load("consent")
    models = {name for name in terms.results if not name.startswith(ONE_RATING)}
    if not terms.results:
        raise InputError("consent.no_results")
    for given, known in (
        (models, words["results"]),
        (terms.inputs, words["inputs"]),
        ({terms.purpose}, words["purposes"]),
        ({terms.legal_basis}, words["legal_bases"]),
    ):
        if not given <= known.keys():
            raise InputError("consent.unknown_word", word=sorted(given - known.keys())[0][:40])
    if "originality" in models and not terms.technologies:
        raise InputError("consent.no_technologies")
    if len(terms.technologies) > _MOST_TECHNOLOGIES:
        raise InputError("consent.many_technologies", most=_MOST_TECHNOLOGIES)
    if terms.valid_from < today or terms.valid_until < terms.valid_from:
        raise InputError("consent.period_wrong")
    if terms.valid_until - terms.valid_from > timedelta(days=words["most_days"]):
        raise InputError("consent.period_long", years=words["most_days"] // 365)


def check_reason(reason: str) -> str:
    """Return a reason without space around it; raises ``InputError`` for one that is too long."""
    said = plain_text(reason)
    if len(said) > _LONGEST_REASON:
        raise InputError("consent.reason_long", most=_LONGEST_REASON)
    return said


def plain_text(said: str) -> str:
    """Return what people wrote without space around it and without signs that nobody sees, which no database takes."""
    return "".join(sign for sign in said if sign.isprintable() or sign == "\n").strip()


def state_name(state: State) -> LocalText:
    """Return a state in words."""
    return messages()[f"consent.state_{state}"]


def newest_notice() -> str:
    """Return the version of the text that is shown now."""
    return notices()[-1]


def notices() -> list[str]:
    """Return the versions of the text that were ever shown, the newest last."""
    return list(load("consent")["notices"])


def notice(version: str) -> LocalText:
    """Return the text of a version in both languages; raises ``KeyError`` for one that was never shown."""
    found: LocalText = load("consent")["notices"][version]
    return found


def notice_hash(version: str) -> str:
    """Return the SHA-256 of a version and its text in both languages, 64 hexadecimal digits."""
    content: dict[str, str] = {"version": version, **{str(lang): words for lang, words in notice(version).items()}}
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
