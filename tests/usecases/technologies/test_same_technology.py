"""One technology, one score, nothing to be gained by words: samples of what benchmarks/acceptance.py measures whole.

Real patents, because nothing made up tells a technology twice as people do: by its abstract and by its description.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.domain.rating.grades import ladder
from ktop.domain.technology.summary import Technology
from ktop.models.originality import OriginalityModel
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.usecases.corpora import reference
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.corpora.neighbourhood import patent_technology
from ktop.usecases.training.originality_attacks import ADDED, COPIED, Vocabulary
from ktop.validation.reliability import reliability

pytestmark = pytest.mark.real_data

#: Patents of the corpus, those of the reference, and the last ones that are told twice and attacked.
PATENTS, REFERENCE, TOLD, ATTACKED = 700, 80, 40, 3
EVERY, SUBJECT = 6, "(?i)image|video|display"
SYMBOLS = ladder("originality").symbols


@pytest.fixture(scope="module")
def patents(shared_data: Path) -> pl.DataFrame:
    """Patents of one subject, each of a family of its own, evenly drawn, in the order of filing."""
    rows = pl.read_parquet(shared_data / "patents" / "us_fulltext_2005_2016" / "patents.parquet")
    told = rows.filter(pl.col("abstract").str.len_chars() > 200, pl.col("abstract").str.contains(SUBJECT))
    families = told.sort("filing_date", "patent_number").unique("family_group", keep="first", maintain_order=True)
    return families.gather_every(EVERY)[-PATENTS:]


@pytest.fixture(scope="module")
def engine(patents: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> TechnologyEngine:
    """A corpus of them with a small reference; abstracts are held against abstracts, so that nothing is equated."""
    folder = tmp_path_factory.mktemp("real")
    patents.write_parquet(folder / "patents.parquet")
    import_paths(folder / "corpus", [folder / "patents.parquet"])
    build_index(folder / "corpus", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "REFERENCE_PATENTS", REFERENCE)
        table = reference.bring_reference_up_to_date(folder / "corpus")
    return TechnologyEngine(PatentIndex(folder / "corpus"), OriginalityModel(table), folder / "corpus")


def rated(engine: TechnologyEngine, technology: Technology, out: tuple[str, ...] = ()) -> tuple[float, int] | None:
    """Return score and place of the grade; None where so small a corpus has nothing of the field."""
    found = engine.model.score(engine.neighbourhood(technology, out, background=False))
    score = found.scores["score"]
    return None if score is None or found.grade is None else (score, SYMBOLS.index(found.grade))


@pytest.fixture(scope="module")
def told(engine: TechnologyEngine, patents: pl.DataFrame) -> list[tuple[str, Technology]]:
    """The last patents of the corpus as their title and abstract tell them."""
    ids = [f"US{number}" for number in patents["patent_number"][-TOLD:]]
    return [(each, patent_technology(patent)) for each, patent in engine.index.corpus.get(ids).items()]


def test_abstract_and_description_of_a_patent_agree(
    engine: TechnologyEngine, patents: pl.DataFrame, told: list[tuple[str, Technology]]
) -> None:
    described = {f"US{row['patent_number']}": f"{row['title']}. {row['desc_excerpt']}" for row in patents.to_dicts()}
    pairs = []
    for patent_id, technology in told:
        one = rated(engine, technology, (patent_id,))
        other = rated(engine, Technology.from_text(described[patent_id], technology.as_of), (patent_id,))
        if one is not None and other is not None:
            pairs.append((one, other))
    assert len(pairs) >= 0.8 * TOLD
    agreed = reliability([np.array([one[0], other[0]]) for one, other in pairs]).reliability
    near = np.mean([abs(one[1] - other[1]) <= 1 for one, other in pairs])
    # .64 and 34 of 39, .63 with other last bits of the encoder; the whole benchmark has five hundred among 36,879
    assert agreed >= 0.6 and near >= 0.76, (agreed, near)


def test_no_attack_lifts_texts_and_no_copy_keeps_its_grade(
    engine: TechnologyEngine, told: list[tuple[str, Technology]]
) -> None:
    words = Vocabulary.of(engine.index.corpus, "en")
    some = told[:: TOLD // ATTACKED]
    before = {patent_id: rated(engine, technology, (patent_id,)) for patent_id, technology in some}
    moves, worst = [], []
    for name, attack in {**ADDED, **COPIED}.items():
        draw = random.Random(11)
        for patent_id, technology in some:
            changed = replace(technology, text=attack(technology.text, words, draw))
            if name in COPIED:
                copy = rated(engine, replace(changed, as_of=technology.as_of + timedelta(days=1)))
                worst.append(copy is not None and copy[1] == len(SYMBOLS) - 1)
                continue
            first, after = before[patent_id], rated(engine, changed, (patent_id,))
            if first is not None and after is not None:
                moves.append((after[0] - first[0], first[1] - after[1]))
    points, notches = np.array(moves).T
    assert abs(points.mean()) <= 3.0
    assert np.mean(notches > 0) <= 0.15, "4.1.0: .07 of 28 here"
    assert np.mean(worst) >= 0.95
