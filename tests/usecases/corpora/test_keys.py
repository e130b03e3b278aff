"""What is derived from an index is named by all that it derives from, and a rating server follows a newer index."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import checksums, index, layout
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.training.demo_corpus import shipped_lines
from ktop.usecases.corpora.corpus import index_patents
from ktop.usecases.corpora.engine import open_corpus
from ktop.usecases.corpora.equating import load_equating
from ktop.usecases.corpora.reference import bring_reference_up_to_date, load_reference
from ktop.usecases.technologies.rating import rate_technology

SUMMARY = "배터리의 전압과 온도를 측정하여 셀의 노화를 판정하고 충전 전류를 조절하는 배터리 관리 장치에 관한 기술이다."
DAY = date(2026, 6, 30)


def of_manifest(**changes: object) -> Callable[[pytest.MonkeyPatch, PatentIndex], None]:
    def change(_: pytest.MonkeyPatch, opened: PatentIndex) -> None:
        opened.manifest = opened.manifest.with_changes(**changes)

    return change


CHANGES: dict[str, Callable[[pytest.MonkeyPatch, PatentIndex], None]] = {
    "corpus": of_manifest(corpus_version="another"),
    "generation": of_manifest(generation=99),
    "segments": of_manifest(segments=((0, 1),)),
    "mean length": of_manifest(average_length=1.0),
    "analysis": lambda patch, _: patch.setattr(layout, "ANALYSIS_VERSION", "another"),
    "encoder": lambda patch, _: patch.setattr(layout, "ENCODER_VERSION", "another"),
    "bridge and tables": lambda patch, _: patch.setattr(
        index, "checksum", lambda folder: checksums.checksum(folder)[::-1]
    ),
    "glossary": lambda patch, _: patch.setitem(catalogue.load("patents/glossary"), "new", {"선반": "shelf"}),
    "word lists": lambda patch, _: patch.setitem(catalogue.load("patents/stop_terms"), "stop_en", "the"),
    "model": lambda patch, _: patch.setattr("ktop.usecases.corpora.reference.version", lambda: "9.9.9"),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_reference_is_used_only_with_all_that_it_was_made_from(
    demo_corpus: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    assert load_reference(demo_corpus, PatentIndex(demo_corpus)) is not None
    opened = PatentIndex(demo_corpus)
    CHANGES[changed](monkeypatch, opened)
    assert load_reference(demo_corpus, opened) is None


def test_a_server_moves_on_to_a_newer_index_once_its_reference_is_there(
    demo_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ktop.usecases.corpora.reference.REFERENCE_PATENTS", 60)
    folder = tmp_path / "corpus"
    shutil.copytree(demo_corpus, folder)
    engine = open_corpus(folder)
    before = rate_technology(engine, SUMMARY, as_of=DAY)
    source = tmp_path / "more.jsonl"
    source.write_text("\n".join(shipped_lines()[1::60]) + "\n", "utf-8")
    import_paths(folder, [source])

    build_index(folder)
    still = rate_technology(engine, SUMMARY, as_of=DAY)
    assert still.to_json() == before.to_json(), "there is no reference for the newer index yet"
    with monkeypatch.context() as patched:
        patched.setattr(PatentIndex, "__init__", lambda *_: pytest.fail("opened again though nothing has changed"))
        rate_technology(engine, SUMMARY, as_of=DAY)
    bring_reference_up_to_date(folder)
    after = rate_technology(engine, SUMMARY, as_of=DAY)
    assert engine.index.is_current and len(engine.index) > 600
    assert after.to_json()["model"]["version"] != before.to_json()["model"]["version"]
    fresh = rate_technology(open_corpus(folder), SUMMARY, as_of=DAY)
    assert fresh.to_json() == after.to_json()


def test_lines_between_languages_belong_to_one_index(demo_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = PatentIndex(demo_corpus)
    reference = load_reference(demo_corpus, opened)
    assert reference is not None and load_equating(demo_corpus, opened, reference) is None  # both languages are there
    index_patents(demo_corpus, workers=1)
    assert load_reference(demo_corpus, PatentIndex(demo_corpus)) is not None, "nothing new: nothing is made again"
