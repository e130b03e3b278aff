"""The reference table of a corpus: how its own patents rate, which a technology's percentiles are counted from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ktop.catalogue import Lang, text
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.errors import KtopError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models.originality import OriginalityReference, build_reference, released
from ktop.models.originality.definitions import table_version, version
from ktop.models.originality.reference import choose_sample
from ktop.patents.engine.index import PatentIndex
from ktop.usecases.corpora.neighbourhood import patent_technology, whole_text_neighbourhood

#: Reference patents that a technology's percentiles are counted from, and the seed that draws them.
REFERENCE_PATENTS = 400
REFERENCE_SEED = 20241103
REFERENCE_FILE = "originality-reference.npz"


def of_version(file: str, formulas: str | None) -> str:
    """Return the name of a file of a version of the model; those of former versions stay beside it."""
    stem, _, ending = file.rpartition(".")
    return file if formulas == _FIRST else f"{stem}-{formulas or version()}.{ending}"


#: The version whose files had no version in their names.
_FIRST = "3.0.0"


def reference_path(folder: Path, formulas: str | None = None) -> Path:
    """Return where the reference table of a version lies: versions that measure alike share one."""
    return folder / of_version(REFERENCE_FILE, table_version(formulas or version()))


def load_reference(folder: Path, index: PatentIndex, formulas: str | None = None) -> OriginalityReference | None:
    """Return the reference table of a corpus if there is one made from this very index and by this model."""
    formulas = formulas or version()
    path = reference_path(folder, formulas)
    if not path.is_file():
        return None
    try:
        reference = OriginalityReference.load(path)
    except (KtopError, KeyError, ValueError):
        return None  # written by another version of the program: made again
    if (reference.key, reference.formulas) != (index.key, table_version(formulas)):
        return None
    return replace(reference, formulas=formulas, weights=released(formulas))


def bring_reference_up_to_date(
    folder: Path, *, lang: Lang = "ko", progress: Progress = silent, formulas: str | None = None
) -> OriginalityReference:
    """Rate reference patents of the corpus, each as of its own filing day, unless this has been done already."""
    index = PatentIndex(folder)
    formulas = formulas or version()
    known = load_reference(folder, index, formulas)
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
        return whole_text_neighbourhood(index, technology, (patent_id,), formulas)

    label = text("cli.step_reference", lang)
    made = build_reference(
        neighbourhoods,
        ids,
        seed=REFERENCE_SEED,
        progress=lambda done, total: progress(done, total, label),
        formulas=table_version(formulas),
    )
    table = replace(made, key=index.key)
    with atomic_path(reference_path(folder, formulas)) as beside:
        table.save(beside)
    return replace(table, formulas=formulas, weights=released(formulas))
