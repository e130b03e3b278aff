"""Equal content answers equally to the last bit: in however many pieces, in whatever order it was imported."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import bridge, indexing, vectors
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.layout import Layout

from ..conftest import made_up_records, write_records
from .answers import QUESTIONS, rated, searched

Records = list[dict[str, Any]]

PATENTS = 1_200
RECORDS: Records = [
    record | {"abstract": ".".join(record["abstract"].split(".")[:4])}
    for record in made_up_records(per_theme=200)[:PATENTS]
]
#: What some patents said before the record that stands; it must leave no trace.
FORMER: Records = [
    record | {"title": "former title", "abstract": f"A {record['theme']} that nobody asks for. " * (number % 9 + 1)}
    for number, record in enumerate(RECORDS)
    if number % 7 == 0
]


def in_order_of_days(records: Records) -> Records:
    return records


def newest_first(records: Records) -> Records:
    return records[::-1]


def shuffled(records: Records) -> Records:
    return random.Random(5).sample(records, len(records))


def pieces(count: int, order: Callable[[Records], Records]) -> list[Records]:
    """Return the patents in so many pieces; each former record comes some pieces before the one that stands."""
    arranged = order(RECORDS)
    size = len(arranged) // count
    found = [arranged[i * size : (i + 1) * size] for i in range(count)]
    place = {record["id"]: i for i, piece in enumerate(found) for record in piece}
    for number, record in enumerate(FORMER):
        found[max(0, place[record["id"]] - 1 - number % 3)].insert(0, record)
    return found


def indexed(folder: Path, parts: Sequence[Records]) -> PatentIndex:
    for number, part in enumerate(parts):
        import_paths(folder / "corpus", [write_records(folder / f"{number}.jsonl", part)])
        build_index(folder / "corpus")
    return PatentIndex(folder / "corpus")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make much happen in a small corpus: several segments, compaction, grouped vectors; and encode little."""
    monkeypatch.setattr(indexing, "SEGMENT_ROWS", 420)
    monkeypatch.setattr(indexing, "BATCH_ROWS", 100)
    monkeypatch.setattr(bridge, "MAX_PAIRS", 10)
    monkeypatch.setattr(bridge, "SAMPLE_TEXTS", 120)
    monkeypatch.setattr(vectors, "SAMPLE_SENTENCES", 15)
    monkeypatch.setattr(vectors, "SAMPLE_WORDS", 900)
    monkeypatch.setattr(vectors, "GROUPED_FROM", 1_000)
    monkeypatch.setattr(vectors, "coarse_centres", functools.partial(vectors.coarse_centres, lists=200))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the patents that stand answer, imported at once and in order, nothing ever replaced."""
    with pytest.MonkeyPatch.context() as patched:
        small.__wrapped__(patched)  # type: ignore[attr-defined]
        index = indexed(tmp_path_factory.mktemp("plain"), [RECORDS])
    return answers(index)


def answers(index: PatentIndex) -> dict[str, Any]:
    asked = [*QUESTIONS[:2], *QUESTIONS[10:12]]
    out = [hit.patent_id for hit in index.search(asked[0], 3)]
    return {
        "version": index.version,
        "searched": searched(index),
        "rated": rated(index, asked),
        "rated without": rated(index, asked[:1], exclude=out),
        "dated": [index.patent_id(int(doc)) for doc in index.tables.dated_docs()],
        "topics": index.tables.about["topics"],
    }


@pytest.mark.parametrize(
    ("count", "order"),
    [
        (1, newest_first),
        (5, in_order_of_days),
        (30, shuffled),
    ],
)
def test_pieces_and_order_of_imports_leave_no_trace(
    tmp_path: Path, expected: dict[str, Any], count: int, order: Callable[[Records], Records]
) -> None:
    index = indexed(tmp_path, pieces(count, order))
    manifest = Layout(tmp_path / "corpus").read()
    assert len(index) == PATENTS and len(Corpus(tmp_path / "corpus")) == PATENTS
    assert len(manifest.segments) > 1, "else nothing is tried"
    if count == 5:
        assert manifest.dead > 100, "else nothing is tried"
    found = answers(index)
    for name in expected:
        assert found[name] == expected[name], name
