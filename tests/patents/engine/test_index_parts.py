"""Parts of an index worked out by hand: members of classes, vectors by batches, damage taken out, segments made one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.engine import indexing, integrity, tables, vectors
from ktop.patents.engine.checksums import verify_checksums, write_checksums
from ktop.patents.engine.index import MAX_QUERY_CHARS, PatentIndex
from ktop.patents.engine.kernels import BLOCK
from ktop.patents.engine.layout import IndexManifest
from ktop.patents.engine.vectors import HALF, SentenceSpace


def test_every_class_has_its_patents(tmp_path: Path) -> None:
    patents = pl.DataFrame(
        {"id": ["a", "b", "c", "d"], "ipc": [["H01M 4/02", "G06F 1/00"], ["H01M 2/00"], [], []],
         "cpc": [["B25J 1/00"], [], ["A61B 5/00", "A61B 6/00"], []]}
    )  # fmt: skip
    corpus: Any = SimpleNamespace(patents=lambda: patents.lazy())
    docs = pl.DataFrame({"id": ["a", "b", "c", "d"], "doc": [2, 0, 1, 3]})
    saved: dict[str, Any] = {}
    tables._write_classes(corpus, docs, saved.__setitem__, tmp_path)
    assert (tmp_path / "classes.json").read_text() == '["A61B", "G06F", "H01M"]'
    assert saved["class_offsets"].tolist() == [0, 1, 2, 4]
    assert saved["class_docs"].tolist() == [1, 2, 0, 2]


def test_vectors_are_of_every_patent_whatever_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_BATCH", 2)
    lengths = [1, 2, 0, 1, 3]
    segment: Any = SimpleNamespace(
        rows=5, forward=(np.cumsum([0, *lengths]), np.arange(7, dtype=np.uint32), np.ones(7, dtype=np.uint8))
    )

    def of_rows(rows: Any) -> np.ndarray:
        made = np.zeros((len(rows.offsets) - 1, 2 * HALF), dtype=np.float32)
        made[:, 0] = [
            rows.codes[a:b].sum()
            for a, b in zip(rows.offsets - rows.offsets[0], (rows.offsets - rows.offsets[0])[1:], strict=False)
        ]
        made[:, 1] = np.diff(rows.offsets)
        return made

    space: Any = SimpleNamespace(of_rows=of_rows, centroids=np.empty((0, HALF), dtype=np.float32))
    found, topics = vectors._of_segment(space, segment)
    assert found[:, :2].tolist() == [[0, 1], [3, 2], [0, 0], [3, 1], [15, 3]]
    assert topics.tolist() == [-1] * 5


def test_openings_of_texts_are_encoded_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []

    def encode(texts: Any) -> np.ndarray:
        encoded.extend(texts)
        return np.ones((len(texts), vectors.DIMENSIONS), dtype=np.float32)

    monkeypatch.setattr(vectors, "encode", encode)
    monkeypatch.setattr(vectors.kernels, "weighted_sums", lambda offsets, *rest: (
        np.ones((len(offsets) - 1, vectors.DIMENSIONS), dtype=np.float32), np.ones(len(offsets) - 1)
    ))  # fmt: skip
    nothing = np.zeros((0, vectors.DIMENSIONS), dtype=np.float32)
    known: Any = SimpleNamespace(
        by_code=(np.empty(0, np.uint32), np.empty(0, np.int64)), idf=np.empty(0), vectors=nothing
    )
    SentenceSpace(tmp_path, known).fit([("en", "a lamp " * 100), ("en", "b" * 600), ("en", "short")])
    assert [len(text) for text in encoded] == [600, 600, 5]


def test_a_file_changed_since_its_digest_is_found_however_it_looks(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"abc")
    write_checksums(tmp_path)
    verify_checksums(tmp_path)
    (tmp_path / "a.npy").write_bytes(b"abd")  # of the same size
    with pytest.raises(InputError) as caught:
        verify_checksums(tmp_path)
    assert caught.value.params["file"] == "a.npy"


def test_replaced_patents_of_sound_segments_stay_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / str(number) for number in range(3)]
    parts = [SimpleNamespace(folder=f, start=s, rows=r) for f, s, r in zip(folders, (0, 4, 7), (4, 3, 3), strict=True)]
    written: dict[str, Any] = {}
    layout = SimpleNamespace(
        root=tmp_path, pointer=tmp_path / "pointer", dead=lambda manifest: np.array([0, 3, 4, 6, 7, 9]),
        open_segments=lambda manifest: parts,
        write_dead=lambda manifest, dead: written.update(dead=dead.tolist(), manifest=manifest),
        write_building=lambda manifest: None,
    )  # fmt: skip
    monkeypatch.setattr(integrity, "_years", lambda segment: {2001})
    check = integrity._Check.__new__(integrity._Check)
    check.layout = layout  # type: ignore[assignment]  # only what is asked of it
    manifest = IndexManifest(segments=((0, 4), (1, 3), (2, 3)), dead=6, partitions={2001: "x", 2002: "y"})
    check._take_out(manifest, [folders[1]])
    assert written["dead"] == [0, 3, 4, 6]  # those of the last segment are numbered three lower
    assert written["manifest"].segments == ((0, 4), (2, 3))
    assert written["manifest"].partitions == {2002: "y"}


def test_every_file_of_the_corpus_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check = integrity._Check.__new__(integrity._Check)
    check.report = integrity.CheckReport()
    check.corpus = SimpleNamespace(path=lambda partition: partition.file)  # type: ignore[assignment]
    monkeypatch.setattr(integrity, "is_readable", lambda path, rows: path != "b")
    for number, file in enumerate("abc", start=1):
        check._partition(SimpleNamespace(file=file, rows=1))  # type: ignore[arg-type]
        assert check.report.checked == number
    assert check.report.lost == ["b"]


@pytest.mark.parametrize(("small", "joined"), [(8, False), (9, True)])
def test_segments_are_made_one_once_more_than_eight_are_small(
    small: int, joined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ReachedError(Exception):
        pass

    def dead(manifest: Any) -> Any:
        raise ReachedError

    rows = [4 * BLOCK, *[BLOCK - 1] * small]
    build = indexing._Build.__new__(indexing._Build)
    build.manifest = IndexManifest(segments=tuple(enumerate(rows)))
    build.layout = SimpleNamespace(open_segments=lambda manifest: list(range(len(rows))), dead=dead)  # type: ignore[assignment]
    if joined:
        with pytest.raises(ReachedError):
            build._compact()
    else:
        build._compact()


def test_a_question_may_have_a_hundred_thousand_characters() -> None:
    assert MAX_QUERY_CHARS == 100_000
    index = PatentIndex.__new__(PatentIndex)
    with pytest.raises(TooLargeError) as caught:
        index.question("x" * 100_001)
    assert caught.value.params == {"chars": 100_001, "limit": 100_000}
    with pytest.raises(InputError, match="query_language"):
        index.question("1" * 100_000)  # not too long, and of no language
