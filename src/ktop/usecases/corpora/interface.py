"""What can be done with patent corpora: import, index, measure, verify, search, and open for rating."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.kernel.progress import Progress, silent

if TYPE_CHECKING:  # an interface is read where nobody opens an index: loading the engine takes a second
    from ktop.patents.corpus.importing import ImportReport
    from ktop.patents.engine.ahead import AskOthers
    from ktop.usecases.corpora.engine import TechnologyEngine
    from ktop.usecases.corpora.opening import OpenIndex


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """How to search: ``top`` patents at most, filed before a day, by ``mode``, of classes, countries and languages.

    ``mode`` is "lexical", "dense" or "hybrid"; classes are the beginnings of symbols (G06F), countries two letters.
    """

    top: int = 10
    before: date | None = None
    mode: str = "hybrid"
    classes: Sequence[str] = ()
    countries: Sequence[str] = ()
    languages: Sequence[str] = ()


class Corpora(Protocol):
    """Patent corpora, each a folder. Calls block and are thread-safe; steps of the work are named in ``lang``.

    Raises ``NotFoundError`` for a folder that holds no corpus, ``UnavailableError`` for one that is not indexed, being
    worked on by another process, or damaged, ``InputError`` for what was asked wrongly.
    """

    def is_prepared(self, actor: Actor) -> bool:
        """Return whether the corpus in force is imported, indexed and has its reference table."""
        ...

    def prepare(self, actor: Actor, progress: Progress = silent) -> None:
        """Build the demo corpus where no other is named; takes up where it was interrupted."""
        ...

    def prepare_in_background(self, actor: Actor, ready: Callable[[], None] | None = None) -> None:
        """Prepare while companies can already be rated; technologies wait, and are told how far it is.

        ``ready`` is called, in another thread, once technologies can be rated; never where preparing failed.
        """
        ...

    def folder(
        self, actor: Actor, named: Path | None = None, *, lang: Lang = "ko", progress: Progress = silent
    ) -> Path:
        """Return the corpus named, else the one in force; the demo corpus is built at its first use."""
        ...

    def engine(
        self,
        actor: Actor,
        named: Path | None = None,
        *,
        lang: Lang = "ko",
        progress: Progress = silent,
        formulas: str | None = None,
    ) -> TechnologyEngine:
        """Open a corpus for rating, once for all who ask; ``formulas`` is the model's version, today's where None.

        Raises ``UnavailableError`` while the corpus in force is being prepared.
        """
        ...

    def opener(self, actor: Actor) -> OpenIndex:
        """Return how corpora are opened here, in this process or on a cluster; it can be handed to other processes."""
        ...

    def import_patents(
        self,
        actor: Actor,
        paths: Sequence[Path],
        corpus: Path,
        *,
        format_name: str | None = None,
        progress: Progress = silent,
    ) -> ImportReport:
        """Import source files into a corpus folder."""
        ...

    def index_patents(
        self,
        actor: Actor,
        corpus: Path,
        *,
        workers: int = 2,
        lang: Lang = "ko",
        progress: Progress = silent,
        ask_others: AskOthers | None = None,
    ) -> Mapping[str, Any]:
        """Bring the index up to date, and what technologies are rated against: ``total``, ``added``, ``seconds``.

        ``ask_others`` is told the plan and the number of segments that others may write, by ``write_segment``.
        """
        ...

    def write_segment(
        self, actor: Actor, corpus: Path, plan: str, segment: int, *, progress: Progress = silent
    ) -> bool:
        """Write a segment that an indexing run asked others for; False where it is wanted no more, or being written."""
        ...

    def measure_patents(
        self, actor: Actor, corpus: Path, *, lang: Lang = "ko", progress: Progress = silent
    ) -> Mapping[str, Any]:
        """Compute the measures of every patent: ``patents``, ``citations``, ``resolved``, ``seconds``."""
        ...

    def export_patents(
        self, actor: Actor, corpus: Path, out: Path, *, lang: Lang = "ko", progress: Progress = silent
    ) -> int:
        """Write the patents as one table (.parquet, .csv, .jsonl); see ``ktop.usecases.corpora.export``."""
        ...

    def verify_patents(
        self, actor: Actor, corpus: Path, *, repair: bool = False, lang: Lang = "ko", progress: Progress = silent
    ) -> Mapping[str, Any]:
        """Hold every file against its digest: ``checked``, ``damaged``, ``lost``, ``repaired``."""
        ...

    def search_text(self, actor: Actor, text: str, corpus: Path, how: SearchRequest) -> Sequence[Mapping[str, Any]]:
        """Return the patents nearest to a text, best first, each with score, title, applicants and filing date."""
        ...

    def search_table(
        self,
        actor: Actor,
        queries: Path,
        out: Path,
        corpus: Path,
        how: SearchRequest,
        *,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, int]:
        """Search for every row of a table; see ``ktop.usecases.corpora.corpus.search_queries``."""
        ...
