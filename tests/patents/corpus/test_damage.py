"""Damaged files, of the corpus and of its sources: one sentence that names the file, and the others read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError, UnavailableError
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.measures import compute_measures

from ..conftest import write_records


def lamp(number: int, **fields: Any) -> dict[str, Any]:
    """Return one made-up record."""
    return {"id": f"US7{number:06}B2", "title": f"Lamp {number}", "filed": "2003-03-04"} | fields


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_records(path, list(records))


def files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def damage(path: Path) -> None:
    """Make the pages of every column unreadable, not what the file says about itself."""
    data = path.read_bytes()
    ends = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    path.write_bytes(data[:4] + bytes(ends - 4) + data[ends:])


@pytest.mark.parametrize("how", ["damaged", "cut", "gone"])
@pytest.mark.parametrize("which", ["patents", "citations"])
def test_a_damaged_file_of_the_corpus_is_named_and_what_to_do_is_said(tmp_path: Path, how: str, which: str) -> None:
    folder = tmp_path / "corpus"
    table = tmp_path / "citations.csv"
    table.write_text("citing,cited\n" + "".join(f"US7{n:06}B2,US7{n + 1:06}B2\n" for n in range(90)))
    import_paths(folder, [written(tmp_path / "a.jsonl", *(lamp(n) for n in range(200))), table])
    corpus = Corpus(folder)
    part = corpus.manifest.partitions[2003] if which == "patents" else corpus.manifest.citations
    assert part is not None
    path = corpus.path(part)
    if how == "damaged":
        damage(path)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        path.unlink()
    more = written(tmp_path / "b.jsonl", lamp(3, title="Candle"))
    calls: list[Callable[[], Any]] = [lambda: resolved_citations(corpus), lambda: compute_measures(corpus)]
    if which == "patents":
        calls += [lambda: corpus.get(["US7000003B2"]), lambda: corpus.synthetic]
        calls += [lambda: import_paths(folder, [more])]
    else:
        calls += [lambda: import_paths(folder, [written(tmp_path / "c.jsonl", lamp(1)), more_links(tmp_path)])]
    before = files(folder)
    for call in calls:
        with pytest.raises(UnavailableError) as caught:
            call()
        assert caught.value.key == "patent_sources.corpus_file_damaged"
        for lang in catalogue.LANGS:
            assert part.file in catalogue.message(caught.value, lang)
            assert str(folder) in catalogue.message(caught.value, lang)
    assert files(folder) == before, "nothing is left of what was given up"


def more_links(folder: Path) -> Path:
    path = folder / "more.csv"
    path.write_text("citing,cited\nUS7000001B2,US555\n")
    return path


@pytest.mark.parametrize(
    "change", [{"file": 5}, {"file": "../../elsewhere.parquet"}, {"file": "/etc/passwd"}, {"rows": "9"}, {"year": "x"}]
)
def test_a_manifest_that_names_anything_but_files_of_the_corpus_is_told(tmp_path: Path, change: dict[str, Any]) -> None:
    import_paths(tmp_path / "corpus", [written(tmp_path / "a.jsonl", lamp(1))])
    manifest = tmp_path / "corpus" / "corpus.json"
    stored = json.loads(manifest.read_text())
    stored["partitions"][0] |= change
    manifest.write_text(json.dumps(stored))
    with pytest.raises(InputError) as caught:
        Corpus(tmp_path / "corpus")
    assert caught.value.key == "patent_sources.manifest_broken"


def test_an_unreadable_line_of_the_rejects_stops_no_import(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    import_paths(corpus, [written(tmp_path / "a.jsonl", lamp(1), {"title": "no number"})])
    listed = corpus / "rejects.jsonl"
    listed.write_bytes(listed.read_bytes() + b'{"file": "b\n\xff\xfe\n[1]\n')
    import_paths(corpus, [written(tmp_path / "c.jsonl", lamp(2), {"title": "no number"})])
    lines = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    assert [line["file"] for line in lines] == ["a.jsonl", "c.jsonl"]


def test_a_zip_cut_off_beside_good_files_is_rejected_by_name(tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.jsonl", lamp(1))
    archive = tmp_path / "in" / "b.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("c.jsonl", json.dumps(lamp(2)))
    archive.write_bytes(archive.read_bytes()[:60])
    report = import_paths(tmp_path / "corpus", [tmp_path / "in"])
    assert (report.new, report.rejected) == (1, 1)
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "other", [archive])
    assert caught.value.key == "patents.archive_broken"


@pytest.mark.parametrize("line_end", ["\r", "\r\n", "\n"], ids=["CR", "CRLF", "LF"])
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("patent_id,title\nUS7000001B2,Lamp\nUS7000002B2,Candle\n", {"US7000001B2", "US7000002B2"}),
        ("PATN\nWKU  039373754\nTTL  Lamp\nPATN\nWKU  039373762\nTTL  Candle\n", {"US3937375A", "US3937376A"}),
        (f"{json.dumps(lamp(1))}\n{json.dumps(lamp(2))}\n", {"US7000001B2", "US7000002B2"}),
    ],
    ids=["csv", "green book", "json lines"],
)
def test_any_line_end_is_read(tmp_path: Path, line_end: str, text: str, ids: set[str]) -> None:
    (tmp_path / "a").write_bytes(text.replace("\n", line_end).encode())
    import_paths(tmp_path / "corpus", [tmp_path / "a"])
    assert set(Corpus(tmp_path / "corpus").patents().collect()["id"]) == ids
