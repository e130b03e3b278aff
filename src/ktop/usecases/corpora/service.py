"""Opens the corpora of one installation, and does the long work on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require, require_any
from ktop.kernel.errors import UnavailableError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.settings import Settings
from ktop.models.originality.definitions import version
from ktop.patents.corpus.importing import ImportReport
from ktop.patents.engine.ahead import AskOthers, write_ahead
from ktop.usecases.corpora import corpus as work
from ktop.usecases.corpora.demo import prepare_demo_corpus
from ktop.usecases.corpora.engine import TechnologyEngine, corpus_is_ready, open_corpus
from ktop.usecases.corpora.export import export_patents
from ktop.usecases.corpora.interface import SearchRequest
from ktop.usecases.corpora.opening import OpenIndex, analysts, opener

#: How long a technology rating waits for the corpus to be prepared before it asks to come back.
PATIENCE_SECONDS = 10.0
#: Who rates a technology, or looks at such a rating again, needs a corpus for it, searching or not.
_NEEDS_A_CORPUS = ("own:rating:make", "own:rating:read", "own:batch:run", "platform:corpus:read")


class CorpusService:
    """See ``ktop.usecases.corpora.interface.Corpora``."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._open_index = settings, opener(settings)
        self._in_force, self._demo = settings.corpus_in_force, settings.demo_corpus
        self._engines: dict[tuple[Path, str], TechnologyEngine] = {}
        self._opening = threading.Lock()
        self._prepared = threading.Event()
        self._preparing: threading.Thread | None = None
        self._share_done = 0.0

    def is_prepared(self, actor: Actor) -> bool:
        require(actor, "platform:corpus:read")
        return corpus_is_ready(self._in_force)

    def prepare(self, actor: Actor, progress: Progress = silent) -> None:
        require(actor, "platform:corpus:manage")
        open_corpus(self.folder(actor, progress=progress), progress=progress)

    def prepare_in_background(self, actor: Actor, ready: Callable[[], None] | None = None) -> None:
        require(actor, "platform:corpus:manage")

        def run() -> None:
            try:
                self.prepare(actor, self._note_progress)
            finally:
                self._prepared.set()
            if ready is not None:
                ready()

        self._preparing = threading.Thread(target=run, name="prepare-corpus", daemon=True)
        self._preparing.start()

    def _note_progress(self, done: int, total: int | None, what: str) -> None:
        self._share_done = done / total if total else 0.0

    def folder(
        self, actor: Actor, named: Path | None = None, *, lang: Lang = "ko", progress: Progress = silent
    ) -> Path:
        require_any(actor, *_NEEDS_A_CORPUS)
        folder = named or self._in_force
        if folder == self._demo:
            prepare_demo_corpus(folder, lang=lang, progress=progress)
        return folder

    def engine(
        self,
        actor: Actor,
        named: Path | None = None,
        *,
        lang: Lang = "ko",
        progress: Progress = silent,
        formulas: str | None = None,
    ) -> TechnologyEngine:
        require_any(actor, *_NEEDS_A_CORPUS)
        if self._preparing is not None and not self._prepared.wait(PATIENCE_SECONDS):
            raise UnavailableError("platform.corpus_preparing", percent=round(100 * self._share_done))
        with self._opening:  # opening loads models: once, however many ask at the same time
            wanted = (named or self._in_force, formulas or version())
            if wanted not in self._engines:
                folder = self.folder(actor, wanted[0], lang=lang, progress=progress)
                self._engines[wanted] = open_corpus(
                    folder, lang=lang, progress=progress, formulas=wanted[1], open_index=self._open_index
                )
            return self._engines[wanted]

    def opener(self, actor: Actor) -> OpenIndex:
        require_any(actor, *_NEEDS_A_CORPUS)
        return self._open_index

    def import_patents(
        self,
        actor: Actor,
        paths: Sequence[Path],
        corpus: Path,
        *,
        format_name: str | None = None,
        progress: Progress = silent,
    ) -> ImportReport:
        require(actor, "platform:corpus:manage")
        return work.import_patents(paths, corpus, format_name=format_name, progress=progress)

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
        require(actor, "platform:corpus:manage")
        workers, in_order = analysts(self._settings, workers)
        return work.index_patents(
            corpus, workers=workers, lang=lang, progress=progress, in_order=in_order, ask_others=ask_others
        )

    def write_segment(
        self, actor: Actor, corpus: Path, plan: str, segment: int, *, progress: Progress = silent
    ) -> bool:
        require(actor, "platform:corpus:manage")
        return write_ahead(corpus, plan, segment, progress)

    def measure_patents(
        self, actor: Actor, corpus: Path, *, lang: Lang = "ko", progress: Progress = silent
    ) -> Mapping[str, Any]:
        require(actor, "platform:corpus:manage")
        workers, in_order = analysts(self._settings, 1)
        return work.measure_patents(corpus, workers=workers, lang=lang, progress=progress, in_order=in_order)

    def export_patents(
        self, actor: Actor, corpus: Path, out: Path, *, lang: Lang = "ko", progress: Progress = silent
    ) -> int:
        require(actor, "platform:corpus:read")
        return export_patents(corpus, out, lang=lang, progress=progress)

    def verify_patents(
        self, actor: Actor, corpus: Path, *, repair: bool = False, lang: Lang = "ko", progress: Progress = silent
    ) -> Mapping[str, Any]:
        require(actor, "platform:corpus:read")
        return work.verify_patents(corpus, repair=repair, lang=lang, progress=progress)

    def search_text(self, actor: Actor, text: str, corpus: Path, how: SearchRequest) -> Sequence[Mapping[str, Any]]:
        require(actor, "platform:corpus:read")
        return work.search_text(text, corpus=corpus, how=how, open_index=self._open_index)

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
        require(actor, "platform:corpus:read")
        return work.search_queries(
            queries, out, corpus=corpus, how=how, lang=lang, progress=progress, open_index=self._open_index
        )
