"""What the pages and the API need from the services, as one interface; the pages know nothing else of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

Kind = Literal["company", "technology", "both"]


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """One invented demonstration company, for a list.

    ``industry_group``, ``size`` and ``age_band`` are codes of the catalogue's facts (None where not known);
    ``about`` is one sentence in each language on what makes the company worth choosing, empty where there is none.
    """

    id: str
    name: str
    name_en: str | None = None
    industry: str | None = None
    region: str | None = None
    industry_group: str | None = None
    size: str | None = None
    age_band: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TechnologyExample:
    """A sample technology summary (invented), for the buttons beside the text field."""

    id: str
    title: str
    text: str
    lang: Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class StoredRating:
    """Ratings that were made together and are kept under one identifier nobody can guess.

    ``kind`` says what was rated. ``ratings`` are ``Rating.to_json()`` objects with opinions in both languages, in the
    order tech-index, ktrs-fm, originality (those that were asked for). ``record`` is the company record as given
    (None for a technology alone), ``text`` the technology summary as given (None for a company alone).
    ``failures`` holds, by model name, the sentence of a model that could not rate while others could: language → text.
    """

    id: str
    kind: Kind
    created: datetime
    as_of: date
    ratings: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any] | None = None
    text: str | None = None
    failures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Services(Protocol):
    """The use cases behind the pages. Calls block (they are made from worker threads) and must be thread-safe.

    A wrong input raises ``ktop.errors.InputError`` (or its family), an unknown identifier ``NotFoundError``, a model or
    corpus that is not ready ``UnavailableError``; nothing else is the user's business.
    """

    def demo_companies(self) -> Sequence[CompanyCard]:
        """Return the demonstration companies in the order to show them."""
        ...

    def company_record(self, company_id: str) -> Mapping[str, Any]:
        """Return a demonstration company's record, in the form that ``rate_company`` takes."""
        ...

    def parse_record(self, source: bytes) -> Mapping[str, Any]:
        """Return an uploaded YAML or JSON record as a mapping; refuses what is too large or not one mapping."""
        ...

    def record_of_facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record whose facts are those given (flat, names of the facts catalogue, absent = missing).

        Values come from a form: numbers, ISO dates and texts. Raises ``InputError`` naming the first wrong fact.
        """
        ...

    def facts_of_record(self, record: Mapping[str, Any], as_of: date | None) -> Mapping[str, Any]:
        """Return the flat facts of a record as of a day, for filling a form; None where missing."""
        ...

    def rate_company(self, record: Mapping[str, Any], as_of: date | None) -> StoredRating:
        """Rate a company by tech-index and ktrs-fm, keep and return the result. ``as_of`` None means today."""
        ...

    def rate_technology(self, text: str, as_of: date | None) -> StoredRating:
        """Rate a technology summary against the installed corpus, keep and return the result."""
        ...

    def rate_both(self, record: Mapping[str, Any], text: str, as_of: date | None) -> StoredRating:
        """Rate a company and its technology at once, keep and return the three results."""
        ...

    def rating(self, rating_id: str) -> StoredRating:
        """Return a kept result."""
        ...

    def what_if(self, rating_id: str, changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the company ratings of a kept result rated again with some facts changed; nothing is kept.

        ``changes`` maps names of facts to new values, None to make a fact missing.
        """
        ...

    def compare(self, a_id: str, b_id: str) -> Mapping[str, Any]:
        """Return two kept company results side by side.

        ``{"a": StoredRating, "b": StoredRating, "gaps": {score: [{"indicator", "group", "points", "a", "b"}]}}`` where
        ``points`` is what the indicator adds to score(a) - score(b) (the parts and the bases add up exactly) and
        ``a``, ``b`` are the two values (None where missing).
        """
        ...

    def models(self) -> Sequence[Mapping[str, Any]]:
        """Return the released models: ``{"name", "version", "trained_on", ...}`` each, JSON-ready."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a company record."""
        ...

    def technology_examples(self) -> Sequence[TechnologyExample]:
        """Return sample technology summaries in Korean and English."""
        ...
