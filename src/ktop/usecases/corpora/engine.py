"""An open corpus that technologies are rated against: the index, the model, and how the two move on together."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

from ktop.catalogue import Lang
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.domain.technology.summary import Technology
from ktop.kernel.errors import KtopError, NotFoundError
from ktop.kernel.progress import Progress, silent
from ktop.models.originality import OriginalityModel, OriginalityReference, Weights, released
from ktop.models.originality.definitions import installed_versions, reads_whole_text, version
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import Layout
from ktop.patents.neighbours.neighbourhood import prepare
from ktop.usecases.corpora.equating import bring_equating_up_to_date
from ktop.usecases.corpora.neighbourhood import neighbourhood_of
from ktop.usecases.corpora.opening import OpenIndex
from ktop.usecases.corpora.reference import (
    bring_reference_up_to_date,
    load_reference,
    reference_path,
)

#: An institution's own weights, beside the index of the corpus that they were learned from.
WEIGHTS_FILE = "originality-weights.json"

log = logging.getLogger(__name__)


@dataclass
class TechnologyEngine:
    """An open corpus with its originality model. One search at a time: the index is for one thread.

    ``folder`` is the corpus; the engine moves on by itself to each generation of its index that is complete.
    """

    index: PatentIndex
    model: OriginalityModel
    folder: Path
    open_index: OpenIndex = PatentIndex
    lock: threading.Lock = field(default_factory=threading.Lock)
    _tried: tuple[float, float] | None = None

    def follow(self) -> None:
        """Move on to the generation of the index in force, once its reference table is there. Call it holding the lock.

        Until then, and where the newer generation cannot be opened, answers stay those of the present one.
        """
        if self.index.is_current:
            return
        formulas = self.model.reference.formulas
        file = reference_path(self.folder, formulas)
        found = (_changed(Layout(self.folder).pointer), _changed(file))
        if found == self._tried:  # looked at already, and of no use yet
            return
        self._tried = found
        try:
            index = self.open_index(self.folder)
            reference = load_reference(self.folder, index, formulas)
            if reference is not None:
                self.model = _model(self.folder, index, reference)
                self.index = index
        except KtopError as error:
            log.warning("The newer index of %s cannot be used, the present one goes on: %s", self.folder, error)

    def prepare(self, technology: Technology) -> None:
        """Encode what rating a technology needs. Call it before taking the lock: it takes long and others may go on."""
        prepare(self.index, technology, not reads_whole_text(self.model.reference.formulas))

    def neighbourhood(
        self, technology: Technology, exclude: tuple[str, ...] = (), background: bool = True
    ) -> Neighbourhood:
        """Return what the model may know about a technology as of its day; see ``neighbourhood_of``."""
        self.prepare(technology)
        with self.lock:
            self.follow()
            return neighbourhood_of(self.index, technology, exclude, background, self.model.reference.formulas)


def _changed(path: Path) -> float:
    """Return when a file was last changed, 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def corpus_is_ready(folder: Path) -> bool:
    """Return whether a corpus is imported, indexed and has its reference table."""
    try:
        return load_reference(folder, PatentIndex(folder)) is not None
    except KtopError:
        return False


def open_corpus(
    folder: Path,
    *,
    lang: Lang = "ko",
    progress: Progress = silent,
    formulas: str | None = None,
    open_index: OpenIndex = PatentIndex,
) -> TechnologyEngine:
    """Open a corpus for rating; steps of the work are named in ``lang``.

    ``formulas`` is the version of the model, the one in force where None: a former one gives its ratings again.
    ``open_index`` says where the index is held (``opening.opener``).

    Raises ``NotFoundError`` for a folder that holds no corpus or a version that is not installed, ``UnavailableError``
    for a corpus not indexed yet.
    """
    if formulas is not None and formulas not in installed_versions():
        raise NotFoundError("originality.no_version", version=formulas, installed=", ".join(installed_versions()))
    index = open_index(folder)
    reference = load_reference(folder, index, formulas)
    if reference is None:
        reference = bring_reference_up_to_date(folder, lang=lang, progress=progress, formulas=formulas)
    return TechnologyEngine(index, _model(folder, index, reference), folder, open_index)


def _model(folder: Path, index: PatentIndex, reference: OriginalityReference) -> OriginalityModel:
    equating = bring_equating_up_to_date(folder, index, reference)
    return OriginalityModel(reference.weighted(weights_in_force(folder, reference.formulas)), equating)


def weights_in_force(folder: Path, formulas: str | None = None) -> Weights:
    """Return the weights learned from this corpus where it has its own of this version, else those released with it."""
    path = folder / WEIGHTS_FILE
    own = Weights.load(path) if path.is_file() else None
    return own if own is not None and own.formulas == (formulas or version()) else released(formulas)
