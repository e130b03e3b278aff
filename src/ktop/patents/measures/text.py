"""The text measures of every patent of a corpus, in one reading of its terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.segment import NO_DAY
from ktop.patents.measures.definitions import BASELINE_YEARS, FORWARD_YEARS
from ktop.patents.measures.documents import Documents, Numbering, documents
from ktop.patents.measures.novelty import Entries, Novelty
from ktop.patents.measures.similarity import Similarity, YearTexts

#: Called with the key of a stage and the share of it that is done.
Tell = Callable[[str, float], None]


def measure_texts(
    corpus: Corpus, numbering: Numbering, days: npt.NDArray[np.int32], folder: Path, tell: Tell
) -> pl.DataFrame:
    """Return ``n`` and the text measures of every patent, in the order of ``n``.

    Parameters
    ----------
    days : day of each patent since 1970 by ``n``, ascending; ``NO_DAY`` for undated ones, which have no text measures.
    folder : where files are kept for the time being, some 1.3 KB a patent.
    """
    dated = days != NO_DAY
    years = np.zeros(len(days), dtype=np.int16)
    years[dated] = days[dated].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    texts = YearTexts(folder, years)
    languages = np.zeros(len(days), dtype=np.uint8)
    entries = Entries(folder, len(days))

    def progress(done: int, total: int | None, stage: str) -> None:
        tell(stage, done / total if total else 0.0)

    with entries:
        for found in documents(corpus, numbering, progress):
            kept = _dated(found, dated)
            languages[kept.numbers] = np.where(np.diff(kept.offsets) > 0, kept.languages, 0)
            texts.add(kept)
            entries.add(kept)

    novelty = Novelty(days)
    shared = [np.empty(0, dtype=np.uint32)]
    files = entries.files()
    for done, (path, pairs) in enumerate(files):
        codes = novelty.count(path, pairs=pairs)
        path.unlink()
        if not pairs:
            shared.append(codes)
        tell("measures_novelty", (done + 1) / len(files))

    vocabulary = np.concatenate(shared)
    texts.number_terms(vocabulary)
    similarity = Similarity(texts, len(vocabulary), len(days))
    work = similarity.work()
    similarity.compute(lambda done: tell("measures_similarity", done / work))
    tell("measures_similarity", 1.0)
    return _table(novelty, similarity, languages, days, years)


def _dated(found: Documents, dated: npt.NDArray[np.bool_]) -> Documents:
    """Return the documents that have a day."""
    fits = dated[found.numbers]
    if fits.all():
        return found
    lengths = np.diff(found.offsets)
    kept = np.repeat(fits, lengths)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths[fits])])
    return Documents(found.numbers[fits], found.languages[fits], offsets, found.codes[kept], found.counts[kept])


def _table(
    novelty: Novelty,
    similarity: Similarity,
    languages: npt.NDArray[np.uint8],
    days: npt.NDArray[np.int32],
    years: npt.NDArray[np.int16],
) -> pl.DataFrame:
    """Return all columns; null where the corpus cannot tell.

    Whether a term is new can be told once ``BASELINE_YEARS`` years of texts in the patent's language are known, and how
    often it is used again where there are later ones.
    """
    known, followed = np.zeros(len(days), dtype=bool), np.zeros(len(days), dtype=bool)
    for language in np.unique(languages[languages > 0]):
        mine = languages == language
        known |= mine & (years >= years[mine].min() + BASELINE_YEARS)
        followed |= mine & (days < days[mine].max())
    columns: dict[str, npt.NDArray[np.generic]] = {"n": np.arange(len(days), dtype=np.int32)}
    columns["backward_similarity"] = similarity.backward
    for window in FORWARD_YEARS:
        ahead = similarity.forward[window]
        columns[f"forward_similarity_{window}y"] = ahead
        columns[f"text_importance_{window}y"] = np.divide(
            ahead, similarity.backward, out=np.full(len(days), np.nan), where=similarity.backward > 0
        )
    columns |= {"known": known, "followed": known & followed}
    for row, name in enumerate(("terms", "pairs")):
        columns[f"new_{name}"] = novelty.new[row]
        columns[f"new_{name}_reuse"] = np.minimum(novelty.reuse[row], np.iinfo(np.int32).max).astype(np.int32)
    return (
        pl.DataFrame(columns)
        .with_columns(pl.selectors.float().fill_nan(None))
        .with_columns(
            *[pl.when("known").then(f"new_{name}").alias(f"new_{name}") for name in ("terms", "pairs")],
            *[pl.when("followed").then(f"new_{name}_reuse").alias(f"new_{name}_reuse") for name in ("terms", "pairs")],
        )
        .drop("known", "followed")
    )
