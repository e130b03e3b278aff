"""What the pages and the API need from the services, as one interface; the pages know nothing else of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from ktop.catalogue import Lang
from ktop.usecases.answers import CompanyCard, StoredRating, TechnologyExample

__all__ = ["CompanyCard", "Services", "StoredRating", "TechnologyExample"]


class Services(Protocol):
    """The use cases behind the pages. Calls block (they are made from worker threads) and must be thread-safe.

    A wrong input raises ``ktop.kernel.errors.InputError`` (or its family), an unknown identifier ``NotFoundError``, a
    model or corpus that is not ready ``UnavailableError``; nothing else is the user's business.
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
        """Rate a company by the models that fit it, keep and return the result. ``as_of`` None means today."""
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
        """Return two kept results, of companies or of technologies, side by side.

        ``{"a": StoredRating, "b": StoredRating, "gaps": {score: [{"indicator", "group", "points", "a", "b"}]}}`` where
        ``points`` is what the indicator adds to score(a) - score(b) (the parts and the bases add up exactly) and
        ``a``, ``b`` are the two values (None where missing). A second model's score of the same name is keyed
        ``"model:score"``. ``"technologies"`` holds what two technologies share and how their traits differ, else None.
        """
        ...

    def suggestions(self, rating_id: str) -> Mapping[str, Any]:
        """Return which added terms would raise the originality of a kept result's technology; nothing is kept.

        ``{"score", "grade", "tried", "terms": [{"term", "gain", "score", "grade", "traits", "patent_id", ...}]}``.
        """
        ...

    def rank_proposals(self, source: bytes, name: str, lang: Lang) -> Sequence[Mapping[str, Any]]:
        """Return the proposals of an uploaded table ranked, a row each (``ktop.usecases.rate.proposals.COLUMNS``).

        ``name`` is the file's name, whose ending tells the kind of table; sentences are in ``lang``. Nothing is kept.
        """
        ...

    def rank_given(self, proposals: Sequence[Mapping[str, Any]], lang: Lang) -> Sequence[Mapping[str, Any]]:
        """Return proposals (``id``, ``title``, ``text``) ranked, as above."""
        ...

    def ranked_spreadsheet(self, rows: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
        """Return ranked proposals as an .xlsx file in which no text acts as a formula."""
        ...

    def models(self) -> Sequence[Mapping[str, Any]]:
        """Return the card of every model version, with ``champion`` (in force) and ``origin``, JSON-ready."""
        ...

    def model_card(self, name: str, version: str) -> Mapping[str, Any]:
        """Return one version's card with its history."""
        ...

    def model_history(self) -> Sequence[Mapping[str, Any]]:
        """Return who entered, promoted or rolled back which version, when and why, oldest first."""
        ...

    def model_drift(self) -> Sequence[Mapping[str, Any]]:
        """Return the newest drift report of every version that has one, with the earlier ones in short as ``past``."""
        ...

    def recompute(self, rating_id: str) -> Sequence[Mapping[str, Any]]:
        """Return, per rating of a kept result, whether it comes out the same again to the last bit, and what differs.

        ``{"model", "version", "status": "identical" | "differs" | "skipped", "differences"}``.
        """
        ...

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a company record."""
        ...

    def technology_examples(self) -> Sequence[TechnologyExample]:
        """Return sample technology summaries in Korean and English."""
        ...
