"""Measures against a corpus how far the originality model's measures differ between wordings of one technology."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from ktop import catalogue
from ktop.domain.technology.neighbourhood import day_number, day_of
from ktop.domain.technology.summary import Lang, Technology
from ktop.kernel.arrays import Floats
from ktop.kernel.errors import KtopError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models.originality import OriginalityReference
from ktop.models.originality.definitions import measures
from ktop.models.originality.equating import Equating
from ktop.models.originality.measures import measure_values
from ktop.models.originality.weights import start
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.index import PatentIndex
from ktop.training.originality.wording_noise import WordingNoise, noise_of
from ktop.usecases.corpora.equating import bring_equating_up_to_date
from ktop.usecases.corpora.neighbourhood import patent_technology, whole_text_neighbourhood
from ktop.usecases.corpora.reference import bring_reference_up_to_date
from ktop.usecases.training.originality_stability import CHANGES

FILE = "originality-wording.npz"
#: Reference patents that are reworded by machine, the changes made, and the seed of the draws.
PATENTS = 48
MACHINE = ("words_left_out", "sentences_reversed", "halves_turned", "synonyms")
SEED = 11
_LANGUAGES: tuple[Lang, Lang] = ("ko", "en")


def wording_noise(folder: Path, *, lang: Lang = "ko", progress: Progress = silent) -> WordingNoise:
    """Return the noise between wordings; measured once for each version of corpus and model, kept beside the index.

    Four kinds of change count the same: the catalogue's bilingual summaries reworded in Korean, in English, told in the
    other language (equated where the corpus equates), and reference patents reworded by machine.
    """
    index = PatentIndex(folder)
    # by the weights that learning starts from every measure counts, so that every measure has a logit
    in_force = bring_reference_up_to_date(folder, lang=lang, progress=progress)
    reference = in_force.weighted(start())
    path = folder / FILE
    known = _load(path)
    derived_from = f"{reference.version} {index.key}"
    if known is not None and known.reference == derived_from:
        return known
    equating = bring_equating_up_to_date(folder, index, in_force)
    kinds = [*_summaries(index, reference, equating), _reworded(folder, index, reference, lang, progress)]
    names = tuple(measure.name for measure in measures())
    found = WordingNoise(names, noise_of(kinds), sum(len(kind) for kind in kinds), derived_from)
    with atomic_path(path) as beside:
        found.save(beside)
    return found


def _load(path: Path) -> WordingNoise | None:
    try:
        return WordingNoise.load(path) if path.is_file() else None
    except (KtopError, KeyError, ValueError):
        return None  # written by another version of the program: made again


def _logits(reference: OriginalityReference, day: int, values: Mapping[str, float]) -> Floats:
    parts = reference.distribution(day).score(values).measures
    return np.array([parts[name].logit for name in reference.names])


def _summaries(index: PatentIndex, reference: OriginalityReference, equating: Equating | None) -> list[Floats]:
    """Return differences between rewordings in Korean, in English, and between the languages, each (n, m)."""
    last = np.asarray(index.tables.day)[index.tables.dated_docs()].max()
    as_of = day_of(int(last)) + timedelta(days=1)

    def told(summary: Mapping[str, str], language: Lang, wording: str) -> Floats:
        technology = Technology(text=summary[f"{language}{wording}"].strip(), language=language, as_of=as_of)
        values: Mapping[str, float] = measure_values(whole_text_neighbourhood(index, technology))
        if equating is not None:
            values = equating.apply(values, language)
        return _logits(reference, day_number(as_of), values)

    first, again = (
        {
            language: np.array([told(summary, language, wording) for summary in catalogue.load(_SUMMARIES)])
            for language in _LANGUAGES
        }
        for wording in ("", "_again")
    )
    reworded = [first[language] - again[language] for language in _LANGUAGES]
    return [*reworded, np.concatenate([first["ko"] - first["en"], again["ko"] - again["en"]])]


_SUMMARIES = "patents/bilingual_summaries"


def _reworded(
    folder: Path, index: PatentIndex, reference: OriginalityReference, lang: Lang, progress: Progress
) -> Floats:
    """Return differences between reference patents and what machine changes make of them, (n, m)."""
    places = np.unique(np.linspace(0, reference.size - 1, min(PATENTS, reference.size)).astype(int))
    ids = [reference.patent_ids[place] for place in places]
    patents = Corpus.open(folder).get(ids)
    label = catalogue.text("cli.step_rewording", lang)
    found: list[Floats] = []
    for number, patent_id in enumerate(ids):
        progress(number, len(ids), label)
        technology = patent_technology(patents[patent_id])
        assert technology is not None, "reference patents are dated"

        def placed(told: Technology, own: str = patent_id) -> Floats:
            values = measure_values(whole_text_neighbourhood(index, told, (own,)))
            return _logits(reference, day_number(told.as_of), values)

        before = placed(technology)
        for change in MACHINE:
            draw = random.Random(SEED)  # noqa: S311 - no secret, only the same words each time
            text = CHANGES[change](technology.text, technology.language, draw)
            if text.strip():
                found.append(before - placed(replace(technology, text=text)))
    return np.array(found).reshape(-1, len(reference.names))
