"""Rates summaries told in two languages against a corpus, so that its language does not move a technology's grade."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np

from ktop import catalogue
from ktop.domain.technology.neighbourhood import day_number, day_of
from ktop.domain.technology.summary import Lang, Technology
from ktop.kernel.errors import KtopError
from ktop.kernel.files import atomic_path
from ktop.models.originality import OriginalityReference
from ktop.models.originality.definitions import reads_whole_text, rules
from ktop.models.originality.equating import Equating
from ktop.models.originality.measures import measure_values
from ktop.patents.engine.index import PatentIndex
from ktop.usecases.corpora.neighbourhood import whole_text_neighbourhood
from ktop.usecases.corpora.reference import of_version

EQUATING_FILE = "originality-equating.npz"
#: A corpus with this share of patents in the other language answers in it by itself: nothing is equated (measured,
#: docs/methods/originality.md).
ENOUGH_OF_A_LANGUAGE = 0.1


def load_equating(folder: Path, index: PatentIndex, reference: OriginalityReference) -> Equating | None:
    """Return the lines between the languages of a corpus if there are any made of this index with this reference."""
    path = folder / of_version(EQUATING_FILE, reference.formulas)
    if not path.is_file():
        return None
    try:
        found = Equating.load(path)
    except (KtopError, KeyError, ValueError):
        return None  # written by another version of the program: made again
    return found if (found.corpus, found.reference) == (_key(index), reference.version) else None


def bring_equating_up_to_date(folder: Path, index: PatentIndex, reference: OriginalityReference) -> Equating | None:
    """Rate the bilingual summaries as of the day after the corpus's last patent, unless this has been done already.

    Returns None for a corpus that has enough patents in both languages.
    """
    if not is_needed(index):
        return None
    known = load_equating(folder, index, reference)
    if known is not None:
        return known
    days = np.asarray(index.tables.day)[index.tables.dated_docs()]
    day = day_of(int(days.max())) + timedelta(days=1)

    def measured(text: str, language: Lang) -> Mapping[str, float]:
        technology = Technology(text=text, language=language, as_of=day)
        return _of_table(
            reference,
            measure_values(whole_text_neighbourhood(index, technology, formulas=reference.formulas)),
        )

    summaries = catalogue.load("patents/bilingual_summaries")
    language = main_language(index)
    told: dict[Lang, list[Mapping[str, float]]] = {"ko": [], "en": []}
    for other in told:
        for wording in ("", "_again"):
            told[other] += [measured(summary[f"{other}{wording}"].strip(), other) for summary in summaries]
    second: Lang = "en" if language == "ko" else "ko"
    owners = [*range(len(summaries)), *range(len(summaries))]
    found = Equating.of(language, told[language], told[second], _key(index), reference.version, owners)
    if not reads_whole_text(reference.formulas):
        distribution = reference.distribution(day_number(day))
        usual = {name: distribution.quantile(name, 0.5) for name in rules("style")}
        found = found.styled(usual, told[language])
    with atomic_path(folder / of_version(EQUATING_FILE, reference.formulas)) as beside:
        found.save(beside)
    return found


def _of_table(reference: OriginalityReference, values: Mapping[str, float]) -> Mapping[str, float]:
    """Return the measures that a reference table has."""
    return {name: value for name, value in values.items() if name in reference.names}


def _key(index: PatentIndex) -> str:
    """Return a digest of the index and of the summaries that are rated against it."""
    summaries = json.dumps(catalogue.load("patents/bilingual_summaries"), sort_keys=True)
    return hashlib.blake2b(f"{index.key}|{summaries}".encode(), digest_size=16).hexdigest()


def is_needed(index: PatentIndex) -> bool:
    """Return whether nearly all patents of the corpus are in one language."""
    counts = [index.tables.about["languages"].get(language, 0.0) for language in ("ko", "en")]
    return bool(sum(counts) > 0 and min(counts) < ENOUGH_OF_A_LANGUAGE * sum(counts))


def main_language(index: PatentIndex) -> Lang:
    """Return the language that most patents of the corpus are in."""
    counts: Mapping[str, float] = index.tables.about["languages"]
    return "ko" if counts.get("ko", 0.0) > counts.get("en", 0.0) else "en"
