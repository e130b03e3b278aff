"""The synthetic demo corpus that comes with the project: made at the first use of an installation without its own."""

from __future__ import annotations

from pathlib import Path

from ktop.catalogue import Lang
from ktop.kernel.progress import Progress, silent
from ktop.training.demo_corpus import SHIPPED
from ktop.usecases.corpora.corpus import import_patents, index_patents
from ktop.usecases.corpora.engine import corpus_is_ready


def prepare_demo_corpus(folder: Path, *, lang: Lang = "ko", progress: Progress = silent) -> None:
    """Import and index the synthetic demo corpus that comes with the project, unless it is there already."""
    if corpus_is_ready(folder):
        return
    import_patents([SHIPPED], folder, progress=progress)
    index_patents(folder, workers=1, lang=lang, progress=progress)
