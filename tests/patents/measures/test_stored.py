"""Stored measures are named by all that they derive from, and read only while it is still so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ktop.kernel.errors import KtopError
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.measures import ABOUT, FILE, MEASURES, compute_measures, stored, stored_measures

from ..conftest import made_up_records, write_records

RECORDS = made_up_records(per_theme=3)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    import_paths(tmp_path / "corpus", [write_records(tmp_path / "records.jsonl", RECORDS)])
    found = Corpus(tmp_path / "corpus")
    compute_measures(found)
    return found


def more_patents(corpus: Corpus, _: pytest.MonkeyPatch) -> None:
    more = made_up_records(per_theme=4)[-1] | {"id": "US9000001B2"}
    import_paths(corpus.directory, [write_records(corpus.directory / "more.jsonl", [more])])


def one_byte_changed(corpus: Corpus, _: pytest.MonkeyPatch) -> None:
    content = bytearray((corpus.directory / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (corpus.directory / FILE).write_bytes(content)


def described_before_digests(corpus: Corpus, _: pytest.MonkeyPatch) -> None:
    about = f'{{"corpus_version": "{corpus.version}", "patents": {len(corpus)}, "citations": 0}}'
    (corpus.directory / ABOUT).write_text(about, "utf-8")


CHANGES: dict[str, Callable[[Corpus, pytest.MonkeyPatch], None]] = {
    "corpus": more_patents,
    "analysis": lambda _, patch: patch.setattr(stored, "ANALYSIS_VERSION", "another"),
    "definitions": lambda _, patch: patch.setattr(stored, "MEASURES_VERSION", "another"),
    "columns": lambda _, patch: patch.setattr(stored, "MEASURES", dict(list(MEASURES.items())[:-1])),
    "file": one_byte_changed,
    "description of a former version": described_before_digests,
    "description cut": lambda corpus, _: os.truncate(corpus.directory / ABOUT, 20),
    "description gone": lambda corpus, _: (corpus.directory / ABOUT).unlink(),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_measures_are_read_only_with_all_that_they_were_made_from(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    frame = stored_measures(corpus).collect()
    assert frame.height == len(RECORDS) and frame.columns == list(MEASURES)
    CHANGES[changed](corpus, monkeypatch)
    with pytest.raises(KtopError) as caught:
        stored_measures(Corpus(corpus.directory))
    assert caught.value.key == "patents.measures_outdated"
    compute_measures(Corpus(corpus.directory))
    assert stored_measures(Corpus(corpus.directory)).collect().height >= len(RECORDS)


def test_missing_measures_are_told(tmp_path: Path) -> None:
    import_paths(tmp_path / "corpus", [write_records(tmp_path / "records.jsonl", RECORDS[:3])])
    with pytest.raises(KtopError) as caught:
        stored_measures(Corpus(tmp_path / "corpus"))
    assert caught.value.key == "patents.measures_missing"
