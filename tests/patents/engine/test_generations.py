"""Readers and a writer at once: every answer is that of one whole generation, and what nobody reads is given back."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import killed_work
import pytest
from killing import LONG_SECONDS, started

from ktop.domain.technology.summary import Technology
from ktop.kernel.errors import UnavailableError
from ktop.patents.analysis.text import Analyser
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing, layout, vectors
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.layout import Layout
from ktop.patents.neighbours.neighbourhood import neighbourhood
from ktop.patents.neighbours.overlap import texts_of

from ..conftest import made_up_records, write_records
from .answers import QUESTIONS, searched

QUESTION = "medical image diagnosis of cancer lesions in tissue of a patient"
#: Asked by every reader again and again, and held against a fresh index: all modes, with and without a day.
ASKED = (QUESTIONS[0], QUESTIONS[11])
RECORDS = made_up_records(per_theme=20)
STATES = 10


@pytest.fixture(autouse=True)
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode little, here as in the process that is killed."""
    monkeypatch.setattr(vectors, "SAMPLE_SENTENCES", killed_work.FEW_SENTENCES)


def states(folder: Path) -> list[Path]:
    """Return files of ever more patents, the first of which says something else in each."""
    files = []
    for state in range(1, STATES + 1):
        records = [dict(record) for record in RECORDS[: len(RECORDS) * state // STATES]]
        records[0] |= {"title": f"State {state}", "abstract": f"A medical image of lesion number {state} is told."}
        files.append(write_records(folder / f"state-{state}.jsonl", records))
    return files


def matching(records: Corpus, analyser: Analyser) -> frozenset[str]:
    """Return the ids of the English patents that share a word with the question, found without any index."""
    asked = set(analyser.terms(QUESTION, "en"))
    frame = records.patents().select("id", "title", "abstract", "language").collect()
    return frozenset(
        patent_id
        for patent_id, title, abstract, language in frame.iter_rows()
        if language == "en" and asked & set(analyser.terms(f"{title}. {abstract}", "en"))
    )


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".lease")


def test_readers_go_on_answering_while_a_writer_is_killed_again_and_again(tmp_path: Path) -> None:
    files = states(tmp_path)
    expected: dict[str, frozenset[str]] = {}  # corpus version -> what must be found
    fresh: dict[str, dict[Any, Any]] = {}  # corpus version -> what an index of nothing else answers
    analyser = Analyser()
    for state, file in enumerate(files):
        alone = tmp_path / f"alone-{state}"
        import_paths(alone, [file])
        build_index(alone)
        corpus = Corpus.open(alone)
        expected[corpus.version] = matching(corpus, analyser)
        fresh[corpus.version] = searched(PatentIndex(alone), ASKED)
    assert len(set(expected.values())) > 3
    folder = tmp_path / "corpus"
    import_paths(folder, files[:1])
    build_index(folder)
    first, index = PatentIndex(folder), PatentIndex(folder)
    seen: dict[str, int] = {}

    def ask(asked: PatentIndex) -> None:
        hits = asked.search(QUESTION, 1_000, mode="lexical")
        english = [h.patent_id for h in hits if asked.tables.language[int(asked.docs_of([h.patent_id])[0])] == 2]
        assert len(english) == len(set(english))
        assert frozenset(english) == expected[asked.version]
        assert len(asked.search(QUESTION, 1_000)) == len(asked)
        assert searched(asked, ASKED) == fresh[asked.version]
        shown = asked.displays(asked.docs_of([RECORDS[0]["id"]]))[0]
        assert shown.title == f"State {list(expected).index(asked.version) + 1}"
        seen[asked.version] = seen.get(asked.version, 0) + 1

    chance = random.Random(11)
    for kill in range(31):
        writer = started(killed_work.bringing_up_to_date, folder, files, 20, 3)
        end = time.monotonic() + (chance.uniform(0.0, 0.8) if kill < 30 else LONG_SECONDS)
        while time.monotonic() < end and writer.is_alive():
            ask(first)
            if not index.is_current:
                index = PatentIndex(folder)
            ask(index)
            time.sleep(0.05)
        writer.kill() if kill < 30 else None
        writer.join(LONG_SECONDS)
        assert writer.exitcode in (0, -signal.SIGKILL)
    assert writer.exitcode == 0
    index = PatentIndex(folder)
    ask(index)
    assert index.version == list(expected)[-1] and seen[index.version] >= 1
    assert seen[first.version] >= 1
    first.close()
    del first
    build_index(folder)  # nothing to do but to delete what nobody reads any more
    paths = Layout(folder)
    assert paths.generations() == [paths.read().generation]
    assert set(paths.deletable()) <= paths.named(paths.read())
    left = {str(file.relative_to(folder)): file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    assert size(folder) < 1.5 * size(alone), left


@pytest.fixture
def grown(tmp_path: Path) -> Mapping[str, Any]:
    """A reader of the first state beside an index of the second."""
    files = states(tmp_path)
    folder = tmp_path / "corpus"
    import_paths(folder, files[4:5])
    build_index(folder)
    reader = PatentIndex(folder)
    import_paths(folder, files[9:])
    return {"folder": folder, "reader": reader, "files": files}


def test_a_reader_keeps_its_generation_and_its_texts(grown: Mapping[str, Any]) -> None:
    reader, folder = grown["reader"], grown["folder"]
    assert reader.is_current
    build_index(folder)
    assert not reader.is_current
    found = neighbourhood(reader, Technology.from_text(f"{QUESTION}, told at some length", date(2020, 1, 1)), size=40)
    place = [str(patent_id) for patent_id in found.patent_ids].index(RECORDS[0]["id"])
    assert texts_of(reader, found, 40)[place].startswith("State 5. A medical image of lesion number 5")
    later = PatentIndex(folder)
    assert later.is_current and len(later) > len(reader)
    kept = Layout(folder).generations()
    assert len(kept) == 2
    reader.close()
    build_index(folder)
    assert Layout(folder).generations() == kept[1:]


@pytest.mark.parametrize("generations", [True, False])
def test_an_index_of_a_former_form_is_told_and_made_anew(grown: Mapping[str, Any], generations: bool) -> None:
    """Its statistics were those of the patents that came first. The oldest had no generations and no checksum."""
    folder = grown["folder"]
    grown["reader"].close()
    paths = Layout(folder)
    stored = json.loads(paths.pointer.read_text("utf-8")) | {"format": 2}
    del stored["checksum"], stored["encoder"]
    if generations:
        stored["checksum"] = blake2b(json.dumps(stored, sort_keys=True).encode(), digest_size=16).hexdigest()
    else:
        del stored["generation"]
        shutil.rmtree(paths.root / "generations")
    paths.pointer.write_text(json.dumps(stored), "utf-8")
    former = {entry: (entry.stat().st_ino, entry.stat().st_mtime_ns) for entry in paths.deletable()}
    with pytest.raises(UnavailableError) as caught:
        PatentIndex(folder)
    assert caught.value.key == "patents.index_format"
    assert build_index(folder).indexed == len(RECORDS)
    assert len(PatentIndex(folder)) == len(RECORDS)
    assert set(paths.deletable()) <= paths.named(paths.read())
    # A file system may give a number of a file out again: the time of the last change tells the two apart.
    now = {entry: (entry.stat().st_ino, entry.stat().st_mtime_ns) for entry in paths.deletable()}
    assert all(told != former.get(entry) for entry, told in now.items()), "nothing of it is taken over"


def test_vectors_of_another_encoder_are_told_and_made_anew(
    grown: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one patent has changed, and none is analysed again; but questions are encoded otherwise now."""
    folder = grown["folder"]
    build_index(folder)
    kept = Layout(folder).read()
    monkeypatch.setattr(layout, "ENCODER_VERSION", "another")
    with pytest.raises(UnavailableError) as caught:
        PatentIndex(folder)
    assert caught.value.key == "patents.index_format"
    report = build_index(folder)
    made = Layout(folder).read()
    assert (report.indexed, report.removed, made.segments) == (0, 0, kept.segments)
    assert made.generation > kept.generation and not {made.bridge, made.tables} & {kept.bridge, kept.tables}
    assert len(PatentIndex(folder).search(QUESTION, 1_000, mode="dense")) == len(RECORDS)
    build_index(folder)
    assert Layout(folder).read() == made, "once is enough"


def test_the_first_index_is_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    import_paths(folder, [states(tmp_path)[0]])

    def full(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(indexing, "build_tables", full)
    with pytest.raises(KeyboardInterrupt):
        build_index(folder)
    with pytest.raises(UnavailableError) as caught:
        PatentIndex(folder)
    assert caught.value.key == "patents.index_incomplete"
