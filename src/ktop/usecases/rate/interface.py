"""What can be done with ratings that are kept: make them, look at them again, change, compare and recompute them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.rating.rating import Rating
from ktop.kernel.paging import Page

Kind = Literal["company", "technology", "both"]


@dataclass(frozen=True, slots=True)
class StoredRating:
    """Ratings that were made together and are kept under one identifier nobody can guess.

    ``kind`` says what was rated. ``ratings`` are ``Rating.to_json()`` objects with opinions in both languages, in the
    order tech-index, ktrs-fm, originality (those that were asked for). ``record`` is the company record as given
    (None for a technology alone), ``text`` the technology summary as given (None for a company alone).
    ``failures`` holds, by model name, the sentence of a model that could not rate while others could: language → text.
    ``company`` and ``technology`` are the kept ones it was made of, None where it was made of something else.
    ``of_itself``: whether it is on the organisation's own firm, None where it was only just made.
    """

    id: str
    kind: Kind
    created: datetime
    as_of: date
    ratings: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any] | None = None
    text: str | None = None
    failures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    company: str | None = None
    technology: str | None = None
    of_itself: bool | None = None


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A kept answer as a list shows it.

    ``name`` is whom or what was rated (``name_en`` in English, None where it is not known), ``title`` and ``note`` what
    the organisation added. ``figures`` maps each model to its headline: the Tech-Index (0 to 100), the
    technology-business grade, the originality grade; None where it gave none.
    """

    id: str
    kind: Kind
    created: datetime
    as_of: date
    name: str
    title: str
    note: str
    archived: bool
    figures: Mapping[str, float | str | None]
    name_en: str | None = None


class Ratings(Protocol):
    """The kept ratings of the actor's organisation. Calls block and are thread-safe; ``as_of`` None means today.

    Raises ``NotFoundError`` for an identifier under which nothing of the organisation is kept, ``InputError`` for a
    record or text that is wrong, ``UnavailableError`` where the corpus or the database is not ready.
    """

    def rate_company(
        self, actor: Actor, record: Mapping[str, Any], as_of: date | None, company: str | None = None
    ) -> StoredRating:
        """Rate a company by the models that fit it and keep the answer, with the kept ``company`` it is of."""
        ...

    def rate_technology(
        self, actor: Actor, text: str, as_of: date | None, technology: str | None = None
    ) -> StoredRating:
        """Rate a technology summary against the corpus in force and keep the answer, with the kept ``technology``."""
        ...

    def rate_both(
        self,
        actor: Actor,
        record: Mapping[str, Any],
        text: str,
        as_of: date | None,
        company: str | None = None,
        technology: str | None = None,
    ) -> StoredRating:
        """Rate a company and its technology at once and keep the answers together, with the kept ones they are of."""
        ...

    def keep(
        self,
        actor: Actor,
        ratings: Sequence[Rating],
        *,
        record: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> StoredRating:
        """Keep ratings that were made otherwise, of one subject as of one day (by models chosen, in a corpus named)."""
        ...

    def rating(self, actor: Actor, rating_id: str, *, of_itself: bool = False) -> StoredRating:
        """Return a kept answer; with ``of_itself``, ``InputError`` where it is not on the organisation's own firm."""
        ...

    def results(
        self,
        actor: Actor,
        *,
        search: str = "",
        kind: Kind | None = None,
        archived: bool | None = False,
        of_itself: bool = False,
        company: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptResult]:
        """Return the organisation's kept answers, newest first, whose name, title or note holds ``search``.

        ``archived`` None gives both kinds; ``of_itself`` asks for those of the organisation's own firm, ``company`` for
        those of one kept company.
        Raises ``InputError`` for a wrong limit or cursor.
        """
        ...

    def result(self, actor: Actor, rating_id: str) -> KeptResult:
        """Return a kept answer as a list shows it."""
        ...

    def newest_results(self, actor: Actor, companies: Collection[str]) -> Mapping[str, KeptResult]:
        """Return the newest answer of each of some kept companies that has one."""
        ...

    def earlier(self, actor: Actor, rating_id: str, until: date | None = None) -> StoredRating | None:
        """Return the last answer on the same company or kept technology made before this one, None where none was.

        ``until`` asks for the last one as of that day or before.
        """
        ...

    def describe(self, actor: Actor, rating_id: str, *, title: str, note: str, archived: bool) -> KeptResult:
        """Name a kept answer, note something on it, put it away or take it out again; the answer itself never changes.

        Raises ``InputError`` for a title over 200 or a note over 2,000 characters.
        """
        ...

    def what_if(self, actor: Actor, rating_id: str, changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the company ratings of a kept answer made again with some facts changed; nothing is kept.

        ``changes`` maps names of facts to new values, None to make a fact missing. Raises ``InputError`` for an answer
        without a company and for a value that is wrong.
        """
        ...

    def paths(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        """Return how the company of a kept answer may reach the next grade, by model; see ``Companies.grade_paths``."""
        ...

    def growth_paths(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        """Return what firms in the growth-risk cells of a kept answer did, those that rose and those that fell.

        See ``ktop.models.growth_paths.growth_path``; empty where no model of the answer has growth paths.
        """
        ...

    def suggestions(self, actor: Actor, rating_id: str) -> Mapping[str, Any]:
        """Return which added terms would raise the originality of a kept answer's technology; nothing is kept.

        See ``Technologies.suggest_terms``. Raises ``InputError`` for an answer without a technology.
        """
        ...

    def compare(self, actor: Actor, a_id: str, b_id: str) -> Mapping[str, Any]:
        """Return two kept answers, of companies or of technologies, side by side.

        ``{"a": StoredRating, "b": StoredRating, "gaps": {score: [{"indicator", "group", "points", "a", "b"}]}}`` where
        ``points`` is what the indicator adds to score(a) - score(b) (the parts and the bases add up exactly) and
        ``a``, ``b`` are the two values (None where missing). A second model's score of the same name is keyed
        ``"model:score"``. ``"technologies"`` holds what two technologies share and how their traits differ, else None.
        Raises ``InputError`` for two answers without a model in common.
        """
        ...

    def recompute(self, actor: Actor, rating_id: str) -> Sequence[Mapping[str, Any]]:
        """Return, per rating of a kept answer, whether it comes out the same again to the last bit, and what differs.

        ``{"model", "version", "status": "identical" | "differs" | "skipped", "differences"}``, where skipped with a
        ``reason`` (``technologies.interface.Gone``, ``no_model``). Raises ``NotFoundError`` for a version of a company
        model that is not installed.
        """
        ...

    def recompute_file(self, actor: Actor, path: Path, *, corpus: Path | None = None) -> Sequence[Mapping[str, Any]]:
        """Do the same with the ratings in a JSON file, technologies against ``corpus``, else the one in force.

        Raises ``InputError`` for a file that holds none.
        """
        ...
