"""Rates technologies against a patent corpus: opens the corpus, keeps what is expensive, joins patents and model."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.catalogue import Lang, text
from ktop.domain.rating.rating import Rating
from ktop.domain.technology.summary import Technology, prose_of, starts_with_item
from ktop.kernel.errors import KtopError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.kernel.settings import Settings
from ktop.kernel.waiting import stop_if_nobody_waits
from ktop.usecases.corpora.equating import bring_equating_up_to_date

if TYPE_CHECKING:
    from ktop.domain.patent.document import Patent
    from ktop.domain.technology.neighbour_evidence import NeighbourEvidence
    from ktop.domain.technology.neighbourhood import Neighbourhood
    from ktop.models.originality import OriginalityModel, OriginalityReference, Weights
    from ktop.patents.engine.index import PatentIndex

#: Reference patents that a technology's percentiles are counted from, and the seed that draws them.
REFERENCE_PATENTS = 400
REFERENCE_SEED = 20241103
REFERENCE_FILE = "originality-reference.npz"
#: An institution's own weights, beside the index of the corpus that they were learned from.
WEIGHTS_FILE = "originality-weights.json"
#: A first line of at most this many characters, with more text below it, is the technology's title.
TITLE_CHARS = 120

log = logging.getLogger(__name__)


@dataclass
class TechnologyEngine:
    """An open corpus with its originality model. One rating at a time: the index is for one thread.

    ``folder`` is the corpus; the engine moves on by itself to each generation of its index that is complete.
    """

    index: PatentIndex
    model: OriginalityModel
    folder: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    _tried: tuple[float, float] | None = None

    def follow(self) -> None:
        """Move on to the generation of the index in force, once its reference table is there. Call it holding the lock.

        Until then, and where the newer generation cannot be opened, answers stay those of the present one.
        """
        if self.index.is_current:
            return
        from ktop.patents.engine.index import PatentIndex
        from ktop.patents.engine.layout import Layout

        found = (_changed(Layout(self.folder).pointer), _changed(self.folder / REFERENCE_FILE))
        if found == self._tried:  # looked at already, and of no use yet
            return
        self._tried = found
        try:
            index = PatentIndex(self.folder)
            reference = load_reference(self.folder, index)
            if reference is not None:
                self.model = _model(self.folder, index, reference)
                self.index = index
        except KtopError as error:
            log.warning("The newer index of %s cannot be used, the present one goes on: %s", self.folder, error)

    def neighbourhood(
        self, technology: Technology, exclude: tuple[str, ...] = (), background: bool = True
    ) -> Neighbourhood:
        """Return what the model may know about a technology as of its day; see ``neighbourhood_of``."""
        with self.lock:
            self.follow()
            return neighbourhood_of(self.index, technology, exclude, background)


def _changed(path: Path) -> float:
    """Return when a file was last changed, 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def neighbourhood_of(
    index: PatentIndex, technology: Technology, exclude: tuple[str, ...] = (), background: bool = True
) -> Neighbourhood:
    """Return the neighbourhood of a technology in an index, with as many neighbours as the model wants.

    ``background`` is needed for pictures, not for scores.
    """
    from ktop.models.originality.definitions import neighbours_wanted
    from ktop.patents.neighbours.neighbourhood import neighbourhood

    return neighbourhood(index, technology, exclude=exclude, size=neighbours_wanted(), background=background)


# --- corpus and reference ------------------------------------------------------------------------------------------


def corpus_in_force(
    settings: Settings, named: Path | None = None, *, lang: Lang = "ko", progress: Progress = silent
) -> Path:
    """Return the corpus named, else that of the settings, else the demo corpus, which is built at its first use."""
    folder = named or settings.corpus_in_force
    if folder == settings.demo_corpus:
        prepare_demo_corpus(folder, lang=lang, progress=progress)
    return folder


def corpus_is_ready(folder: Path) -> bool:
    """Return whether a corpus is imported, indexed and has its reference table."""
    from ktop.patents.engine.index import PatentIndex

    try:
        return load_reference(folder, PatentIndex(folder)) is not None
    except (NotFoundError, KtopError):
        return False


def open_corpus(folder: Path, *, lang: Lang = "ko", progress: Progress = silent) -> TechnologyEngine:
    """Open a corpus for rating; steps of the work are named in ``lang``.

    Raises ``NotFoundError`` for a folder that holds no corpus, ``UnavailableError`` for one not indexed yet.
    """
    from ktop.patents.engine.index import PatentIndex

    index = PatentIndex(folder)
    reference = load_reference(folder, index) or bring_reference_up_to_date(folder, lang=lang, progress=progress)
    return TechnologyEngine(index, _model(folder, index, reference), folder)


def _model(folder: Path, index: PatentIndex, reference: OriginalityReference) -> OriginalityModel:
    from ktop.models.originality import OriginalityModel

    equating = bring_equating_up_to_date(folder, index, reference)
    return OriginalityModel(reference.weighted(weights_in_force(folder)), equating)


def weights_in_force(folder: Path) -> Weights:
    """Return the weights learned from this corpus where it has its own, else those released with the program."""
    from ktop.models.originality import Weights, released

    path = folder / WEIGHTS_FILE
    return Weights.load(path) if path.is_file() else released()


def prepare_demo_corpus(folder: Path, *, lang: Lang = "ko", progress: Progress = silent) -> None:
    """Import and index the synthetic demo corpus that comes with the project, unless it is there already."""
    if corpus_is_ready(folder):
        return
    from ktop.patents.demo import SHIPPED
    from ktop.usecases.corpora.corpus import import_patents, index_patents

    import_patents([SHIPPED], folder, progress=progress)
    index_patents(folder, workers=1, lang=lang, progress=progress)


def load_reference(folder: Path, index: PatentIndex) -> OriginalityReference | None:
    """Return the reference table of a corpus if there is one made from this very index and by this model."""
    from ktop.models.originality import OriginalityReference

    path = folder / REFERENCE_FILE
    if not path.is_file():
        return None
    try:
        reference = OriginalityReference.load(path)
    except (KtopError, KeyError, ValueError):
        return None  # written by another version of the program: made again
    return reference if reference.key == index.key else None


def bring_reference_up_to_date(folder: Path, *, lang: Lang = "ko", progress: Progress = silent) -> OriginalityReference:
    """Rate reference patents of the corpus, each as of its own filing day, unless this has been done already."""
    from ktop.models.originality import build_reference
    from ktop.models.originality.reference import choose_sample
    from ktop.patents.engine.index import PatentIndex

    index = PatentIndex(folder)
    known = load_reference(folder, index)
    if known is not None:
        return known
    days = np.asarray(index.tables.day)
    docs = index.tables.dated_docs()
    sample = docs[choose_sample(days[docs], REFERENCE_PATENTS, REFERENCE_SEED)]
    ids = [index.patent_id(int(doc)) for doc in sample]
    patents = index.corpus.get(ids)

    def neighbourhoods(patent_id: str) -> Neighbourhood:
        technology = patent_technology(patents[patent_id])
        assert technology is not None, "only dated patents are drawn"
        return neighbourhood_of(index, technology, (patent_id,), background=False)

    label = text("cli.step_reference", lang)
    made = build_reference(
        neighbourhoods, ids, seed=REFERENCE_SEED, progress=lambda done, total: progress(done, total, label)
    )
    reference = replace(made, key=index.key)
    with atomic_path(folder / REFERENCE_FILE) as beside:
        reference.save(beside)
    return reference


# --- rating --------------------------------------------------------------------------------------------------------


def patent_technology(patent: Patent) -> Technology | None:
    """Return a patent as a technology of its own day whose summary is its title and abstract, None without a day."""
    day = patent.known_from
    if day is None:
        return None
    summary = f"{patent.title}. {patent.abstract}" if patent.abstract else patent.title
    return Technology(text=summary, language=patent.language or "en", as_of=day)


def technology_of(summary: str, as_of: date | None) -> Technology:
    """Return what a user wrote as a technology: a short first line with more text below is its title.

    Raises ``InputError`` for a text that is too short, in neither language, or too large.
    """
    day = as_of or date.today()  # noqa: DTZ011 - the user's own calendar day
    # as prose first, so that an address or the mark of a list's item is not part of the title
    is_list = starts_with_item(summary)
    first, _, rest = (
        prose_of(summary).strip().partition("\n") if len(summary) < 100_000 and not is_list else ("", "", "")
    )
    if rest.strip() and len(first) <= TITLE_CHARS and not first.rstrip().endswith((".", ",", ";")):
        title = first.strip()
        return Technology.from_text(f"{title}. {rest.strip()}", day, title=title)  # as a patent's text is made, above
    return Technology.from_text(summary, day)


def rate_technology(engine: TechnologyEngine, summary: str, *, as_of: date | None = None) -> Rating:
    """Rate one technology summary as of a day (today where not given); only earlier patents count."""
    from ktop.models.originality.definitions import neighbours_shown

    technology = technology_of(summary, as_of)
    with engine.lock:
        stop_if_nobody_waits()  # asked here, too: the wait for the lock may have been long
        engine.follow()
        model = engine.model
        found = neighbourhood_of(engine.index, technology)
        evidence = neighbour_evidence(engine.index, found.nearest(neighbours_shown()))
    return model.rate(found, evidence)


def neighbour_evidence(index: PatentIndex, found: Neighbourhood) -> NeighbourEvidence | None:
    """Return what a full rating shows of the neighbours beyond their neighbourhood; None where there are none."""
    from ktop.domain.technology.neighbour_evidence import NeighbourEvidence
    from ktop.patents.neighbours.neighbourhood import question_of
    from ktop.patents.neighbours.overlap import overlap
    from ktop.patents.neighbours.shown_terms import shown_terms
    from ktop.patents.neighbours.titles import neighbour_pairs, neighbour_words

    if not found.size:
        return None
    question = question_of(index, found.technology)
    return NeighbourEvidence(
        words=neighbour_words(index, found, question),
        pairs=neighbour_pairs(index, found),
        overlap=overlap(index, found, question),
        terms=shown_terms(index, found, question),
    )


def compare_technologies(
    engine: TechnologyEngine, first: str, second: str, *, as_of: date | None = None
) -> dict[str, Any]:
    """Rate two summaries as of one day; return ``{"a", "b", "comparison"}``: both ratings and what differs, as JSON."""
    from ktop.models.originality import compare

    a, b = (rate_technology(engine, summary, as_of=as_of).to_json() for summary in (first, second))
    return {"a": a, "b": b, "comparison": compare(a, b)}
