"""What can be done with companies: read and complete their records, and rate them without keeping the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from ktop.catalogue import Lang
from ktop.domain.company.entry import CompanyEntry
from ktop.domain.party.actor import Actor
from ktop.domain.rating.rating import Rating, Warning
from ktop.kernel.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """One invented example company, for a list.

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
class BatchReport:
    """How many rows there were, were rated and were refused, and what the reader must know, one sentence each."""

    rows: int
    rated: int
    refused: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompanyRatings:
    """A company's ratings, and by model name the sentence (language → text) of each model that could not rate it."""

    ratings: Sequence[Rating]
    failures: Mapping[str, Mapping[str, str]]


class Companies(Protocol):
    """Records of companies. Calls block and are thread-safe; ``as_of`` None means today.

    Raises ``InputError`` for a record that is wrong (it names the field), ``TooLargeError`` for one beyond its limit.
    """

    def example_companies(self, actor: Actor) -> Sequence[CompanyCard]:
        """Return the example companies in the order to show them."""
        ...

    def example_record(self, actor: Actor, company_id: str) -> Mapping[str, Any]:
        """Return an example company's record; raises ``NotFoundError`` for an id there is none of."""
        ...

    def parse_record(self, actor: Actor, source: bytes | Path) -> Mapping[str, Any]:
        """Return a YAML or JSON record, uploaded or in a file, as a mapping.

        Raises ``TooLargeError`` for one that is too large, ``InputError`` for what is not one mapping.
        """
        ...

    def record_of_facts(
        self, actor: Actor, facts: Mapping[str, Any], statuses: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Return the record that says just these facts (flat, names of the facts catalogue, absent or None = missing).

        Values come from a form: numbers, ISO dates and texts. Rating the record checks them. ``statuses`` says what
        stands behind answers of the checklist: "evidenced" or "confirmed"; declared where nothing is said.
        """
        ...

    def entered_record(
        self, actor: Actor, entry: CompanyEntry, base: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Return the record that says what was entered on top of ``base``, the record its form was filled from.

        See ``ktop.domain.company.entry.record_of_entry``. Raises ``InputError`` where the record is then wrong.
        """
        ...

    def doubts(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Sequence[Warning]:
        """Return what can hardly be true of a record's figures together: amounts in another unit, odd ratios."""
        ...

    def facts_of_record(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> Mapping[str, Any]:
        """Return the flat facts of a record as of a day, None where missing."""
        ...

    def company_schema(self, actor: Actor) -> Mapping[str, Any]:
        """Return the JSON Schema of a company record."""
        ...

    def batch_columns(self, actor: Actor) -> Sequence[Mapping[str, Any]]:
        """Return the columns of a batch table, each with its unit, range and label."""
        ...

    def rate_record(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date | None = None,
        models: Sequence[str] | None = None,
        previous: Path | None = None,
    ) -> Sequence[Rating]:
        """Rate a record by the models named (Tech-Index and KTRS-FM where none is), each in the version in force.

        ``previous`` is a JSON file of the company's last ratings: near a cut their grades are kept. Raises
        ``InputError`` for a file that holds no ratings, a model there is none of and a record that tells a model
        nothing at all.
        """
        ...

    def rate_possible(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date | None = None,
        models: Sequence[str] | None = None,
        previous: Path | None = None,
    ) -> CompanyRatings:
        """Rate a record as ``rate_record`` does, by each of the models that can; the others say why they cannot.

        Raises ``InputError`` where none of them can.
        """
        ...

    def rate_by_fitting_models(self, actor: Actor, record: Mapping[str, Any], as_of: date | None) -> CompanyRatings:
        """Rate a record by every model that fits the company; one that cannot rate it says why beside the others.

        Raises ``InputError`` where none of them can.
        """
        ...

    def grade_paths(
        self, actor: Actor, record: Mapping[str, Any], as_of: date, versions: Mapping[str, str]
    ) -> Sequence[Mapping[str, Any]]:
        """Return how a company may reach the next grade of each of some models: ``grade_path.to_json`` objects.

        ``versions`` is model → version of the grade that is to be raised; one that is no longer in force has no path.
        """
        ...

    def rate_changed(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        as_of: date,
        changes: Mapping[str, Any],
        models: Sequence[str],
    ) -> Sequence[Rating]:
        """Rate a record again with some facts changed: name → new value, None to make a fact missing."""
        ...

    def rate_table(
        self,
        actor: Actor,
        source: Path,
        out: Path,
        *,
        models: Sequence[str] | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> BatchReport:
        """Rate every row of a table file and write the answers; see ``ktop.usecases.companies.batch.rate_table``."""
        ...
