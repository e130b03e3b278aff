"""What can be done with technologies: rate one summary or many, rank proposals, see what a text could add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.patent.document import Patent
from ktop.domain.rating.rating import Rating
from ktop.kernel.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class TechnologyExample:
    """A sample technology summary (invented), for the buttons beside the text field."""

    id: str
    title: str
    text: str
    lang: Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class RankReport:
    """How many proposals there were, could not be rated, and are told to repeat another one; remarks as below."""

    proposals: int
    refused: int
    duplicates: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankedUpload:
    """Ranked proposals, a row each; how many have no score and why, and how their table was read, a sentence each."""

    rows: Sequence[Mapping[str, Any]]
    remarks: tuple[str, ...] = ()


#: Why a technology cannot be rated again: the model's version is not installed; there is no corpus, or another one; the
#: corpus, the weights learned from it or its lines between languages are no longer those of the rating.
Gone = Literal["no_version", "no_corpus", "other_corpus", "corpus_changed", "weights_changed", "equating_changed"]


@dataclass(frozen=True, slots=True)
class RatedAgain:
    """A stored technology rating made again, or why it cannot be: one of the two is None."""

    rating: Rating | None
    reason: Gone | None = None


class Technologies(Protocol):
    """Summaries held against a patent corpus: the one named, else the one in force. Nothing is kept.

    Calls block and are thread-safe; ``as_of`` None means today, and only earlier patents count. Raises ``InputError``
    for a text that is too short, too long or in neither language, ``NotFoundError`` for a folder that holds no corpus,
    ``UnavailableError`` for a corpus that is not indexed yet or is damaged.
    """

    def example_technologies(self, actor: Actor) -> Sequence[TechnologyExample]:
        """Return the sample technology summaries in Korean and English."""
        ...

    def read_summary(self, actor: Actor, path: Path) -> str:
        """Return the summary in a text file; raises ``TooLargeError`` for one beyond what any summary needs."""
        ...

    def rate_summary(
        self,
        actor: Actor,
        summary: str,
        as_of: date | None = None,
        *,
        corpus: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Rating:
        """Rate one summary."""
        ...

    def rate_again(self, actor: Actor, stored: Mapping[str, Any], *, corpus: Path | None = None) -> RatedAgain:
        """Rate the technology of a stored rating (JSON) again by the version of model and corpus that it names.

        A version names formulas, reference table, weights and lines between languages by their digests: only where all
        are those of the corpus is the rating made. Raises ``InputError("models.not_recomputable")`` for no such rating.
        """
        ...

    def prospects_with_applicant(
        self, actor: Actor, applicant: str, as_of: date | None = None, *, corpus: Path | None = None
    ) -> Mapping[str, Any]:
        """Return what an applicant's earlier patents foresee of later citation: a forecast beside originality.

        ``{"name", "version", "applicant", "as_of", "corpus", "forecast", "reason", "history", "validation", "text",
        "note"}`` (docs/formats.md). Raises ``InputError`` for a name that names nobody.
        """
        ...

    def suggest_terms(
        self, actor: Actor, summary: str, as_of: date | None = None, *, corpus: Path | None = None
    ) -> Mapping[str, Any]:
        """Try which added terms would raise a summary's originality.

        ``{"score", "grade", "tried", "terms": [{"term", "gain", "score", "grade", "traits", "patent_id", ...}]}``.
        """
        ...

    def compare_summaries(
        self,
        actor: Actor,
        first: str,
        second: str,
        as_of: date | None = None,
        *,
        corpus: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        """Rate two summaries as of one day: ``{"a", "b", "comparison"}``, both ratings and what differs, as JSON."""
        ...

    def patents_named(
        self, actor: Actor, patent_ids: Sequence[str], *, corpus: Path | None = None
    ) -> Mapping[str, Patent]:
        """Return patents of a corpus by their ids, as far as it has them."""
        ...

    def score_table(
        self,
        actor: Actor,
        queries: Path,
        out: Path,
        *,
        corpus: Path | None = None,
        as_of: date | None = None,
        workers: int = 2,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        """Rate every row of a table; see ``ktop.usecases.technologies.many.score_queries``."""
        ...

    def rank_table(
        self,
        actor: Actor,
        source: Path,
        out: Path,
        *,
        corpus: Path | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> RankReport:
        """Rank a table of proposals; see ``ktop.usecases.technologies.proposals.rank_file``."""
        ...

    def rank_upload(self, actor: Actor, source: bytes, name: str, lang: Lang) -> RankedUpload:
        """Return the proposals of an uploaded table ranked, a row each (``technologies.proposals.COLUMNS``).

        ``name`` is the file's name, whose ending tells the kind of table; sentences are in ``lang``. Raises
        ``TooLargeError`` for more proposals than one answer should wait for.
        """
        ...

    def rank_proposals(
        self, actor: Actor, proposals: Sequence[Mapping[str, Any]], lang: Lang
    ) -> Sequence[Mapping[str, Any]]:
        """Return proposals (``id``, ``title``, ``text``) ranked, as above."""
        ...

    def ranked_spreadsheet(self, actor: Actor, rows: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
        """Return ranked proposals as an .xlsx file in which no text acts as a formula."""
        ...
